"""From the command line to the report."""
import datetime
import os
import pathlib
import shlex

import knobs as knob_table
import machine
import options
import report
import settings_file
import suite
from budget import Budget, duration
from errors import Mistake, Trouble
from meter import Meter
from outcome import Outcome
from progress import Progress
from search import Search
from subjects import OwnProgram


def main(words, root):
    """The exit code: 0, 1 when the program or its build fails, 2 for a mistake of the user's."""
    progress = Progress()
    try:
        outcome, file = tune(words, root, progress)
    except (Mistake, Trouble) as error:
        progress.say(f"tune: {error}")
        return error.code
    except KeyboardInterrupt:
        progress.say("tune: interrupted; nothing was written")
        return 130
    progress.clear()
    print(f"{report.text(outcome)}\n\nWritten to {file}")
    return 0


def tune(words, root, progress):
    """What was found, and the file that now holds it."""
    wanted = options.parse(words)
    settings_file.check_writable(wanted.out)
    table = knob_table.table(machine.processors())
    chosen = table if wanted.knobs is None else knob_table.choose(table, wanted.knobs)
    environment, ignored = knob_table.without_settings(os.environ, table)
    for variable in ignored:
        progress.say(f"{variable} is ignored: what it sets is tuned, or at its default")
    subject = subject_of(wanted, root, environment, table, progress)
    meter = Meter(subject, wanted.metric, environment, table)
    budget = Budget(wanted.budget)
    meter.start()
    budget.count_run()
    search = Search(meter.measure, chosen, wanted.rounds, budget, progress)
    search.run()
    comparison = search.confirm() if search.best else None
    outcome = Outcome(subject.title, meter.metric, facts_of(words, search), chosen,
                      search.findings, search.best, comparison)
    wanted.out.write_text(settings_file.text(outcome), encoding="utf-8")
    return outcome, wanted.out


def subject_of(wanted, root, environment, table, progress):
    if wanted.program:
        title = wanted.workload or pathlib.Path(wanted.program[0]).name
        return OwnProgram(title, wanted.program)
    progress.show("building the benchmarks")
    return suite.find_row(wanted.workload, root, environment, table)


def facts_of(words, search):
    return {
        "machine": machine.described(),
        "date": datetime.datetime.now().astimezone().strftime("%Y-%m-%d %H:%M %Z"),
        "command": shlex.join(["bench/tune", *words]),
        "rounds": f"{search.rounds} interleaved rounds of each value; {search.budget.runs} runs "
                  f"in {duration(search.budget.elapsed())}",
    }
