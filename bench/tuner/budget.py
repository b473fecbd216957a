"""The time that a search may take."""
import time


class BudgetOver(Exception):
    """What was asked for would not fit any more."""


class Budget:
    def __init__(self, minutes, clock=time.monotonic):
        self.clock = clock
        self.begun = clock()
        self.seconds = 60 * minutes
        self.runs = 0

    def elapsed(self):
        return self.clock() - self.begun

    def count_run(self):
        self.runs += 1

    def check(self, runs):
        """Refuses what so many runs would overstep, as long as those so far."""
        a_run = self.elapsed() / self.runs if self.runs else 0
        if self.elapsed() + runs * a_run > self.seconds:
            raise BudgetOver

    def __str__(self):
        return f"{duration(self.elapsed())} of {duration(self.seconds)}"


def duration(seconds):
    return f"{seconds:.0f} s" if seconds < 100 else f"{seconds / 60:.1f} min"
