"""Writes cpu.csv: 1,000 measurements between 0 and 40, and three that stand out.

    python make_cpu.py > cpu.csv
"""

import random
from datetime import datetime, timedelta

OUTLIERS = {7: 97.3, 113: 92.1, 835: 93.2}

random.seed(20)
start = datetime(2020, 4, 2, 9, 30)
print("time,name,value")
for row in range(1000):
    value = OUTLIERS.get(row, round(random.random() * 40, 1))
    print("%s,cpu,%s" % ((start + timedelta(seconds=row)).isoformat(), value))
