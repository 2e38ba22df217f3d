"""Calls functions of work.py with numbers in shared memory, for each line on stdin.

`room BYTES` makes two blocks, for arguments and results, and answers with their names;
`NAME LENGTH` calls a function, and answers with the length of its result.
"""

import sys
from multiprocessing.shared_memory import SharedMemory

import numpy as np
import work

blocks = []
functions = {name: getattr(work, name) for name in ("nothing", "detect", "scaled")}
for line in sys.stdin:
    name, number = line.split()
    number = int(number)
    if name == "room":
        blocks = [SharedMemory(create=True, size=number) for _ in range(2)]
        print(*(block.name for block in blocks), flush=True)
        continue
    result = functions[name](np.ndarray(number, np.float64, blocks[0].buf))
    if result is not None:
        np.ndarray(len(result), result.dtype, blocks[1].buf)[:] = result
    print(0 if result is None else len(result), flush=True)
