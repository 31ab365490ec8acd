"""Every value of every table: equal in CSV, JSON, Parquet (read by pyarrow and by DuckDB) and SQLite.

   values.py FOLDER LIST-OF-CAPTURES
"""
import csv
import decimal
import json
import os
import sqlite3
import subprocess
import sys

import duckdb
import pyarrow.parquet as parquet

PROXYTRACE = os.environ["PROXYTRACE"]
folder, captures = sys.argv[1], open(sys.argv[2]).read().split("\n")[:-1]
failures = tables = values = 0


def fail(text):
    global failures
    failures += 1
    print("FAILED:", text)


def run(*arguments):
    result = subprocess.run([PROXYTRACE, *arguments], capture_output=True, text=True)
    if result.returncode not in (0, 3):
        fail(f"{' '.join(arguments)}: status {result.returncode}: {result.stderr}")
    return result.stdout


def read_csv(path):
    with open(path, newline="", encoding="utf-8") as file:
        return list(csv.reader(file))


def as_json(value, kind):
    """A value of another format as JSON has it."""
    if value is None or isinstance(value, str):
        return value
    if kind is bool:
        return "yes" if value else "no"
    if kind is decimal.Decimal:
        return decimal.Decimal(value).quantize(decimal.Decimal("1e-9"))
    return value


def check(name, columns, rows, kind_of, other, what):
    """Rows of JSON against rows of another format, by column; kinds are those of the Parquet file."""
    global values
    if len(rows) != len(other):
        return fail(f"{what} {name}: {len(other)} rows, not {len(rows)}")
    for row, found in zip(rows, other):
        for column in columns:
            values += 1
            if as_json(found[column], kind_of[column]) != row[column]:
                return fail(f"{what} {name}.{column}: {found[column]!r}, not {row[column]!r}")


def kind(arrow):
    text = str(arrow)
    return bool if text == "bool" else decimal.Decimal if text.startswith("decimal") else int if text == "int64" else str


for number, capture in enumerate(captures):
    here = f"{folder}/{number}"
    run("report", "--csv-raw", "--csv", f"{here}/csv", capture)
    report = json.loads(run("report", "--json", capture), parse_float=decimal.Decimal)
    run("export", "--addresses", "raw", "--parquet", f"{here}/parquet", "--sqlite", f"{here}/all.db", capture)
    database = sqlite3.connect(f"{here}/all.db")
    database.row_factory = sqlite3.Row
    if database.execute("PRAGMA integrity_check").fetchone()[0] != "ok" or database.execute("PRAGMA foreign_key_check").fetchall():
        fail(f"{capture}: the database contradicts itself")
    available = {row["table_name"]: row for row in database.execute("SELECT * FROM availability")}
    for name, table in report["tables"].items():
        tables += 1
        exported = "captures" if name == "capture" else name
        (path,) = [f"{here}/parquet/{exported}/{file}" for file in os.listdir(f"{here}/parquet/{exported}")]
        file = parquet.ParquetFile(path)
        found = file.read().to_pylist()
        metadata = {key.decode(): value.decode() for key, value in file.schema_arrow.metadata.items()}
        stored = database.execute(f"SELECT * FROM {exported} ORDER BY {'capture_id' if exported == 'captures' else 'id'}").fetchall()
        lines = read_csv(f"{here}/csv/{name}.csv")
        reason = table.get("not_available")
        columns = [column["name"] for column in table["columns"]]
        if lines[0] != columns:
            fail(f"{capture} {name}: CSV has the columns {lines[0]}")
        if metadata.get("proxytrace.not_available") != reason or metadata["proxytrace.table"] != exported:
            fail(f"{capture} {name}: the file says {metadata}")
        if name != "capture" and available[name]["reason"] != reason:
            fail(f"{capture} {name}: availability says {available[name]['reason']}")
        if reason is not None:
            # Not available: no row anywhere, and each format says so, which an empty table does not.
            if found or stored or len(lines) > 1:
                fail(f"{capture} {name}: rows of a table that is not available")
            if available[name]["available"] != 0 or available[name]["row_count"] is not None:
                fail(f"{capture} {name}: availability says it is")
            continue
        if name != "capture" and (available[name]["available"], available[name]["row_count"]) != (1, len(found)):
            fail(f"{capture} {name}: availability says it is not")
        if exported == "captures":
            columns.remove("id")
        extra = {"capture_id", "labels", "options", "sha256"}
        if [column for column in file.schema_arrow.names if column not in extra] != columns:
            fail(f"{capture} {name}: Parquet has the columns {file.schema_arrow.names}")
        kinds = {field.name: kind(field.type) for field in file.schema_arrow}
        rows = table["rows"]
        check(name, columns, rows, kinds, found, f"{capture}: Parquet")
        check(name, columns, rows, kinds, stored, f"{capture}: SQLite")
        query = duckdb.execute(f"SELECT * FROM '{path}'")
        names = [column[0] for column in query.description]
        check(name, columns, rows, kinds, [dict(zip(names, row)) for row in query.fetchall()], f"{capture}: DuckDB")
        # In CSV everything is text, and an empty cell is what is not known.
        texts = [dict(zip(lines[0], line)) for line in lines[1:]]
        written = [
            {column: "" if row[column] is None else f"{row[column]:f}" if isinstance(row[column], decimal.Decimal)
             else str(row[column]) for column in columns} for row in rows
        ]
        check(name, columns, written, dict.fromkeys(columns, str), texts, f"{capture}: CSV")
        # Symbols: the same in both, and an address that has one has it everywhere.
        for column in (name for name in kinds if name.endswith("_symbol")):
            if [row[column] for row in found] != [row[column] for row in stored]:
                fail(f"{capture} {exported}.{column}: SQLite has other symbols")
    database.close()

print(f"values: {len(captures)} captures, {tables} tables, {values} comparisons, {failures} failures")
sys.exit(failures > 0 or values < 100_000)
