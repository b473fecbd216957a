"""Turns a point into a figure, by one run of the subject."""
import re
from dataclasses import dataclass

import child
from errors import Mistake, Trouble

FIRST_PATIENCE = 300
TIMES_THE_FIRST = 10
METRIC = re.compile(r"^metric (\S+) (\S+)$", re.M)
UNKNOWN = re.compile(r"(DWELL_\w+): no such setting")
OF_PROCESS = ("wall", "cpu")


@dataclass(frozen=True)
class Run:
    """A figure, or why there is none; `unknown` is the variable that the library refused."""

    figure: float = 0.0
    why: str = ""
    unknown: str = ""


class Meter:
    def __init__(self, subject, metric, environment, knobs):
        self.subject = subject
        self.metric = metric
        self.environment = environment
        self.variables = {knob.name: knob.variable for knob in knobs}
        self.patience = FIRST_PATIENCE

    def start(self):
        """A first run at the defaults: settles which figure is meant, and how long a run takes."""
        ended = self.run({})
        if ended.why:
            raise Trouble(f"{self.subject.title} fails with the defaults: {ended.why}")
        metrics = metrics_of(ended.output)
        self.metric = self.metric or next(iter(metrics), "wall")
        if self.metric not in metrics and self.metric not in OF_PROCESS:
            names = ", ".join([*metrics, *OF_PROCESS])
            raise Mistake(f"{self.subject.title} has no metric '{self.metric}'; it has {names}")
        self.patience = TIMES_THE_FIRST * (ended.wall + 1)

    def measure(self, point):
        ended = self.run(point)
        if ended.why:
            unknown = UNKNOWN.search(ended.errors + ended.output)
            return Run(why=ended.why, unknown=unknown[1] if unknown else "")
        process = {"wall": ended.wall, "cpu": ended.cpu}
        figure = (process | metrics_of(ended.output)).get(self.metric, 0.0)
        if figure <= 0:
            return Run(why=f"its {self.metric} is missing, or not above zero")
        return Run(figure)

    def run(self, point):
        words, variables = self.subject.call(point, self.variables)
        ended = child.run(words, self.environment | variables, self.patience)
        return ended if ended.why else ended.refused(self.subject.verdict(ended.output))


def metrics_of(output):
    """Name -> value, in the order of printing; a value that is no number counts as missing."""
    found = {}
    for name, value in METRIC.findall(output):
        try:
            found[name] = float(value)
        except ValueError:
            found[name] = 0.0
    return found
