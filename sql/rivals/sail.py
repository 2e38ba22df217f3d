"""Sail: `arrow_udf`s on a Spark Connect server in this process, which reads the Parquet file.

A table can't be held in its memory, so compare it with callpy reading the same file.
"""

import numpy as np
import pyarrow as pa
from harness import serve
from outliers import detect
from pysail.spark import SparkConnectServer
from pyspark.sql import SparkSession
from pyspark.sql.functions import arrow_udf
from work import tally, scaled

server = SparkConnectServer("127.0.0.1", 0)
server.start(background=True)
_, port = server.listening_address
spark = SparkSession.builder.remote("sc://127.0.0.1:%d" % port).getOrCreate()


@arrow_udf("array<long>")
def sail_detect(values: pa.Array) -> list:
    return detect(np.asarray(values))


@arrow_udf("long")
def sail_tally(values: pa.Array) -> int:
    return tally(np.asarray(values))


@arrow_udf("double")
def sail_scaled(values: pa.Array) -> pa.Array:
    return pa.array(scaled(np.asarray(values)))


spark.udf.register("detect", sail_detect)
spark.udf.register("tally", sail_tally)
spark.udf.register("scaled", sail_scaled)


def open_table(file):
    spark.read.parquet(file).createOrReplaceTempView("cpu")


def query(text):
    return lambda: spark.sql(text).toArrow()


serve(
    open_table,
    {
        "detect": query("SELECT sensor, detect(value) FROM cpu GROUP BY sensor"),
        "tally": query("SELECT sensor, tally(value) FROM cpu GROUP BY sensor"),
        "scaled": query("SELECT sum(scaled(value)) FROM cpu"),
    },
)
