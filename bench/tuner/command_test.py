"""The whole tool, on programs that cost what is known."""
import contextlib
import io
import os
import pathlib
import subprocess
import tempfile
import tomllib
import unittest
from unittest import mock

import command
import fakes

ENTRY = pathlib.Path(__file__).resolve().parents[1] / "tune"
SPIN_64 = '[ "$DWELL_SPIN" = 64 ] && cost=$((cost - 30))'


class Command(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)
        self.out = self.folder / "found.toml"

    def tune(self, *words, environment=None):
        """The exit code; what was said goes to self.report and self.errors."""
        report, errors = io.StringIO(), io.StringIO()
        # tests/run sets variables of its own.
        others = {name: os.environ[name] for name in os.environ if not name.startswith("DWELL_")}
        with contextlib.redirect_stdout(report), contextlib.redirect_stderr(errors), \
                mock.patch.dict(os.environ, others | (environment or {}), clear=True):
            code = command.main(["--out", str(self.out), "--rounds", "5", *words], self.folder)
        self.report, self.errors = report.getvalue(), errors.getvalue()
        return code

    def tune_own(self, body, *words, knobs="spin", environment=None):
        program = fakes.write_program(self.folder, body)
        return self.tune("--program", str(program), "--knobs", knobs, *words,
                         environment=environment)

    def settings(self):
        return tomllib.loads(self.out.read_text())

    def calls(self):
        return fakes.calls_of(self.folder)


class OwnProgram(Command):
    def test_the_optimum_is_found_and_written(self):
        body = SPIN_64 + '\n[ "$DWELL_REACTOR" = dedicated ] && cost=$((cost - 20))'
        self.assertEqual(self.tune_own(body, knobs="spin,lifo_cap,reactor"), 0)
        self.assertEqual(self.settings(), {"spin": 64, "reactor": "dedicated"})
        self.assertRegex(self.report, r"best +reactor=dedicated spin=64\ntakes +0\.[45]\d\d \(")
        self.assertRegex(self.report, r"spin +64 +█+ ")
        self.assertRegex(self.report, r"lifo_cap +3 \(default\) +no measurable effect")
        for fact in ("machine", "date", "command", "rounds"):
            self.assertRegex(self.report, rf"(?m)^{fact} +\S")

    def test_nothing_that_matters_leaves_the_defaults(self):
        self.assertEqual(self.tune_own("", "--rounds", "9", knobs="spin,lifo_cap"), 0)
        self.assertEqual(self.settings(), {})
        self.assertIn("best      the defaults", self.report)

    def test_a_hopeless_value_is_reported(self):
        self.tune_own('[ "$DWELL_SPIN" = 512 ] && cost=$((cost * 2))')
        self.assertRegex(self.report, r"spin=512 dropped after 3 rounds: [12]\.\d+ \(")

    def test_a_program_that_fails_is_reported(self):
        self.assertEqual(self.tune_own('echo "no server" >&2; exit 3'), 1)
        self.assertIn("tune: program fails with the defaults: it ended with code 3: no server",
                      self.errors)
        self.assertFalse(self.out.exists())

    def test_a_value_that_kills_the_program_is_reported(self):
        self.tune_own('[ "$DWELL_SPIN" = 0 ] && kill -SEGV $$')
        self.assertIn("spin=0 failed: SIGSEGV ended it", self.report)

    def test_a_knob_that_the_library_refuses_is_skipped(self):
        refusal = 'echo "what(): dwell: DWELL_SPIN: no such setting; they are X" >&2; exit 134'
        self.assertEqual(self.tune_own(f'[ -n "$DWELL_SPIN" ] && {{ {refusal}; }}'), 0)
        self.assertRegex(self.report, r"spin .*unknown to this library, skipped")

    def test_the_environment_sets_no_knob_behind_our_back(self):
        self.tune_own("", environment={"DWELL_LIFO_CAP": "9", "DWELL_WATCHDOG_MS": "7"})
        self.assertEqual(self.calls()[:3], ["called ", "DWELL_WATCHDOG_MS=7", "called "])
        self.assertIn("DWELL_LIFO_CAP is ignored", self.errors)

    def test_another_metric_can_be_named(self):
        self.assertEqual(self.tune_own(SPIN_64, "--metric", "other"), 0)
        self.assertEqual(self.settings(), {})
        self.assertEqual(self.tune_own("", "--metric", "mass"), 2)
        self.assertIn("has no metric 'mass'; it has ms, other, wall, cpu", self.errors)

    def test_arguments_reach_the_program(self):
        self.tune_own("", "--rounds", "3", "--metric", "cpu", "--", "-v", "two words")
        self.assertIn("-v two words", self.calls()[0])
        self.assertIn("by cpu", self.report)


class Workload(Command):
    def test_a_row_takes_threads_and_slack_as_parameters(self):
        program_folder = fakes.write_tree(self.folder, SPIN_64)
        self.assertEqual(self.tune("--workload", "fib", "--knobs", "timer_slack_us,spin"), 0)
        self.assertEqual(self.settings(), {"spin": 64})
        self.assertIn("Dwell's settings for fib n=32, by ms", self.report)
        text = "\n".join(fakes.calls_of(program_folder))
        self.assertRegex(text, r"\Acalled --row dwell fib n=32 threads=\d+ timer_slack_us=50 "
                               r"baseline_bytes=0\n")
        self.assertIn("timer_slack_us=200", text)
        self.assertNotIn("DWELL_TIMER_SLACK_US", text)

    def test_a_row_that_is_not_verified_has_failed(self):
        fakes.write_tree(self.folder, "echo failed task 3 was lost; exit 0")
        self.assertEqual(self.tune("--workload", "fib"), 1)
        self.assertIn("fib n=32 fails with the defaults: task 3 was lost", self.errors)

    def test_a_workload_that_matches_nothing_is_refused(self):
        fakes.write_tree(self.folder, "")
        self.assertEqual(self.tune("--workload", "nothing"), 2)
        self.assertEqual(self.errors.splitlines()[-1],
                         "tune: --workload 'nothing' matches no row.")

    def test_a_workload_that_matches_several_lists_them(self):
        fakes.write_tree(self.folder, "")
        self.assertEqual(self.tune("--workload", "n="), 2)
        self.assertIn("selects 2 workloads of Dwell's instead of one:\n  fib n=32\n  gather n=10",
                      self.errors)

    def test_a_build_that_fails_is_no_mistake_of_the_user(self):
        fakes.write_tree(self.folder, "")
        self.assertEqual(self.tune("--workload", "broken"), 1)
        self.assertIn("error: no compiler", self.errors)


class Mistakes(Command):
    def refused(self, *words):
        self.assertEqual(self.tune(*words), 2)
        return self.errors.rstrip("\n")

    def test_each_is_told_in_a_sentence(self):
        self.assertIn("say what to tune", self.refused())
        self.assertIn("no knob 'spim'; they are threads, ",
                      self.refused("--program", "true", "--knobs", "spim"))
        self.assertIn("--rounds: expected 3 to 1000, got '2'",
                      self.refused("--program", "true", "--rounds", "2"))
        self.assertIn("'/no/such' is no program", self.refused("--program", "/no/such"))
        self.assertIn("cannot write '/no/such/f'", self.refused("--program", "true", "--out",
                                                                "/no/such/f"))
        self.assertIn("there is none", self.refused("--workload", "fib", "--", "-v"))
        self.assertEqual(self.refused("--colour").count("\n"), 0)

    def test_the_entry_passes_the_code_on(self):
        done = subprocess.run([ENTRY, "--knobs"], capture_output=True, text=True, check=False)
        self.assertEqual(done.returncode, 2)
        self.assertRegex(done.stderr, r"\Atune: .*--knobs.*\n\Z")


if __name__ == "__main__":
    unittest.main()
