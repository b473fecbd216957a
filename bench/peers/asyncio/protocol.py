"""Rows, measurements and their text forms; clocks; the seeded numbers."""

import math
import resource
import time
from dataclasses import dataclass, field

MASK = (1 << 64) - 1
TAILS = (
    *(1.0, 0.9, 0.8, 0.7, 0.6, 0.5, 0.4, 0.3, 0.2, 0.15, 0.1, 0.07, 0.05, 0.03, 0.02, 0.01),
    *(0.005, 0.003, 0.002, 0.001, 0.0005, 0.0002, 0.0001),
)

ASKED_ON_ONE_THREAD_TOO = {
    *("gather", "skynet", "fib", "nqueens", "ping_pong", "mpmc", "spawn_join", "cancel", "timers")
}

now_ns = time.monotonic_ns


@dataclass
class Row:
    workload: str
    params: dict

    @classmethod
    def of(cls, words):
        return cls(words[0], dict(word.split("=", 1) for word in words[1:]))

    def number(self, name):
        return int(self.params[name])

    def feasible(self):
        """A task for each of fib(32)'s seven million calls would take minutes; and what is asked
        for on one thread and on all would only be measured twice."""
        if self.workload in ASKED_ON_ONE_THREAD_TOO and self.number("threads") > 1:
            return False
        return self.workload != "fib" or self.number("n") <= 27


@dataclass
class Measurement:
    """What one run found: metrics, sorted samples, and why it is wrong ("" if it is right)."""

    metrics: dict
    samples: list = field(default_factory=list)
    failure: str = ""

    def print(self):
        lines = [f"metric {name} {value:.10g}" for name, value in self.metrics.items()]
        for tail in TAILS:
            if self.samples and tail >= 1 / len(self.samples):
                lines.append(f"curve {1 - tail:.10g} {quantile(self.samples, 1 - tail):.10g}")
        lines.append(f"failed {self.failure}" if self.failure else "verified")
        print("\n".join(lines))


def quantile(ordered, q):
    return ordered[max(0, math.ceil(q * len(ordered)) - 1)]


def mismatch(got, wanted):
    return "" if got == wanted else f"got {got}, expected {wanted}"


def cpu_ns():
    used = resource.getrusage(resource.RUSAGE_SELF)
    return int((used.ru_utime + used.ru_stime) * 1e9)


def peak_bytes():
    """The peak of this program; getrusage's would count that of the program that started it."""
    with open("/proc/self/status") as status:
        return next(1024 * int(line.split()[1]) for line in status if line.startswith("VmHWM"))


def splitmix64(seed, index):
    z = (seed + (index + 1) * 0x9E3779B97F4A7C15) & MASK
    z = ((z ^ (z >> 30)) * 0xBF58476D1CE4E5B9) & MASK
    z = ((z ^ (z >> 27)) * 0x94D049BB133111EB) & MASK
    return z ^ (z >> 31)
