def detect(a=1, b=2, /):
    return a
