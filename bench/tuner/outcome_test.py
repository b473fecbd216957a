"""What is kept of a search, and how it is told."""
import tomllib
import unittest

import knobs
import report
import settings_file
from outcome import Outcome
from trials import Comparison


def outcome(best, *ratios, title="mine"):
    comparison = Comparison([100.0] * len(ratios), [100 * ratio for ratio in ratios])
    return Outcome(title, "ms", {"command": "a\nb = 1"}, knobs.table(4), {}, best,
                   comparison if ratios else None)


class Outcomes(unittest.TestCase):
    def test_a_confirmed_gain_is_kept(self):
        found = outcome({"spin": 64, "reactor": "dedicated"}, 0.8, 0.81, 0.82, 0.8)
        self.assertEqual(tomllib.loads(settings_file.text(found)), found.best)
        self.assertIn("0.805 (0.800 to 0.820) of the defaults' ms: 80.5 instead of 100",
                      report.text(found))

    def test_a_gain_that_is_not_confirmed_leaves_the_defaults(self):
        found = outcome({"spin": 64}, 0.8, 1.01, 1.02, 0.99)
        self.assertEqual(tomllib.loads(settings_file.text(found)), {})
        self.assertIn("not below 1 beyond doubt, so the defaults stay", report.text(found))

    def test_knobs_that_the_budget_did_not_reach_are_named(self):
        self.assertRegex(report.text(outcome({})), r"spin +8 \(default\) +not measured: the budget")

    def test_no_title_or_command_breaks_the_file(self):
        text = settings_file.text(outcome({}, title="mine\nspin = 7"))
        self.assertEqual(tomllib.loads(text), {})


class Knobs(unittest.TestCase):
    def test_each_has_its_default_among_its_candidates(self):
        for knob in knobs.table(6):
            self.assertIn(knob.default, knob.candidates)

    def test_many_processors_are_not_all_tried(self):
        self.assertEqual(knobs.thread_counts(1), (1,))
        self.assertEqual(knobs.thread_counts(10), (1, 2, 3, 4, 6, 8, 10))


if __name__ == "__main__":
    unittest.main()
