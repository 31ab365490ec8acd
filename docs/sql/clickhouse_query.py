"""Asks ClickHouse, in the process (pip install chdb), about exported tables: clickhouse_query.py DIR [QUERY…]"""
import os
import subprocess
import sys

from chdb.session import Session

QUESTION = "SELECT kernel, lock_name, waits, p99_ns FROM v_waits_by_lock_and_kernel ORDER BY p99_ns DESC, kernel, lock_name"
directory, queries = os.path.abspath(sys.argv[1]), sys.argv[2:] or [QUESTION]
views = subprocess.run(["proxytrace", "sql", "--print", "--engine", "clickhouse", "--parquet", directory],
                       capture_output=True, text=True, check=True).stdout
engine = Session()
for statement in views.split(";\n"):
    if statement.strip():
        engine.query(statement)
for query in queries:
    print(str(engine.query(query, "TSV")).replace("\\N", "None"), end="")
