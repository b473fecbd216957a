"""What was found out about one knob, or about two points."""
import statistics
from dataclasses import dataclass, field

import interval
from interval import Interval

HOPELESS = 1.05


@dataclass
class Trial:
    """One value of a knob against the best settings of that moment."""

    value: int | str
    ratios: list = field(default_factory=list)
    why: str = ""  # it failed, or was dropped
    interval: Interval | None = None  # none before the first pair, and of a value that failed

    def take(self, run, reference):
        """One more pair. A value that fails, or is slower beyond doubt, gets no further ones."""
        if run.why:
            self.restart()
            self.why = f"failed: {run.why}"
            return
        self.ratios.append(run.figure / reference)
        self.interval = interval.of_pairs(self.ratios)
        if self.interval.low > HOPELESS:
            self.why = f"dropped after {len(self.ratios)} rounds: {self.interval}"

    def restart(self):
        self.ratios.clear()
        self.interval = None

    def live(self):
        return not self.why

    def better(self):
        return self.live() and self.interval is not None and self.interval.high < 1

    def worse(self):
        return self.interval is not None and self.interval.low > 1

    def __str__(self):
        return f"{self.value}: {self.interval or 'failed'}"


@dataclass
class Finding:
    """A knob's sweep: its other values, each against `reference`, the value it had then."""

    knob: object
    reference: int | str
    others: dict  # the other knobs' settings meanwhile
    trials: list
    taken: Trial | None = None
    unknown: bool = False

    def winner(self):
        """The best of the values that are better beyond doubt, if there is one."""
        better = [trial for trial in self.trials if trial.better()]
        return min(better, key=lambda trial: trial.interval.middle, default=None)

    def measurable(self):
        """The values that differ from the reference beyond doubt, best first. What looked better
        and was not taken did so by chance.
        """
        moving = [trial for trial in self.trials if trial is self.taken or trial.worse()]
        return sorted(moving, key=lambda trial: trial.interval.middle)

    def spread(self):
        """By how much the worst value costs more than the best, as far as that is beyond doubt."""
        ratios = [1.0, *(trial.interval.middle for trial in self.measurable())]
        return max(ratios) / min(ratios) - 1


@dataclass(frozen=True)
class Comparison:
    """The best settings against the defaults, in rounds that chose nothing."""

    defaults: list
    best: list

    @property
    def interval(self):
        return interval.of_pairs([ours / theirs for ours, theirs in zip(self.best, self.defaults)])

    def medians(self):
        return statistics.median(self.best), statistics.median(self.defaults)
