"""gather, spawn_join, cancel, timers."""

import asyncio

import protocol
from protocol import now_ns


async def identity(i):
    return i


async def gather(row):
    n, gathers = row.number("n"), row.number("gathers")
    gathers = max(10, gathers // 20)  # two hundred thousand tasks show as much as five million
    warm_up = gathers // 10 + 1
    took_us = []
    failure = ""
    for i in range(gathers + warm_up):
        begun = now_ns()
        results = await asyncio.gather(*(identity(place) for place in range(n)))
        took = (now_ns() - begun) / 1e3
        if results != list(range(n)):
            failure = "a child has another child's result"
        if i >= warm_up:
            took_us.append(took)
    metrics = {"ns_per_child": sum(took_us) * 1e3 / (n * gathers)}
    took_us.sort()
    metrics |= {"p50_us": protocol.quantile(took_us, 0.5)}
    metrics |= {"p99_us": protocol.quantile(took_us, 0.99)}
    return protocol.Measurement(metrics, took_us, failure)


async def spawn_join(row):
    n = row.number("n")
    warm_up = n // 10
    begun = 0
    failure = ""
    for i in range(n + warm_up):
        if i == warm_up:
            begun = now_ns()
        got = await asyncio.create_task(identity(i))
        failure = failure or protocol.mismatch(got, i)
    return protocol.Measurement({"ns_per_task": (now_ns() - begun) / n}, [], failure)


async def cancel(row):
    n = row.number("n")
    sleepers = [asyncio.create_task(asyncio.sleep(3600)) for _ in range(n)]
    await asyncio.sleep(0.1)  # all have begun
    first = now_ns()
    for each in sleepers:
        each.cancel()
    queued = now_ns()
    results = await asyncio.gather(*sleepers, return_exceptions=True)
    joined = now_ns()
    cancelled = sum(isinstance(each, asyncio.CancelledError) for each in results)
    metrics = {"ns_until_joined": (joined - first) / n, "ns_until_queued": (queued - first) / n}
    return protocol.Measurement(metrics, [], protocol.mismatch(cancelled, n))


async def limits(times):
    done = 0
    for _ in range(times):
        async with asyncio.timeout(30):
            await asyncio.sleep(0)
            done += 1
    return done


async def timers(row):
    count = row.number("tasks")
    each = row.number("n") // count
    begun = now_ns()
    done = sum(await asyncio.gather(*(limits(each) for _ in range(count))))
    took = now_ns() - begun
    failure = protocol.mismatch(done, each * count)
    return protocol.Measurement({"ns_per_timer": took / (each * count)}, [], failure)
