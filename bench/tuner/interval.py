"""How sure a ratio of two figures is that were measured in pairs.

The two runs of a pair follow each other closely, so what the machine does besides slows both and
the ratio stays; the median over the pairs ignores the moments in which it slowed only one.
"""
import math
import random
import statistics
from dataclasses import dataclass

CONFIDENCE = 0.95
RESAMPLES = 1000
FEWEST_PAIRS = 3
SEED = 42


@dataclass(frozen=True)
class Interval:
    low: float
    middle: float
    high: float

    def __str__(self):
        known = math.isfinite(self.high)
        return f"{self.middle:.3f}" + (f" ({self.low:.3f} to {self.high:.3f})" if known else "")


def of_pairs(ratios):
    """The bootstrap interval of the median. Fewer than three pairs prove nothing."""
    middle = statistics.median(ratios)
    if len(ratios) < FEWEST_PAIRS:
        return Interval(0, middle, math.inf)
    source = random.Random(SEED)
    medians = sorted(statistics.median(source.choices(ratios, k=len(ratios)))
                     for _ in range(RESAMPLES))
    tail = int(RESAMPLES * (1 - CONFIDENCE) / 2)
    return Interval(medians[tail], middle, medians[-1 - tail])
