async def fetch(n: int) -> int:
    return n


def stream(n: int):
    yield n
