"""post_latency and fairness: call_soon_threadsafe from another thread."""

import asyncio
import threading
import time

import channels
import protocol
from protocol import now_ns


def post_tasks(loop, n, pause_us, took_us):
    """Runs in a thread of its own."""
    ran = threading.Semaphore(0)
    for _ in range(n):
        time.sleep(pause_us / 1e6)
        posted = now_ns()

        def note(posted=posted):
            took_us.append((now_ns() - posted) / 1e3)
            ran.release()

        loop.call_soon_threadsafe(note)
        ran.acquire()


async def latencies(n, pause_us):
    took_us = []
    loop = asyncio.get_running_loop()
    await asyncio.to_thread(post_tasks, loop, n, pause_us, took_us)
    took_us.sort()
    metrics = {
        "p50_us": protocol.quantile(took_us, 0.5),
        "p99_us": protocol.quantile(took_us, 0.99),
        "max_us": took_us[-1],
    }
    return protocol.Measurement(metrics, took_us, protocol.mismatch(len(took_us), n))


async def post_latency(row):
    return await latencies(row.number("n"), row.number("idle_us"))


async def asks(questions, replies, stop):
    trips = 0
    while not stop.is_set():
        await questions.put(trips)
        await replies.get()
        trips += 1
    await questions.put(None)
    return trips


async def fairness(row):
    stop = asyncio.Event()
    pairs = []
    for _ in range(2 * row.number("threads")):
        questions, replies = asyncio.Queue(1), asyncio.Queue(1)
        pairs.append(asyncio.create_task(asks(questions, replies, stop)))
        pairs.append(asyncio.create_task(channels.answers(questions, replies)))
    found = await latencies(row.number("n"), row.number("every_us"))
    stop.set()
    trips = (await asyncio.gather(*pairs))[::2]
    if min(trips) == 0:
        found.failure = "a pair made no round trip"
    return found
