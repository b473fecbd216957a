"""The two ways in which tuning can fail."""


class Mistake(Exception):
    """The user asked for something that cannot be; the sentence says what can."""

    code = 2


class Trouble(Exception):
    """The build or the measured program fails; no other command line would help."""

    code = 1
