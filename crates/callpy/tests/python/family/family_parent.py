from family_child import name


def greet():
    return "parent of " + name()
