# /// script
# requires-python = ">=3.8"
# dependencies = ["numpy"]
# ///
"""Smooths series of measurements."""

import numpy as np
from numpy.typing import NDArray


def smooth(data: NDArray[np.float64], window: int = 5) -> NDArray[np.float64]:
    """Smooths by a moving average."""
    return np.convolve(data, np.ones(window) / window, "same")
