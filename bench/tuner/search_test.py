"""The search, on costs that are known."""
import unittest

from budget import Budget
from errors import Trouble
from fakes import Clock, Measure, Said
from knobs import Knob
from meter import Run
from search import Search

SPIN = Knob("spin", 8, (0, 8, 64))
CAP = Knob("lifo_cap", 3, (0, 3, 10))


def search(cost, knobs=(SPIN, CAP), minutes=1, rounds=5, clock=None):
    """A search that has run, with its measure and what it said."""
    measure = Measure(cost)
    clock = clock or Clock()
    made = Search(measure, knobs, rounds, Budget(minutes, clock), Said())
    made.run()
    return made, measure


class TheSearch(unittest.TestCase):
    def test_finds_the_optimum(self):
        made, _ = search(lambda p: 100 - 20 * (p.get("spin") == 64) + 9 * p.get("lifo_cap", 3))
        self.assertEqual(made.best, {"spin": 64, "lifo_cap": 0})
        self.assertLess(made.confirm().interval.high, 1)

    def test_a_second_pass_finds_what_another_knob_uncovers(self):
        made, _ = search(lambda p: 100 - 30 * (p.get("lifo_cap") == 10)
                         - 20 * (p.get("lifo_cap") == 10 and p.get("spin") == 0))
        self.assertEqual(made.best, {"lifo_cap": 10, "spin": 0})

    def test_a_default_may_come_back(self):
        """spin=64 helps until lifo_cap=0 makes it a burden."""
        def cost(point):
            spins, alone = point.get("spin") == 64, point.get("lifo_cap") == 0
            return (60 if spins else 40) if alone else (90 if spins else 100)
        made, _ = search(cost)
        self.assertEqual(made.best, {"lifo_cap": 0})

    def test_keeps_the_defaults_when_nothing_matters(self):
        made, measure = search(lambda p: 100, rounds=9)
        self.assertEqual(made.best, {})
        self.assertEqual(made.findings["spin"].spread(), 0)
        self.assertGreaterEqual(measure.times(), 18)

    def test_what_wins_by_chance_does_not_win_twice(self):
        lucky = iter([80] * 5)
        made, measure = search(lambda p: next(lucky, 100) if p.get("spin") == 64 else 100)
        self.assertEqual(made.best, {})
        self.assertEqual(measure.times(spin=64), 10)
        self.assertEqual(made.findings["spin"].spread(), 0)

    def test_drops_hopeless_values_early(self):
        made, measure = search(lambda p: 100 + 50 * (p.get("spin") == 64), rounds=9)
        self.assertEqual(measure.times(spin=64), 3)
        self.assertEqual(measure.times(spin=0), 9)
        self.assertIn("spin=64 dropped after 3 rounds: 1.5", made.progress.lines[0])

    def test_a_refused_knob_is_unknown_and_costs_one_run(self):
        refusal = Run(why="it ended with code 2", unknown="DWELL_SPIN")
        made, measure = search(lambda p: refusal if "spin" in p else 100)
        self.assertTrue(made.findings["spin"].unknown)
        self.assertEqual(measure.times(spin=0), 1)
        self.assertEqual(made.progress.lines, ["spin: unknown to this library, skipped"])

    def test_a_value_that_fails_is_out(self):
        made, measure = search(lambda p: Run(why="boom") if p.get("spin") == 64 else 100)
        self.assertEqual(made.best, {})
        self.assertEqual(measure.times(spin=64), 1)
        self.assertEqual(made.progress.lines, ["spin=64 failed: boom"])

    def test_defaults_that_begin_to_fail_end_it(self):
        with self.assertRaisesRegex(Trouble, "fails with the defaults: boom"):
            search(lambda p: Run(why="boom"))


class TheBudget(unittest.TestCase):
    def search_for(self, minutes):
        """A search whose every run takes a second; lifo_cap would help, spin does."""
        clock = Clock()

        def cost(point):
            clock.now += 1
            return 100 - 20 * (point.get("spin") == 64) - 20 * (point.get("lifo_cap") == 0)
        made, _ = search(cost, minutes=minutes, clock=clock)
        return made, clock

    def test_ends_the_search_between_rounds(self):
        made, _ = self.search_for(40 / 60)
        self.assertEqual(made.best, {"spin": 64})
        self.assertNotIn("lifo_cap", made.findings)
        self.assertIn("the budget is over", made.progress.lines)

    def test_leaves_time_for_the_final_comparison(self):
        made, clock = self.search_for(50 / 60)
        made.confirm()
        self.assertTrue(made.best)
        self.assertLessEqual(clock.now, 50)


if __name__ == "__main__":
    unittest.main()
