"""Intervals of ratios."""
import math
import unittest

import interval
from meter import Run
from trials import Trial


class Intervals(unittest.TestCase):
    def test_holds_the_median_and_lies_within_the_ratios(self):
        found = interval.of_pairs([0.9, 0.8, 0.85, 0.95, 0.7])
        self.assertEqual(found.middle, 0.85)
        self.assertTrue(0.7 <= found.low <= 0.85 <= found.high <= 0.95)
        self.assertLess(found.high, 1)

    def test_is_the_same_each_time(self):
        ratios = [1 + 0.01 * (i % 7 - 3) for i in range(15)]
        self.assertEqual(interval.of_pairs(ratios), interval.of_pairs(ratios))

    def test_two_pairs_prove_nothing(self):
        found = interval.of_pairs([0.1, 0.1])
        self.assertEqual(found.low, 0)
        self.assertEqual(found.high, math.inf)

    def test_one_outlier_does_not_decide(self):
        found = interval.of_pairs([0.9] * 8 + [9.0])
        self.assertEqual((found.low, found.middle, found.high), (0.9, 0.9, 0.9))

    def test_a_trial_that_is_slower_by_less_than_the_limit_goes_on(self):
        trial = Trial(1)
        for _ in range(9):
            trial.take(Run(104.0), 100.0)
        self.assertTrue(trial.live())
        self.assertTrue(trial.worse())


if __name__ == "__main__":
    unittest.main()
