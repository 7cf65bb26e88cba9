"""By the clock: from when a ban is acknowledged, how long anything still comes to whom it removes, on either core."""
import os
import statistics
import threading
import time
import unittest

from harness import Client, Server, temporary, wait_until
from test_moderation import SECRET, token

WITHIN_S = 1.0
BANS = 10  # in rooms of each class
CONNECTIONS = 12  # of whom is banned: the kernel spreads them over both cores


class Stillness(threading.Thread):
    """How long this process stood still at once, at the most: so much later it may have looked at what was there."""

    def __init__(self):
        super().__init__(daemon=True)
        self.longest, self.over = 0.0, False

    def run(self):
        last = time.monotonic()
        while not self.over:
            time.sleep(0.005)
            now = time.monotonic()
            self.longest, last = max(self.longest, now - last), now


class Listener(threading.Thread):
    """Takes what comes to a client until it is removed from the room and asked is answered: (seq, when) each."""

    def __init__(self, client, room):
        super().__init__(daemon=True)
        self.client, self.room, self.came, self.removed = client, room, [], None

    def run(self):
        while True:
            event = self.client.read()
            if event.get("re") == 1000000:
                return
            if event.get("room") != self.room:
                continue
            if event["ev"] == "removed":
                self.removed = time.monotonic()
            elif "seq" in event and event["ev"] != "read":
                self.came.append((event["seq"], time.monotonic()))


class BanClock(unittest.TestCase):
    def setUp(self):
        directory = temporary()
        self.addCleanup(directory.cleanup)
        secret = os.path.join(directory.name, "secret")
        with open(secret, "wb") as file:
            file.write(SECRET)
        self.server = Server("--cores", "2", "--send-rate", "0", "--command-rate", "0", "--drain", "0", "--user-rates", "0",
                             "--network-rates", "0", "--token-keys", f"HS256:{secret}", "--room-classes", "mem: class=memory",
                             data=os.path.join(directory.name, "data")).start()
        self.addCleanup(self.server.__exit__)

    def enter(self, user, *roles):
        client = Client(self.server.port, timeout=60)
        self.addCleanup(client.close)
        self.assertIn("ok", client.ask(op="hello", token=token(user, list(roles))))
        return client

    def talk(self, speaker, room, over):
        """Some 500 messages a second, until the ban has been for a while."""
        while not over.is_set():
            speaker.say(op="send", room=room, data="word")
            time.sleep(0.002)

    def ban(self, room, user, mod, bobs, speaker):
        """Seconds from the ban's acknowledgement to the last that came to any of them."""
        over = threading.Event()
        for client in (speaker, mod, *bobs):
            self.assertIn("ok", client.ask(op="join", room=room))
        listeners = [Listener(bob, room) for bob in bobs]
        talker = threading.Thread(target=self.talk, args=(speaker, room, over), daemon=True)
        for thread in (*listeners, talker):
            thread.start()
        self.assertTrue(wait_until(lambda: all(len(listener.came) > 20 for listener in listeners)), "they hear it")
        self.assertIn("ok", mod.ask(op="mod", room=room, act="ban", user=user))
        acked = time.monotonic()
        seq = mod.event("mod")["seq"]
        while mod.event("msg")["seq"] < seq + 50:
            pass
        over.set()
        talker.join()
        last = self.said_last(speaker, room)
        for bob in bobs:
            bob.say(op="ping", id=1000000)
        for listener in listeners:
            listener.join(60)
            self.assertFalse(listener.is_alive())
        self.assertGreater(last, seq + 10, "they went on talking")
        for listener in listeners:
            self.assertEqual(max(number for number, _ in listener.came), seq, "up to the ban, and nothing beyond it")
            self.assertIsNotNone(listener.removed)
        for client in (speaker, mod):
            client.say(op="leave", room=room)
            client.events.clear()
        return max(max(when for _, when in listener.came) - acked for listener in listeners)

    def said_last(self, speaker, room):
        return speaker.ask(op="send", room=room, data="last")["ok"]["seq"]

    def test_nothing_comes_a_second_after_a_ban(self):
        stillness = Stillness()
        stillness.start()
        bobs = [self.enter("bob") for _ in range(CONNECTIONS)]
        mod, speaker = self.enter("mod", "moderator"), self.enter("speaker")
        for kind in ("mem:", ""):
            took = [self.ban(f"{kind}{number}", "bob", mod, bobs, speaker) for number in range(BANS)]
            print(f"\n{'memory' if kind else 'disk'}: the last came {1000 * statistics.median(took):.1f} ms after the ban's "
                  f"acknowledgement (median), {1000 * max(took):.1f} at most; this test stood still for "
                  f"{1000 * stillness.longest:.1f} ms at most")
            self.assertLess(max(took), WITHIN_S + stillness.longest)
        stillness.over = True
        removed = [value for (name, _), value in self.server.metrics().items() if name == "removed"]
        self.assertTrue(len(removed) == 2 and all(removed), f"on both cores: {removed}")


if __name__ == "__main__":
    unittest.main()
