"""Long answers of plain HTTP are given in turns: who asks for much waits, and everybody is answered whole and in order."""
import signal
import socket
import unittest
import urllib.request

from harness import Client, Server, wait_until

PEOPLE = 60
ROUNDS = 12


class Turns(unittest.TestCase):
    def setUp(self):
        self.server = Server("--cores", "1", "--connect-rate", "0", "--connections-per-address", "0",
                             "--send-memory", "256M").start()
        self.addCleanup(self.stop)

    def stop(self):
        assert self.server.stop() == 0

    def ask(self, count, last=b""):
        ask = b"GET /uproar.js HTTP/1.1\r\nHost: a\r\n\r\nGET /healthz HTTP/1.1\r\nHost: a\r\n\r\n" * count + last
        asking = socket.create_connection(("127.0.0.1", self.server.port), 20)
        self.addCleanup(asking.close)
        asking.sendall(ask)
        return asking

    def test_all_are_answered_in_order(self):
        with urllib.request.urlopen(f"http://127.0.0.1:{self.server.port}/uproar.js") as whole:
            script = whole.read()
        self.assertGreater(len(script), 40000)
        people = [self.ask(ROUNDS) for _ in range(PEOPLE)]
        for one in people:
            with one.makefile("rb") as file:
                for _ in range(ROUNDS):
                    self.read_exactly(file, script)
                    self.read_exactly(file, b"ok\n")
        self.assertGreaterEqual(self.server.metric("inbound_waits"), PEOPLE, "not everybody waited for a turn")
        self.assertEqual(self.server.metric("inbound_waiting"), 0)

    def in_one_turn(self, first, rest):
        """60 connections that have said the first of it all say the rest in one turn. Also how many had to wait."""
        people = [socket.create_connection(("127.0.0.1", self.server.port), 20) for _ in range(PEOPLE)]
        before = self.server.metric("bytes_in")
        for one in people:
            self.addCleanup(one.close)
            one.sendall(first)
        # The questions for that number come in, too: some 100 bytes each.
        read = wait_until(lambda: not first or self.server.metric("bytes_in") - before > (PEOPLE - 1) * len(first))
        self.assertTrue(read)
        waits = self.server.metric("inbound_waits")
        self.server.process.send_signal(signal.SIGSTOP)
        for one in people:
            one.sendall(rest)
        self.server.process.send_signal(signal.SIGCONT)
        files = [one.makefile("rb") for one in people]
        for file in files:
            self.addCleanup(file.close)
        return files, lambda: self.server.metric("inbound_waits") - waits

    def test_heads_in_pieces_wait_too(self):
        with urllib.request.urlopen(f"http://127.0.0.1:{self.server.port}/uproar.js") as whole:
            script = whole.read()
        people, waits = self.in_one_turn(b"GET /uproar.js HTTP/1.1\r\nLong: " + b"a" * 4096, b"\r\nHost: a\r\n\r\n")
        for file in people:
            self.read_exactly(file, script)
        self.assertGreater(waits(), PEOPLE // 4, "they were answered at once")
        self.assertEqual(self.server.metric("inbound_waiting"), 0)

    def test_who_asks_for_heads_alone_does_not_wait(self):
        people, waits = self.in_one_turn(b"", b"HEAD /uproar.js HTTP/1.1\r\nHost: a\r\n\r\n" * 3)
        for file in people:
            for _ in range(3):
                self.assertIn(b" 200 ", file.readline())
                while file.readline() != b"\r\n":
                    pass
        self.assertEqual(waits(), 0, "a head is short")

    def read_exactly(self, file, wanted):
        self.assertIn(b" 200 ", file.readline())
        size = 0
        while (line := file.readline()) not in (b"\r\n", b""):
            name, _, value = line.partition(b":")
            size = int(value) if name.lower() == b"content-length" else size
        self.assertEqual(file.read(size), wanted)

    def test_who_goes_meanwhile_and_who_is_told_to(self):
        people = [self.ask(ROUNDS) for _ in range(PEOPLE)]
        for one in people[::2]:
            one.close()
        ann = Client(self.server.port, "Ann")
        self.addCleanup(ann.close)
        self.assertIn("ok", ann.ask(op="join", room="a"))
        last = [self.ask(ROUNDS, b"GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n") for _ in range(5)]
        for one in last:
            while one.recv(1 << 20):
                pass


if __name__ == "__main__":
    unittest.main()
