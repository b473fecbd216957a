"""Finds the row of the benchmarks that a pattern means."""
import re
import subprocess

from errors import Mistake, Trouble
from subjects import SuiteRow

ROW = re.compile(r"dwell \S+( \w+=\S*)*")
OF_ROW = ("threads", "timer_slack_us")


def find_row(pattern, root, environment, knobs):
    """Builds the benchmarks, and takes the one problem of Dwell's that the pattern selects."""
    defaults = {knob.name: knob.default for knob in knobs if knob.name in OF_ROW}
    rows = {title_of(line): line for line in listed(pattern, root, environment)}
    if len(rows) != 1:
        lines = "".join(f"\n  {title}" for title in rows)
        raise Mistake(f"--workload '{pattern}' selects {len(rows)} workloads of Dwell's instead of "
                      f"one{':' if rows else ''}{lines}")
    (title, line), = rows.items()
    program = str(root / "build/bench/bench/dwell_bench")
    return SuiteRow(title, program, tuple(line.split(" ")), defaults)


def listed(pattern, root, environment):
    """The lines that stand for rows of Dwell's; those of the build stand among them."""
    command = [root / "bench/run", "--peers", "none", "--list", "--only", pattern]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    if done.returncode == 2:
        said = done.stderr.strip().removeprefix("dwell_bench: ")
        raise Mistake(said.replace("--only", "--workload", 1))
    if done.returncode != 0:
        raise Trouble(f"the benchmarks do not build:\n{done.stdout}{done.stderr}".rstrip())
    return [line for line in done.stdout.splitlines() if ROW.fullmatch(line)]


def title_of(line):
    """Rows that differ only in what is tuned are one problem."""
    words = line.split(" ")[1:]
    return " ".join(word for word in words if word.partition("=")[0] not in OF_ROW)
