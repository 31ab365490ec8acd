"""The same questions to DuckDB, Spark, ClickHouse (the recipes of docs/sql) and SQLite, and to the example by hand.

   engines.py PARQUET-FOLDER SQLITE-FILE
"""
import os
import sqlite3
import subprocess
import sys
import time

tables, database = sys.argv[1:]
PATH = os.pathsep.join([os.path.dirname(os.environ["PROXYTRACE"]), os.environ["PATH"]])
# A capture may not say its kernel; engines differ in whether NULL comes first.
QUESTIONS = {
    "p99 by lock and kernel":
        "SELECT kernel, lock_name, waits, p99_ns FROM v_waits_by_lock_and_kernel ORDER BY p99_ns DESC, coalesce(kernel, ''), lock_name",
    "captures without losses": "SELECT count(*) FROM v_complete_captures",
    "with losses or damage": "SELECT count(*) FROM captures WHERE NOT (lost_events = 0 AND damage = 0 AND lost_share = 0)",
    "regressions": """SELECT lock_name, base_waits, new_waits, base_p99_ns, new_p99_ns FROM v_regressions
                      WHERE base_kernel LIKE '6.12%' AND new_kernel LIKE '7.3%' ORDER BY lock_name""",
    "donated time": """SELECT kernel, comm, captures, donated_ns, wait_ns FROM v_donated_by_task
                       WHERE donated_ns > 0 ORDER BY coalesce(kernel, ''), comm""",
    "worst waits": "SELECT place, path, wait_id, waiter_comm, wait_ns, lock FROM v_worst_waits WHERE place <= 25 ORDER BY place",
    "where time went": """SELECT verdict, sum(wait_ns), sum(proxied_ns), sum(inverted_ns), sum(sleeping_ns) FROM v_wait_classes
                          GROUP BY verdict ORDER BY verdict""",
    "inversions": """SELECT kernel, culprit_comm, windows, captures, total_ns, worst_ns FROM v_inversions_by_culprit
                     ORDER BY total_ns DESC, coalesce(kernel, ''), culprit_comm""",
    "culprits": "SELECT kernel, comm, windows, captures, run_ns FROM v_culprits ORDER BY run_ns DESC, coalesce(kernel, ''), comm",
    "delays": """SELECT kernel, comm, delays, total_ns, p99_ns, p999_ns, max_ns FROM v_delays_by_task
                 ORDER BY total_ns DESC, coalesce(kernel, ''), comm""",
    "classes over time": """SELECT at_ns, class, sum(stretches), sum(time_ns) FROM v_classes_over_time
                            GROUP BY at_ns, class ORDER BY at_ns, class""",
    "handoffs": "SELECT kernel, kind, handoffs, p50_ns, p99_ns, max_ns FROM v_handoffs_by_kernel ORDER BY coalesce(kernel, ''), kind",
    "CPU time": """SELECT kernel, verdict, captures, busy_ns, idle_ns, proxied_ns, lost_ns FROM v_cpu_time_by_kernel
                   ORDER BY coalesce(kernel, ''), verdict""",
    "not available": "SELECT table_name, count(*) FROM v_unavailable GROUP BY table_name ORDER BY table_name",
    "labels": "SELECT DISTINCT labels FROM captures",
    "moved in a handoff": "SELECT sum(CASE WHEN migrated THEN 1 ELSE 0 END), count(migrated), count(*) FROM handoffs",
    "seconds": "SELECT count(begin_s), count(*) FROM waits WHERE begin_s > 0.5 AND begin_s < 1.25",
}


# Spark takes seconds for each question over so many small files, whatever it is.
SPARK = ["p99 by lock and kernel", "regressions", "donated time", "not available", "seconds"]


def lines(program, *arguments):
    result = subprocess.run([sys.executable, f"docs/sql/{program}", tables, *arguments], capture_output=True, text=True,
                            env={**os.environ, "PATH": PATH})
    if result.returncode:
        sys.exit(f"{program}: {result.stdout}\n{result.stderr}")
    return result.stdout.splitlines()


def timed(name, body):
    begin = time.monotonic()
    answer = body()
    print(f"  {name}: {time.monotonic() - begin:.2f} s, with its start")
    return answer


lite = sqlite3.connect(database)
wanted = {}
for question, query in QUESTIONS.items():
    wanted[question] = ["\t".join(map(str, row)) for row in lite.execute(query).fetchall()]
    if not wanted[question]:
        sys.exit(f"{question}: no answer at all")
count = lite.execute("SELECT count(*) FROM captures").fetchone()[0]
print(f"{count} captures, {lite.execute('SELECT count(*) FROM waits').fetchone()[0]} waits")
if count < 200:
    sys.exit("too few captures")

failed, rows = False, 0
for name, program, questions in (
    ("DuckDB", "duckdb_query.py", list(QUESTIONS)),
    ("ClickHouse", "clickhouse_query.py", list(QUESTIONS)),
    ("Spark", "spark_query.py", SPARK),
):
    found = timed(name, lambda: lines(program, *(QUESTIONS[question] for question in questions)))
    expected = [line for question in questions for line in wanted[question]]
    rows += len(expected)
    for place in range(max(len(found), len(expected))):
        if found[place:place + 1] != expected[place:place + 1]:
            failed = True
            print(f"FAILED: {name}: {found[place:place + 1]}, not {expected[place:place + 1]}")
            break
first = wanted["p99 by lock and kernel"]
for program in ("worst_locks.py", "duckdb_query.py"):
    if lines(program) != first:
        failed = True
        print(f"FAILED: {program}: {lines(program)}")
print(f"engines: {len(QUESTIONS)} questions to SQLite, DuckDB and ClickHouse, {len(SPARK)} to Spark: {rows} rows compared")
sys.exit(failed)
