from dataclasses import dataclass
from typing import Sequence, Union

import numpy as np
from numpy.typing import NDArray

from .inner import Number, round_trip

FloatArray = NDArray[np.float64]
Scale = Union[Number, FloatArray]


@dataclass
class Settings:
    steps: int


Many = Sequence[Settings]
