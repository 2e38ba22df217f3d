def where():
    return __name__


class Outer:
    class Inner:
        @classmethod
        def name(cls):
            return cls.__qualname__
