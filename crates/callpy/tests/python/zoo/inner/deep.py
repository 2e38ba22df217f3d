class Inner:
    def value(self) -> int:
        return 3


class Deep:
    def depth(self) -> int:
        return 2

    def inner(self) -> Inner:
        return Inner()
