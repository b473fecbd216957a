#!/usr/bin/env python3
"""count_cases.py on reports as ctest writes them."""
import pathlib
import subprocess
import sys
import tempfile
import unittest

COUNT_CASES = pathlib.Path(__file__).resolve().parent / "count_cases.py"


class CountCases(unittest.TestCase):
    def count(self, *tests):
        cases = "".join(f'<testcase name="t" status="{status}"><system-out>{output}</system-out>'
                        "</testcase>" for status, output in tests)
        with tempfile.NamedTemporaryFile("w", suffix=".xml") as report:
            report.write(f"<testsuite>{cases}</testsuite>")
            report.flush()
            done = subprocess.run([sys.executable, COUNT_CASES, report.name], capture_output=True,
                                  text=True, check=True)
        return done.stdout.splitlines()

    def test_a_test_without_counts_is_one(self):
        self.assertEqual(self.count(("run", "hello"), ("fail", "")), ["1 passed, 1 failed"])

    def test_counts_at_the_end_of_the_output_are_taken(self):
        self.assertEqual(self.count(("run", "3 passed, 0 failed, 2 skipped\n"), ("run", "")),
                         ["2 skipped", "4 passed, 0 failed"])

    def test_counts_elsewhere_are_only_words(self):
        self.assertEqual(self.count(("run", "3 passed, 0 failed, 2 skipped\nand more\n")),
                         ["1 passed, 0 failed"])

    def test_a_failed_test_is_a_failure_whatever_it_counted(self):
        self.assertEqual(self.count(("fail", "3 passed, 0 failed, 0 skipped\n"),
                                    ("fail", "5 passed, 2 failed, 0 skipped\n")),
                         ["8 passed, 3 failed"])

    def test_a_test_that_did_not_run_was_skipped(self):
        self.assertEqual(self.count(("notrun", ""), ("disabled", "")),
                         ["2 skipped", "0 passed, 0 failed"])


if __name__ == "__main__":
    unittest.main()
