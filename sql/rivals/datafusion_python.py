"""datafusion-python: an Accumulator for each group, and a udf, as its user guide writes them.

    python datafusion_python.py              the aggregates
    python datafusion_python.py array_agg    a udf over what array_agg has collected
"""

import sys

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from datafusion import Accumulator, SessionContext, udaf, udf
from harness import serve
from outliers import detect
from work import tally, scaled

BATCH = 8192
context = SessionContext()
FOUND = pa.list_(pa.int64())


class Collected(Accumulator):
    """Holds the values of a group until all are there."""

    def __init__(self):
        self._parts = []

    def update(self, values):
        self._parts.append(values)

    def state(self):
        return [pa.scalar(self._values(), pa.list_(pa.float64()))]

    def merge(self, states):
        self._parts.append(states[0].flatten())

    def _values(self):
        parts = [np.asarray(part) for part in self._parts]
        return np.concatenate(parts) if parts else np.empty(0)


class Detect(Collected):
    def evaluate(self):
        return pa.scalar(detect(self._values()), FOUND)


class Tally(Collected):
    def evaluate(self):
        return pa.scalar(tally(self._values()), pa.int64())


def detect_lists(lists):
    offsets, values = np.asarray(lists.offsets), np.asarray(lists.values)
    found = [detect(values[start:end]) for start, end in zip(offsets, offsets[1:])]
    ends = np.concatenate([[0], np.cumsum([len(one) for one in found])])
    return pa.ListArray.from_arrays(pa.array(ends, pa.int32()), np.concatenate(found))


def scaled_batch(values):
    return pa.array(scaled(np.asarray(values)))


VALUES = [pa.float64()]
STATE = [pa.list_(pa.float64())]
context.register_udaf(udaf(Detect, VALUES, FOUND, STATE, "immutable", "detect"))
context.register_udaf(udaf(Tally, VALUES, pa.int64(), STATE, "immutable", "tally"))
context.register_udf(udf(scaled_batch, VALUES, pa.float64(), "immutable", "scaled"))
context.register_udf(udf(detect_lists, STATE, FOUND, "immutable", "detect_list"))


def open_table(file):
    batches = pq.read_table(file).combine_chunks().to_batches(max_chunksize=BATCH)
    halves = [batches[: len(batches) // 2], batches[len(batches) // 2 :]]
    if context.table_exist("cpu"):
        context.deregister_table("cpu")
    context.register_record_batches("cpu", [half for half in halves if half])


def query(text):
    return lambda: context.sql(text).to_arrow_table()


AGGREGATES = {
    "detect": query("SELECT sensor, detect(value) FROM cpu GROUP BY sensor"),
    "tally": query("SELECT sensor, tally(value) FROM cpu GROUP BY sensor"),
    "scaled": query("SELECT sum(scaled(value)) FROM cpu"),
}
LISTS = {
    "detect": query("SELECT sensor, detect_list(array_agg(value)) FROM cpu GROUP BY sensor"),
    "detect-ordered": query(
        "SELECT sensor, detect_list(array_agg(value ORDER BY time)) FROM cpu GROUP BY sensor"
    ),
}
serve(open_table, LISTS if "array_agg" in sys.argv else AGGREGATES)
