"""Writes the table that all rivals query: python table.py ROWS GROUPS FILE

Rows of all sensors are mixed, and their times are not in order, as when many machines send at once.
"""

import sys

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq


def table(rows, groups):
    row = np.arange(rows, dtype=np.int64)
    # Odd multipliers modulo a power of two permute, so nothing here depends on a random generator.
    sensor = ((row * 2654435761 % 2**32) * groups) >> 32
    value = row * 7919 % 400 / 10
    value[:: max(rows // 50_000, 7)] += 60
    # A time for each row and no time twice, so that ORDER BY has one answer.
    time = 1_700_000_000_000_000 + row * 40503 % 2 ** max(rows - 1, 1).bit_length() * 1000
    return pa.table({"sensor": sensor, "time": pa.array(time, pa.timestamp("us")), "value": value})


if __name__ == "__main__":
    rows, groups, file = int(sys.argv[1]), int(sys.argv[2]), sys.argv[3]
    pq.write_table(table(rows, groups), file, row_group_size=max(rows // 10, 1_000))
