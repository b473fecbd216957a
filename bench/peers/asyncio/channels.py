"""ping_pong and mpmc, over asyncio.Queue."""

import asyncio

import protocol
from protocol import now_ns


async def answers(questions, replies):
    while (asked := await questions.get()) is not None:
        await replies.put(asked + 1)


async def ping_pong(row):
    n = row.number("n")
    warm_up = n // 10
    questions, replies = asyncio.Queue(1), asyncio.Queue(1)
    other = asyncio.create_task(answers(questions, replies))
    begun = 0
    failure = ""
    for i in range(n + warm_up):
        if i == warm_up:
            begun = now_ns()
        await questions.put(i)
        failure = failure or protocol.mismatch(await replies.get(), i + 1)
    took = now_ns() - begun
    await questions.put(None)
    await other
    return protocol.Measurement({"ns_per_round_trip": took / n}, [], failure)


async def produces(items, first, step, last):
    for item in range(first, last + 1, step):
        await items.put(item)


async def consumes(items):
    total = 0
    while (item := await items.get()) is not None:
        total += item
    return total


async def mpmc(row):
    n, producers, consumers = (row.number(name) for name in ("n", "producers", "consumers"))
    begun = now_ns()
    items = asyncio.Queue(row.number("capacity"))
    sums = [asyncio.create_task(consumes(items)) for _ in range(consumers)]
    await asyncio.gather(*(produces(items, 1 + i, producers, n) for i in range(producers)))
    for _ in range(consumers):
        await items.put(None)
    total = sum(await asyncio.gather(*sums))
    took = now_ns() - begun
    return protocol.Measurement(
        {"ns_per_item": took / n}, [], protocol.mismatch(total, n * (n + 1) // 2)
    )
