"""What the tests of attacks share: raw WebSocket bytes, a bystander who is served meanwhile, and what the log said."""
import json
import os
import select
import struct
import subprocess
import sys
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


def closed_with(client, seconds=40):
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
    """A process of its own that sends to its room and reads that back, again and again: a context."""

    def __init__(self, port, room="bystanders"):
        self.command = [sys.executable, os.path.abspath(__file__), str(port), room]

    def __enter__(self):
        self.process = subprocess.Popen(self.command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.process.stdout.readline()  # it is in its room
        return self

    def __exit__(self, *_):
        out, _ = self.process.communicate("", timeout=60)
        self.times = json.loads(out)

    def p99(self):
        return sorted(self.times)[int(len(self.times) * 0.99)] if self.times else float("inf")


def stand_by(port, room):
    client = Client(port, "bystander")
    client.ask(op="join", room=room)
    print("ready", flush=True)
    times = []
    while not select.select([sys.stdin], [], [], 0.005)[0]:
        begin = time.monotonic()
        client.ask(op="send", room=room, data="x")
        client.event("msg")
        times.append(time.monotonic() - begin)
    print(json.dumps(times))


class Hostile(unittest.TestCase):
    """A server of its own, whose log is JSON; `options` of the class are its options."""

    options = ()

    def setUp(self):
        self.server = Server("--cores", "2", "--log-format", "json", "--send-rate", "0", *self.options)
        self.server.start()
        self.began = time.monotonic()
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
        # And when ten seconds are over a line that says how many more there were, before the next one.
        lines = 2 * (1 + 2 * ((time.monotonic() - self.began) // 10))
        self.assertLessEqual(len(self.lines(event)), lines, "a line a core")

    def alone(self):
        with Bystander(self.server.port) as bystander:
            time.sleep(1)
        return bystander.p99()

    def assert_bystander_served(self, attack, tries=3):
        """The bound for who stands by: p99 at most twice that of nobody else being there, before or after, and 10 ms.
        Other things run on this machine too, so that a round may fail by chance; what the attack does to others shows in
        every one. Where the machine is loaded in all of them nothing can be said, and the test counts as skipped."""
        loaded = 0
        for _ in range(tries):
            alone = self.alone()
            with Bystander(self.server.port) as bystander:
                attack()
            alone, beside = max(alone, self.alone()), bystander.p99()
            if beside <= 2 * alone + 0.010:
                return
            loaded += os.getloadavg()[0] > 2 * os.cpu_count()
            said = f"p99 alone {alone * 1e3:.2f} ms, beside {beside * 1e3:.2f} ms"
        if loaded == tries:
            self.skipTest(f"the machine is loaded ({os.getloadavg()[0]:.0f}): {said}")
        self.fail(said)

    def assert_serves(self):
        with_others = Client(self.server.port, "after")
        self.assertIn("ok", with_others.ask(op="join", room="after"))
        with_others.close()


if __name__ == "__main__":
    stand_by(int(sys.argv[1]), sys.argv[2])
