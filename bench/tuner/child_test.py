"""Programs that end, fail and hang."""
import os
import unittest

import child


def run(script, patience=60):
    return child.run(["/bin/sh", "-c", script], os.environ, patience)


class Child(unittest.TestCase):
    def test_what_a_good_one_prints_is_kept(self):
        ended = run("echo out; echo err >&2")
        self.assertEqual((ended.output, ended.errors, ended.why), ("out\n", "err\n", ""))
        self.assertGreater(ended.wall, 0)

    def test_a_bad_end_is_told_with_its_last_words(self):
        self.assertEqual(run("echo first >&2; echo last >&2; exit 7").why,
                         "it ended with code 7: last")
        self.assertEqual(run("kill -ABRT $$").why, "SIGABRT ended it")

    def test_one_that_hangs_is_ended_with_its_children(self):
        self.assertEqual(run("sleep 1000 & sleep 1000", 0.01).why, "it did not end within 0 s")

    def test_one_that_cannot_start_has_failed(self):
        self.assertIn("cannot be started", child.run(["/no/such"], {}, 1).why)


if __name__ == "__main__":
    unittest.main()
