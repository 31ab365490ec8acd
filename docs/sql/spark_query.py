"""Asks Spark (pip install pyspark, and Java 17) about exported tables: spark_query.py DIR [QUERY…]

On a cluster, hand it to spark-submit, and name the bucket instead of DIR.
"""
import subprocess
import sys

from pyspark.sql import SparkSession

QUESTION = "SELECT kernel, lock_name, waits, p99_ns FROM v_waits_by_lock_and_kernel ORDER BY p99_ns DESC, kernel, lock_name"
directory, queries = sys.argv[1], sys.argv[2:] or [QUESTION]
views = subprocess.run(["proxytrace", "sql", "--print", "--engine", "spark", "--parquet", directory],
                       capture_output=True, text=True, check=True).stdout
# For one machine: few partitions, many small files in each, and no compiling of code for a moment's use.
spark = (SparkSession.builder.config("spark.ui.enabled", "false").config("spark.sql.shuffle.partitions", "2")
         .config("spark.sql.files.openCostInBytes", "65536").config("spark.sql.codegen.wholeStage", "false")
         .config("spark.driver.extraJavaOptions", "-XX:TieredStopAtLevel=1").getOrCreate())
spark.sparkContext.setLogLevel("ERROR")
for statement in views.split(";\n"):
    if statement.strip():
        spark.sql(statement)
for query in queries:
    for row in spark.sql(query).collect():
        print(*row, sep="\t")
