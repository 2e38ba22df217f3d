"""A file that does not parse."""

def broken(:
    pass
