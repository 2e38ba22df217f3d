def name():
    return "child"
