"""A member stops reading while 100,000 messages pass: the others do not notice, and it is told the truth."""
import os
import time
import unittest

from harness import Client, Server

MESSAGES = int(os.environ.get("SLOW_MESSAGES", "100000"))
BATCH = 100


def percentile(values, part):
    return sorted(values)[int(len(values) * part)]


class Slow(unittest.TestCase):
    def rounds(self, sender, reader, first, count):
        """Sends in batches and reads them back; the time of each batch at the other member."""
        times = []
        for batch in range(count // BATCH):
            begin = time.monotonic()
            for n in range(BATCH):
                sender.say(op="send", room="r", data={"n": first + batch * BATCH + n, "t": "x" * 60})
            for _ in range(BATCH):
                reader.event("msg")
            times.append(time.monotonic() - begin)
        return times

    def test_others_are_served_and_the_slow_one_catches_up(self):
        with Server("--cores", "2", "--send-rate", "0", "--command-rate", "0", "--slow-timeout", "10m") as server:
            sender, reader = Client(server.port, "sender"), Client(server.port, "reader")
            sender.ask(op="join", room="r", echo=False)
            reader.ask(op="join", room="r")
            alone = self.rounds(sender, reader, 0, MESSAGES // 10)
            slow = Client(server.port, "slow", receive_buffer=8192)
            last = slow.ask(op="join", room="r", limit=0)["ok"]["seq"]
            self.rounds(sender, reader, 0, MESSAGES // 10)
            before = server.rss()
            beside = self.rounds(sender, reader, 0, MESSAGES - MESSAGES // 10)
            grown = server.rss() - before
            tail = sender.ask(op="send", room="r", data="end")["ok"]["seq"]
            reader.event("msg")
            lagged = 0
            while last < tail:
                event = slow.event()
                if event["ev"] == "notice" and event["code"] == "lagged":
                    self.assertEqual(event["after"], last)
                    self.assertEqual(event["n"], event["next"] - event["after"] - 1)
                    lagged += event["n"]
                    last = event["next"] - 1
                elif event["ev"] == "msg":
                    self.assertEqual(event["seq"], last + 1)
                    last += 1
            self.assertGreater(lagged, 0, "it fell behind the window")
            self.assertIn("ok", slow.ask(op="send", room="r", data="back"))
            self.assertEqual(slow.event("msg")["data"], "back")
            self.assertEqual(reader.event("msg")["data"], "back")
            self.assertIn("ok", slow.ask(op="leave", room="r"))
            again = self.rounds(sender, reader, 0, MESSAGES // 10)
            alone = max(alone, again, key=lambda times: percentile(times, .99))
            print(f"batch of {BATCH}: median {percentile(alone, .5) * 1e3:.2f} ms alone, "
                  f"{percentile(beside, .5) * 1e3:.2f} beside; p99 {percentile(alone, .99) * 1e3:.2f} and "
                  f"{percentile(beside, .99) * 1e3:.2f}; memory grew {grown >> 10} KiB; lagged {lagged}")
            self.assertLess(percentile(beside, .99), 2 * percentile(alone, .99) + 0.010)
            self.assertLess(grown, 16 << 20)
            self.assertGreater(server.metric("fell_off"), 0)


if __name__ == "__main__":
    unittest.main()
