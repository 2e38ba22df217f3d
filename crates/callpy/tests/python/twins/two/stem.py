WHERE = "two"


def where():
    return WHERE
