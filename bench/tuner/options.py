"""The command line."""
import argparse
import math
import pathlib
import shutil

from errors import Mistake

USAGE = """bench/tune --workload REGEX [option…]
       bench/tune --program PATH [ARG…] [option…] [-- ARG…]"""

DESCRIPTION = """Finds the settings of Dwell that suit a workload, and writes them as a TOML file
that the library reads: DWELL_SETTINGS=FILE program."""


class Parser(argparse.ArgumentParser):
    def error(self, message):
        raise Mistake(f"{message}; see --help")


def number(kind, low, high):
    def parse(text):
        try:
            value = kind(text)
        except ValueError:
            value = math.nan
        if not low <= value <= high:
            raise argparse.ArgumentTypeError(f"expected {low} to {high}, got '{text}'")
        return value
    return parse


def parser():
    made = Parser(prog="bench/tune", usage=USAGE, description=DESCRIPTION, allow_abbrev=False)
    add = made.add_argument
    add("--workload", metavar="REGEX", help="a row of the benchmarks, as for bench/run --only; "
        "with --program, what the report calls it")
    add("--program", nargs="+", metavar="WORD", help="a program of your own instead, and its "
        "arguments; those that begin with - go to the end, after --")
    add("--metric", metavar="NAME", help="what to lower: a metric that it prints, wall or cpu "
        "(default: the first that it prints, else wall)")
    add("--knobs", metavar="LIST", help="only these settings, separated by commas")
    add("--budget", metavar="MINUTES", type=number(float, 0.01, 10_000), default=30,
        help="stop the search in time for this (default: 30)")
    add("--rounds", metavar="N", type=number(int, 3, 1000), default=9,
        help="runs of each value that is not dropped before (default: 9)")
    add("--out", metavar="FILE", type=pathlib.Path, default=pathlib.Path("dwell.toml"),
        help="the settings file (default: dwell.toml)")
    return made


def parse(words):
    """The options; whatever follows a lone -- is the program's own."""
    ours, rest = words, []
    if "--" in words:
        at = words.index("--")
        ours, rest = words[:at], words[at + 1:]
    wanted = parser().parse_args(ours)
    if wanted.program:
        wanted.program = (found_program(wanted.program[0]), *wanted.program[1:], *rest)
    elif rest:
        raise Mistake("what follows -- is for the program of --program, and there is none")
    elif not wanted.workload:
        raise Mistake("say what to tune: --workload REGEX or --program PATH; see --help")
    return wanted


def found_program(name):
    path = shutil.which(name)
    if path is None:
        raise Mistake(f"--program: '{name}' is no program that can be run")
    return path
