WHERE = "one"


def where():
    return WHERE
