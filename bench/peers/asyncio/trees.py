"""The fork trees: a task for every branch, gathered."""

import asyncio

import protocol
from protocol import now_ns


async def measure(row, expected, compute):
    """Computes once to warm up, then as often as asked; the median counts."""
    took_ms = []
    failure = ""
    for _ in range(row.number("repetitions") + 1):
        begun = now_ns()
        result = await compute()
        took_ms.append((now_ns() - begun) / 1e6)
        failure = failure or protocol.mismatch(result, expected)
    return protocol.Measurement({"ms": protocol.quantile(sorted(took_ms[1:]), 0.5)}, [], failure)


async def fib_of(n):
    if n < 2:
        return n
    a, b = await asyncio.gather(fib_of(n - 1), fib_of(n - 2))
    return a + b


async def fib(row):
    a, b = 0, 1
    for _ in range(row.number("n")):
        a, b = b, a + b
    return await measure(row, a, lambda: fib_of(row.number("n")))


async def leaves_below(first, leaves):
    if leaves == 1:
        return first
    each = leaves // 10
    return sum(await asyncio.gather(*(leaves_below(first + i * each, each) for i in range(10))))


async def skynet(row):
    n = row.number("n")
    return await measure(row, n * (n - 1) // 2, lambda: leaves_below(0, n))


def leaves_free(placed, column):
    distance = len(placed)
    for taken in placed:
        if taken == column or taken + distance == column or taken == column + distance:
            return False
        distance -= 1
    return True


async def solutions(placed, n):
    if len(placed) == n:
        return 1
    tries = [solutions(placed + (c,), n) for c in range(n) if leaves_free(placed, c)]
    return sum(await asyncio.gather(*tries)) if tries else 0


async def nqueens(row):
    n = row.number("n")
    known = {6: 4, 8: 92, 10: 724, 11: 2680, 12: 14200, 13: 73712}
    return await measure(row, known[n], lambda: solutions((), n))
