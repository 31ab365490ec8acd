"""The locks with the longest p99 wait over all exported captures, by hand: worst_locks.py DIR

Needs pyarrow alone. What it computes is the view v_waits_by_lock_and_kernel.
"""
import sys
from collections import defaultdict

import pyarrow.compute as compute
import pyarrow.dataset as dataset

directory = sys.argv[1]
captures = dataset.dataset(f"{directory}/captures").to_table(columns=["capture_id", "kernel"])
kernels = dict(zip(captures["capture_id"].to_pylist(), captures["kernel"].to_pylist()))

# A folder is one table: every capture's waits. Only these columns are read, and only rows that fit.
waits = dataset.dataset(f"{directory}/waits").to_table(
    columns=["capture_id", "lock_symbol", "wait_ns"],
    filter=(compute.field("kind") == "mutex") & (compute.field("gap") == "no") & ~compute.field("end_ns").is_null())

lengths = defaultdict(list)
for capture, lock, wait in zip(*(waits[name].to_pylist() for name in waits.column_names)):
    lengths[kernels[capture], lock or "a lock without a symbol"].append(wait)

rows = []
for (kernel, lock), values in lengths.items():
    values.sort()
    # The smallest wait that 99 per cent of all do not exceed.
    rows.append((-values[(len(values) * 99 + 99) // 100 - 1], kernel, lock, len(values)))
for p99, kernel, lock, count in sorted(rows):
    print(kernel, lock, count, -p99, sep="\t")
