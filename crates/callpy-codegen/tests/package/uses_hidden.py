"""A class whose methods lead back to the file that returns it."""

import numpy.typing as npt

from .hidden import _Hidden


class Uses:
    def replace(self, new: int | _Hidden = _Hidden.VALUE) -> None: ...
