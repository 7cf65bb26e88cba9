"""GET /api/v1/status: figures of the cores, and what their boards say of busy rooms and slow members."""
import hashlib
import json
import os
import unittest
import urllib.error
import urllib.request

import harness
from harness import Client, Server, wait_until


class Status(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = harness.temporary()
        cls.addClassCleanup(cls.folder.cleanup)
        keys = os.path.join(cls.folder.name, "keys")
        with open(keys, "w") as file:
            for scope in ("metrics", "admin", "read"):
                file.write(f"{scope} {scope} sha256:{hashlib.sha256(scope.encode()).hexdigest()}\n")
        cls.server = Server("--cores", "2", "--api-keys", keys, "--send-rate", "0", "--room-traffic", "0",
                            "--ping", "10m", "--slow-timeout", "10m")
        cls.server.start()
        cls.addClassCleanup(cls.server.__exit__)

    def status(self, key="metrics"):
        request = urllib.request.Request(f"http://127.0.0.1:{self.server.port}/api/v1/status", headers={"X-API-Key": key})
        with urllib.request.urlopen(request, timeout=10) as answer:
            return json.load(answer)

    def test_who_may_ask(self):
        self.assertEqual(self.status("admin")["cores"], 2)
        for key, wanted in (("read", 403), ("nobody", 401)):
            with self.assertRaises(urllib.error.HTTPError) as refused:
                self.status(key)
            self.assertEqual(refused.exception.code, wanted)

    def test_figures(self):
        with_one = Client(self.server.port, "figure")
        said = self.status()
        self.assertEqual(len(said["counters"]["connections"]), 2)
        self.assertGreaterEqual(sum(said["counters"]["sessions"]), 1)
        self.assertEqual(sum(said["counters"]["connections"]), said["connections"])
        self.assertEqual(len(said["histograms"]["turn"]), 2)
        self.assertGreater(sum(said["histograms"]["turn"][0]), 0)
        self.assertGreater(said["process"]["resident_bytes"], 1 << 20)
        self.assertEqual(len(said["process"]["core_cpu_us"]), 2)
        with_one.close()

    def test_busy_rooms(self):
        people = [Client(self.server.port, f"busy{i}") for i in range(3)]
        for client in people:
            client.ask(op="join", room="loud")
        quiet = Client(self.server.port, "quiet")
        quiet.ask(op="join", room="quiet")
        seen = {}

        def told():
            for _ in range(20):
                people[0].ask(op="send", room="loud", data="x")
            quiet.ask(op="send", room="quiet", data="x")
            people[0].events.clear()
            seen.update({row["room"]: row for row in self.status()["busy"]})
            return {"loud", "quiet"} <= set(seen)

        self.assertTrue(wait_until(told, 60))
        self.assertEqual((seen["loud"]["connections"], seen["loud"]["users"]), (3, 3))
        self.assertGreater(seen["loud"]["deliveries"], seen["quiet"]["deliveries"])
        self.assertGreater(seen["loud"]["events"], 0)
        self.assertGreater(seen["loud"]["over_ms"], 0)
        for client in people + [quiet]:
            client.close()

    def test_slow_members(self):
        deaf = Client(self.server.port, "deaf", receive_buffer=4096)
        deaf.ask(op="join", room="flood")
        loud = Client(self.server.port, "flooder")
        loud.ask(op="join", room="flood", echo=False)
        seen = []

        def told():
            for _ in range(100):  # until a socket takes no more of it: of a core that comes late some is skipped
                loud.ask(op="send", room="flood", data="x" * 10000)
            seen[:] = [row for row in self.status()["slow"] if row["user"] == "deaf"]
            return bool(seen)

        self.assertTrue(wait_until(told, 60))
        self.assertGreaterEqual(seen[0]["stuck_ms"], 200)
        self.assertEqual(seen[0]["rooms"], 1)
        self.assertEqual(seen[0]["conn"], deaf.hello["ok"]["conn"])
        deaf.close()
        loud.close()


if __name__ == "__main__":
    unittest.main()
