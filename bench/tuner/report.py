"""The report on the terminal."""
from knobs import written

BAR_WIDTH = 24


def text(outcome):
    lines = [f"Dwell's settings for {outcome.title}, by {outcome.metric} (lower is better)", ""]
    lines += [f"{name:<10}{value}" for name, value in outcome.facts.items()]
    return "\n".join([*lines, "", *verdict(outcome), "", *sensitivities(outcome),
                      *stopped(outcome)])


def verdict(outcome):
    if outcome.comparison is None:
        return [f"best      the defaults: {outcome.gain()}"]
    lines = [f"best      {written(outcome.best)}", f"takes     {outcome.gain()}"]
    if not outcome.confirmed:
        lines.append("          not below 1 beyond doubt, so the defaults stay")
    return lines


def sensitivities(outcome):
    """A line for each knob, with a bar as long as the step from its best value to its worst."""
    longest = max((finding.spread() for finding in outcome.findings.values()), default=0)
    lines = [f"How far each knob moves {outcome.metric}, best value to worst; behind the bars,",
             "ratios to the best settings of that moment, with 95 % intervals:", ""]
    for knob in outcome.knobs:
        chosen = outcome.settings.get(knob.name, f"{knob.default} (default)")
        effect = effect_of(outcome.findings.get(knob.name), longest)
        lines.append(f"{knob.name:<18} {chosen!s:<19} {effect}")
    return lines


def effect_of(finding, longest):
    if finding is None:
        return "not measured: the budget was over"
    if finding.unknown:
        return "unknown to this library, skipped"
    if not finding.trials:
        return "nothing to choose from"
    if all(trial.interval is None for trial in finding.trials):
        return "every other value failed"
    moving = finding.measurable()
    if not moving:
        return "no measurable effect"
    bar = "█" * max(1, round(BAR_WIDTH * finding.spread() / longest))
    ends = ", ".join(str(trial) for trial in ends_of(moving))
    return f"{bar:<{BAR_WIDTH}} {finding.spread():6.1%}  {ends}"


def ends_of(moving):
    """The best and the worst of the values that move anything; often there is but one."""
    return moving if len(moving) == 1 else [moving[0], moving[-1]]


def stopped(outcome):
    """The values that were not measured to the end, and why."""
    lines = [f"{finding.knob.name}={trial.value} {trial.why}"
             for finding in outcome.findings.values() if not finding.unknown
             for trial in finding.trials if trial.why]
    return ["", "Stopped early:", *(f"  {line}" for line in lines)] if lines else []
