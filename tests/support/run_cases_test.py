#!/usr/bin/env python3
"""run_cases.py against programs that misbehave: no case is lost, and each is blamed for its own.

The programs speak as GoogleTest's do; that run_cases.py understands the real ones shows in every
run of the tests, where a case without a verdict is a failure.
"""
import pathlib
import re
import subprocess
import sys
import tempfile
import unittest

RUN_CASES = pathlib.Path(__file__).resolve().parent / "run_cases.py"
PROGRAM = '''#!{python}
import os, re, sys, time
ACTS = {acts!r}
arguments = " ".join(sys.argv[1:])
if "--gtest_list_tests" in arguments:
    cases = "".join(f'<testcase name="{{n}}" file="/src/{{f}}"/>' for n, (f, _) in ACTS.items())
    with open(re.search(r"xml:(\\S+)", arguments)[1], "w") as report:
        report.write(f'<testsuites><testsuite name="s">{{cases}}</testsuite></testsuites>')
    sys.exit(0)
flags = open(re.search(r"--gtest_flagfile=(\\S+)", arguments)[1]).read()
chosen = re.search(r"--gtest_filter=(.*)", flags)[1].split(":")
failed = leaks = False
for name, (_, act) in ACTS.items():
    if "s." + name not in chosen:
        continue
    print(f"[ RUN      ] s.{{name}}", flush=True)
    if act == "die":
        os.abort()
    if act == "hang":
        time.sleep(1000)
    if act == "exit":
        os._exit(0)
    failed |= act == "fail"
    leaks |= act == "leak"
    if act == "silent":
        continue
    word = {{"fail": "  FAILED  ", "skip": "  SKIPPED "}}.get(act, "       OK ")
    print(f"half a line[{{word}}] s.{{name}} (0 ms)", flush=True)
sys.exit(23 if leaks else failed)
'''


class RunCases(unittest.TestCase):
    def run_acts(self, *acts, file=""):
        """Runs the cases 0, 1, … that act so, all in the file one.cpp but the last of several."""
        files = ["one.cpp"] * max(len(acts) - 1, 1) + ["two.cpp"]
        table = {str(i): (files[i], act) for i, act in enumerate(acts)}
        with tempfile.TemporaryDirectory() as directory:
            program = pathlib.Path(directory, "program")
            program.write_text(PROGRAM.format(python=sys.executable, acts=table))
            program.chmod(0o755)
            done = subprocess.run([RUN_CASES, "--limit", "2", "--file", file, program],
                                  capture_output=True, text=True, check=False)
        self.output = done.stdout + done.stderr
        self.status = done.returncode
        counts = re.search(r"(\d+) passed, (\d+) failed, (\d+) skipped\n\Z", done.stdout)
        return tuple(map(int, counts.groups())) if counts else None

    def blamed(self):
        return re.findall(r"^---- failed: s\.(\d+)", self.output, re.M)

    def test_passing_cases_say_nothing_and_skipped_ones_why(self):
        self.assertEqual(self.run_acts("pass", "pass", "skip"), (2, 0, 1))
        self.assertEqual(self.status, 0)
        self.assertEqual(re.findall(r"RUN      \] (\S+)", self.output), ["s.2"])

    def test_a_failed_case_fails_the_run(self):
        self.assertEqual(self.run_acts("pass", "fail", "pass"), (2, 1, 0))
        self.assertEqual(self.status, 1)
        self.assertIn("s.1", self.output)

    def test_the_cases_after_a_crash_run_all_the_same(self):
        self.assertEqual(self.run_acts("pass", "die", "pass", "die", "fail", "pass"), (3, 3, 0))
        self.assertEqual(self.blamed(), ["1", "3"])
        self.assertIn("SIGABRT", self.output)

    def test_a_hang_is_ended_and_the_rest_goes_on(self):
        self.assertEqual(self.run_acts("hang", "pass"), (1, 1, 0))
        self.assertIn("it hung in s.0", self.output)

    def test_a_case_that_ends_the_process_quietly_has_failed(self):
        self.assertEqual(self.run_acts("pass", "exit", "pass"), (2, 1, 0))
        self.assertEqual(self.blamed(), ["1"])

    def test_a_case_without_a_verdict_has_failed(self):
        self.assertEqual(self.run_acts("silent", "pass"), (1, 1, 0))
        self.assertEqual(self.status, 1)

    def test_a_leak_that_shows_at_the_end_is_traced_to_its_case(self):
        self.assertEqual(self.run_acts("pass", "leak", "pass"), (2, 1, 0))
        self.assertEqual(self.blamed(), ["1"])

    def test_a_program_that_dies_again_and_again_is_given_up(self):
        self.assertEqual(self.run_acts(*["die"] * 8), (0, 8, 0))

    def test_only_the_cases_of_one_file_run_when_asked(self):
        self.assertEqual(self.run_acts("pass", "pass", "fail", file="one.cpp"), (2, 0, 0))

    def test_a_file_without_cases_is_an_error(self):
        self.assertIsNone(self.run_acts("pass", "pass", file="three.cpp"))
        self.assertNotEqual(self.status, 0)


if __name__ == "__main__":
    unittest.main()
