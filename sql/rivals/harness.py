"""What a rival in Python has in common with the others: lines on stdin, an answer to each on stdout.

    open FILE      opens the table: not timed        ok
    run WORK       one query, with its result here   ok NANOSECONDS LENGTH DIGEST
"""

import sys
import time

import numpy as np
import pyarrow as pa

__all__ = ["ORDERED", "serve"]

# Whose lists have a definite order, which the digest then covers.
ORDERED = "detect-ordered"


def digest(work, table):
    """Returns the number of rows, and a sum over all of what they contain, in whatever order they are."""
    if work == "scaled":
        # The sum of floats depends on their order, in its last digits.
        return table.num_rows, round(table.column(0)[0].as_py() * 10)
    sensor = table.column(0).combine_chunks()
    found = table.column(1).combine_chunks()
    if isinstance(sensor, pa.ChunkedArray):  # older releases of pyarrow
        sensor, found = pa.concat_arrays(sensor.chunks), pa.concat_arrays(found.chunks)
    weight = np.asarray(sensor).astype(np.uint64) + np.uint64(1)
    if work == "tally":
        each = np.asarray(found).astype(np.uint64)
    else:
        offsets = np.asarray(found.offsets).astype(np.int64)
        each = np.diff(offsets).astype(np.uint64)
        if work == ORDERED:
            values = np.asarray(found.values)[offsets[0] : offsets[-1]].astype(np.uint64) + np.uint64(1)
            sums = np.concatenate([[np.uint64(0)], np.cumsum(values, dtype=np.uint64)])
            each = sums[offsets[1:] - offsets[0]] - sums[offsets[:-1] - offsets[0]]
    return table.num_rows, int((weight * each).sum(dtype=np.uint64))


def serve(open_table, works):
    """Answers until stdin ends. `works` has a function for each work, which returns a pyarrow.Table."""
    answers = sys.stdout
    # What an engine prints must not be taken for an answer.
    sys.stdout = sys.stderr
    for line in sys.stdin:
        command, argument = line.split()
        try:
            if command == "open":
                open_table(argument)
                answer = ""
            else:
                start = time.perf_counter_ns()
                table = works[argument]()
                took = time.perf_counter_ns() - start
                answer = "%d %d %d" % (took, *digest(argument, table))
            print("ok", answer, file=answers, flush=True)
        except KeyError as missing:
            print("error", "it does not do", missing, file=answers, flush=True)
        except BaseException as error:  # noqa: BLE001  a panic of pyo3 is no Exception
            text = "%s: %s" % (type(error).__name__, error)
            print("error", " ".join(text.split())[:2000], file=answers, flush=True)
