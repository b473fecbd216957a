#!/usr/bin/env python3
"""Counts what a ctest run did, from the report of `ctest --output-junit`.

A ctest whose output ends with "N passed, N failed, N skipped" stands for that many cases; any other
is one. A ctest that failed counts as one failure at least: what runs the cases may die itself.
"""
import re
import sys
import xml.etree.ElementTree

COUNTS = re.compile(r"^(\d+) passed, (\d+) failed, (\d+) skipped\s*\Z", re.M)


def counts_of(test):
    """(passed, failed, skipped) of one ctest."""
    status = test.get("status")
    if status not in ("run", "fail"):
        return 0, 0, 1
    counts = COUNTS.search(test.findtext("system-out") or "")
    passed, failed, skipped = map(int, counts.groups()) if counts else (int(status == "run"), 0, 0)
    return passed, max(failed, int(status == "fail")), skipped


def main():
    if len(sys.argv) != 2:
        sys.exit("usage: count_cases.py REPORT.xml")
    tests = xml.etree.ElementTree.parse(sys.argv[1]).getroot().iter("testcase")
    passed, failed, skipped = map(sum, zip((0, 0, 0), *map(counts_of, tests)))
    if skipped:
        print(f"{skipped} skipped")
    print(f"{passed} passed, {failed} failed")


if __name__ == "__main__":
    main()
