"""Runs a program once and says what it printed and what it cost."""
import os
import select
import signal
import subprocess
import tempfile
import time
from dataclasses import dataclass, replace


@dataclass(frozen=True)
class Ended:
    """`why` is empty when the program ended with code 0."""

    output: str = ""
    errors: str = ""
    why: str = ""
    wall: float = 0.0
    cpu: float = 0.0

    def refused(self, why):
        """The same run, which failed after all."""
        return replace(self, why=why)


def run(words, environment, patience):
    """A session of its own, so that a program which hangs is ended with all its children."""
    with tempfile.TemporaryFile() as output, tempfile.TemporaryFile() as errors:
        begun = time.monotonic()
        try:
            child = subprocess.Popen(words, stdin=subprocess.DEVNULL, stdout=output, stderr=errors,
                                     env=environment, start_new_session=True)
        except OSError as error:
            return Ended(why=f"it cannot be started: {error.strerror}")
        timely, cpu = wait(child, patience)
        wall = time.monotonic() - begun
        said = text_of(errors)
        why = "" if timely else f"it did not end within {patience:.0f} s"
        return Ended(text_of(output), said, why or complaint(child.returncode, said), wall, cpu)


def wait(child, patience):
    """Whether the child ended in time, and its seconds of processor time.

    Popen.wait() with a limit looks only now and then, and would round every wall time.
    """
    handle = os.pidfd_open(child.pid)
    timely = False
    try:
        timely = bool(select.select([handle], [], [], patience)[0])
    finally:
        os.close(handle)
        if not timely:
            os.killpg(child.pid, signal.SIGKILL)
        _, status, used = os.wait4(child.pid, 0)
        child.returncode = os.waitstatus_to_exitcode(status)
    return timely, used.ru_utime + used.ru_stime


def complaint(code, errors):
    """Why a program that ended so failed, with the last thing that it said."""
    if code == 0:
        return ""
    end = f"it ended with code {code}" if code > 0 else f"{signal.Signals(-code).name} ended it"
    lines = errors.split("\n")
    last = next((line.strip() for line in reversed(lines) if line.strip()), "")
    return f"{end}: {last}" if last else end


def text_of(file):
    file.seek(0)
    return file.read().decode(errors="replace")
