"""A class, for the documentation of typed functions."""


class Model:
    """Multiplies the sum of a row."""

    def __init__(self, rate: float = 0.1) -> None:
        self._rate = rate

    def predict(self, row: "list[float]") -> float:
        """Predicts one value."""
        return self._rate * sum(row)

    @classmethod
    def load(cls, path: str) -> "Model":
        """Would read a file."""
        return cls(float(len(path)))

    @property
    def rate(self) -> float:
        """By how much a sum is multiplied."""
        return self._rate
