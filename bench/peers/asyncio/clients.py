"""http_fanout and sse: aiohttp's client, one session for all requests."""

import asyncio

import aiohttp

import protocol
from protocol import now_ns

# What ../../load/http_service.hpp has the server do.
REPLY_TIME_NS = 50_000_000
REPLY_BYTES = 1024


def session_of(connections):
    return aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=connections))


def url(row, path):
    return f"http://127.0.0.1:{row.number('port')}{path}"


async def ask(session, row, index):
    """Whether the answer is right."""
    try:
        async with session.get(url(row, f"/reply/{index}")) as answer:
            text = await answer.read()
    except aiohttp.ClientError:
        return False
    return answer.status == 200 and text == b"%-*d" % (REPLY_BYTES, index)


async def ask_some(session, row, indices, late_us):
    """The number of wrong answers. Several share the indices: each takes the next."""
    wrong = 0
    for i in indices:
        begun = now_ns()
        wrong += not await ask(session, row, i)
        late_us.append((now_ns() - begun - REPLY_TIME_NS) / 1e3)
    return wrong


async def fanout(row):
    n, in_flight = row.number("n"), row.number("in_flight")
    late_us = []
    indices = iter(range(n))
    async with session_of(in_flight) as session:
        cpu, begun = protocol.cpu_ns(), now_ns()
        asking = (ask_some(session, row, indices, late_us) for _ in range(in_flight))
        wrong = sum(await asyncio.gather(*asking))
        wall, cpu = now_ns() - begun, protocol.cpu_ns() - cpu
    late_us.sort()
    metrics = {
        "cpu_us_per_request": cpu / 1e3 / n,
        "wall_ms": wall / 1e6,
        "late_p50_us": protocol.quantile(late_us, 0.5),
        "late_p99_us": protocol.quantile(late_us, 0.99),
    }
    failure = f"{wrong} answers are wrong" if wrong else protocol.mismatch(len(late_us), n)
    return protocol.Measurement(metrics, late_us, failure)


def take_token(data, late_us):
    """What is wrong with it."""
    number, _, due_ns = data.partition(b" ")
    if number != b"%d" % len(late_us) or not due_ns.isdigit():
        return f"a token {data!r}, not number {len(late_us)}"
    late_us.append((now_ns() - int(due_ns)) / 1e3)
    return "a token that came early" if late_us[-1] < 0 else ""


async def read_events(answer, tokens, late_us):
    field = b"data: "
    async for line in answer.content:
        if not line.startswith(field):
            continue
        data = line[len(field) :].rstrip()
        if data == b"[DONE]":
            return protocol.mismatch(len(late_us), tokens)
        if failure := take_token(data, late_us):
            return failure
    return "ended without its mark"


async def follow(session, row, index, late_us):
    tokens = row.number("tokens")
    try:
        async with session.get(url(row, f"/stream/{index}?n={tokens}")) as answer:
            failure = await read_events(answer, tokens, late_us)
    except aiohttp.ClientError as error:
        failure = repr(error)
    return failure and f"stream {index}: {failure}"


async def sse(row):
    n = row.number("n")
    late_us = [[] for _ in range(n)]
    async with session_of(n) as session:
        cpu = protocol.cpu_ns()
        following = (follow(session, row, i, late_us[i]) for i in range(n))
        failures = await asyncio.gather(*following)
        cpu = protocol.cpu_ns() - cpu
    all_us = sorted(each for stream in late_us for each in stream)
    failure = next(filter(None, failures), "")
    if not all_us:
        return protocol.Measurement({}, [], failure)
    metrics = {
        "late_p99_us": protocol.quantile(all_us, 0.99),
        "late_p50_us": protocol.quantile(all_us, 0.5),
        "late_p999_us": protocol.quantile(all_us, 0.999),
        "cpu_us_per_token": cpu / 1e3 / (n * row.number("tokens")),
    }
    return protocol.Measurement(metrics, all_us, failure)
