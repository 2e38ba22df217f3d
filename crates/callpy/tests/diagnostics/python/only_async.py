async def fetch(n: int) -> int:
    return n
