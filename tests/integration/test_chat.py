"""Two people in a room: everything the protocol offers, over real sockets."""
import signal
import time
import unittest

from harness import Client, Server, temporary


class Chat(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.server = Server("--cores", "2", "--send-rate", "0").start()

    @classmethod
    def tearDownClass(cls):
        assert cls.server.stop() == 0

    def room(self):
        return "room." + self.id().split(".")[-1]

    def pair(self, **options):
        ann, bob = Client(self.server.port, "Ann"), Client(self.server.port, "Bob")
        self.addCleanup(ann.close)
        self.addCleanup(bob.close)
        for client in (ann, bob):
            self.assertIn("ok", client.ask(op="join", room=self.room(), **options))
        return ann, bob

    def test_a_message_reaches_both_with_its_seq(self):
        ann, bob = self.pair()
        ack = ann.ask(op="send", room=self.room(), cid="a:1", data={"text": "hi ✨", "n": 12345678901234567890})["ok"]
        self.assertEqual((ack["seq"], ack["class"]), (1, "memory"))
        for client in (ann, bob):
            event = client.event("msg")
            self.assertEqual((event["seq"], event["from"], event["cid"]), (1, "Ann", "a:1"))
            self.assertEqual(event["data"], {"text": "hi ✨", "n": 12345678901234567890})

    def test_the_same_cid_is_one_message(self):
        ann, bob = self.pair()
        first = ann.ask(op="send", room=self.room(), cid="p:1", data=1)["ok"]
        again = ann.ask(op="send", room=self.room(), cid="p:1", data=1)["ok"]
        self.assertEqual((again["seq"], again["ts"], again.get("dup")), (first["seq"], first["ts"], True))
        ann.ask(op="send", room=self.room(), cid="p:2", data=2)
        self.assertEqual([bob.event("msg")["data"], bob.event("msg")["data"]], [1, 2])

    def test_edit_delete_react(self):
        ann, bob = self.pair()
        ann.ask(op="send", room=self.room(), data="one")
        self.assertEqual(bob.ask(op="edit", room=self.room(), target=1, data="x")["err"]["code"], "forbidden")
        self.assertEqual(ann.ask(op="edit", room=self.room(), target=1, data="two")["ok"]["seq"], 2)
        self.assertEqual(bob.ask(op="react", room=self.room(), target=1, key="👍", on=True)["ok"]["seq"], 3)
        self.assertEqual(ann.ask(op="del", room=self.room(), target=1)["ok"]["seq"], 4)
        self.assertEqual(ann.ask(op="edit", room=self.room(), target=1, data="x")["err"]["code"], "gone")
        page = bob.ask(op="history", room=self.room())["ok"]
        self.assertEqual([e["ev"] for e in page["events"]], ["msg", "edit", "react", "del"])
        self.assertTrue(page["events"][0]["deleted"])
        self.assertIsNone(page["events"][0]["data"])
        self.assertIsNone(page["events"][1]["data"])
        self.assertEqual(bob.event("edit")["rev"], 1)
        self.assertEqual(bob.event("react")["key"], "👍")

    def test_presence_typing_read(self):
        ann, bob = self.pair(presence=True)
        self.assertEqual(ann.event("in")["user"], "Bob")
        users = bob.ask(op="presence", room=self.room())["ok"]
        self.assertEqual(sorted(u["id"] for u in users["users"]), ["Ann", "Bob"])
        bob.say(op="typing", room=self.room())
        bob.say(op="typing", room=self.room())
        self.assertEqual(ann.event("typing")["from"], "Bob")
        ann.ask(op="send", room=self.room(), data=1)
        bob.ask(op="read", room=self.room(), seq=99)
        self.assertEqual(ann.event("read")["seq"], 1)
        bob.close()
        out = ann.event("out")
        self.assertEqual((out["user"], out["n"]), ("Bob", 1))

    def test_no_echo(self):
        ann, bob = Client(self.server.port, "Ann"), Client(self.server.port, "Bob")
        ann.ask(op="join", room=self.room(), echo=False)
        bob.ask(op="join", room=self.room())
        for n in range(5):
            ann.ask(op="send", room=self.room(), data=n)
        bob.ask(op="send", room=self.room(), data="b")
        self.assertEqual(ann.event("msg")["data"], "b")

    def test_history_pages_and_resume(self):
        ann, bob = self.pair()
        epoch = None
        for n in range(1, 121):
            epoch = ann.ask(op="send", room=self.room(), data=n)["ok"]["epoch"]
        latest = bob.ask(op="history", room=self.room(), limit=50)["ok"]
        self.assertEqual([e["seq"] for e in latest["events"]], list(range(71, 121)))
        self.assertTrue(latest["more"])
        before = bob.ask(op="history", room=self.room(), before=71, limit=100)["ok"]
        self.assertEqual([e["seq"] for e in before["events"]], list(range(1, 71)))
        self.assertFalse(before["more"])
        after = bob.ask(op="history", room=self.room(), after=118)["ok"]
        self.assertEqual([e["seq"] for e in after["events"]], [119, 120])
        cat = Client(self.server.port, "Cat")
        join = cat.ask(op="join", room=self.room(), since={"seq": 100, "epoch": epoch})["ok"]
        self.assertTrue(join["recovered"])
        self.assertEqual([e["seq"] for e in join["events"]], list(range(101, 121)))
        dan = Client(self.server.port, "Dan")
        join = dan.ask(op="join", room=self.room(), since={"seq": 100, "epoch": "other"}, limit=5)["ok"]
        self.assertEqual((join["recovered"], join["reason"], len(join["events"])), (False, "epoch", 5))

    def test_resume_longer_than_a_page_goes_on_live(self):
        ann, _ = self.pair()
        for n in range(1, 451):
            epoch = ann.ask(op="send", room=self.room(), data=n)["ok"]["epoch"]
        cat = Client(self.server.port, "Cat")
        join = cat.ask(op="join", room=self.room(), since={"seq": 0, "epoch": epoch})["ok"]
        self.assertTrue(join["more"])
        ann.ask(op="send", room=self.room(), data="live")
        seqs = [e["seq"] for e in join["events"]]
        while seqs[-1] < 451:
            seqs.append(cat.event("msg")["seq"])
        self.assertEqual(seqs, list(range(1, 452)))

    def test_errors(self):
        ann = Client(self.server.port, "Ann")
        code = lambda **c: ann.ask(**c)["err"]["code"]
        self.assertEqual(code(op="send", room="nowhere", data=1), "not_joined")
        self.assertEqual(code(op="join", room="no room"), "bad_room")
        self.assertEqual(code(op="dance"), "bad_request")
        self.assertEqual(code(op="hello", name="x"), "bad_request")
        ann.ask(op="join", room=self.room())
        self.assertEqual(code(op="join", room=self.room()), "already_joined")
        self.assertIn("ok", ann.ask(op="send", room=self.room(), data="x" * 16382))
        self.assertEqual(code(op="send", room=self.room(), data="x" * 16383), "too_large")
        self.assertIn("ok", ann.ask(op="leave", room=self.room()))
        self.assertEqual(code(op="leave", room=self.room()), "not_joined")

    def closes(self, client, code):
        with self.assertRaises(ConnectionError):
            while True:
                client.read()
        self.assertEqual(client.closed[0], code)

    def test_closes(self):
        for code, act in (
            (4401, lambda c: c.say(op="join", room="x")),
            (4400, lambda c: c.frame(1, b"not json")),
            (1003, lambda c: c.frame(2, b"binary")),
            (1007, lambda c: c.frame(1, b"\xff")),
            (1009, lambda c: c.frame(1, b" " * 65537)),
            (1002, lambda c: c.frame(3, b"")),
            (1008, lambda c: [c.frame(9, b"x") for _ in range(250)]),
            (1000, lambda c: c.frame(8, b"\x03\xe8bye")),
        ):
            with self.subTest(code):
                client = Client(self.server.port)
                act(client)
                self.closes(client, code)


def until_refused(ask, most=1000):
    """How many were granted, the refusal, and in how long: meanwhile more of them may have regrown."""
    begin = time.monotonic()
    granted = 0
    while "ok" in (answer := ask(granted)) and granted < most:
        granted += 1
    return granted, answer.get("err"), time.monotonic() - begin + 0.01  # the server's clock is read once a turn


class Limits(unittest.TestCase):
    def test_rates_and_counts(self):
        with Server("--send-rate", "5", "--send-burst", "10", "--rooms-per-connection", "3") as server:
            ann = Client(server.port, "Ann")
            ann.ask(op="join", room="r")
            sent, refused, seconds = until_refused(lambda n: ann.ask(op="send", room="r", data=n))
            self.assertTrue(10 <= sent <= 10 + 5 * seconds, f"{sent} in {seconds:.3f} s")
            self.assertEqual(refused["code"], "rate_limited")
            self.assertGreater(refused["retry_ms"], 0)
            self.assertIn("ok", ann.ask(op="join", room="r2"))
            self.assertIn("ok", ann.ask(op="join", room="r3"))
            self.assertEqual(ann.ask(op="join", room="r4")["err"]["code"], "limit")

    def test_connections_per_address(self):
        with Server("--connections-per-address", "3", "--address-exempt", "", "--cores", "1") as server:
            kept = [Client(server.port, f"u{n}", source="127.0.0.9") for n in range(3)]
            with self.assertRaises(OSError):
                Client(server.port, "u4", source="127.0.0.9")
            Client(server.port, "u5", source="127.0.0.10")
            kept[0].close()

    def test_a_full_server_says_503(self):
        with Server("--connections", "2", "--cores", "1") as server:
            kept = [Client(server.port, f"u{n}") for n in range(2)]
            with self.assertRaisesRegex(ConnectionError, "503"):
                Client(server.port, "u3")
            self.assertEqual(len(kept), 2)


class Restart(unittest.TestCase):
    def test_the_window_survives_a_drain(self):
        with temporary() as data:
            server = Server("--drain", "300ms", "--store", "none", data=data).start()
            ann = Client(server.port, "Ann")
            ann.ask(op="join", room="r")
            epoch = [ann.ask(op="send", room="r", data=n)["ok"]["epoch"] for n in range(10)][0]
            server.process.send_signal(signal.SIGTERM)
            notice = ann.event("notice")
            self.assertEqual(notice["code"], "reconnect")
            self.assertLessEqual(notice["after_ms"], 300)
            with self.assertRaises(ConnectionError):
                while True:
                    ann.read()
            self.assertEqual(ann.closed[0], 4503)
            ann.close()
            self.assertEqual(server.ended(), 0)
            with Server("--store", "none", data=data) as again:
                bob = Client(again.port, "Bob")
                join = bob.ask(op="join", room="r", since={"seq": 4, "epoch": epoch})["ok"]
                self.assertTrue(join["recovered"])
                self.assertEqual([e["data"] for e in join["events"]], [4, 5, 6, 7, 8, 9])
                self.assertEqual(bob.ask(op="send", room="r", data="next")["ok"]["seq"], 11)
                again.process.kill()
                again.process.wait()
            with Server("--store", "none", data=data) as third:
                cat = Client(third.port, "Cat")
                join = cat.ask(op="join", room="r", since={"seq": 4, "epoch": epoch})["ok"]
                self.assertEqual((join["recovered"], join["reason"]), (False, "epoch"))


if __name__ == "__main__":
    unittest.main()
