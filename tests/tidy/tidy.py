#!/usr/bin/env python3
"""The house rules that no compiler knows: layers, limits, and what may be used where.

    tests/tidy/tidy.py [root]     prints `file:line: rule: what and why`, exits 1 when there is any

Each rule is a function over a tree that yields its findings, and tidy_test.py plants a violation of
each. The rules read text, not C++: what they look for is named so plainly that a parser would find
nothing more. Sizes of functions are clang-tidy's business (.clang-tidy).
"""

import fnmatch
import pathlib
import re
import shutil
import statistics
import subprocess
import sys
from functools import cached_property

MAX_LINES = 600
MAX_COLUMNS = 100
MAX_MEDIAN_LINES = 200
MAX_SCHEDULER_LINES = 1600

TOP_LEVEL = {"runtime", "bench", "tests", "examples", "CMakeLists.txt", "CMakePresets.json",
             "README.md", "LICENSE", "CHANGELOG.md", "CMakeUserPresets.json", "build"}
# Folders of tests/ that are not a layer.
OTHER_TESTS = {"compile_fail", "compiler", "conformance", "consumer", "faults", "foreign", "fuzz",
               "guard", "interleave", "support", "tidy"}
CODE = {".cpp", ".hpp", ".py", ".sh", ".cmake"}
CPP = {".cpp", ".hpp"}
CLANG_FORMAT_MAJOR = 14  # Debian 12's; the next ones lay out some lines otherwise

# What only the layer `os` may touch: (what it is, pattern).
OS_ONLY = [
    ("a clock", r"_clock::now\b|\bclock_gettime\b|\bgettimeofday\b|<ctime>|<time\.h>"),
    ("a thread", r"\bstd::(thread|jthread|this_thread|async)\b|\bpthread_\w+"
                 r"|<thread>|<pthread\.h>"),
    ("a socket or poller", r"\b(epoll|io_uring|timerfd)_\w+\s*\(|\beventfd\s*\(|::socket\s*\("
                           r"|<sys/(socket|epoll|eventfd|timerfd|un)\.h>|<poll\.h>|<netinet/"
                           r"|<liburing\.h>"),
    ("a signal or a process", r"\bsig(action|procmask|timedwait|pending)\s*\(|\bposix_spawn\w*"
                              r"|\bwaitp?id\s*\(|::v?fork\s*\(|<spawn\.h>|<sys/wait\.h>"),
    ("entropy", r"\bstd::random_device\b|\bgetrandom\b|\bgetentropy\b|\bs?rand\s*\("
                r"|<sys/random\.h>"),
    ("a system call", r"\bsyscall\s*\(|<unistd\.h>|<sys/syscall\.h>|<linux/"),
]
# What no file of the runtime uses: (pattern, why, the file that is excepted).
BANNED = [
    (r"\bstd::atomic(?!_signal_fence)\w*\b|<atomic>",
     "use base::atomic and base::fence, which the models can replace", "base/atomic.hpp"),
    (r"\bstd::(recursive_|shared_|timed_)*mutex\b|\bstd::condition_variable\w*"
     r"|\bstd::(counting|binary)_semaphore\b|<(mutex|shared_mutex|condition_variable|semaphore)>",
     "blocks a worker, or loses wake-ups in glibc and libstdc++", None),
]
# Whole words; spelled so that this file does not contain them.
MARKERS = re.compile(r"\b(TO" r"DO|FIX" r"ME|X" r"XX|HA" r"CK)\b")


class Tree:
    """The files under one root, read once."""

    def __init__(self, root):
        self.root = pathlib.Path(root).resolve()

    @cached_property
    def files(self):
        """Relative path -> text, of every text file that is ours."""
        found = {}
        for path in sorted(self.root.rglob("*")):
            relative = path.relative_to(self.root)
            if relative.parts[0] in (".git", "build") or "__pycache__" in relative.parts:
                continue
            if path.is_file():
                try:
                    found[relative] = path.read_text()
                except UnicodeDecodeError:
                    continue
        return found

    @cached_property
    def layers(self):
        """Layer -> its level in layers.txt; siblings have the same."""
        text = self.files[pathlib.Path("runtime/layers.txt")]
        lines = [line.split() for line in text.splitlines() if not line.startswith("#")]
        return {layer: level for level, names in enumerate(lines) for layer in names}

    @cached_property
    def runtime(self):
        """Path below runtime/dwell -> text, of the C++ files there."""
        base = pathlib.Path("runtime/dwell")
        return {path.relative_to(base): text for path, text in self.files.items()
                if path.is_relative_to(base) and path.suffix in CPP}

    def code(self):
        return ((p, t) for p, t in self.files.items()
                if p.suffix in CODE or p.name == "CMakeLists.txt" or is_script(p, t))

    def cpp(self):
        return ((p, t) for p, t in self.files.items() if p.suffix in CPP)


def is_script(path, text):
    return not path.suffix and text.startswith("#!")


def without_comments(text):
    """Comments and the contents of strings blanked; the line numbers stay."""
    pattern = re.compile(r'//[^\n]*|/\*.*?\*/|"(?:\\.|[^"\\\n])*"', re.DOTALL)

    def blank(match):
        found = match.group()
        return '""' if found[0] == '"' else re.sub(r"[^\n]", " ", found)

    return pattern.sub(blank, text)


def matches(pattern, text):
    """(line number, matched text) of each match."""
    for match in re.finditer(pattern, text):
        yield text.count("\n", 0, match.start()) + 1, match.group()


def includes(text):
    return matches(r'(?m)^\s*#\s*include\s*(<[^>]+>|"[^"]+")', text)


# The rules. Each takes a tree and yields (path, line, message).

def layer_order(tree):
    """A file includes its own layer and lower ones; siblings never include each other."""
    for path, text in tree.runtime.items():
        where = "runtime/dwell" / path
        own = path.parts[0]
        if len(path.parts) == 1:
            continue  # dwell.hpp stands above all layers
        if own not in tree.layers:
            yield where, 1, f"layer '{own}' is not in runtime/layers.txt"
            continue
        for line, include in includes(text):
            target = re.search(r'[<"](.*)[>"]', include).group(1)
            if '"' in include:
                yield where, line, f"include it as <dwell/…>: \"{target}\""
            elif target.startswith("dwell/") and target.count("/") > 1:
                other = target.split("/")[1]
                if other not in tree.layers:
                    yield where, line, f"no such layer: {target}"
                elif other != own and tree.layers[other] >= tree.layers[own]:
                    yield where, line, f"layer '{own}' may not include <{target}>"
            elif target == "dwell/dwell.hpp":
                yield where, line, "the umbrella header is for users"


def os_only(tree):
    """Clocks, threads, sockets and entropy come in by one door, the layer os."""
    for path, text in tree.runtime.items():
        if path.parts[0] == "os":
            continue
        for what, pattern in OS_ONLY:
            for line, found in matches(pattern, without_comments(text)):
                yield "runtime/dwell" / path, line, f"{what} outside the layer os: {found.strip()}"


def banned_names(tree):
    for path, text in tree.runtime.items():
        for pattern, why, excepted in BANNED:
            if str(path) != excepted:
                for line, found in matches(pattern, without_comments(text)):
                    yield "runtime/dwell" / path, line, f"{found}: {why}"


def file_length(tree):
    for path, text in tree.code():
        lines = text.count("\n")
        if lines > MAX_LINES:
            yield path, lines, f"{lines} lines; the limit is {MAX_LINES}"


def median_length(tree):
    sizes = [text.count("\n") for text in tree.runtime.values()]
    if sizes and statistics.median(sizes) >= MAX_MEDIAN_LINES:
        yield "runtime/dwell", 1, f"median file length is not under {MAX_MEDIAN_LINES}"


def scheduler_length(tree):
    lines = sum(t.count("\n") for p, t in tree.runtime.items() if p.parts[0] == "scheduler")
    if lines > MAX_SCHEDULER_LINES:
        yield "runtime/dwell/scheduler", 1, f"{lines} lines; the limit is {MAX_SCHEDULER_LINES}"


def line_length(tree):
    for path, text in tree.code():
        for number, line in enumerate(text.splitlines(), 1):
            if len(line) > MAX_COLUMNS:
                yield path, number, f"{len(line)} columns; the limit is {MAX_COLUMNS}"


def markers(tree):
    """Work left undone belongs in an issue, not in the tree."""
    for path, text in tree.files.items():
        for line, found in matches(MARKERS, text):
            yield path, line, f"{found} left in the tree"


def pragma_once(tree):
    for path, text in tree.cpp():
        if path.suffix == ".hpp" and not re.search(r"(?m)^#pragma once$", text):
            yield path, 1, "a header without #pragma once"


def listed_in_cmake(tree):
    """runtime/CMakeLists.txt names each file of the library, and no other."""
    cmake = pathlib.Path("runtime/CMakeLists.txt")
    listed = re.findall(r"(?m)^\s+(dwell/\S+?\.[ch]pp)\b", tree.files[cmake])
    ours = {f"dwell/{path}" for path in tree.runtime}
    for name in sorted(ours - set(listed)):
        yield f"runtime/{name}", 1, "not listed in runtime/CMakeLists.txt"
    for name in sorted(set(listed) - ours):
        yield cmake, 1, f"lists a file that is not there: {name}"
    for name in sorted({name for name in listed if listed.count(name) > 1}):
        yield cmake, 1, f"lists a file twice: {name}"


def installed_headers(tree):
    """An installed header includes the standard library, the system and installed headers only."""
    cmake = tree.files[pathlib.Path("runtime/CMakeLists.txt")]
    private = " ".join(re.findall(r"set\(dwell_\w*private_headers([^)]*)\)", cmake))
    private = set(re.findall(r"\S+\.hpp", private))
    for path, text in tree.runtime.items():
        if path.suffix != ".hpp" or f"dwell/{path}" in private:
            continue
        for line, include in includes(text):
            target = re.search(r'[<"](.*)[>"]', include).group(1)
            if target in private or re.match(
                    r"ares|concurrentqueue|tbb/|oneapi/|openssl/|curl/|nlohmann/", target):
                yield "runtime/dwell" / path, line, f"an installed header includes <{target}>"


def dead_files(tree):
    """Beside the library: each source is built, each header included, by something in its part."""
    for path, _ in tree.cpp():
        part = path.parts[0]
        if part == "runtime":
            continue
        beside = {p: t for p, t in tree.files.items() if p.parts[0] == part and p != path}
        if path.suffix == ".hpp":
            name = re.escape(path.name)
            if not any(re.search(rf'#\s*include\s*[<"][^>"]*\b{name}[>"]', t)
                       for t in beside.values()):
                yield path, 1, "no file includes this header"
        elif not any(builds(p, t, path) for p, t in beside.items()):
            yield path, 1, "nothing builds this source"


def builds(builder, text, source):
    """Whether a CMakeLists.txt or script names the source, or globs it in."""
    if builder.name != "CMakeLists.txt" and not is_script(builder, text):
        return False
    if re.search(rf"(?<![\w-]){re.escape(source.stem)}(?![\w-])", text):
        return True
    globs = re.findall(r"[\w*/${}.\"-]*\*[\w*/${}.\"-]*", text)
    return source.is_relative_to(builder.parent) and any(
        fnmatch.fnmatch(source.name, glob.strip('"').split("/")[-1]) and source.suffix in glob
        for glob in globs)


def tests_mirror_layers(tree):
    tested = {p.parts[1] for p in tree.files
              if p.parts[0] == "tests" and len(p.parts) == 3 and p.name.endswith("_test.cpp")}
    coded = {p.parts[0] for p in tree.runtime if p.suffix == ".cpp" and len(p.parts) > 1}
    for layer in sorted(coded - tested):
        yield f"tests/{layer}", 1, f"layer '{layer}' has no tests"
    folders = {p.parts[1] for p in tree.files if p.parts[0] == "tests" and len(p.parts) > 2}
    for folder in sorted(folders - OTHER_TESTS - set(tree.layers)):
        yield f"tests/{folder}", 1, "neither a layer nor one of the agreed folders"


def named_tests(tree):
    """A README of tests/ names a test in a table's column `test` only if there is that test."""
    there = {f"{suite}.{name}" for path, text in tree.cpp() if path.parts[0] == "tests"
             for suite, name in re.findall(r"(?m)^TEST(?:_[FP])?\((\w+), (\w+)\)", text)}
    for path, text in tree.files.items():
        if path.parts[0] != "tests" or path.name != "README.md":
            continue
        column = None
        for number, line in enumerate(text.splitlines(), 1):
            cells = [cell.strip() for cell in line.split("|")] if line.startswith("|") else []
            if "test" in cells:
                column = cells.index("test")
            elif not cells:
                column = None
            elif column is not None:
                for name in re.findall(r"`([^`]+)`", cells[column]):
                    if name not in there:
                        yield path, number, f"there is no test {name}"


def top_level(tree):
    for path in tree.root.iterdir():
        if path.name not in TOP_LEVEL and not path.name.startswith("."):
            yield path.name, 1, "does not belong at the top of the tree"


def formatted(tree):
    """clang-format leaves each file as it is; skipped where Debian 12's is not installed."""
    program = shutil.which(f"clang-format-{CLANG_FORMAT_MAJOR}") or shutil.which("clang-format")
    if not program or pathlib.Path(".clang-format") not in tree.files:
        return
    version = subprocess.run([program, "--version"], capture_output=True, text=True, check=True)
    if f"version {CLANG_FORMAT_MAJOR}." not in version.stdout:
        return
    files = [str(path) for path, _ in tree.cpp()]
    run = subprocess.run([program, "--dry-run", "-Werror", *files], cwd=tree.root,
                         capture_output=True, text=True, check=False)
    bad = {re.split(r":\d+:", line)[0] for line in run.stderr.splitlines() if ": error:" in line}
    for path in sorted(bad):
        yield path, 1, "clang-format would change this file"


RULES = [layer_order, os_only, banned_names, file_length, median_length, scheduler_length,
         line_length, markers, pragma_once, listed_in_cmake, installed_headers, dead_files,
         tests_mirror_layers, named_tests, top_level, formatted]


def main(arguments):
    root = arguments[0] if arguments else pathlib.Path(__file__).resolve().parents[2]
    tree = Tree(root)
    findings = [(str(path), line, rule.__name__, message)
                for rule in RULES for path, line, message in rule(tree)]
    for path, line, rule, message in sorted(findings):
        print(f"{path}:{line}: {rule}: {message}")
    sizes = [text.count("\n") for text in tree.runtime.values()] or [0]
    print(f"{len(RULES)} rules, {len(tree.files)} files, {len(findings)} findings; "
          f"the runtime: {len(sizes)} files, median {statistics.median(sizes):.0f} lines, "
          f"longest {max(sizes)}")
    return 1 if findings else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
