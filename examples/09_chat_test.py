#!/usr/bin/env python3
"""Clients of the chat server, scripted; ends with 0 only when it behaves.

    examples/09_chat_test.py path/to/09_chat
"""

import signal
import socket
import subprocess
import sys
import unittest

LIMIT = 60  # seconds after which something hangs


class Client:
    def __init__(self, port, name=None):
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=LIMIT)
        self.lines = self.socket.makefile("r", newline="\n")
        assert self.hears() == "your name?"
        if name:
            self.says(name)
            assert self.hears() == f"* {name} came"

    def says(self, line):
        self.socket.sendall(line.encode() + b"\n")

    def hears(self):
        return self.lines.readline().rstrip("\n")

    def close(self):
        self.lines.close()
        self.socket.close()


class Chat(unittest.TestCase):
    def setUp(self):
        self.server = subprocess.Popen([PROGRAM], stdout=subprocess.PIPE, text=True)
        self.addCleanup(self.server.stdout.close)
        self.addCleanup(self.server.kill)
        self.port = int(self.server.stdout.readline().rsplit(":", 1)[1])
        self.clients = []

    def tearDown(self):
        for client in self.clients:
            client.close()

    def client(self, name=None):
        self.clients.append(Client(self.port, name))
        return self.clients[-1]

    def ends(self, sent, last_words):
        self.server.send_signal(sent)
        rest, _ = self.server.communicate(timeout=LIMIT)
        self.assertEqual(rest, last_words + "\n")
        self.assertEqual(self.server.returncode, 0)

    def test_everybody_hears_what_is_said_and_who_comes_and_goes(self):
        ada, bob = self.client("ada"), self.client("bob")
        self.assertEqual(ada.hears(), "* bob came")
        bob.says("hello")
        self.assertEqual((ada.hears(), bob.hears()), ("bob: hello", "bob: hello"))
        bob.close()
        self.assertEqual(ada.hears(), "* bob left")
        self.ends(signal.SIGTERM, "everybody has left")

    def test_all_are_told_before_it_goes_down(self):
        clients = [self.client(f"c{i}") for i in range(5)]
        self.ends(signal.SIGINT, "everybody has left")
        for client in clients:
            self.assertEqual(list(client.lines)[-1], "* the server goes down\n")

    def test_who_says_too_much_at_once_is_shown_the_door(self):
        ada, bob = self.client("ada"), self.client("bob")
        self.assertEqual(ada.hears(), "* bob came")
        bob.says("x" * 401)
        self.assertEqual(ada.hears(),
                         "* bob was shown the door: a line has at most 400 bytes")
        ada.says("x" * 400)
        self.assertEqual(ada.hears(), "ada: " + "x" * 400)
        self.ends(signal.SIGTERM, "everybody has left")

    def test_who_does_not_listen_holds_up_nobody_and_misses_the_rest(self):
        deaf = socket.socket()
        deaf.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        deaf.connect(("127.0.0.1", self.port))
        self.addCleanup(deaf.close)
        ada = self.client("ada")
        deaf.sendall(b"deaf\n")
        self.assertEqual(ada.hears(), "* deaf came")
        line = "x" * 400
        for _ in range(400):  # more than the system keeps for one connection
            ada.says("\n".join([line] * 50))  # fewer than ada may be behind
            for _ in range(50):
                self.assertEqual(ada.hears(), "ada: " + line)
        self.ends(signal.SIGTERM, "some did not listen to the end")
        self.assertEqual(ada.hears(), "* the server goes down")

    def test_who_has_no_name_yet_is_not_waited_for_long(self):
        self.client()
        self.ends(signal.SIGTERM, "some did not listen to the end")


if __name__ == "__main__":
    PROGRAM = sys.argv.pop(1)
    unittest.main()
