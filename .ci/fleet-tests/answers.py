"""The views' answers, by DuckDB and by SQLite, against those of report and compare.

   answers.py FOLDER LIST-OF-CAPTURES
"""
import json
import os
import sqlite3
import subprocess
import sys
from collections import defaultdict

import duckdb

PROXYTRACE = os.environ["PROXYTRACE"]
folder = sys.argv[1]
fixtures = open(sys.argv[2]).read().split("\n")[:-1]
base = [name for name in fixtures if "/linux-6.12/" in name]
new = [name for name in fixtures if "/proxy-on-plain/" in name]
assert base and new
failures = 0


def run(*arguments):
    return subprocess.run([PROXYTRACE, *arguments], capture_output=True, text=True, check=True).stdout


def expect(what, found, wanted, least=1):
    global failures
    if found != wanted or len(wanted) < least:
        failures += 1
        print(f"FAILED: {what}:\n  {found}\nnot\n  {wanted}")


os.makedirs(folder)
run("export", "--parquet", f"{folder}/tables", "--sqlite", f"{folder}/all.db", *base, *new)
duck = duckdb.connect()
duck.execute(run("sql", "--print", "--engine", "duckdb", "--parquet", f"{folder}/tables"))
lite = sqlite3.connect(f"{folder}/all.db")
engines = {"DuckDB": duck, "SQLite": lite}
reports = [json.loads(run("report", "--json", name)) for name in base + new]
kernels = sorted({report["tables"]["capture"]["rows"][0]["kernel"] for report in reports})
assert len(kernels) == 2 and kernels[0].startswith("6.12")

# What compare says of the two sides, each pooled: by lock and in all.
compared = json.loads(run("compare", "--json", "--base", *base, "--new", *new))
by_lock = defaultdict(dict)
for row in compared["locks"]:
    by_lock[row["name"]][row["figure"]] = row["values"]
figures = {(row["name"], row["figure"]): row["values"] for row in compared["figures"]}

# What report says, summed up.
donated, worst, classes, unavailable = defaultdict(int), [], {}, set()
for report in reports:
    tables = report["tables"]
    kernel = tables["capture"]["rows"][0]["kernel"]
    for task in tables["tasks"]["rows"]:
        donated[kernel, task["comm"]] += task["donated_ns"]
    worst += [wait["wait_ns"] for wait in tables["waits"]["rows"]]
    mutexes = [wait for wait in tables["waits"]["rows"] if wait["kind"] == "mutex"]
    names = [name for name in mutexes[0] if name.endswith("_ns") and name not in ("begin_ns", "end_ns")]
    classes[report["capture"]["path"]] = {name: sum(wait[name] for wait in mutexes) for name in names}
    unavailable |= {(report["capture"]["path"], name) for name, table in tables.items() if "not_available" in table}

for name, engine in engines.items():
    def ask(query):
        return engine.execute(query).fetchall()

    rows = ask(f"""
        SELECT lock_name, base_waits, new_waits, base_mean_ns, new_mean_ns FROM v_regressions
        WHERE base_kernel = '{kernels[0]}' AND new_kernel = '{kernels[1]}' AND lock_name <> 'a lock without a symbol'
        ORDER BY lock_name""")
    expect(f"{name}: locks that compare matches", [(row[0], [row[1], row[2]]) for row in rows],
           [(lock, by_lock[lock]["samples"]) for lock in sorted(by_lock)])
    # compare prints six decimals.
    expect(f"{name}: their means", [[round(row[3], 6), round(row[4], 6)] for row in rows],
           [by_lock[lock]["mean"] for lock in sorted(by_lock)])
    for place, kernel in enumerate(kernels):
        rows = ask(f"SELECT sum(waits), sum(total_ns), max(max_ns) FROM v_waits_by_lock_and_kernel WHERE kernel = '{kernel}'")
        samples, mean = figures["mutex wait", "samples"][place], figures["mutex wait", "mean"][place]
        expect(f"{name}: waits on {kernel}", [rows[0][0], round(int(rows[0][1]) / samples, 6), rows[0][2]],
               [samples, mean, figures["mutex wait", "max"][place]])
        for lock, statistics in by_lock.items():
            rows = ask(f"""SELECT max_ns FROM v_waits_by_lock_and_kernel
                           WHERE kernel = '{kernel}' AND lock_name = '{lock}'""")
            expect(f"{name}: the longest wait for {lock} on {kernel}", rows, [(statistics["max"][place],)])
    # A percentile over all locks, the views' way.
    for percent in (50, 90, 99):
        rows = ask(f"""
            SELECT kernel, min(CASE WHEN place * 100 >= places * {percent} THEN wait_ns END) FROM (
              SELECT c.kernel, w.wait_ns, row_number() OVER (PARTITION BY c.kernel ORDER BY w.wait_ns) AS place,
                     count(*) OVER (PARTITION BY c.kernel) AS places
              FROM waits w JOIN captures c ON c.capture_id = w.capture_id
              WHERE w.kind = 'mutex' AND w.end_ns IS NOT NULL AND w.gap = 'no') AS placed
            GROUP BY kernel ORDER BY kernel""")
        expect(f"{name}: p{percent}", [row[1] for row in rows], figures["mutex wait", f"p{percent}"])
    expect(f"{name}: donated time", {(row[0], row[1]): int(row[2]) for row in ask(
        "SELECT kernel, comm, donated_ns FROM v_donated_by_task")}, dict(donated))
    expect(f"{name}: the worst waits", [row[0] for row in ask(
        "SELECT wait_ns FROM v_worst_waits WHERE place <= 20 ORDER BY place")], sorted(worst)[:-21:-1])
    columns = list(next(iter(classes.values())))
    expect(f"{name}: where time went", {row[0]: dict(zip(columns, map(int, row[1:]))) for row in ask(
        f"SELECT path, {', '.join(columns)} FROM v_wait_classes")}, classes)
    expect(f"{name}: what is not available", set(ask("SELECT path, table_name FROM v_unavailable")), unavailable)

print(f"answers: {len(base)} captures against {len(new)}, by {' and '.join(engines)}, {failures} failures")
sys.exit(failures > 0)
