"""What the server does when its disk is full, fails, is slow, cannot be written, or holds what was never written."""
import os
import re
import sqlite3
import sys
import threading
import time
import unittest
import urllib.request

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, HERE)
sys.path.insert(1, os.path.join(os.path.dirname(HERE), "integration"))
from disk import Disk  # noqa: E402
from harness import Client, Server, wait_until  # noqa: E402

DATABASE = "uproar.db"
PAGE = 4096
EXIT_DATA = 73
EXIT_DISK = 74


class DiskFaults(unittest.TestCase):
    def setUp(self):
        self.disk = Disk()
        self.disk.__enter__()
        self.addCleanup(self.disk.close)
        self.server = None
        self.clients = []
        self.addCleanup(self.end)
        self.acked = {}
        self.start()

    def start(self, wait=20):
        self.server = Server("--cores", "2", "--send-rate", "0", "--command-rate", "0", "--drain", "0",
                             data=self.disk.path, wait=wait)
        self.server.start()

    def end(self):
        for client in self.clients:
            client.close()
        if self.server and self.server.process.poll() is None:
            self.server.process.kill()
            self.server.process.wait()

    def client(self, *rooms, timeout=20):
        client = Client(self.server.port, "Ann", timeout=timeout)
        self.clients.append(client)
        for room in rooms:
            self.assertIn("ok", client.ask(op="join", room=room, limit=0, echo=False))
        return client

    def send(self, client, room, n, size=100):
        """The answer; what is acknowledged must be there from now on."""
        data = f"mark-{room}-{n}-" + "x" * size
        answer = client.ask(op="send", room=room, cid=f"p{room.replace(':', '_')}:{n}", data=data)
        if "ok" in answer:
            self.assertEqual(answer["ok"]["class"], "memory" if room.startswith("mem:") else "disk")
            self.acked[room, n] = (answer["ok"]["epoch"], answer["ok"]["seq"], data)
        return answer

    def fill(self, client, room, count, size=100):
        for n in range(1, count + 1):
            self.assertIn("ok", self.send(client, room, n, size))

    def history(self, client, room):
        """All events, and the epoch."""
        events, epoch, after = [], None, 0
        while True:
            page = client.ask(op="history", room=room, after=after, limit=200)
            self.assertIn("ok", page)
            events += page["ok"]["events"]
            epoch = page["ok"]["epoch"]
            if not page["ok"].get("more"):
                return events, epoch
            after = events[-1]["seq"]

    def check_kept(self, *rooms):
        """All that was acknowledged, each once, where it was said to be."""
        client = self.client(*rooms)
        for room in rooms:
            events, epoch = self.history(client, room)
            self.assertEqual([event["seq"] for event in events], list(range(1, len(events) + 1)))
            cids = [event["cid"] for event in events]
            self.assertEqual(len(cids), len(set(cids)))
            by_seq = {event["seq"]: event for event in events}
            for (of, n), (in_epoch, seq, data) in self.acked.items():
                if of == room:
                    self.assertEqual((epoch, by_seq[seq]["data"]), (in_epoch, data), f"{room} {n}")

    def counted(self, name, worker="writer|reader|search"):
        """What threads of the store have counted."""
        with urllib.request.urlopen(f"http://127.0.0.1:{self.server.port}/metrics", timeout=60) as answer:
            found = re.findall(rf'^uproar_store_{name}_total{{worker="(?:{worker})"}} (\d+)', answer.read().decode(), re.M)
        return sum(map(int, found))

    def logged(self, event):
        return any(f" {event} " in line for line in self.server.lines)

    def power_cut(self, loss="drop", seed=1):
        """The server is dead or dies now; the next one finds what was synced."""
        if self.server.process.poll() is None:
            self.server.process.kill()
            self.server.process.wait()
        self.disk.order("cut", loss, seed)
        self.disk.order("heal")
        self.disk.order("up")
        self.start()

    def ends_by_itself(self):
        self.assertTrue(wait_until(lambda: self.server.process.poll() is not None, 10), "it goes on")
        self.assertEqual(self.server.ended(), EXIT_DISK, "\n".join(self.server.lines[-5:]))
        self.assertTrue(self.logged("store_failed"), self.server.lines)

    def nothing_acked(self, client, room, n):
        """The connection ends, or the send is refused; it is not acknowledged."""
        try:
            answer = self.send(client, room, n)
        except OSError:
            return
        self.assertNotIn("ok", answer)
        self.assertIn(answer["err"]["code"], ("unavailable", "internal"))

    # --- full ---

    def test_full_and_healed(self):
        client = self.client("general", "mem:live")
        self.fill(client, "general", 20)
        self.disk.order("space", 30000)
        refused = None
        for n in range(100, 200):
            answer = self.send(client, "general", n, 2000)
            self.assertIn("ok", self.send(client, "mem:live", n))
            if "err" in answer:
                refused = answer["err"]
                break
        self.assertIsNotNone(refused, "there was room for all of it")
        self.assertEqual(refused["code"], "storage_full")
        self.assertGreater(refused["retry_ms"], 0)
        for again in range(3):
            self.assertEqual(self.send(client, "general", 300 + again, 2000)["err"]["code"], "storage_full")
            self.assertIn("ok", self.send(client, "mem:live", 300 + again))
        self.assertGreaterEqual(self.server.metric("storage_full"), 4)
        self.assertGreaterEqual(self.counted("full"), 4)
        self.assertTrue(wait_until(lambda: self.logged("store_full")))
        self.assertIn("ok", client.ask(op="history", room="general", limit=5))
        self.disk.order("heal")
        for m in (n, 300, 301, 302, 400):
            self.assertTrue(wait_until(lambda m=m: "ok" in self.send(client, "general", m, 2000), 10))
        self.check_kept("general")
        self.power_cut()
        self.check_kept("general")

    def test_full_for_one_call(self):
        client = self.client("general")
        self.fill(client, "general", 5)
        # The fault is to meet a send. A server that finds nothing to be indexed writes nothing else.
        self.assertEqual(self.server.stop(), 0)
        self.start()
        client = self.client("general")
        self.assertTrue(wait_until(lambda: self.counted("maintained", "writer") > 0), "it has looked for what there is to index")
        self.disk.order("fail", "write", "ENOSPC", 1, "once", "-wal")
        answers = [self.send(client, "general", n) for n in range(10, 13)]
        self.assertEqual([answer.get("err", {}).get("code") for answer in answers], ["storage_full", None, None])
        self.power_cut()
        self.check_kept("general")

    # --- failing ---

    def fails_for_good(self, *fault):
        client = self.client("general")
        self.fill(client, "general", 20)
        self.disk.order("fail", *fault)
        self.nothing_acked(client, "general", 21)
        self.ends_by_itself()
        self.assertGreaterEqual(self.disk.state()["struck"], 1)
        self.power_cut()
        client = self.client("general")
        self.assertIn("ok", self.send(client, "general", 21))
        self.assertIn("ok", self.send(client, "general", 22))
        self.check_kept("general")

    def test_a_sync_that_fails_once(self):
        self.fails_for_good("fsync", "EIO", 1, "once")

    def test_a_sync_that_has_no_space_is_a_failed_sync(self):
        """What ENOSPC of an fsync left of the pages is as unknown as after EIO."""
        self.fails_for_good("fsync", "ENOSPC", 1, "once")

    def test_a_write_that_fails_once(self):
        self.fails_for_good("write", "EIO", 1, "once", "-wal")

    def test_a_sync_that_fails_under_many(self):
        client, other = self.client("general", "mem:live"), self.client("general")
        self.fill(client, "general", 20)
        self.disk.order("fail", "fsync", "EIO", 3, "once")
        for n in range(1000, 1050):
            other.say(op="send", id=n, room="general", cid=f"q:{n}", data=n)
        acked = []
        try:
            while True:
                answer = other.read()
                if "ok" in answer:
                    acked.append(answer["ok"]["seq"])
        except OSError:
            pass
        self.ends_by_itself()
        self.power_cut()
        self.check_kept("general")
        events, _ = self.history(self.client("general"), "general")
        self.assertLessEqual(set(acked), {event["seq"] for event in events})

    # --- unreadable and damaged ---

    def pages_of(self, room):
        """Where in the file nothing but messages of the room stands: (offset, size) of whole pages."""
        self.assertEqual(self.server.stop(), 0)
        path = self.disk.file(DATABASE)
        db = sqlite3.connect(path)
        db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        self.assertEqual(db.execute("PRAGMA page_size").fetchone()[0], PAGE)
        pages = [row[0] for row in db.execute("SELECT pageno FROM dbstat WHERE name = 'events' AND pagetype = 'leaf'")]
        db.close()
        self.disk.order("sync")
        with open(path, "rb") as file:
            content = file.read()
        found = []
        for page in pages:
            bytes_ = content[(page - 1) * PAGE : page * PAGE]
            if f"mark-{room}-".encode() in bytes_ and bytes_.count(b"mark-") == bytes_.count(f"mark-{room}-".encode()):
                found.append((page - 1) * PAGE)
        # What is added to the room that stands beside it in the table may move rows between the pages at its borders.
        self.assertGreater(len(found), 10)
        return found[4:-4]

    def one_room_is_refused(self):
        client = self.client("sound", "mem:live")
        answer = client.ask(op="join", room="hurt")
        self.assertIn("err", answer, "what cannot be read is served")
        self.assertIn(answer["err"]["code"], ("internal", "unavailable"))
        self.fill(client, "mem:live", 3)
        for n in range(1000, 1010):
            self.assertIn("ok", self.send(client, "sound", n))
        self.assertIn("err", client.ask(op="join", room="hurt"))
        self.check_kept("sound")
        self.assertIsNone(self.server.process.poll())

    def two_rooms(self):
        client = self.client("hurt", "sound")
        self.fill(client, "sound", 60, 700)
        self.fill(client, "hurt", 100, 700)
        return self.pages_of("hurt")

    def test_a_room_that_cannot_be_read(self):
        for offset in self.two_rooms()[:10]:
            self.disk.order("fail", "read", "EIO", 1, "on", DATABASE, offset, PAGE)
        self.start()
        self.one_room_is_refused()
        self.disk.order("heal")
        self.power_cut()
        self.check_kept("hurt", "sound")

    def damaged(self, change):
        for offset in self.two_rooms():
            with open(self.disk.file(DATABASE), "r+b") as file:
                change(file, offset)
        self.disk.order("sync")
        self.start()
        self.one_room_is_refused()
        self.assertGreater(self.counted("corrupt"), 0)
        self.assertTrue(wait_until(lambda: self.logged("log_corrupt"), 5))
        self.assertTrue(any("log_corrupt" in line and "hurt" in line for line in self.server.lines))
        self.power_cut()
        self.one_room_is_refused()

    def test_bits_of_a_message_are_flipped(self):
        def flip(file, offset):
            """One bit of one message in the page."""
            file.seek(offset)
            at = file.read(PAGE).index(b"-xxxx") + 3
            file.seek(offset + at)
            file.write(b"y")

        self.damaged(flip)

    def test_pages_are_garbage(self):
        def smash(file, offset):
            file.seek(offset)
            file.write(bytes(range(256)) * (PAGE // 256))

        self.damaged(smash)

    def test_pages_are_zeros(self):
        def blank(file, offset):
            file.seek(offset)
            file.write(bytes(PAGE))

        self.damaged(blank)

    # --- read-only and slow ---

    def test_a_directory_that_cannot_be_written(self):
        client = self.client("general")
        self.fill(client, "general", 3)
        self.assertEqual(self.server.stop(), 0)
        self.disk.order("read-only", "on")
        try:
            self.start()
        except RuntimeError:
            pass  # unless its output ended a moment before it did
        self.assertEqual(self.server.process.wait(10), EXIT_DATA)
        self.assertTrue(any(self.disk.path in line for line in self.server.lines), self.server.lines)
        self.disk.order("heal")
        self.start()
        self.check_kept("general")

    def test_it_becomes_read_only(self):
        client = self.client("general")
        self.fill(client, "general", 3)
        self.disk.order("read-only", "on")
        self.nothing_acked(client, "general", 4)
        self.power_cut()
        self.check_kept("general")

    def test_a_slow_sync_holds_up_its_own_alone(self):
        client, live = self.client("general"), self.client("mem:live")
        self.fill(client, "general", 3)
        self.disk.order("fsync-ms", 2000)
        began, ended, slowest = time.monotonic(), [], 0.0
        thread = threading.Thread(target=lambda: (self.send(client, "general", 4), ended.append(time.monotonic())))
        thread.start()
        n = 0
        while time.monotonic() - began < 1.5:
            n += 1
            sent = time.monotonic()
            self.assertIn("ok", self.send(live, "mem:live", n))
            slowest = max(slowest, time.monotonic() - sent)
            time.sleep(0.01)
        self.assertEqual(ended, [])
        thread.join(20)
        self.assertGreater(ended[0] - began, 1.99)
        self.assertIn(("general", 4), self.acked)
        self.assertLess(slowest, 1.5, "of the two seconds that the others wait")
        self.disk.order("heal")
        self.power_cut()
        self.check_kept("general")


if __name__ == "__main__":
    unittest.main()
