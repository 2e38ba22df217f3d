"""What a file imports that callpy does not see."""


class Series:
    pass
