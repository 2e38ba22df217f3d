from typing import Annotated

import numpy as np
from numpy.typing import NDArray

Kept = Annotated[NDArray[np.float64], "retained"]
