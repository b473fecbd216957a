#!/usr/bin/env python3
"""Counts what one operation of the runtime costs, and compares it with the budgets.

count.py PROGRAM [--show]      PROGRAM is `guard`; --show prints the counts as budgets

Times move with the machine; counts do not. Valgrind runs the program with N and with 2 N
operations, and the difference is what an operation takes: instructions, and of those the ones that
make processors agree, found by their place in the program's disassembly. What is asked of the heap
and of the kernel the program counts itself. A count above its budget fails; a budget may be lowered
as soon as a change has earned it.
"""

import collections
import json
import re
import subprocess
import sys
import tempfile
from pathlib import Path

BUDGETS = Path(__file__).with_name("budgets.json")
# What an operation may take of each; all but the last three are for all N operations together.
UNITS = ("allocations", "futex", "epoll", "instructions", "rmw", "fences")
# Every sleep ends by the clock, which Valgrind slows down: its instructions say nothing.
TIMED = {"waits"}
INSTRUCTION = re.compile(r"^\s*([0-9a-f]+):\s+(?:lock )?(\S+)")


def synchronising(program):
    """The addresses of read-modify-writes and of full fences in the program."""
    listing = subprocess.run(
        ["objdump", "-d", "--no-show-raw-insn", program], capture_output=True, text=True, check=True
    ).stdout
    kinds = {}
    for line in listing.splitlines():
        found = INSTRUCTION.match(line)
        if not found:
            continue
        address = int(found[1], 16)
        if found[2] == "mfence" or re.search(r"lock (or|add)[lq]?\s+\$0x0,", line):
            kinds[address] = "fences"
        elif "lock " in line or (found[2].startswith("xchg") and "(" in line):
            kinds[address] = "rmw"
    return kinds


def executed(program, arguments):
    """How often each instruction of the program was executed, by its address."""
    counts = collections.Counter()
    total = 0
    with tempfile.NamedTemporaryFile() as out:
        tool = ["valgrind", "--tool=callgrind", "--dump-instr=yes", "--compress-pos=no"]
        tool += ["--compress-strings=no", f"--callgrind-out-file={out.name}"]
        subprocess.run([*tool, program, *arguments], capture_output=True, check=True)
        inside = called = False
        for line in Path(out.name).read_text().splitlines():
            if line.startswith("ob="):
                inside = Path(line[3:]).resolve() == Path(program).resolve()
            elif line.startswith("0x"):
                # The line after calls= has the cost of the callee, which is counted where it is.
                if not called:
                    address, _, cost = line.split()
                    total += int(cost)
                    if inside:
                        counts[int(address, 16)] += int(cost)
                called = False
            else:
                called = line.startswith("calls=")
    return counts, total


def per_operation(program, scenario, n, kinds):
    """What one operation takes: the program does each of its N twice."""
    sums = []
    for operations in (n, 2 * n):
        counts, total = executed(program, [scenario, str(operations)])
        found = collections.Counter(instructions=total)
        for address, kind in kinds.items():
            found[kind] += counts[address]
        sums.append(found)
    return {unit: (sums[1][unit] - sums[0][unit]) / (2 * n) for unit in UNITS[3:]}


def measure(program, scenario, n, kinds):
    said = subprocess.run(
        [program, scenario, str(n)], capture_output=True, text=True, check=True
    ).stdout
    counts = {name: float(value) for name, value in (each.split() for each in said.splitlines())}
    if scenario not in TIMED:
        counts |= per_operation(program, scenario, n, kinds)
    return {name: round(value, 2) for name, value in counts.items()}


def main(program, show):
    budgets = json.loads(BUDGETS.read_text())
    kinds = synchronising(program)
    failures = 0
    for scenario, budget in budgets.items():
        counts = measure(program, scenario, budget["n"], kinds)
        if show:
            print(json.dumps({scenario: {"n": budget["n"], **counts}}))
            continue
        for name in UNITS:
            if counts.get(name, 0) > budget.get(name, 0):
                failures += 1
                print(f"{scenario}: {name} {counts[name]:g}, the budget is {budget.get(name, 0):g}")
        print(f"{scenario}: " + ", ".join(f"{name} {value:g}" for name, value in counts.items()))
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], "--show" in sys.argv))
