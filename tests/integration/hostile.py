"""What the tests of attacks share: raw WebSocket bytes, a bystander who is served meanwhile, and what the log said."""
import json
import os
import re
import struct
import threading
import time
import unittest

from harness import Client, Server, wait_until


def frame(opcode, payload=b"", fin=True, rsv=0, mask=b"\x11\x22\x33\x44", size=None):
    """One frame as it goes over the wire; size: what its header says instead of the truth."""
    said = len(payload) if size is None else size
    head = bytes([opcode | (0x80 if fin else 0) | rsv])
    marked = 0x80 if mask else 0
    if said < 126:
        head += bytes([marked | said])
    elif said < 65536:
        head += struct.pack("!BH", marked | 126, said)
    else:
        head += struct.pack("!BQ", marked | 127, said)
    if not mask:
        return head + payload
    key = (mask * (len(payload) // 4 + 1))[: len(payload)]
    return head + mask + bytes(a ^ b for a, b in zip(payload, key))


def closed_with(client, seconds=10):
    """The code of the Close that ends the connection; None when it ends without one."""
    client.socket.settimeout(seconds)
    try:
        while True:
            opcode, payload = client.read_frame()
            if opcode == 8:
                return struct.unpack("!H", payload[:2])[0]
    except (ConnectionError, TimeoutError):
        return None


class Bystander:
    """Asks for the time again and again on a connection of its own; a context: `with Bystander(port) as other`."""

    def __init__(self, port, room="bystanders"):
        self.client = Client(port, "bystander")
        self.client.ask(op="join", room=room)
        self.room = room
        self.times = []

    def _run(self):
        while not self.over:
            begin = time.monotonic()
            self.client.ask(op="send", room=self.room, data="x")
            self.client.event("msg")
            self.times.append(time.monotonic() - begin)
            time.sleep(0.005)

    def __enter__(self):
        self.times = []
        self.over = False
        self.thread = threading.Thread(target=self._run, daemon=True)
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.over = True
        self.thread.join(30)

    def p99(self):
        return sorted(self.times)[int(len(self.times) * 0.99)] if self.times else 0

    def alone(self, seconds=1.0):
        """The p99 of nobody else being there."""
        with self:
            time.sleep(seconds)
        return self.p99()


class Hostile(unittest.TestCase):
    """A server of its own, whose log is JSON; `options` of the class are its options."""

    options = ()

    def setUp(self):
        self.server = Server("--cores", "2", "--log-format", "json", "--send-rate", "0", *self.options)
        self.server.start()
        self.addCleanup(self.server.__exit__)

    def lines(self, event):
        found = [json.loads(line) for line in self.server.lines if line.startswith("{")]
        return [line for line in found if line["event"] == event]

    def assert_told(self, event, counter, times=1):
        """The metric has moved, and the log says so with a reason, once."""
        self.assertTrue(wait_until(lambda: self.server.metric(counter) >= times), counter)
        self.assertTrue(wait_until(lambda: self.lines(event)), f"no line {event}")
        line = self.lines(event)[0]
        self.assertEqual(line["from"], "127.0.0.0/24")
        self.assertTrue(line["reason"])
        self.assertLessEqual(len(self.lines(event)), 2, "a line a core")

    def assert_unharmed(self, alone, beside):
        """The issue's bound for those who stand by."""
        self.assertGreater(beside, 0)
        self.assertLess(beside, 2 * alone + 0.010, f"alone {alone * 1e3:.2f} ms, beside {beside * 1e3:.2f} ms")

    def assert_serves(self):
        with_others = Client(self.server.port, "after")
        self.assertIn("ok", with_others.ask(op="join", room="after"))
        with_others.close()
