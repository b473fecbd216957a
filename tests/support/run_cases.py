#!/usr/bin/env python3
"""Runs the cases of a GoogleTest program, many in one process, and loses none to a crash.

A process for each case costs more than most cases do, above all under sanitizers; one process for
all would end with the first crash. So: all that is left runs in one process; when that dies or
hangs, the case it was in has failed and the rest goes on in the next process. What only the end of
a process shows (a leak, say) is looked for again with each case alone, to give it a name.

The verdicts are read from what the program prints, as it prints them: a report that is written at
the end is not there after a crash. A case that got no verdict has failed. The last line is
"N passed, N failed, N skipped"; passing cases print nothing, skipped ones why. Exit status 0: none
failed.
"""
import argparse
import os
import pathlib
import re
import signal
import subprocess
import sys
import tempfile
import threading
import xml.etree.ElementTree

EVENT = re.compile(r"\[ *(RUN|OK|FAILED|SKIPPED) *\] ([^\s,]+\.[^\s,]+)")
VERDICTS = {"OK": "passed", "FAILED": "failed", "SKIPPED": "skipped"}
MOST_LINES = 300  # of one process's output are shown
MOST_DEATHS = 5  # then what is left has failed: a broken program must not take all day


def list_cases(program, file):
    """The names of the cases whose source file is `file`; all of them when that is empty."""
    with tempfile.TemporaryDirectory() as directory:
        report = pathlib.Path(directory, "cases.xml")
        listed = subprocess.run([program, "--gtest_list_tests", f"--gtest_output=xml:{report}"],
                                stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False)
        if listed.returncode != 0:
            sys.exit(listed.stdout.decode(errors="replace") + f"{program} cannot list its cases")
        names = []
        for suite in xml.etree.ElementTree.parse(report).getroot():
            for case in suite:
                if not file or pathlib.PurePath(case.get("file")).name == file:
                    names.append(f"{suite.get('name')}.{case.get('name')}")
    return [n for n in names if "DISABLED_" not in n]


class Process:
    """One run of the program over some cases: what it said, and how each of them ended."""

    def __init__(self, program, cases, limit):
        self.verdicts, self.running, self.hung = {}, None, False
        self.lines, self.begin = [], 0
        # A flag file: one word of a command line may not be long enough for all the names.
        with tempfile.NamedTemporaryFile("w", suffix=".flags") as flags:
            flags.write("--gtest_color=no\n--gtest_filter=" + ":".join(cases) + "\n")
            flags.flush()
            self.child = subprocess.Popen([program, f"--gtest_flagfile={flags.name}"],
                                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                                          start_new_session=True)
            self.follow(set(cases), limit)

    def follow(self, cases, limit):
        """Each event gives the next one the whole limit; silence for longer is a hang."""
        alarm = self.alarm(limit)
        for raw in self.child.stdout:
            line = raw.decode(errors="replace")
            if line.startswith("Note: Google Test filter"):
                continue  # all the names, once more
            self.lines.append(line)
            event = EVENT.search(line)
            if event is not None and event[2] in cases:
                alarm.cancel()
                alarm = self.alarm(limit)
                self.note(event[1], event[2])
        self.status = self.child.wait()
        alarm.cancel()
        self.stop()  # what a case left behind

    def note(self, what, case):
        if what == "RUN":
            self.running, self.begin = case, len(self.lines) - 1
            return
        self.verdicts[case] = VERDICTS[what]
        if self.running == case and what != "FAILED":
            told = self.lines[self.begin:]
            del self.lines[self.begin:]  # nobody wants to read what passed
            if what == "SKIPPED":
                print("".join(told), end="")  # but why something did not run
        self.running = None

    def alarm(self, limit):
        timer = threading.Timer(limit, self.give_up)
        timer.daemon = True
        timer.start()
        return timer

    def give_up(self):
        self.hung = True
        self.stop()

    def stop(self):
        """The whole session: death tests have children."""
        try:
            os.killpg(self.child.pid, signal.SIGKILL)
        except ProcessLookupError:
            pass

    def died(self):
        return self.running is not None or self.hung

    def failed(self):
        return self.status != 0 or self.died()

    def ending(self):
        if self.hung:
            return "it hung"
        if self.status < 0:
            return f"it died of {signal.Signals(-self.status).name}"
        return f"it ended with exit status {self.status}"

    def show(self):
        left_out = len(self.lines) - MOST_LINES
        if left_out > 0:
            print(f"... {left_out} lines left out")
        sys.stdout.write("".join(self.lines[-MOST_LINES:]))
        print(f"---- {self.ending()}", f"in {self.running}" if self.running else "")


class Run:
    def __init__(self, program, limit):
        self.program, self.limit = program, limit
        self.verdicts = {}

    def run(self, cases):
        left, deaths = list(cases), 0
        while left and deaths < MOST_DEATHS:
            process = Process(self.program, left, self.limit)
            self.verdicts.update(process.verdicts)
            if process.failed():
                process.show()
            if process.died():
                deaths += 1
                self.fail(process.running or left[0])
            elif process.failed() and "failed" not in process.verdicts.values():
                self.find_culprit(list(process.verdicts) or left)
            before, left = len(left), [c for c in left if c not in self.verdicts]
            if not process.died() or len(left) == before:
                break
        for case in left:
            print(f"---- {case} gave no verdict")
            self.fail(case)

    def fail(self, case):
        print(f"---- failed: {case}")
        self.verdicts[case] = "failed"

    def find_culprit(self, cases):
        """Every case passed and the process failed at its end: alone, one of them does too."""
        found = False
        for case in cases:
            process = Process(self.program, [case], self.limit)
            if process.failed():
                found = True
                process.show()
                self.fail(case)
        if not found:
            print("---- no case does so alone: the last one stands for all of them")
            self.fail(cases[-1])

    def count(self, verdict):
        return sum(v == verdict for v in self.verdicts.values())


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--file", default="", help="only the cases of this source file")
    parser.add_argument("--limit", type=float, default=120, help="seconds that one case may take")
    parser.add_argument("program")
    options = parser.parse_args()
    cases = list_cases(options.program, options.file)
    if not cases:
        sys.exit(f"{options.program} has no cases of {options.file or 'any file'}")
    run = Run(options.program, options.limit)
    run.run(cases)
    print(", ".join(f"{run.count(v)} {v}" for v in ("passed", "failed", "skipped")))
    return 1 if run.count("failed") else 0


if __name__ == "__main__":
    sys.exit(main())
