"""Polars: `map_groups` within `group_by`, and `map_batches`."""

import polars as pl
from harness import serve
from outliers import detect
from work import tally, scaled

frames = {}


def open_table(file):
    frames["cpu"] = pl.read_parquet(file)


def grouped(function, dtype, values=None):
    values = pl.col("value") if values is None else values
    call = pl.map_groups(
        [values], lambda series: function(series[0].to_numpy()), returns_scalar=True, return_dtype=dtype
    )
    return lambda: frames["cpu"].group_by("sensor").agg(call.alias("found")).to_arrow()


def found(values):
    return pl.Series([pl.Series(detect(values))])


FOUND = pl.List(pl.Int64)
serve(
    open_table,
    {
        "detect": grouped(found, FOUND),
        "detect-ordered": grouped(found, FOUND, pl.col("value").sort_by("time")),
        "tally": grouped(tally, pl.Int64),
        "scaled": lambda: frames["cpu"]
        .select(pl.col("value").map_batches(lambda s: pl.Series(scaled(s.to_numpy()))).sum())
        .to_arrow(),
    },
)
