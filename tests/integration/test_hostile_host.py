"""What the machine does to the server: memory that ends, a process that stands still, sockets that go."""
import http.client
import os
import re
import signal
import socket
import struct
import time
import unittest
import urllib.request

from harness import Client, Server, wait_until
from hostile import Bystander, Hostile, closed_with
from test_reload import Configured


REQUEST = b"GET /healthz HTTP/1.1\r\nHost: test\r\nUser-Agent: test\r\n\r\n"


def refused(port):
    """The status that a newcomer gets; 101 when it is let in."""
    try:
        Client(port).close()
        return 101
    except ConnectionError as error:
        return int(str(error).split()[1]) if str(error).startswith("HTTP/1.1 ") else 0


class Stall(Hostile):
    options = ("--ping", "1s", "--pong", "1s", "--slow-timeout", "2s", "--handshake-timeout", "2s", "--hello-timeout", "2s",
               "--message-timeout", "2s")

    def begun(self):
        """Who is in the middle of a head, of saying who they are, of a message: and what each still has to say."""
        head = socket.create_connection(("127.0.0.1", self.server.port), 20)
        hello, message = Client(self.server.port), Client(self.server.port, "message")
        head.sendall(REQUEST[:40])
        message.frame(1, b'{"op":"ping",', fin=False)
        return head, hello, message

    def goes_on(self, head, hello, message):
        head.sendall(REQUEST[40:])
        message.frame(0, b'"id":99}')
        hello.say(op="hello", id=98, name="hello")
        self.assertIn(b" 200 ", head.recv(4096))
        self.assertEqual(hello.event()["re"], 98)
        self.assertEqual(message.event()["re"], 99)

    def test_a_process_that_stood_still_ends_nobody_for_it(self):
        clients = [Client(self.server.port, f"m{n}") for n in range(50)]
        for client in clients:
            client.ask(op="join", room="r")
        asked = Client(self.server.port, "asked")
        while b'"ping"' not in asked.read_frame()[1]:
            pass
        for client in clients:
            client.say(op="pong")
        begun = self.begun()
        os.kill(self.server.process.pid, signal.SIGSTOP)
        time.sleep(5)  # more than any deadline here, as a minute is more than any that is not set
        os.kill(self.server.process.pid, signal.SIGCONT)
        self.goes_on(*begun)
        self.assertTrue(wait_until(lambda: self.server.metric("stalls") >= 2), "both cores have looked at the clock")
        asked.say(op="pong")  # it answers as late as the question was late
        for client in clients:
            client.say(op="pong")
        self.assertIn("ok", asked.ask(op="ping"))
        for client in clients:
            self.assertIn("ok", client.ask(op="ping"))
        for counter in ("no_pong", "slow_closed", "handshake_timeout", "hello_timeout", "message_timeouts"):
            self.assertEqual(self.server.metric(counter), 0, counter)
        self.assertGreaterEqual(self.server.metric("stalls"), 1)
        self.assertTrue(wait_until(lambda: self.lines("stalled")))
        self.assertGreater(self.lines("stalled")[0]["ms"], 3000)

    def test_deadlines_hold_afterwards(self):
        os.kill(self.server.process.pid, signal.SIGSTOP)
        time.sleep(3)
        os.kill(self.server.process.pid, signal.SIGCONT)
        silent = Client(self.server.port, "m")
        begin = time.monotonic()
        self.assertEqual(closed_with(silent), 4504)
        self.assertLess(time.monotonic() - begin, 6)
        self.assert_told("no_pong", "no_pong")


class Gone(Hostile):
    def test_peers_that_are_gone_while_it_writes(self):
        """Each write to a socket that was reset would be a SIGPIPE."""
        sender = Client(self.server.port, "s")
        sender.ask(op="join", room="r", echo=False)
        for _ in range(20):
            client = Client(self.server.port, "m")
            client.ask(op="join", room="r")
            client.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            sender.say(op="send", room="r", data="x" * 10000)
            client.close()
            sender.say(op="send", room="r", data="x" * 10000)
        os.kill(self.server.process.pid, signal.SIGPIPE)
        self.assertIn("ok", sender.ask(op="ping"))


class Memory(Hostile):
    BUDGET = 192 << 20
    options = ("--memory", str(BUDGET), "--send-memory", "512M", "--hot-log-size", "64M", "--slow-timeout", "10m",
               "--ping", "10m", "--history-memory", "16M", "--log-level", "warn", "--room-traffic", "0",
               "--connections-per-user", "0")

    def fill(self, seconds):
        """Members who read nothing, each in a room of its own into which much is said; how often one was refused, and the
        largest memory seen."""
        slow, most, turned_away = [], 0, 0
        sender = Client(self.server.port, "s")
        end = time.monotonic() + seconds
        while time.monotonic() < end and not self.server.metric("shed"):
            try:
                client = Client(self.server.port, "m", receive_buffer=4096)
            except ConnectionError:
                client = None  # 503
                turned_away += 1
            if client:
                room = f"r{len(slow)}"
                client.ask(op="join", room=room)
                sender.ask(op="join", room=room, echo=False, limit=0)
                slow.append(client)
            for n in range(100):
                sender.say(op="send", room=f"r{n % len(slow)}", data="x" * 16000)
            sender.ask(op="ping")
            most = max(most, self.server.rss())
        return slow, turned_away, most

    def test_nobody_is_let_in_and_then_the_slowest_end_and_then_all_is_well(self):
        slow, turned_away, most = self.fill(60)
        seen = set()

        def look():
            seen.add(refused(self.server.port))
            return self.server.metric("shed") >= 1

        self.assertTrue(wait_until(look, 20))
        self.assertTrue(turned_away > 0 or 503 in seen, seen)
        self.assert_told("http_memory", "turned_away")
        self.assert_told("shed", "shed")
        self.assertLess(most, self.BUDGET * 1.1, "with what the page cache holds of the program")
        self.assertTrue(wait_until(lambda: self.server.metric("memory_used_ratio") < 0.8, 30), "it is given back")
        self.assertTrue(wait_until(lambda: refused(self.server.port) == 101, 10))
        self.assertTrue(self.lines("memory_short"))
        self.assertTrue(wait_until(lambda: self.lines("memory_again"), 10))
        for client in slow:
            client.close()


class History(unittest.TestCase):
    """From one reload to the next the budget is far below what the process has: memory is short at once, and stays so."""
    ROOM = "mem:history"

    def told(self, text, *options):
        configured = Configured(text, "--cores", "1", "--send-rate", "0", "--command-rate", "0", "--slow-timeout", "10m",
                                "--linger", "1m", *options)
        server = configured.__enter__().server
        self.addCleanup(configured.__exit__)
        sender = Client(server.port, "sender")
        sender.ask(op="join", room=self.ROOM, echo=False)
        for _ in range(50):
            sender.say(op="send", room=self.ROOM, data="x" * 1000)
        self.assertIn("ok", sender.ask(op="ping"))
        return configured, server, sender

    def shorten(self, configured):
        configured.reload("memory = 1M;")
        self.assertTrue(wait_until(lambda: configured.server.metric("memory_used_ratio") >= 0.9))

    def deaf(self, server):
        deaf = Client(server.port, "deaf", receive_buffer=2048)
        self.addCleanup(deaf.close)
        self.assertIn("ok", deaf.ask(op="join", room=self.ROOM, limit=0))
        return deaf

    def unavailable(self, server):
        with urllib.request.urlopen(f"http://127.0.0.1:{server.port}/metrics", timeout=60) as answer:
            found = re.findall(r'(?m)^uproar_command_errors_total{.*code="unavailable"} (\d+)$', answer.read().decode())
        return sum(map(int, found))

    def test_none_is_made_for_who_has_not_taken_what_came_before_and_all_for_who_has(self):
        configured, server, reader = self.told("")
        deaf = self.deaf(server)
        self.shorten(configured)
        for n in range(100):  # 5 MB: more than the kernel takes for it
            deaf.say(op="history", id=100 + n, room=self.ROOM, limit=50)
        self.assertTrue(wait_until(lambda: self.unavailable(server) > 0))
        self.assertEqual(server.metric("slow_closed"), 0, "its queue was never full")
        for _ in range(20):
            self.assertEqual(len(reader.ask(op="history", room=self.ROOM, limit=50)["ok"]["events"]), 50)

    def test_what_waits_for_who_is_ended_is_free_long_before_it_is_gone(self):
        configured, server, _ = self.told("", "--queue-size", "8M")
        deaf = self.deaf(server)
        for n in range(140):  # 7 MB
            deaf.say(op="history", id=100 + n, room=self.ROOM, limit=50)
        self.assertTrue(wait_until(lambda: server.metric("segment_bytes") > 2 << 20))
        self.shorten(configured)
        self.assertTrue(wait_until(lambda: server.metric("shed") == 1))
        self.assertTrue(wait_until(lambda: server.metric("segment_bytes") < 1 << 20), "it is, and not after --linger")
        self.assertTrue(wait_until(lambda: server.metric("connections") <= 2), "the rest goes with it")

    def test_of_plain_http_a_long_answer_is_refused_behind_one_that_is_not_taken(self):
        configured, server, _ = self.told("")
        self.shorten(configured)
        ask = b"GET /metrics HTTP/1.1\r\nHost: test\r\n"
        with socket.create_connection(("127.0.0.1", server.port), 20) as client:
            client.sendall((ask + b"\r\n") * 2 + ask + b"Connection: close\r\n\r\n")
            got = b"".join(iter(lambda: client.recv(65536), b""))
        self.assertEqual(re.findall(rb"HTTP/1\.1 (\d+) ", got), [b"200", b"503"])
        self.assertIn(b"Retry-After: ", got)
        reader = http.client.HTTPConnection("127.0.0.1", server.port, timeout=20)
        self.addCleanup(reader.close)
        for _ in range(5):
            reader.request("GET", "/metrics")
            answer = reader.getresponse()
            self.assertEqual((answer.status, len(answer.read()) > 8192), (200, True), "one after the other")


class NoMemoryLimit(Hostile):
    def test_without_a_budget_nothing_is_refused_for_it(self):
        self.assertEqual(refused(self.server.port), 101)
        self.assertLess(self.server.metric("memory_used_ratio"), 0.8)


if __name__ == "__main__":
    unittest.main()
