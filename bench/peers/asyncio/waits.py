"""llm_waits and trace: tasks that sleep, awaited by one gather."""

import asyncio
import sys
from array import array

import protocol
from protocol import now_ns


class Records:
    """When each call slept, was resumed and how often; flat arrays, so that they weigh little."""

    def __init__(self, row):
        n = row.number("n")
        # uvloop counts whole milliseconds from the beginning of a turn of its loop.
        self.tolerated_ns = 2_000_000 if "uvloop" in sys.modules else 0
        self.asleep_ns = array("q", bytes(8 * n))
        self.resumed_ns = array("q", bytes(8 * n))
        self.resumptions = array("i", bytes(4 * n))
        self.arrival_us = array("q", bytes(8 * n))
        self.duration_us = array("q", bytes(8 * n))
        if row.workload == "trace":
            self.read(row.params["schedule"])
        else:
            for i in range(n):
                self.duration_us[i] = 500_000 + protocol.splitmix64(42, i) % 500_001

    def read(self, path):
        with open(path) as file:
            for i, line in enumerate(file):
                self.arrival_us[i], self.duration_us[i] = map(int, line.split())

    def late_ns(self, i):
        return self.resumed_ns[i] - self.asleep_ns[i] - 1000 * self.duration_us[i]

    def failure(self):
        for i, count in enumerate(self.resumptions):
            if count != 1:
                return f"call {i} was resumed {count} times"
            if self.late_ns(i) < -self.tolerated_ns:
                return f"call {i} woke {-self.late_ns(i)} ns early"
        return ""


def number(i):
    return protocol.splitmix64(7, i)


def text(i):
    return f"reply {i}"


async def call(records, i, begun_ns, reply):
    if records.arrival_us[i]:
        await asyncio.sleep((begun_ns + 1000 * records.arrival_us[i] - now_ns()) / 1e9)
    records.asleep_ns[i] = now_ns()
    await asyncio.sleep(records.duration_us[i] / 1e6)
    records.resumed_ns[i] = now_ns()
    records.resumptions[i] += 1
    return reply(i)


async def call_all(records, n, reply):
    """The results, and the marks of the run: begun, created, ended, CPU, peak memory."""
    cpu = protocol.cpu_ns()
    begun = now_ns()
    all_calls = [asyncio.create_task(call(records, i, begun, reply)) for i in range(n)]
    created = now_ns()
    results = await asyncio.gather(*all_calls)
    ended = now_ns()
    return results, (begun, created, ended, protocol.cpu_ns() - cpu, protocol.peak_bytes())


async def measure(row):
    n = row.number("n")
    records = Records(row)
    reply = text if row.params["result"] == "string" else number
    results, (begun, created, ended, cpu, peak) = await call_all(records, n, reply)
    failure = records.failure()
    for i, result in enumerate(results):
        if result != reply(i):
            failure = failure or f"call {i} has another call's result"
    late_us = sorted(records.late_ns(i) / 1e3 for i in range(n))
    longest_us = max(a + d for a, d in zip(records.arrival_us, records.duration_us))
    metrics = {
        "overhead_ms": (ended - begun - 1000 * longest_us) / 1e6,
        "cpu_ns_per_wait": cpu / n,
        "bytes_per_wait": (peak - row.number("baseline_bytes")) / n,
        "late_p50_us": protocol.quantile(late_us, 0.5),
        "late_p99_us": protocol.quantile(late_us, 0.99),
        "late_p999_us": protocol.quantile(late_us, 0.999),
        "create_ms": (created - begun) / 1e6,
    }
    return protocol.Measurement(metrics, late_us, failure)


async def baseline(row):
    _, marks = await call_all(Records(row), 0, number)
    return marks[-1]
