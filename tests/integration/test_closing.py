"""How connections close: every code, who closes first, what comes afterwards, and when the socket is gone."""
import json
import signal
import socket
import struct
import threading
import time
import unittest

from harness import Client, Server

CONTINUATION, TEXT, BINARY, CLOSE, PING, PONG = 0, 1, 2, 8, 9, 10
AT_ONCE = 2.5  # seconds, on a machine that does other things as well; what waits for the peer takes LINGER
LINGER = 5

# RFC 6455, 7.4.1 and 7.4.2, and the registry: 1012 to 1014 came later.
ALLOWED = [1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 1012, 1013, 1014, 3000, 3001, 3999, 4000, 4321, 4999]
FORBIDDEN = [0, 1, 999, 1004, 1005, 1006, 1015, 1016, 1099, 1100, 1999, 2000, 2999, 5000, 9999, 32768, 65535]

PROTOCOL_ERROR = (1002, b"protocol_error")
BAD_PAYLOAD = (1007, b"bad_payload")


def code(number, reason=b""):
    return struct.pack("!H", number) + reason


def masked(opcode, payload=b"", fin=True, first=0, size=None):
    """A frame of a client, with a key of zeros; `first` adds bits to the first byte, size is what the header claims."""
    size = len(payload) if size is None else size
    head = bytes([opcode | (0x80 if fin else 0) | first])
    if size < 126:
        head += bytes([0x80 | size])
    elif size < 65536:
        head += struct.pack("!BH", 0x80 | 126, size)
    else:
        head += struct.pack("!BQ", 0x80 | 127, size)
    return head + bytes(4) + payload


class Closing(unittest.TestCase):
    options = ("--cores", "1")

    @classmethod
    def setUpClass(cls):
        cls.server = Server(*cls.options).start()

    @classmethod
    def tearDownClass(cls):
        cls.server.__exit__()

    def client(self, name=None):
        client = Client(self.server.port, name)
        self.addCleanup(client.close)
        return client

    def to_the_end(self, client):
        """Every frame until the socket ends, and the seconds that it took."""
        begin = time.monotonic()
        frames = []
        try:
            while True:
                opcode, payload = client.read_frame()
                if opcode == CLOSE and payload:
                    payload = (struct.unpack("!H", payload[:2])[0], payload[2:])
                frames.append((opcode, payload))
        except ConnectionError as error:
            self.assertIn("closed by the server", str(error))  # and not reset: then the last words may be lost
        return frames, time.monotonic() - begin

    def closes(self, sent, close, within=AT_ONCE, name=None):
        """Sent at once, these bytes end the connection with this Close and no other frame."""
        client = self.client(name)
        client.socket.sendall(sent)
        frames, seconds = self.to_the_end(client)
        self.assertEqual(frames, [(CLOSE, close)])
        self.assertLess(seconds, within)


class Codes(Closing):
    def test_a_code_that_may_be_sent_is_given_back(self):
        for number in ALLOWED:
            for reason in (b"", b"done", "für heute".encode(), b"x" * 123):
                with self.subTest(code=number, reason=reason):
                    self.closes(masked(CLOSE, code(number, reason)), (number, b""))

    def test_a_close_without_code_is_answered_without_one(self):
        self.closes(masked(CLOSE), b"")

    def test_a_code_that_may_not_be_sent(self):
        for number in FORBIDDEN:
            with self.subTest(code=number):
                self.closes(masked(CLOSE, code(number)), PROTOCOL_ERROR)
                self.closes(masked(CLOSE, code(number, b"done")), PROTOCOL_ERROR)

    def test_half_a_code(self):
        self.closes(masked(CLOSE, b"\x03"), PROTOCOL_ERROR)

    def test_a_reason_that_is_not_text(self):
        for reason in (b"\xff", b"ok\xc0\x80", b"\xed\xa0\x80", "für".encode()[:2], b"x" * 122 + b"\xc3"):
            with self.subTest(reason=reason):
                self.closes(masked(CLOSE, code(1000, reason)), BAD_PAYLOAD)

    def test_a_close_that_is_too_long_or_in_fragments(self):
        self.closes(masked(CLOSE, code(1000, b"x" * 124)), PROTOCOL_ERROR)
        self.closes(masked(CLOSE, code(1000), fin=False), PROTOCOL_ERROR)
        self.closes(masked(CLOSE, code(1000), first=0x40), PROTOCOL_ERROR)

    def test_the_same_for_who_has_said_hello(self):
        self.closes(masked(CLOSE, code(4000, b"bye")), (4000, b""), name="Ann")
        self.closes(masked(CLOSE, code(1006)), PROTOCOL_ERROR, name="Ann")


class Rules(Closing):
    def test_what_breaks_a_rule_is_answered_and_the_socket_ends(self):
        text = b'{"op":"hello","name":"Ann"}'
        for what, sent, close in (
            ("not masked", bytes([0x81, len(text)]) + text, PROTOCOL_ERROR),
            ("RSV1 without compression", masked(TEXT, text, first=0x40), PROTOCOL_ERROR),
            ("RSV2", masked(TEXT, text, first=0x20), PROTOCOL_ERROR),
            ("RSV3", masked(PING, first=0x10), PROTOCOL_ERROR),
            ("opcode 3", masked(3), PROTOCOL_ERROR),
            ("opcode 11", masked(11), PROTOCOL_ERROR),
            ("a continuation of nothing", masked(CONTINUATION, text), PROTOCOL_ERROR),
            ("text within a text", masked(TEXT, b"{", fin=False) + masked(TEXT, b"}"), PROTOCOL_ERROR),
            ("a ping of 126 bytes", masked(PING, bytes(126)), PROTOCOL_ERROR),
            ("half a ping", masked(PING, fin=False), PROTOCOL_ERROR),
            ("a short size in long form", b"\x81\xfe\x00\x7d" + bytes(4 + 125), PROTOCOL_ERROR),
            ("the top bit of a size", b"\x81\xff\x80" + bytes(7 + 4), PROTOCOL_ERROR),
            ("not text", masked(TEXT, b"\xff"), BAD_PAYLOAD),
            ("not text, but more would come", masked(TEXT, b"\xff", size=60000), BAD_PAYLOAD),
            ("half a character", masked(TEXT, b"\xc3"), BAD_PAYLOAD),
            ("a frame larger than a message may be", masked(TEXT, size=65537), (1009, b"message_too_big")),
            ("fragments larger together", masked(TEXT, b" " * 60000, fin=False) + masked(CONTINUATION, size=6000),
             (1009, b"message_too_big")),
        ):
            with self.subTest(what):
                self.closes(sent, close)

    def test_the_same_while_the_client_goes_on_sending(self):
        """What is still to be read when the socket ends would take our last words with it, and reset the connection."""
        for what, sent, close in (
            ("too large", masked(TEXT, size=8 << 20), (1009, b"message_too_big")),
            ("not text", masked(TEXT, b"\xff", size=60000), BAD_PAYLOAD),
            ("opcode 3", masked(3), PROTOCOL_ERROR),
        ):
            with self.subTest(what):
                client = self.client()
                client.socket.sendall(sent)
                for _ in range(64):
                    client.socket.sendall(b"*" * (1 << 16))
                frames, seconds = self.to_the_end(client)
                self.assertEqual(frames, [(CLOSE, close)])
                self.assertLess(seconds, LINGER)

    def test_binary_and_what_is_no_command(self):
        for sent, close in ((masked(BINARY, b"x"), (1003, b"unsupported_data")),
                            (masked(TEXT, b"x"), (4400, b"bad_frame"))):
            self.closes(sent + masked(CLOSE, code(1000)), close)

    def test_pings_between_fragments(self):
        client = self.client()
        text = json.dumps({"op": "hello", "id": 1, "name": "Ann"}).encode()
        for at, part in enumerate((text[:7], b"", text[7:20])):
            client.socket.sendall(masked(CONTINUATION if at else TEXT, part, fin=False))
            client.socket.sendall(masked(PING, b"%d" % at) + masked(PONG, b"unasked"))
            self.assertEqual(client.read_frame(), (PONG, b"%d" % at))
        client.socket.sendall(masked(CONTINUATION, text[20:]))
        opcode, answer = client.read_frame()
        self.assertEqual((opcode, json.loads(answer)["re"]), (TEXT, 1))

    def test_a_close_between_fragments(self):
        self.closes(masked(TEXT, b"{", fin=False) + masked(CLOSE, code(1000)), (1000, b""))


class Order(Closing):
    def test_nothing_is_answered_after_a_close(self):
        for what, after in (("a ping", masked(PING, b"there?")), ("a command", masked(TEXT, b'{"op":"ping","id":9}')),
                            ("a second close", masked(CLOSE, code(4000))), ("no frame at all", b"\xff" * 100)):
            with self.subTest(what):
                self.closes(masked(CLOSE, code(1000)) + after, (1000, b""), name="Ann")

    def test_the_server_closes_first_and_the_client_answers(self):
        client = self.client("Ann")
        client.socket.sendall(masked(TEXT, b"x"))
        self.assertEqual(client.read_frame(), (CLOSE, code(4400, b"bad_frame")))
        client.socket.sendall(masked(PING, b"there?") + masked(CLOSE, code(4400)))
        frames, seconds = self.to_the_end(client)
        self.assertEqual(frames, [])
        self.assertLess(seconds, AT_ONCE)

    def test_both_close_at_once(self):
        client = self.client("Ann")
        client.socket.sendall(masked(TEXT, b"x") + masked(CLOSE, code(1001)))
        frames, seconds = self.to_the_end(client)
        self.assertEqual(frames, [(CLOSE, (4400, b"bad_frame"))])
        self.assertLess(seconds, AT_ONCE)

    def test_a_client_that_does_not_answer_is_not_waited_for(self):
        client = self.client("Ann")
        client.socket.sendall(masked(TEXT, b"x"))
        self.assertEqual(client.read_frame(), (CLOSE, code(4400, b"bad_frame")))
        client.socket.sendall(masked(PING, b"there?") + masked(TEXT, b'{"op":"ping","id":9}'))
        frames, seconds = self.to_the_end(client)
        self.assertEqual(frames, [], "what comes after our Close is not answered")
        self.assertGreater(seconds, LINGER - 1.5, "it has that long to answer")
        self.assertLess(seconds, LINGER + AT_ONCE)

    def test_one_that_answers_with_an_end_alone(self):
        client = self.client("Ann")
        client.socket.sendall(masked(TEXT, b"x"))
        self.assertEqual(client.read_frame(), (CLOSE, code(4400, b"bad_frame")))
        client.socket.shutdown(socket.SHUT_WR)
        frames, seconds = self.to_the_end(client)
        self.assertEqual(frames, [])
        self.assertLess(seconds, AT_ONCE)

    def test_half_of_the_socket_closed(self):
        with self.subTest("after a Close"):
            client = self.client("Ann")
            client.socket.sendall(masked(CLOSE, code(1000)))
            client.socket.shutdown(socket.SHUT_WR)
            frames, seconds = self.to_the_end(client)
            self.assertEqual(frames, [(CLOSE, (1000, b""))])
            self.assertLess(seconds, AT_ONCE)
        with self.subTest("without one"):
            client = self.client("Ann")
            client.socket.shutdown(socket.SHUT_WR)
            frames, seconds = self.to_the_end(client)
            self.assertEqual(frames, [])
            self.assertLess(seconds, AT_ONCE)
        with self.subTest("within a frame"):
            client = self.client("Ann")
            client.socket.sendall(masked(TEXT, b"{", size=100))
            client.socket.shutdown(socket.SHUT_WR)
            frames, seconds = self.to_the_end(client)
            self.assertEqual(frames, [])
            self.assertLess(seconds, AT_ONCE)

    def test_who_closes_leaves_the_room(self):
        ann, bob = self.client("Ann"), self.client("Bob")
        for client in (ann, bob):
            self.assertIn("ok", client.ask(op="join", room="mem:general", presence=True))
        bob.socket.sendall(masked(CLOSE, code(1001)))
        self.assertEqual(self.to_the_end(bob)[0][-1], (CLOSE, (1001, b"")))
        self.assertEqual(ann.event("out")["user"], "Bob")


class Linger(unittest.TestCase):
    def test_who_goes_on_sending_is_not_read_for_ever(self):
        with Server("--cores", "1", "--linger", "1s") as server:
            client = Client(server.port)
            client.socket.sendall(masked(3))
            begin = time.monotonic()
            with self.assertRaises(ConnectionError):
                while time.monotonic() - begin < 10:
                    client.socket.sendall(bytes(1 << 20))
            self.assertLess(time.monotonic() - begin, 1 + AT_ONCE)
            self.assertEqual(server.metric("protocol_errors"), 1, "counted once")


class Shutdown(unittest.TestCase):
    def test_everybody_is_told_with_a_code_that_says_come_back(self):
        with Server("--cores", "1", "--drain", "500ms") as server:
            live, early = Client(server.port, "Ann"), Client(server.port)
            idle = socket.create_connection(("127.0.0.1", server.port))
            server.process.send_signal(signal.SIGTERM)
            notice = live.event("notice")
            self.assertEqual((notice["code"], notice["reason"]), ("reconnect", "restart"))
            self.assertLessEqual(notice["after_ms"], 500)
            self.assertEqual(live.read_frame(), (CLOSE, code(4503, b"restart")))
            self.assertEqual(early.read_frame(), (CLOSE, code(4503, b"restart")))
            idle.settimeout(5)
            self.assertEqual(idle.recv(100), b"", "where no WebSocket is, there is nobody to be told")
            for client in (live, early):
                client.socket.sendall(masked(CLOSE, code(4503)))
            begin = time.monotonic()
            self.assertEqual(server.ended(), 0)
            self.assertLess(time.monotonic() - begin, AT_ONCE)

    def test_who_does_not_answer_keeps_it_no_longer_than_the_linger(self):
        with Server("--cores", "1", "--drain", "0", "--linger", "1s") as server:
            client = Client(server.port, "Ann")
            server.process.send_signal(signal.SIGTERM)
            begin = time.monotonic()
            self.assertEqual(client.event("notice")["after_ms"], 0)
            self.assertEqual(client.read_frame(), (CLOSE, code(4503, b"restart")))
            self.assertEqual(server.ended(), 0)
            self.assertLess(time.monotonic() - begin, 1 + AT_ONCE)
            client.close()

    def test_who_is_accepted_last_and_silent_keeps_it_no_longer_either(self):
        """What came before it stopped accepting is accepted behind the word that it ends."""
        for _ in range(3):
            with Server("--cores", "1", "--drain", "0", "--linger", "100ms", "--handshake-timeout", "20s") as server:
                silent, over = [], threading.Event()

                def connect():
                    while not over.is_set():
                        try:
                            silent.append(socket.create_connection(("127.0.0.1", server.port), timeout=1))
                        except OSError:
                            return

                threads = [threading.Thread(target=connect) for _ in range(3)]
                for thread in threads:
                    thread.start()
                time.sleep(0.1)
                server.process.send_signal(signal.SIGTERM)
                begin = time.monotonic()
                self.assertEqual(server.ended(), 0)
                self.assertLess(time.monotonic() - begin, 0.1 + AT_ONCE)
                over.set()
                for thread in threads:
                    thread.join()
                for client in silent:
                    client.close()


if __name__ == "__main__":
    unittest.main()
