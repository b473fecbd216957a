"""What can be measured: a row of the benchmarks, or a user's own program."""
from dataclasses import dataclass


@dataclass(frozen=True)
class OwnProgram:
    """Takes its settings from the environment; fails by its exit code only."""

    title: str
    words: tuple

    def call(self, point, variables):
        """The command of a run, and what it needs in the environment."""
        return list(self.words), {variables[name]: str(value) for name, value in point.items()}

    def verdict(self, _output):
        return ""


@dataclass(frozen=True)
class SuiteRow:
    """A row as `--list` prints it. It names its threads and its timer slack, and says so in every
    result, so these two go there and not into the environment.
    """

    title: str
    program: str
    words: tuple
    defaults: dict

    def call(self, point, variables):
        values = self.defaults | point
        words = [replaced(word, values) for word in self.words]
        if not any(word.startswith("baseline_bytes=") for word in words):
            words.append("baseline_bytes=0")
        named = {word.partition("=")[0] for word in words}
        rest = {variables[name]: str(value) for name, value in point.items() if name not in named}
        return [self.program, "--row", *words], rest

    def verdict(self, output):
        """Why the row's result was refused, or nothing."""
        lines = output.split("\n")
        if "verified" in lines:
            return ""
        failed = [line for line in lines if line.startswith("failed ")]
        return failed[-1].partition(" ")[2] if failed else "it ended without a verdict"


def replaced(word, values):
    name, equals, _ = word.partition("=")
    return f"{name}={values[name]}" if equals and name in values else word
