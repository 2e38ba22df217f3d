# /// script
# requires-python = ">=3.8"
# dependencies = ["numpy>=1.21"]
# ///
"""Finds outliers in a series of measurements."""

import numpy as np
import numpy.typing as npt


def detect(data: npt.NDArray[np.float64]) -> npt.NDArray[np.int64]:
    """Returns the indices of the values more than two standard deviations from the mean."""
    deviation = np.abs(data - data.mean())
    return np.where(deviation > 2 * data.std())[0]
