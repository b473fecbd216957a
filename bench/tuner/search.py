"""Coordinate descent with races: one knob at a time, its values against the best settings so far.

A round runs the best settings once and then every value that is still in the race, so each value
is paired with a run of the best from the same moment. A second pass asks again where the answer
may have changed: for the knobs that were swept before another one moved.
"""
from budget import BudgetOver
from errors import Trouble
from knobs import written
from trials import Comparison, Finding, Trial

PASSES = 2
FINAL_TIMES = 2  # the final comparison has so many times the rounds of a race


class Search:
    def __init__(self, measure, knobs, rounds, budget, progress):
        self.measure = measure
        self.knobs = knobs
        self.rounds = rounds
        self.budget = budget
        self.progress = progress
        self.best = {}
        self.findings = {}

    def run(self):
        """Fills `best` and `findings`; a knob that the budget did not reach has no finding."""
        try:
            for number in range(1, PASSES + 1):
                for knob in self.knobs:
                    if self.is_open(knob):
                        self.sweep(knob, number)
        except BudgetOver:
            self.progress.say("the budget is over")

    def confirm(self):
        """The best settings against the defaults, in fresh rounds."""
        defaults, best = [], []
        rounds = self.final_rounds()
        for number in range(rounds):
            defaults.append(self.figure_of({}))
            best.append(self.figure_of(self.best))
            self.progress.show(f"best against the defaults, round {number + 1}/{rounds}")
        return Comparison(defaults, best)

    def final_rounds(self):
        return FINAL_TIMES * self.rounds

    def is_open(self, knob):
        """Whether a knob was never swept, or only among other settings than the best now has."""
        known = self.findings.get(knob.name)
        return known is None or not known.unknown and known.others != self.without(knob)

    def without(self, knob):
        return {name: value for name, value in self.best.items() if name != knob.name}

    def sweep(self, knob, number):
        """Races a knob's values, and then the winner alone: of many values that change nothing, one
        looks better by chance, but hardly twice.
        """
        reference = self.best.get(knob.name, knob.default)
        trials = [Trial(value) for value in knob.candidates if value != reference]
        finding = Finding(knob, reference, self.without(knob), trials)
        self.race(finding, trials, f"pass {number}")
        winner = finding.winner()
        if winner is not None:
            winner.restart()
            self.race(finding, [winner], f"pass {number} again")
            if winner.better():
                self.take(finding, winner)
        self.findings[knob.name] = finding

    def take(self, finding, winner):
        finding.taken = winner
        self.best = self.moved(finding.knob, winner.value)
        self.progress.say(f"{finding.knob.name}={winner} of what {finding.reference} takes")

    def race(self, finding, trials, where):
        for number in range(1, self.rounds + 1):
            live = [trial for trial in trials if trial.live()]
            if not live:
                return
            self.run_round(finding, live)
            if finding.unknown:
                return
            values = "  ".join(map(str, live))
            self.progress.show(f"{self.budget}  {where}  {finding.knob.name}  "
                               f"round {number}/{self.rounds}  {values}")

    def run_round(self, finding, trials):
        """One run of the best settings, and one of each value in the race."""
        final = 2 * self.final_rounds() if self.best else 0
        self.budget.check(1 + len(trials) + final)
        reference = self.figure_of(self.best)
        for trial in trials:
            run = self.run_at(self.moved(finding.knob, trial.value))
            if run.unknown == finding.knob.variable:
                finding.unknown = True
                self.progress.say(f"{finding.knob.name}: unknown to this library, skipped")
                return
            trial.take(run, reference)
            if not trial.live():
                self.progress.say(f"{finding.knob.name}={trial.value} {trial.why}")

    def moved(self, knob, value):
        """The best settings with another value of one knob; its default is left unset."""
        return self.without(knob) | ({} if value == knob.default else {knob.name: value})

    def figure_of(self, point):
        run = self.run_at(point)
        if run.why:
            raise Trouble(f"the program fails with {written(point)}: {run.why}")
        return run.figure

    def run_at(self, point):
        run = self.measure(point)
        self.budget.count_run()
        return run
