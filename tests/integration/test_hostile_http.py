"""HTTP as attackers speak it: each row of outcomes once, its counter, its line in the log, and an honest pair of
clients beside it whose messages must go on arriving in time."""
import re
import select
import socket
import threading
import time
import unittest

from harness import Client, Server, wait_until

HANDSHAKE = (
    "GET /ws HTTP/1.1\r\nHost: test\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n"
)
GOOD = "GET /healthz HTTP/1.1\r\nHost: test\r\n\r\n"
LATE_MS = 10
SAMPLES = 48 # of a bystander beside each test, at least
ROUNDS = 3


def shake(*fields, host="test"):
    return HANDSHAKE.replace("Host: test", f"Host: {host}") + "".join(f + "\r\n" for f in fields) + "\r\n"


class Raw:
    """A socket that says what it is told to."""

    def __init__(self, port, source="127.0.0.7", timeout=15):
        self.socket = socket.socket()
        self.socket.bind((source, 0))
        self.socket.settimeout(timeout)
        self.socket.connect(("127.0.0.1", port))

    def say(self, text):
        self.socket.sendall(text if isinstance(text, bytes) else text.encode())
        return self

    def hear(self):
        """All until the server ends it."""
        heard = b""
        try:
            while True:
                more = self.socket.recv(1 << 16)
                if not more:
                    return heard
                heard += more
        except ConnectionResetError:
            return heard

    def head(self):
        """Until the empty line, and one read more where there is more at once."""
        heard = b""
        while b"\r\n\r\n" not in heard:
            more = self.socket.recv(1 << 16)
            if not more:
                break
            heard += more
        return heard

    def close(self):
        self.socket.close()


class Bystanders:
    """Two who chat all the while; how long each message took."""

    def __init__(self, port):
        self.sender, self.reader = Client(port, "Ann"), Client(port, "Bob")
        for client in (self.sender, self.reader):
            client.ask(op="join", room="mem:calm")

    def run(self):
        while not self.over.is_set():
            start = time.monotonic()
            self.sender.ask(op="send", room="mem:calm", data=1)
            self.reader.event("msg")
            self.times.append(time.monotonic() - start)
            time.sleep(0.005)

    def start(self):
        self.times = []
        self.over = threading.Event()
        self.thread = threading.Thread(target=self.run, daemon=True)
        self.thread.start()

    def stop(self):
        """How long each message took."""
        self.over.set()
        self.thread.join(10)
        return self.times


def percentile(times, percent):
    return sorted(times)[len(times) * percent // 100] * 1000


def too_late(calm, control, percent):
    """What is to be said of bystanders who waited too long, or None."""
    late, least = percentile(calm, percent), percentile(control, percent)
    return f"bystanders' p{percent}: {late:.1f} ms, elsewhere {least:.1f}" if late > 2 * least + LATE_MS else None


class Hostile(unittest.TestCase):
    options = ["--cores", "1", "--send-rate", "0", "--handshake-timeout", "500ms"]

    @classmethod
    def setUpClass(cls):
        """Beside the server that is attacked one that is not: what this machine makes both wait is nobody's attack."""
        cls.server, cls.quiet = Server(*cls.options).start(), Server(*cls.options).start()
        cls.calm, cls.control = Bystanders(cls.server.port), Bystanders(cls.quiet.port)
        cls.waits = {}

    @classmethod
    def late(cls):
        """The tests beside which bystanders waited too long; all, where that is seen of all together."""
        found = {name: told for name, times in cls.waits.items() if (told := too_late(*times, 95))}
        together = too_late(*(sum(times, []) for times in zip(*cls.waits.values())), 99)
        return found or (dict.fromkeys(cls.waits, together) if together else {})

    @classmethod
    def tearDownClass(cls):
        """What this machine did to one of the two servers alone may come in one round by chance; what a test does comes in
        every one."""
        try:
            for _ in range(ROUNDS - 1):
                for name in cls.late():
                    cls(name).debug()
            assert not cls.late(), cls.late()
        finally:
            cls.server.stop()
            cls.quiet.stop()

    def setUp(self):
        self.calm.start()
        self.control.start()

    def tearDown(self):
        enough = wait_until(lambda: min(len(self.calm.times), len(self.control.times)) >= SAMPLES)
        self.waits[self._testMethodName] = (self.calm.stop(), self.control.stop())
        self.assertTrue(enough, "nobody serves the bystanders")

    def raw(self, **words):
        raw = Raw(self.server.port, **words)
        self.addCleanup(raw.close)
        return raw

    def logged(self, reason):
        """A line of this rule, which names the network and says why."""
        return any(re.search(rf' {reason} .*from="127\.0\.0\.0/24" reason="[^"]+"', line) for line in self.server.lines)

    def refused(self, text, status, reason=None, counter="protocol_errors", silent=False):
        """Says the text and expects this answer, an end, the counter one up and a line in the log."""
        before = self.server.metric(counter)
        heard = self.raw().say(text).hear()
        if silent:
            self.assertEqual(heard, b"")
        else:
            self.assertTrue(heard.startswith(b"HTTP/1.1 %d " % status), heard[:200])
            self.assertIn(b"\r\nConnection: close" + (b", upgrade" if status == 426 else b"") + b"\r\n", heard)
            self.assertEqual(heard.count(b"HTTP/1.1 "), 1, heard)
        self.assertEqual(self.server.metric(counter), before + 1)
        if reason:
            self.assertTrue(wait_until(lambda: self.logged(reason)), f"no line says {reason}")
        return heard

    def test_a_head_may_be_so_long_and_no_longer(self):
        def head(size):
            start = "GET /healthz HTTP/1.1\r\nHost: test\r\nPad: "
            return start + "x" * (size - len(start) - 4) + "\r\n\r\n"

        self.assertTrue(self.raw().say(head(8192)).head().startswith(b"HTTP/1.1 200 "))
        self.refused(head(8193), 431, "head_head_long")
        fields = "GET /healthz HTTP/1.1\r\nHost: test\r\n"
        self.assertTrue(self.raw().say(fields + "A: b\r\n" * 99 + "\r\n").head().startswith(b"HTTP/1.1 200 "))
        self.refused(fields + "A: b\r\n" * 100 + "\r\n", 431, "head_fields_many")

    def test_a_target_may_be_so_long_and_no_longer(self):
        long = "GET /%s HTTP/1.1\r\nHost: test\r\n\r\n"
        self.assertTrue(self.raw().say(long % ("x" * 2047)).head().startswith(b"HTTP/1.1 404 "))
        self.refused(long % ("x" * 2048), 414, "head_target_long")
        self.refused("GET /" + "x" * 9000, 414, "head_target_long")

    def test_what_two_might_read_differently(self):
        for text, status, reason in (
            ("GET / HTTP/1.1\nHost: test\n\n", 400, "head_bare_lf"),
            ("GET / HTTP/1.1\r\nHost: test\r\nA: b\r c\r\n\r\n", 400, "head_bare_cr"),
            ("GET / HTTP/1.1\r\nHost: test\r\nA: b\r\n c\r\n\r\n", 400, "head_field_name"),
            ("GET / HTTP/1.1\r\nHost: test\r\nA: \0\r\n\r\n", 400, "head_control"),
            ("POST / HTTP/1.1\r\nHost: test\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n", 400,
             "head_length_and_coding"),
            ("POST / HTTP/1.1\r\nHost: test\r\nContent-Length: 5\r\nContent-Length: 5\r\n\r\n", 400, "head_length_twice"),
            ("POST / HTTP/1.1\r\nHost: test\r\nContent-Length: +5\r\n\r\n", 400, "head_length"),
            ("POST / HTTP/1.1\r\nHost: test\r\nTransfer-Encoding: chunked\r\n\r\n0;\nx\r\n\r\n", 501, "head_coding"),
            ("GET http://evil/ HTTP/1.1\r\nHost: test\r\n\r\n", 400, "head_host_differs"),
            ("GET / HTTP/2.0\r\nHost: test\r\n\r\n", 505, "head_version_unknown"),
            ("get / HTTP/1.1\r\nHost: test\r\n\r\n", 501, "http_method_unknown"),
            ("DELETE / HTTP/1.1\r\nHost: test\r\n\r\n", 405, "http_method"),
        ):
            with self.subTest(reason):
                # What follows is not read: the connection is never used again.
                self.refused(text + GOOD, status, reason)

    def test_one_who_goes_on_sending_gets_the_answer(self):
        """A socket closed with bytes unread is reset, and the answer goes with it (RFC 9112, 9.6)."""
        for _ in range(2):
            raw = self.raw()
            raw.socket.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 1 << 20)
            # The kernel takes it in one piece: who makes a pause of a tenth of a second is not waited for.
            raw.say(b"POST / HTTP/1.1\r\nHost: test\r\nContent-Length: 8388608\r\n\r\n" + b"x" * 100000)
            heard = b""
            while more := raw.socket.recv(1 << 16):  # which raises after a reset
                heard += more
            self.assertTrue(heard.startswith(b"HTTP/1.1 405 "), heard)

    def test_a_handshake_with_a_body(self):
        frames = "\x81\x80\0\0\0\0"
        self.refused(shake("Content-Length: 6") + frames, 400, "head_upgrade_body")
        self.refused(shake("Transfer-Encoding: chunked") + "0\r\n\r\n", 501, "head_coding")
        self.assertTrue(self.raw().say(shake("Content-Length: 0")).head().startswith(b"HTTP/1.1 101 "))

    def test_another_version_is_no_tunnel(self):
        text = shake().replace("Version: 13", "Version: 9")
        heard = self.refused(text + GOOD, 426, "http_ws_version")
        self.assertIn(b"\r\nSec-WebSocket-Version: 13\r\n", heard)
        self.assertIn(b"\r\nUpgrade: websocket\r\n", heard)
        self.assertEqual(re.findall(rb"\r\nConnection: ([^\r]*)", heard), [b"close, upgrade"])

    def test_what_is_no_handshake(self):
        for name, text in (
            ("no key", shake().replace("Sec-WebSocket-Key", "X-Key")),
            ("a short key", shake().replace("dGhlIHNhbXBsZSBub25jZQ==", "dGhlIHNhbXBsZSBub25jZQ=")),
            ("no upgrade", shake().replace("Upgrade: websocket", "Upgrade: h2c")),
            ("no connection", shake().replace("Connection: Upgrade", "Connection: keep-alive")),
            ("HTTP/1.0", shake().replace("HTTP/1.1", "HTTP/1.0")),
        ):
            with self.subTest(name):
                self.refused(text + GOOD, 400, "http_handshake")

    def test_what_follows_an_upgrade_is_frames_and_nothing_else(self):
        mask = b"\0\0\0\0"
        hello = b'{"op":"hello","id":1,"name":"Eve"}'
        raw = self.raw().say(shake().encode() + bytes([0x81, 0x80 | len(hello)]) + mask + hello)
        heard = raw.head()
        while b'"re":1' not in heard:
            heard += raw.socket.recv(4096)
        self.assertEqual(heard.count(b"HTTP/1.1 "), 1)
        # A request there is a broken frame ('G' has reserved bits): 1002, and no answer of HTTP's.
        raw = self.raw().say(shake() + GOOD)
        heard = raw.head()
        while len(heard.split(b"\r\n\r\n", 1)[1]) < 4:
            heard += raw.socket.recv(4096)
        self.assertEqual(heard.count(b"HTTP/1.1 "), 1)
        self.assertEqual(heard.split(b"\r\n\r\n", 1)[1][2:4], (1002).to_bytes(2, "big"))

    def test_nothing_that_was_sent_comes_back(self):
        mark = "ZmFybWVy"
        for text in (
            shake(f"Sec-WebSocket-Protocol: {mark}", f"Sec-WebSocket-Extensions: {mark}", f"X-{mark}: {mark}"),
            shake(f"Origin: http://{mark}.example"),
            shake().replace("Version: 13", f"Version: {mark}"),
            f"{mark} /{mark}?{mark} HTTP/1.1\r\nHost: {mark}\r\n{mark}: {mark}\r\n\r\n",
            f"GET /{mark} HTTP/1.1\r\nHost: {mark}\r\n\r\n",
            f"GET / HTTP/1.1\r\nHost: {mark}\r\n{mark}\r\n\r\n",
        ):
            heard = self.raw().say(text).head()
            self.assertIn(b"HTTP/1.1 ", heard)
            self.assertNotIn(mark.encode(), heard)
        # Only a subprotocol of ours comes back, as we write it.
        heard = self.raw().say(shake(f"Sec-WebSocket-Protocol: {mark}, uproar.v1")).head()
        self.assertIn(b"\r\nSec-WebSocket-Protocol: uproar.v1\r\n", heard)

    def test_a_slow_head(self):
        """One byte now and then: the deadline is for the whole head, not for the next byte."""
        before = self.server.metric("handshake_timeout")
        raw = self.raw()
        start, text = time.monotonic(), iter(GOOD)
        while not select.select([raw.socket], [], [], 0.05)[0]:
            raw.say(next(text))
        self.assertLess(time.monotonic() - start, 2)
        self.assertTrue((heard := raw.hear()).startswith(b"HTTP/1.1 408 "), heard)
        self.assertEqual(self.server.metric("handshake_timeout"), before + 1)

    def test_a_head_that_stops(self):
        start = time.monotonic()
        self.refused(GOOD[:-2], 408, "http_late", counter="handshake_timeout")
        self.assertGreater(time.monotonic() - start, 0.4)

    def test_one_who_says_nothing(self):
        self.refused("", 0, "silent", counter="handshake_timeout", silent=True)

    def test_a_connection_kept_for_later_is_no_late_one(self):
        raw = self.raw().say(GOOD)
        self.assertIn(b" 200 OK", raw.head())
        before = self.server.metric("handshake_timeout")
        self.assertNotIn(b"HTTP/1.1", raw.hear())
        self.assertEqual(self.server.metric("handshake_timeout"), before)

    def test_a_page_of_another_origin(self):
        own = f"127.0.0.1:{self.server.port}"
        for origin in (f"http://{own}", f"https://{own}"):
            heard = self.raw().say(shake(f"Origin: {origin}", host=own)).head()
            self.assertTrue(heard.startswith(b"HTTP/1.1 101 "), heard)
        self.assertTrue(self.raw().say(shake()).head().startswith(b"HTTP/1.1 101 "), "who is no browser")
        for origin in ("http://evil.example", "null", f"http://127.0.0.1:{self.server.port + 1}", "", own):
            with self.subTest(origin):
                self.refused(shake(f"Origin: {origin}", host=own), 403, "http_origin", counter="origin_denied")
        two = shake(f"Origin: http://{own}", f"Origin: http://{own}", host=own)
        self.refused(two, 403, "http_origin", counter="origin_denied")
        # Pages are for all.
        heard = self.raw().say(f"GET /healthz HTTP/1.1\r\nHost: {own}\r\nOrigin: http://evil.example\r\n\r\n").head()
        self.assertIn(b" 200 OK", heard)


class Listed(Hostile):
    """The same with a list of origins and budgets for addresses, which the bystanders keep."""

    options = Hostile.options + [
        "--origins", "https://app.example.org http://other.example:8080", "--handshakes-per-address", "3",
        "--connect-rate", "50", "--connect-burst", "40", "--connections-per-address", "60",
        "--address-exempt", "127.0.0.1 127.0.0.7/32"]

    def test_a_page_of_another_origin(self):
        own = f"127.0.0.1:{self.server.port}"
        for origin in ("https://app.example.org", "http://other.example:8080"):
            self.assertTrue(self.raw().say(shake(f"Origin: {origin}")).head().startswith(b"HTTP/1.1 101 "))
        self.assertTrue(self.raw().say(shake()).head().startswith(b"HTTP/1.1 101 "), "who is no browser")
        for origin in ("http://app.example.org", "https://app.example.org.evil.example", "null", f"http://{own}",
                       "https://app.example.org:443", "https://APP.example.org", "*"):
            with self.subTest(origin):
                self.refused(shake(f"Origin: {origin}", host=own), 403, "http_origin", counter="origin_denied")

    def test_churn(self):
        statuses = []
        before = self.server.metric("address_limited")
        while len(statuses) < 200 or ("" not in statuses and len(statuses) < 2000):
            raw = self.raw(source="127.0.0.30")
            try:
                heard = raw.say(GOOD).head()
            except ConnectionError:
                heard = b""
            statuses.append(heard[9:12].decode())
            if statuses[-1] == "429":
                self.assertGreaterEqual(int(re.search(rb"Retry-After: (\d+)\r\n", heard).group(1)), 1)
            raw.close()
        self.assertEqual(statuses[:40], ["200"] * 40)
        self.assertIn("429", set(statuses))
        self.assertIn("", set(statuses), "far over: not worth a word")
        self.assertEqual(self.server.metric("address_limited") - before, len(statuses) - statuses.count("200"))
        self.assertTrue(wait_until(lambda: self.logged("http_hasty")))
        self.assertIn(b" 200 OK", self.raw(source="127.0.0.31").say(GOOD).head(), "another address")

    def test_too_many_of_one_address(self):
        kept, statuses = [], []
        for n in range(70):
            kept.append(self.raw(source="127.0.0.40"))
            statuses.append(kept[-1].say(shake()).head()[9:12].decode())
            if n >= 35:
                time.sleep(0.022)  # within the pace
        self.assertEqual(statuses, ["101"] * 60 + ["429"] * 10)
        self.assertTrue(wait_until(lambda: self.logged("http_crowded")))


class HalfOpen(unittest.TestCase):
    def test_so_many_of_one_address(self):
        with Server("--cores", "1", "--handshakes-per-address", "3", "--address-exempt", "127.0.0.1",
                    "--handshake-timeout", "3s") as server:
            half = [Raw(server.port, "127.0.0.20").say("GET / HTTP/1.1\r\n") for _ in range(3)]
            self.assertTrue(wait_until(lambda: server.metric("connections") == 4), "these, and the question's")
            self.assertEqual(Raw(server.port, "127.0.0.20").hear(), b"", "closed at once")
            self.assertEqual(server.metric("address_limited"), 1)
            self.assertTrue(wait_until(lambda: any(" address_shut_out " in line for line in server.lines)))
            self.assertIn(b" 200 OK", half[0].say("Host: a\r\n\r\n").head()[:20])
            self.assertIn(b" 200 OK", Raw(server.port, "127.0.0.20").say(GOOD).head(), "one is whole: there is room")
            self.assertIn(b" 200 OK", Raw(server.port, "127.0.0.21").say(GOOD).head(), "another address")
            for raw in half[1:]:
                self.assertTrue(raw.hear().startswith(b"HTTP/1.1 408 "))


class Full(unittest.TestCase):
    def test_a_full_server_says_when_to_come_again(self):
        with Server("--cores", "1", "--connections", "3", "--send-rate", "0") as server:
            ann, bob = Client(server.port, "Ann"), Client(server.port, "Bob")
            kept = Raw(server.port).say(GOOD)
            kept.head()
            waits = set()
            for _ in range(30):
                heard = Raw(server.port).say(shake()).hear()
                self.assertTrue(heard.startswith(b"HTTP/1.1 503 "), heard)
                waits.add(int(re.search(rb"\r\nRetry-After: (\d+)\r\n", heard).group(1)))
            self.assertTrue(waits <= set(range(1, 21)), waits)
            self.assertGreater(len(waits), 3, "spread")
            for client in (ann, bob):
                self.assertIn("ok", client.ask(op="join", room="mem:r"))
            ann.ask(op="send", room="mem:r", data=1)
            self.assertEqual(bob.event("msg")["data"], 1)
            self.assertTrue(wait_until(lambda: any(" http_full " in line for line in server.lines)))
            kept.close()
            self.assertTrue(wait_until(lambda: self.is_counted(server)))

    def test_a_pause_of_accepting_is_told_once_in_ten_seconds(self):
        """Nineteen places and what may wait for one; one of them asks how often accepting was tried again."""
        began = time.monotonic()
        with Server("--cores", "1", "--connections", "3", "--backlog", "16", "--handshake-timeout", "5m") as server:
            kept, silent = Raw(server.port), [socket.socket() for _ in range(60)]
            for one in silent:
                one.setblocking(False)
                one.connect_ex(("127.0.0.1", server.port))
            self.assertTrue(wait_until(lambda: self.pauses(kept) >= 20))
            for one in silent:
                one.close()
            kept.close()
            may = 1 + (time.monotonic() - began) // 10
        told = [line for line in server.lines if " accept_paused " in line]
        self.assertTrue(1 <= len(told) <= may, told)
        self.assertRegex(told[0], r'core=0 reason="every place is taken" open=\d+ more=0 do="raise --connections;')

    def pauses(self, kept):
        heard = kept.say("GET /metrics HTTP/1.1\r\nHost: test\r\n\r\n").head()
        size = int(re.search(rb"\r\nContent-Length: (\d+)\r\n", heard, re.I).group(1))
        while len(heard) < heard.index(b"\r\n\r\n") + 4 + size:
            heard += kept.socket.recv(1 << 16)
        return int(re.search(rb'\nuproar_accept_paused_total{core="0"} (\d+)\n', heard).group(1))

    def is_counted(self, server):
        try:
            return server.metric("turned_away") >= 30
        except OSError:
            return False  # the place is not free yet


if __name__ == "__main__":
    unittest.main()
