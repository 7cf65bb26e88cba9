"""Rooms of several classes in one server: what members are told, how large pages are, what becomes of the slow."""
import os
import signal
import unittest

from harness import Client, Server, temporary, wait_until

MESSAGES = int(os.environ.get("CLASSES_MESSAGES", "3000"))
BATCH = 50
CLASSES = "quiet. presence=off; small. page=10; latest. slow=latest; end. slow=disconnect; mem: class=memory"


class Classes(unittest.TestCase):
    """Without a disk: all rooms are in memory."""
    any = "memory"

    @classmethod
    def setUpClass(cls):
        cls.directory = temporary()
        cls.server = Server("--cores", "2", "--send-rate", "0", "--command-rate", "0", "--hot-log-size", "512K",
                            "--history-messages", "100000", "--history-size", "256M", "--history-memory", "1G",
                            "--slow-timeout", "10m", "--linger", "1m", "--room-classes", CLASSES,
                            data=None if cls.any == "memory" else cls.directory.name).start()

    @classmethod
    def tearDownClass(cls):
        assert cls.server.stop() == 0
        cls.directory.cleanup()

    def client(self, name, **options):
        client = Client(self.server.port, name, **options)
        self.addCleanup(client.close)
        return client

    def told(self, client, room):
        """All events up to a message that the client now sends itself."""
        client.say(op="send", room=room, data="stop")
        events = []
        while True:
            events.append(client.event())
            if events[-1].get("data") == "stop":
                return [event["ev"] for event in events[:-1]]

    def pair(self, room):
        ann, bob = self.client("Ann"), self.client("Bob")
        answers = [client.ask(op="join", room=room, presence=True)["ok"] for client in (ann, bob)]
        return ann, bob, answers

    def commotion(self, bob, room):
        bob.say(op="typing", room=room)
        bob.ask(op="send", room=room, data=1)
        self.assertIn("ok", bob.ask(op="read", room=room, seq=1))
        self.assertIn("ok", bob.ask(op="leave", room=room))

    def test_presence(self):
        ann, bob, answers = self.pair("loud.r")
        self.assertEqual([user["id"] for user in answers[1]["users"]], ["Bob", "Ann"])
        self.commotion(bob, "loud.r")
        self.assertEqual(sorted(self.told(ann, "loud.r")), ["in", "msg", "out", "read", "typing"])
        self.assertEqual(ann.ask(op="presence", room="loud.r")["ok"]["n"], 1)

    def test_no_presence(self):
        ann, bob, answers = self.pair("quiet.r")
        self.assertEqual([answer["n"] for answer in answers], [1, 2])
        for answer in answers:
            self.assertNotIn("users", answer)
        self.commotion(bob, "quiet.r")
        self.assertEqual(self.told(ann, "quiet.r"), ["msg"])
        self.assertEqual(ann.ask(op="presence", room="quiet.r")["err"]["code"], "forbidden")
        self.assertEqual(ann.ask(op="presence", room="quiet.s")["err"]["code"], "not_joined")
        self.assertIn("ok", ann.ask(op="join", room="quiet"), "a name that is shorter than the prefix is of another class")
        self.assertIn("ok", ann.ask(op="presence", room="quiet"))

    def test_pages(self):
        ann = self.client("Ann")
        for room, most in (("small.r", 10), ("large.r", 200)):
            ann.ask(op="join", room=room)
            for n in range(60):
                ann.ask(op="send", room=room, data=n)
            for limit in (1, 9, 10, 11, 59, 60, 200):
                for given in (ann.ask(op="history", room=room, limit=limit)["ok"], self.rejoined(ann, room, limit)):
                    wanted = min(limit, most, 60)
                    self.assertEqual([event["seq"] for event in given["events"]], list(range(61 - wanted, 61)))
                    self.assertEqual(given["more"], wanted < 60)
            self.assertEqual(len(ann.ask(op="history", room=room)["ok"]["events"]), min(50, most))

    def rejoined(self, client, room, limit):
        client.ask(op="leave", room=room)
        return client.ask(op="join", room=room, limit=limit)["ok"]

    def on_core_of(self, sender, name, **options):
        """A client on the sender's core: there a message that goes to both is rendered once. What the sender has heard was
        the other's turn too; a core that had none is caught up with whatever its class says, as nobody there is slow."""
        for n in range(64):
            client = self.client(name, **options)
            room = f"core.{name}.{n}"
            for each in (sender, client):
                each.ask(op="join", room=room)
            rendered = self.server.metric("rendered")
            sender.say(op="send", room=room, data="who is there")
            for each in (sender, client):
                each.event("msg")
            if self.server.metric("rendered") == rendered + 1:
                client.ask(op="leave", room=room)
                return client
            client.close()
        self.fail("64 connections and none on one core")

    def fill(self, room, **options):
        """A member that joined and reads nothing while far more is sent than the system holds for it."""
        sender = self.client("sender")
        slow = self.on_core_of(sender, "slow", receive_buffer=8192)
        sender.ask(op="join", room=room)
        slow.ask(op="join", room=room, limit=0, **options)
        text = "x" * 4000
        for n in range(0, MESSAGES, BATCH):
            for _ in range(BATCH):
                sender.say(op="send", room=room, data=text)
            for _ in range(BATCH):
                sender.event("msg")
        return sender, slow

    def follow(self, slow, to):
        """Reads up to that seq. Returns (messages, not given), each seq either or."""
        last, messages, lagged = 0, 0, 0
        while last < to:
            event = slow.event()
            if event["ev"] == "notice" and event["code"] == "lagged":
                self.assertEqual((event["after"], event["n"]), (last, event["next"] - last - 1))
                lagged += event["n"]
                last = event["next"] - 1
            elif event["ev"] == "msg":
                self.assertEqual(event["seq"], last + 1)
                messages += 1
                last += 1
        return messages, lagged

    def test_slow_is_caught_up(self):
        sender, slow = self.fill("any.r")
        pages = self.server.metric("pages")
        self.assertEqual(self.follow(slow, MESSAGES), (MESSAGES, 0))
        self.assertGreater(self.server.metric("pages"), pages)

    def test_slow_gets_the_latest(self):
        pages = self.server.metric("pages")
        sender, slow = self.fill("latest.r", presence=True)
        messages, lagged = self.follow(slow, MESSAGES)
        self.assertEqual(messages + lagged, MESSAGES)
        self.assertGreater(lagged, MESSAGES // 10)
        self.assertEqual(slow.event()["code"], "slow", "who is in the room may be missed too")
        sender.ask(op="send", room="latest.r", data="live")
        event = slow.event("msg")
        self.assertEqual((event["seq"], event["data"]), (MESSAGES + 1, "live"))
        self.assertEqual(self.server.metric("pages"), pages, "what it missed was not read")
        missed = slow.ask(op="history", room="latest.r", after=messages, limit=1)["ok"]["events"]
        self.assertEqual(missed[0]["seq"], messages + 1, "but it is kept")

    def test_slow_is_closed_and_resumes(self):
        closed = self.server.metric("slow_closed")
        sender, slow = self.fill("end.r")
        self.assertTrue(wait_until(lambda: self.server.metric("slow_closed") == closed + 1))
        last = 0
        with self.assertRaises(ConnectionError):
            while True:
                event = slow.event("msg")
                self.assertEqual(event["seq"], last + 1)
                last += 1
        self.assertEqual(slow.closed, (4508, "slow"))
        self.assertGreater(last, 0)
        self.assertLess(last, MESSAGES)
        epoch = sender.ask(op="history", room="end.r", limit=1)["ok"]["epoch"]
        again = self.client("slow")
        answer = again.ask(op="join", room="end.r", since={"seq": last, "epoch": epoch})["ok"]
        self.assertTrue(answer["recovered"])
        events = answer["events"]
        while len(events) < MESSAGES - last:
            events.append(again.event("msg"))
        self.assertEqual([event["seq"] for event in events], list(range(last + 1, MESSAGES + 1)))
        self.assertIn("ok", sender.ask(op="send", room="end.r", data="who keeps up stays"))
        self.assertEqual(again.event("msg")["data"], "who keeps up stays")

    def test_the_class_is_said(self):
        ann = self.client("Ann")
        for room, said in (("mem:a", "memory"), ("any.a", self.any)):
            self.assertEqual(ann.ask(op="join", room=room)["ok"]["class"], said)
            for again in (False, True):
                ack = ann.ask(op="send", room=room, cid="a:1", data=1)["ok"]
                self.assertEqual((ack["class"], ack.get("dup", False)), (said, again))


class OnDisk(Classes):
    """All rooms on disk but mem:, which meet the same."""
    any = "disk"


class Kept(unittest.TestCase):
    def test_as_shipped_all_is_on_disk_but_mem(self):
        with temporary() as directory:
            epochs = {}
            with Server(data=directory) as server:
                ann = Client(server.port, "Ann")
                for room, said in (("general", "disk"), ("mem:general", "memory")):
                    answer = ann.ask(op="join", room=room)["ok"]
                    epochs[room] = answer["epoch"]
                    self.assertEqual(answer["class"], said)
                    self.assertEqual(ann.ask(op="send", room=room, data=room)["ok"]["class"], said)
                server.stop(signal.SIGKILL)
            with Server(data=directory) as server:
                ann = Client(server.port, "Ann")
                answer = ann.ask(op="join", room="general")["ok"]
                self.assertEqual((answer["epoch"], answer["events"][0]["data"]), (epochs["general"], "general"))
                answer = ann.ask(op="join", room="mem:general")["ok"]
                self.assertNotEqual(answer["epoch"], epochs["mem:general"])
                self.assertEqual((answer["seq"], answer["events"]), (0, []))

    def test_a_class_keeps_as_much_as_it_says(self):
        classes = "few. messages=5; mem: class=memory; mem:few. class=memory messages=5"
        with temporary() as directory, Server("--room-classes", classes, data=directory) as server:
            ann = Client(server.port, "Ann")
            for room, first in (("few.a", 4), ("mem:few.a", 4), ("all.a", 1), ("mem:all.a", 1)):
                ann.ask(op="join", room=room)
                for n in range(8):
                    ann.ask(op="send", room=room, data=n)
                page = ann.ask(op="history", room=room, limit=200)["ok"]
                self.assertEqual((page["first"], page["events"][0]["seq"]), (first, first), room)
                ann.ask(op="leave", room=room)


if __name__ == "__main__":
    unittest.main()
