"""The file that the library reads when DWELL_SETTINGS names it, in TOML."""
import os
import pathlib

from errors import Mistake


def check_writable(path):
    """Before anything is measured: the file must not be what fails after half an hour."""
    path = pathlib.Path(path)
    if path.is_dir() or not os.access(path if path.exists() else path.parent, os.W_OK):
        raise Mistake(f"--out: cannot write '{path}'")


def text(outcome):
    """The settings that differ from the defaults, and above them where they come from."""
    head = {"for": f"{outcome.title}, by {outcome.metric}", **outcome.facts,
            "gain": outcome.gain()}
    lines = ["# Settings of Dwell, written by bench/tune; used with DWELL_SETTINGS=FILE.", "#"]
    lines += [f"# {name}: {printable(value)}" for name, value in head.items()]
    return "\n".join([*lines, "", *settings_of(outcome)]) + "\n"


def settings_of(outcome):
    if not outcome.settings:
        return ["# Nothing is measurably better than the defaults."]
    return [f"{name} = {quoted(value)}" for name, value in outcome.settings.items()]


def quoted(value):
    return f'"{value}"' if isinstance(value, str) else str(value)


def printable(value):
    """TOML's comments end at the line's end and hold no control character."""
    return "".join(letter if letter.isprintable() else " " for letter in str(value))
