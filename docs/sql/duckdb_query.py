"""Asks DuckDB (pip install duckdb) about exported tables: duckdb_query.py DIR [QUERY…]"""
import subprocess
import sys

import duckdb

QUESTION = "SELECT kernel, lock_name, waits, p99_ns FROM v_waits_by_lock_and_kernel ORDER BY p99_ns DESC, kernel, lock_name"
directory, queries = sys.argv[1], sys.argv[2:] or [QUESTION]
views = subprocess.run(["proxytrace", "sql", "--print", "--engine", "duckdb", "--parquet", directory],
                       capture_output=True, text=True, check=True).stdout
engine = duckdb.connect()
engine.execute(views)
for query in queries:
    for row in engine.execute(query).fetchall():
        print(*row, sep="\t")
