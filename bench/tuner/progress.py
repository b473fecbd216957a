"""What the user sees while it runs."""
import shutil
import sys


class Progress:
    """One line that rewrites itself on a terminal; elsewhere lines, so that a log stays whole."""

    def __init__(self, stream=None):
        self.stream = stream or sys.stderr
        self.live = self.stream.isatty()

    def show(self, text):
        """Where it is; the next one takes its place."""
        if self.live:
            columns = shutil.get_terminal_size().columns
            text = f"\r\033[K{text[:columns - 1]}"
        self.write(text, "" if self.live else "\n")

    def say(self, text):
        """Something that stays."""
        self.clear()
        self.write(text, "\n")

    def clear(self):
        if self.live:
            self.write("\r\033[K", "")

    def write(self, text, end):
        print(text, end=end, file=self.stream, flush=True)
