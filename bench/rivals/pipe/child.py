"""Calls a function of work.py with the numbers from stdin. Arguments: `raw` or `arrow`, the function.

raw: a length as eight bytes, then so many numbers; back in the same way.
arrow: one Arrow stream in and one out, a record batch for each call.
"""

import sys

import numpy as np
import work

stdin, stdout = sys.stdin.buffer, sys.stdout.buffer


def raw(function):
    length = np.empty(1, np.int64)
    while stdin.readinto(length):
        data = np.empty(length[0])
        stdin.readinto(data)
        result = function(data)
        size = 0 if result is None else len(result)
        stdout.write(size.to_bytes(8, sys.byteorder))
        if size:
            stdout.write(result)
        stdout.flush()


def arrow(function):
    import pyarrow as pa

    kind = pa.int64() if function is work.detect else pa.float64()
    schema = pa.schema([("result", kind)])
    with pa.ipc.open_stream(stdin) as calls, pa.ipc.new_stream(stdout, schema) as results:
        stdout.flush()
        for batch in calls:
            result = function(batch.column(0).to_numpy())
            column = pa.array([] if result is None else result, kind)
            results.write_batch(pa.record_batch([column], schema=schema))
            stdout.flush()


{"raw": raw, "arrow": arrow}[sys.argv[1]](getattr(work, sys.argv[2]))
