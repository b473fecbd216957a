"""What can be tuned: each setting of Dwell that costs or saves time, and the values worth trying.

A point is a dictionary from names to values. It holds only what differs from the defaults: a knob
that it does not name is not set at all, so that the defaults are those of the library in use.
"""
from dataclasses import dataclass

from errors import Mistake

SETTINGS_FILE = "DWELL_SETTINGS"


@dataclass(frozen=True)
class Knob:
    name: str
    default: int | str
    candidates: tuple

    @property
    def variable(self):
        """What sets it from the environment."""
        return "DWELL_" + self.name.upper()


def thread_counts(processors):
    """Powers of two, their one and a half, and all processors: a finer step would rarely show."""
    steps = {1 << i for i in range(11)} | {3 << i for i in range(10)} | {processors}
    return tuple(sorted(count for count in steps if count <= processors))


def table(processors):
    """Every knob, those that usually matter most first."""
    return (
        Knob("threads", processors, thread_counts(processors)),
        Knob("timer_slack_us", 50, (0, 50, 200, 1000)),
        Knob("reactor", "shared", ("shared", "dedicated")),
        Knob("io", "epoll", ("epoll", "io_uring")),
        Knob("timer_batch", 126, (16, 32, 64, 126)),
        Knob("spin", 8, (0, 8, 64, 512)),
        Knob("steal_width", 2048, (1, 8, 64, 512, 2048)),
        Knob("lifo_cap", 3, (0, 1, 3, 10, 50)),
        Knob("fairness_interval", 61, (7, 31, 61, 127, 509)),
        Knob("frame_cache", 256, (64, 256, 1024, 8192)),
    )


def choose(knobs, names):
    """The knobs of a comma-separated list, in the order of the table."""
    wanted = [name.strip() for name in names.split(",") if name.strip()]
    known = [knob.name for knob in knobs]
    for name in wanted:
        if name not in known:
            raise Mistake(f"--knobs: no knob '{name}'; they are {', '.join(known)}")
    if not wanted:
        raise Mistake(f"--knobs needs a list of names out of {', '.join(known)}")
    return tuple(knob for knob in knobs if knob.name in wanted)


def without_settings(environment, knobs):
    """An environment that sets no knob, and the variables that this took away."""
    ours = {knob.variable for knob in knobs} | {SETTINGS_FILE}
    kept = {name: value for name, value in environment.items() if name not in ours}
    return kept, sorted(ours & environment.keys())


def written(point):
    """A point as people read it."""
    return " ".join(f"{name}={value}" for name, value in point.items()) or "the defaults"
