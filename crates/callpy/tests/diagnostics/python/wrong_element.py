import numpy as np


def total(data: np.ndarray) -> float: ...
