def detect(data):
    return data
