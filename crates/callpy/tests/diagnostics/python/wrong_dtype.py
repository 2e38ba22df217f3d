import numpy as np
from numpy.typing import NDArray


def detect(data: NDArray[np.float64]) -> NDArray[np.int64]: ...
