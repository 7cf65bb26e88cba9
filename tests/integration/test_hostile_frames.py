"""Attacks with WebSocket frames, each at its limit and one past it, while a bystander is served."""
import struct
import threading
import time
import unittest

from harness import Client, wait_until
from hostile import Hostile, closed_with, frame

HELLO = b'{"op":"hello","id":1,"name":"m"}'


class Breaches(Hostile):
    """What no frame may be: every row ends with its code, and nothing of it is buffered or answered before."""

    ROWS = [
        ("not masked", frame(1, b"{}", mask=b""), 1002),
        ("a size with bit 63", b"\x81\xff" + b"\xff" * 8 + b"1234", 1002),
        ("a size in more bytes than it needs", b"\x81\xfe\x00\x05" + b"1234" + b"12345", 1002),
        ("a size in eight bytes that needs two", b"\x81\xff" + struct.pack("!Q", 70) + b"1234", 1002),
        ("a frame over the limit, of which only the header is there", frame(1, size=65537), 1009),
        ("fragments over the limit together", frame(1, b"x" * 65536, fin=False) + frame(0, size=1), 1009),
        ("RSV1", frame(1, b"{}", rsv=0x40), 1002),
        ("RSV2", frame(1, b"{}", rsv=0x20), 1002),
        ("RSV3", frame(1, b"{}", rsv=0x10), 1002),
        ("RSV1 on a control frame", frame(9, b"", rsv=0x40), 1002),
        ("a reserved opcode", frame(3, b""), 1002),
        ("a reserved control opcode", frame(11, b""), 1002),
        ("a ping in fragments", frame(9, b"", fin=False), 1002),
        ("a ping of 126 bytes", frame(9, b"x" * 126), 1002),
        ("a continuation of nothing", frame(0, b"x"), 1002),
        ("a new message inside another", frame(1, b"x", fin=False) + frame(1, b"x"), 1002),
        ("text that is not UTF-8", frame(1, b"\xff"), 1007),
        ("text that is not UTF-8, said at the first bad byte", frame(1, b"\xc0", fin=False), 1007),
        ("text that is not UTF-8 across fragments", frame(1, b"\xe2\x82", fin=False) + frame(0, b"\xff"), 1007),
        ("text that ends within a character", frame(1, b"\xe2\x82"), 1007),
        ("a close of one byte", frame(8, b"\x03"), 1002),
        ("a close with 1005", frame(8, struct.pack("!H", 1005)), 1002),
        ("a close with 999", frame(8, struct.pack("!H", 999)), 1002),
        ("a close whose reason is not UTF-8", frame(8, struct.pack("!H", 1000) + b"\xff"), 1007),
    ]

    def test_each_is_ended_with_its_code(self):
        for what, bytes_, code in self.ROWS:
            with self.subTest(what):
                client = Client(self.server.port)
                client.socket.sendall(frame(1, HELLO) + bytes_)
                self.assertEqual(closed_with(client), code, what)
                client.close()
        self.assert_told("protocol_error", "protocol_errors", len(self.ROWS))
        self.assert_serves()

    def test_binary_where_text_is_spoken(self):
        client = Client(self.server.port)
        client.socket.sendall(frame(1, HELLO) + frame(2, b"x"))
        self.assertEqual(closed_with(client), 1003)
        client.close()
        self.assert_told("binary", "protocol_errors")

    def test_the_log_tells_once_and_then_how_many(self):
        for _ in range(50):
            client = Client(self.server.port)
            client.socket.sendall(b"\xff\xff")
            closed_with(client)
            client.close()
        self.assertEqual(self.server.metric("protocol_errors"), 50)
        self.assert_told("protocol_error", "protocol_errors", 50)
        self.assertTrue(wait_until(lambda: sum(line.get("more", 1) for line in self.lines("protocol_error")) == 50),
                        "the rest is told as a number when ten seconds are over")

    def test_after_a_close_nothing_is_done_and_tcp_ends(self):
        client = Client(self.server.port, "m")
        client.socket.sendall(frame(8, struct.pack("!H", 1000)) + frame(1, b'{"op":"join","id":5,"room":"r"}') * 100)
        self.assertEqual(closed_with(client), 1000)
        begin = time.monotonic()
        self.assertEqual(self.server.metric("members"), 0)
        self.assertLess(time.monotonic() - begin, 5)

    def test_who_does_not_answer_our_close_is_gone_in_five_seconds(self):
        client = Client(self.server.port, "m")
        before = self.server.metric("connections")
        client.socket.sendall(frame(2, b"binary"))
        self.assertEqual(closed_with(client), 1003)
        for _ in range(20):  # goes on as if nothing were
            try:
                client.socket.sendall(frame(1, b'{"op":"ping","id":1}'))
            except OSError:
                break
            time.sleep(0.3)
        self.assertTrue(wait_until(lambda: self.server.metric("connections") < before, 1))


class Unfinished(Hostile):
    options = ("--message-timeout", "2s", "--ping", "30s")

    def parts(self, pause, count):
        """Fragments with a pause between; the code that ended it and after how long."""
        client = Client(self.server.port, "m")
        begin = time.monotonic()
        client.socket.sendall(frame(1, b'{"op":"ping","id":1,"x":"', fin=False))

        def feed():
            try:
                for _ in range(count):
                    time.sleep(pause)
                    client.socket.sendall(frame(0, b"x", fin=False))
                client.socket.sendall(frame(0, b'"}'))
            except OSError:
                pass

        threading.Thread(target=feed, daemon=True).start()
        opcode, payload = client.read_frame()
        took = time.monotonic() - begin
        client.close()
        return (struct.unpack("!H", payload[:2])[0] if opcode == 8 else 0), took

    def test_fragments_without_an_end(self):
        code, took = self.parts(0.1, 1000)
        self.assertEqual(code, 1008)
        self.assertGreater(took, 1.9)
        self.assertLess(took, 3.5)
        self.assert_told("message_timeout", "message_timeouts")

    def test_a_message_that_is_whole_in_time(self):
        code, took = self.parts(0.1, 8)
        self.assertEqual(code, 0)
        self.assertEqual(self.server.metric("message_timeouts"), 0)

    def test_a_frame_that_stops_in_its_payload_and_in_its_header(self):
        for bytes_ in (frame(1, b"{", size=100), b"\x81\xfe\x01", b"\x81", frame(9, b"x", size=5)):
            client = Client(self.server.port, "m")
            begin = time.monotonic()
            client.socket.sendall(bytes_)
            self.assertEqual(closed_with(client), 1008)
            self.assertLess(time.monotonic() - begin, 3.5)
            client.close()

    def test_the_time_is_each_message_s_own(self):
        client = Client(self.server.port, "m")
        whole = frame(1, b'{"op":"ping","id":1}')
        for _ in range(35):  # 3.5 s in which bytes always end inside of a message
            client.socket.sendall(whole[3:] if _ else whole)
            client.socket.sendall(whole[:3])
            time.sleep(0.1)
        self.assertEqual(self.server.metric("message_timeouts"), 0)
        client.socket.sendall(whole[3:])
        self.assertIn("ok", client.ask(op="ping"))


class Fragments(Hostile):
    def test_65536_fragments_of_64_bytes_are_a_message(self):
        # Autobahn 9.3.1 sends 4 MiB so; here the message may be 64 KiB, so most of them are empty.
        client = Client(self.server.port, "m")
        data = b'{"op":"ping","id":1,"x":"' + b"x" * 65000 + b'"}'
        bytes_ = frame(1, data[:1], fin=False) + b"".join(frame(0, data[at : at + 1], fin=False)
                                                          for at in range(1, len(data)))
        client.socket.sendall(bytes_ + frame(0, b"", fin=False) * (65535 - len(data)) + frame(0, b""))
        opcode, payload = client.read_frame()
        self.assertEqual((opcode, payload[:7]), (1, b'{"re":1'))
        self.assertEqual(self.server.metric("fragment_floods"), 0)

    def test_a_flood_of_empty_fragments_is_ended(self):
        flood = frame(0, b"", fin=False) * 4096

        def attack():
            begin = time.monotonic()
            while time.monotonic() - begin < 2:
                client = Client(self.server.port, "m")
                client.socket.sendall(frame(1, b"", fin=False))
                # The kernel takes many megabytes of what nobody has read yet: how much went says nothing.
                with self.assertRaises(ConnectionError):
                    while time.monotonic() - begin < 30:
                        client.socket.sendall(flood)
                client.close()

        self.assert_bystander_served(attack)
        self.assert_told("fragment_flood", "fragment_floods", 4)


class FragmentLimit(Hostile):
    options = ("--fragment-rate", "1", "--fragment-burst", "100")

    def count(self, parts):
        client = Client(self.server.port, "m")
        client.socket.sendall(frame(1, b"", fin=False) + frame(0, b"", fin=False) * (parts - 2) + frame(0, b"{}"))
        seen = [client.read_frame() for _ in range(2 if parts > 100 else 1)]
        client.close()
        self.assertEqual(seen[0][0], 1, "the message is answered")
        return struct.unpack("!H", seen[-1][1][:2])[0] if seen[-1][0] == 8 else 0

    def test_the_burst_and_one_more(self):
        self.assertEqual(self.count(100), 0)
        self.assertEqual(self.count(101), 1008)


class Pings(Hostile):
    options = ("--ping-rate", "10", "--ping-burst", "20")

    def pongs(self, count):
        client = Client(self.server.port, "m")
        client.socket.sendall(b"".join(frame(9, b"%d" % n) for n in range(count)) + frame(1, b'{"op":"ping","id":9}'))
        seen = []
        while True:
            opcode, payload = client.read_frame()
            if opcode == 10:
                seen.append(payload)
            else:
                client.close()
                return seen, struct.unpack("!H", payload[:2])[0] if opcode == 8 else 0

    def test_the_burst_and_one_more(self):
        seen, code = self.pongs(20)
        self.assertEqual((seen, code), ([b"%d" % n for n in range(20)], 0))
        seen, code = self.pongs(21)
        self.assertEqual(code, 1008)
        self.assert_told("ping_flood", "ping_floods")

    def test_ten_a_second_are_answered(self):
        client = Client(self.server.port, "m")
        for n in range(40):
            client.socket.sendall(frame(9, b"%d" % n))
            self.assertEqual(client.read_frame(), (10, b"%d" % n))
            time.sleep(0.1)

    def test_pongs_that_nobody_asked_for(self):
        client = Client(self.server.port, "m")
        client.socket.sendall(frame(10, b"x") * 500)
        self.assertIn("ok", client.ask(op="ping"))
        self.assertEqual(self.server.metric("pongs_ignored"), 500)

    def test_a_flood_beside_others(self):
        def attack():
            begin = time.monotonic()
            while time.monotonic() - begin < 2:
                client = Client(self.server.port, "m")
                try:
                    client.socket.sendall(frame(9, b"x" * 125) * 2000)
                except OSError:
                    pass
                client.close()

        self.assert_bystander_served(attack)
        self.assertTrue(wait_until(lambda: self.server.metric("connections") <= 1))


class NewestPing(Hostile):
    options = ("--ping-rate", "0", "--hot-log-size", "1M", "--slow-timeout", "20s")

    def test_who_takes_nothing_gets_the_newest_when_it_does(self):
        sender = Client(self.server.port, "s")
        sender.ask(op="join", room="r", echo=False)
        client = Client(self.server.port, "m", receive_buffer=4096)
        client.ask(op="join", room="r")
        for n in range(1000):
            sender.say(op="send", room="r", data="x" * 8000)
        sender.ask(op="ping")
        time.sleep(0.5)  # the client's window is full, and a send is under way
        for n in range(3000):
            client.socket.sendall(frame(9, b"%d" % n))
        client.socket.settimeout(10)
        pongs = []
        while not pongs or pongs[-1] != b"2999":
            opcode, payload = client.read_frame()
            if opcode == 10:
                pongs.append(payload)
        self.assertLess(len(pongs), 100, "those that a newer one followed are not answered")
        self.assertIn("ok", client.ask(op="ping"))


class Slow(Hostile):
    options = ("--slow-timeout", "1s", "--ping", "1s")

    def test_who_takes_no_byte_is_ended_and_told_of(self):
        sender = Client(self.server.port, "s")
        sender.ask(op="join", room="r", echo=False)
        client = Client(self.server.port, "m", receive_buffer=4096)
        client.ask(op="join", room="r")
        end = time.monotonic() + 20
        while self.server.metric("slow_closed") == 0 and time.monotonic() < end:
            for _ in range(100):
                sender.say(op="send", room="r", data="x" * 16000)
            sender.ask(op="ping")
            try:
                client.say(op="pong")  # it is there; it only takes nothing
            except OSError:
                pass
        self.assert_told("slow", "slow_closed")


if __name__ == "__main__":
    unittest.main()
