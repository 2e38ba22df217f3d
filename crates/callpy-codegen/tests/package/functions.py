import numpy as np
import package.aliases
from package.aliases import FloatArray, Many
from .aliases import NDArray, Scale, Sequence, Settings, round_trip


class Settings_:
    """Not the neighbour's."""


def one(data: FloatArray, scale: Scale) -> package.aliases.FloatArray: ...
def two(names: Sequence[str], many: Many, settings: Settings) -> "NDArray[np.int32]": ...
def three(trip: round_trip) -> None: ...
