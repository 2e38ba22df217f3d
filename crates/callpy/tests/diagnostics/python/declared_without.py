def detect(data, limit):
    return data
