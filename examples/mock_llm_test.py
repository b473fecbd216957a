#!/usr/bin/env python3
"""A client of the mock model, in Python's own words; ends with 0 only when the mock behaves.

    examples/mock_llm_test.py path/to/mock_llm
"""

import json
import signal
import subprocess
import sys
import unittest
import urllib.error
import urllib.request

LIMIT = 60  # seconds after which something hangs


class Mock(unittest.TestCase):
    def start(self, *flags):
        self.server = subprocess.Popen([PROGRAM, *flags], stdout=subprocess.PIPE, text=True)
        self.addCleanup(self.server.stdout.close)
        self.addCleanup(self.server.wait)
        self.addCleanup(self.server.kill)
        self.url = self.server.stdout.readline().rsplit(" ", 1)[1].strip()

    def ask(self, **more):
        body = {"model": "haiku", "messages": [{"role": "user", "content": "hello"}], **more}
        request = urllib.request.Request(self.url + "/chat/completions", json.dumps(body).encode())
        return urllib.request.urlopen(request, timeout=LIMIT)

    def ends(self, last_words):
        self.server.send_signal(signal.SIGTERM)
        rest, _ = self.server.communicate(timeout=LIMIT)
        self.assertEqual(rest, last_words + "\n")
        self.assertEqual(self.server.returncode, 0)

    def test_answers_whole(self):
        self.start()
        with self.ask() as answer:
            said = json.load(answer)["choices"][0]["message"]["content"]
        self.assertEqual(said, "haiku replied")
        self.ends("1 requests, 1 answered, 1 at once at most")

    def test_takes_content_as_users_of_the_interface_send_it(self):
        self.start()
        for content in (None, [{"type": "text", "text": "hello"}]):
            with self.ask(messages=[{"role": "user", "content": content}]) as answer:
                self.assertTrue(json.load(answer)["choices"])
        with self.assertRaises(urllib.error.HTTPError) as refused:
            self.ask(messages=[{"role": "user", "content": ["hello"]}])
        refused.exception.close()
        self.assertEqual(refused.exception.code, 400)
        self.ends("3 requests, 2 answered, 1 at once at most")

    def test_answers_word_by_word(self):
        self.start("--first-token-ms", "1", "--per-token-ms", "1")
        with self.ask(stream=True) as answer:
            events = [line[6:] for line in answer.read().decode().split("\n") if line]
        self.assertEqual(events.pop(), "[DONE]")
        pieces = [c["delta"].get("content", "") for e in events for c in json.loads(e)["choices"]]
        self.assertEqual(pieces, ["haiku", " replied", ""])

    def test_refuses(self):
        self.start("--refuse", "1", "--retry-after-ms", "1500")
        with self.assertRaises(urllib.error.HTTPError) as refused:
            self.ask()
        refused.exception.close()
        self.assertEqual(refused.exception.code, 429)
        self.assertEqual(refused.exception.headers["retry-after-ms"], "1500")

    def test_explains_its_flags(self):
        said = subprocess.run([PROGRAM, "--help"], stdout=subprocess.PIPE, text=True, timeout=LIMIT,
                              check=False)
        self.assertEqual(said.returncode, 2)
        self.assertIn("--per-token-ms", said.stdout)


if __name__ == "__main__":
    PROGRAM = sys.argv.pop(1)
    unittest.main()
