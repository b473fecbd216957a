"""Programs with a known optimum, for the tests."""
import pathlib
import random

from meter import Run
from progress import Progress

# Costs 100 and what `cost` adds to it, and up to 4 more of seeded noise; it remembers its calls.
PROGRAM = """#!/bin/sh
here=${{0%/*}}
{{ echo "called $*"; env; }} >>"$here/calls"
read -r seed <"$here/seed"
seed=$(((seed * 1103515245 + 12345) % 2147483648))
echo $seed >"$here/seed"
cost=$((100 + seed / 65536 % 5))
{body}
echo "metric ms $cost"
echo "metric other 1"
echo verified
"""

LISTING = """#!/bin/sh
echo "building in build/bench"
case "$*" in
  *nothing*) echo "dwell_bench: --only 'nothing' matches no row." >&2; exit 2 ;;
  *fib*) echo "dwell fib n=32 threads=1 timer_slack_us=0"
         echo "dwell fib n=32 threads=2 timer_slack_us=0" ;;
  *broken*) echo "error: no compiler" >&2; exit 1 ;;
  *) echo "dwell fib n=32 threads=2"; echo "dwell gather n=10 threads=2" ;;
esac
"""


def write_script(path, text):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    path.chmod(0o755)
    return path


def write_program(folder, body, name="program"):
    path = write_script(pathlib.Path(folder, name), PROGRAM.format(body=body))
    path.with_name("seed").write_text("1\n")
    return path


def write_tree(folder, body):
    """A tree whose bench/run lists rows; gives the folder of its fake benchmark."""
    write_script(pathlib.Path(folder, "bench/run"), LISTING)
    return write_program(pathlib.Path(folder, "build/bench/bench"), body, "dwell_bench").parent


def calls_of(folder):
    """The calls of the program there: its arguments, and what DWELL_* it saw."""
    lines = pathlib.Path(folder, "calls").read_text().splitlines()
    return [line for line in lines if line.startswith(("called", "DWELL_"))]


class Measure:
    """A subject within this process: `cost` of the point, with 2 % of seeded noise."""

    def __init__(self, cost, noise=0.02):
        self.cost = cost
        self.noise = random.Random(7)
        self.width = noise
        self.points = []

    def __call__(self, point):
        """`cost` gives a figure, or the run itself when it fails."""
        self.points.append(point)
        cost = self.cost(point)
        factor = 1 + self.width * (self.noise.random() - 0.5)
        return cost if isinstance(cost, Run) else Run(cost * factor)

    def times(self, **point):
        return self.points.count(point)


class Said(Progress):
    """Keeps what would have been shown."""

    def __init__(self):
        self.lines = []

    def show(self, text):
        pass

    def say(self, text):
        self.lines.append(text)


class Clock:
    """A clock that a fake measurement moves."""

    def __init__(self):
        self.now = 0.0

    def __call__(self):
        return self.now
