"""Everything that one tuning found, as the report and the settings file tell it."""
from dataclasses import dataclass

from trials import Comparison


@dataclass(frozen=True)
class Outcome:
    title: str
    metric: str
    facts: dict  # machine, date, command, rounds
    knobs: tuple
    findings: dict
    best: dict
    comparison: Comparison | None  # nothing when the search changed nothing

    @property
    def confirmed(self):
        return self.comparison is not None and self.comparison.interval.high < 1

    @property
    def settings(self):
        """What is worth keeping: the best, unless the fresh rounds do not bear it out."""
        return self.best if self.confirmed else {}

    def gain(self):
        """The best against the defaults, in a line."""
        if self.comparison is None:
            return "no setting is measurably better than its default"
        ours, theirs = self.comparison.medians()
        rounds = len(self.comparison.best)
        return (f"{self.comparison.interval} of the defaults' {self.metric}: {ours:.4g} instead of "
                f"{theirs:.4g}, medians of {rounds} fresh rounds")
