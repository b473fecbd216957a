#!/usr/bin/env python3
"""Plants one violation of each house rule in a clean tree: exactly that rule must find it."""

import pathlib
import tempfile
import unittest

import tidy

CLEAN = {
    "CMakeLists.txt": "add_subdirectory(runtime)\n",
    "runtime/layers.txt": "# lowest first\nbase\nos\nscheduler reactor\nscope\n",
    "runtime/CMakeLists.txt": "set(dwell_public_headers\n  dwell/base/a.hpp\n"
                              "  dwell/scope/s.hpp)\n"
                              "set(dwell_private_headers\n  dwell/reactor/r.hpp)\n"
                              "set(dwell_sources\n  dwell/os/clock.cpp\n  dwell/scope/s.cpp)\n",
    "runtime/dwell/base/a.hpp": "#pragma once\n",
    "runtime/dwell/os/clock.cpp": "long now() { return clock_gettime(0, nullptr); }\n",
    "runtime/dwell/reactor/r.hpp": "#pragma once\n",
    "runtime/dwell/scope/s.hpp": "#pragma once\n\n#include <dwell/base/a.hpp>\n",
    "runtime/dwell/scope/s.cpp": "// std::mutex and steady_clock::now() in a comment are fine\n"
                                 "#include <dwell/reactor/r.hpp>\n#include <dwell/scope/s.hpp>\n",
    "tests/CMakeLists.txt": "file(GLOB sources *_test.cpp)\n",
    "tests/os/clock_test.cpp": "int main() {}\n",
    "tests/scope/s_test.cpp": "int main() {}\n",
}


def findings(files):
    """The names of the rules that find something, in a tree of these files (path -> text)."""
    with tempfile.TemporaryDirectory() as folder:
        for name, text in files.items():
            path = pathlib.Path(folder, name)
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
        tree = tidy.Tree(folder)
        return {rule.__name__ for rule in tidy.RULES if list(rule(tree))}


class Rules(unittest.TestCase):
    def expect(self, rule, changes):
        """Changing the clean tree so (path -> text added to it) breaks this rule, and no other."""
        files = dict(CLEAN)
        for name, text in changes.items():
            files[name] = files.get(name, "") + text
        self.assertEqual(findings(files), {rule})

    def expect_in_scope(self, rule, line):
        self.expect(rule, {"runtime/dwell/scope/s.cpp": line + "\n"})

    def test_the_clean_tree_has_no_findings(self):
        self.assertEqual(findings(CLEAN), set())

    def test_a_lower_layer_may_not_include_a_higher_one(self):
        self.expect("layer_order", {"runtime/dwell/base/a.hpp": "#include <dwell/scope/s.hpp>\n"})

    def test_siblings_may_not_include_each_other(self):
        self.expect("layer_order", {
            "runtime/dwell/scheduler/w.hpp": "#pragma once\n\n#include <dwell/reactor/q.hpp>\n",
            "runtime/dwell/reactor/q.hpp": "#pragma once\n",
            "runtime/CMakeLists.txt": "  dwell/scheduler/w.hpp\n  dwell/reactor/q.hpp\n"})

    def test_a_quoted_include_does_not_slip_past_the_layers(self):
        self.expect_in_scope("layer_order", '#include "s.hpp"')

    def test_an_unknown_layer_is_reported(self):
        self.expect("layer_order", {
            "runtime/dwell/attic/x.hpp": "#pragma once\n",
            "runtime/CMakeLists.txt": "  dwell/attic/x.hpp\n"})

    def test_each_thing_of_the_os_is_banned_elsewhere(self):
        for line in ("auto t = std::chrono::steady_clock::now();", "clock_gettime(0, &t);",
                     "std::thread t;", "std::jthread t;", "pthread_create(&t, 0, f, 0);",
                     "std::this_thread::yield();", "epoll_wait(fd, e, 1, 0);", "eventfd(0, 0);",
                     "io_uring_submit(&r);", "#include <liburing.h>",
                     "#include <sys/socket.h>", "int fd = ::socket(1, 1, 0);",
                     "std::random_device d;", "getrandom(b, 8, 0);", "int r = rand();",
                     "syscall(1);", "sigaction(2, &a, nullptr);", "waitpid(-1, &s, 0);",
                     "posix_spawnp(&p, f, a, b, v, e);", "if (::fork() == 0)",
                     "#include <spawn.h>"):
            with self.subTest(line):
                self.expect_in_scope("os_only", line)

    def test_atomics_and_locks_of_the_standard_library_are_banned(self):
        for line in ("std::atomic<int> a;", "std::atomic_thread_fence(o);", "std::atomic_flag f;",
                     "#include <atomic>", "std::mutex m;", "std::shared_mutex m;",
                     "std::condition_variable c;", "std::binary_semaphore s{0};"):
            with self.subTest(line):
                self.expect_in_scope("banned_names", line)

    def test_words_in_comments_and_strings_are_not_code(self):
        self.assertEqual(findings(CLEAN | {"runtime/dwell/scope/s.cpp":
                         '/* std::mutex\n rand() */ auto s = "std::thread \\" eventfd(";\n'}),
                         set())

    def test_a_long_file_is_reported(self):
        self.expect("file_length", {"tests/os/clock_test.cpp": "\n" * 600})

    def test_a_long_median_is_reported(self):
        self.expect("median_length", {path: "// why\n" * 220 for path in CLEAN
                                      if path.startswith("runtime/dwell")})

    def test_a_scheduler_that_grows_too_large_is_reported(self):
        files = {f"dwell/scheduler/w{i}.hpp": "#pragma once\n" + "\n// why" * 420 + "\n"
                 for i in range(4)}
        small = {f"dwell/base/b{i}.hpp": "#pragma once\n" for i in range(9)}
        listed = "".join(f"  {name}\n" for name in files | small)
        self.expect("scheduler_length",
                    {f"runtime/{name}": text for name, text in (files | small).items()}
                    | {"runtime/CMakeLists.txt": listed})

    def test_a_long_line_is_reported(self):
        self.expect("line_length", {"tests/run": "#!/bin/bash\n# " + "x" * 99 + "\n"})

    def test_markers_of_unfinished_work_are_reported(self):
        for word in ("TO" "DO", "FIX" "ME", "X" "XX", "HA" "CK"):
            with self.subTest(word):
                self.expect("markers", {"README.md": f"{word}: later\n"})

    def test_a_template_for_mktemp_is_not_a_marker(self):
        self.assertEqual(findings(CLEAN | {"tests/run": "#!/bin/bash\nmktemp a.XXXXXX\n"}), set())

    def test_a_header_needs_its_guard(self):
        self.expect("pragma_once", {"runtime/dwell/base/b.hpp": "\n",
                                    "runtime/CMakeLists.txt": "  dwell/base/b.hpp\n"})

    def test_a_source_that_cmake_does_not_list_is_reported(self):
        self.expect("listed_in_cmake", {"runtime/dwell/scope/lost.cpp": "\n"})

    def test_a_listed_source_must_exist_and_once(self):
        self.expect("listed_in_cmake", {"runtime/CMakeLists.txt": "  dwell/scope/gone.cpp\n"})
        self.expect("listed_in_cmake", {"runtime/CMakeLists.txt": "  dwell/scope/s.cpp\n"})

    def test_an_installed_header_needs_nothing_that_is_not_installed(self):
        for target in ("concurrentqueue/concurrentqueue.h", "dwell/reactor/r.hpp", "tbb/tbb.h",
                       "openssl/ssl.h"):
            with self.subTest(target):
                self.expect("installed_headers",
                            {"runtime/dwell/scope/s.hpp": f"#include <{target}>\n"})

    def test_a_source_that_nothing_builds_is_reported(self):
        self.expect("dead_files", {"bench/left_over.cpp": "\n", "bench/CMakeLists.txt": "\n"})

    def test_a_header_that_nothing_includes_is_reported(self):
        self.expect("dead_files", {"bench/left_over.hpp": "#pragma once\n"})

    def test_a_layer_without_tests_is_reported(self):
        self.expect("tests_mirror_layers", {"runtime/dwell/base/b.cpp": "\n",
                                            "runtime/CMakeLists.txt": "  dwell/base/b.cpp\n"})

    def test_a_folder_of_tests_must_be_a_layer(self):
        self.expect("tests_mirror_layers", {"tests/misc/m_test.cpp": "int main() {}\n"})

    def test_a_test_that_a_readme_names_must_exist(self):
        table = "| bug | test |\n| --- | --- |\n| it stops | `clock.stops`, `clock.goes_on` |\n"
        self.expect("named_tests", {"tests/os/README.md": table,
                                    "tests/os/clock_test.cpp": "TEST(clock, goes_on) {\n}\n"})
        self.assertEqual(findings(CLEAN | {
            "tests/os/README.md": table + "\nNot `a.file`.\n\n| file |\n| --- |\n| `b.hpp` |\n",
            "tests/os/clock_test.cpp": "TEST(clock, stops) {\n}\nTEST_P(clock, goes_on) {\n}\n"}),
            set())

    def test_the_top_of_the_tree_is_fixed(self):
        self.expect("top_level", {"notes.txt": "\n"})

    @unittest.skipUnless(tidy.shutil.which("clang-format"), "no clang-format")
    def test_an_unformatted_file_is_reported(self):
        self.expect("formatted", {".clang-format": "BasedOnStyle: Google\n",
                                  "tests/os/clock_test.cpp": "int  f( ) { return 1 ;}\n"})


if __name__ == "__main__":
    unittest.main()
