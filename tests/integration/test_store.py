"""Rooms of class disk: what was acknowledged is there after a restart, a kill, a full disk; and who may not begin."""
import os
import pwd
import re
import signal
import sqlite3
import subprocess
import threading
import time
import unittest
import urllib.request

from harness import BUILD, ROOT, Client, Server, temporary, wait_until
from test_reload import Configured

BINARY = os.path.join(ROOT, BUILD, "uproar")
FAST = ("--send-rate", "0", "--command-rate", "0", "--drain", "0", "--linger", "200ms")
DATA_FAILED, DISK_FAILED = 73, 74


def joined(server, name="Ann", room="r", **more):
    client = Client(server.port, name)
    answer = client.ask(op="join", room=room, **more)["ok"]
    return client, answer


def send(client, number, room="r", size=10):
    return client.ask(op="send", room=room, cid=f"p:{number}", data={"n": number, "x": "x" * size})


def all_of(client, room="r"):
    """Every event that history gives, from the first on, page by page."""
    events, after = [], 0
    while True:
        page = client.ask(op="history", room=room, after=after, limit=200)["ok"]
        events += page["events"]
        if not page["more"]:
            return events
        after = events[-1]["seq"]


class Kept(unittest.TestCase):
    def test_over_a_restart(self):
        with temporary() as data:
            with Server(*FAST, data=data) as server:
                ann, answer = joined(server)
                self.assertEqual(answer["class"], "disk")
                acks = [send(ann, n)["ok"] for n in range(1, 301)]
                self.assertEqual([ack["seq"] for ack in acks], list(range(1, 301)))
                self.assertEqual({ack["class"] for ack in acks}, {"disk"})
                ann.ask(op="edit", room="r", target=300, data="edited")
                ann.ask(op="del", room="r", target=299)
                ann.close()
                self.assertEqual(server.stop(), 0)
            with Server(*FAST, data=data) as server:
                bob, answer = joined(server, "Bob")
                self.assertEqual((answer["seq"], answer["first"], answer["epoch"]), (302, 1, acks[0]["epoch"]))
                events = all_of(bob)
                self.assertEqual([event["seq"] for event in events], list(range(1, 303)))
                self.assertEqual([event["data"]["n"] for event in events[:298]], list(range(1, 299)))
                self.assertTrue(events[298]["deleted"])
                again = send(joined(server)[0], 7)["ok"]
                self.assertEqual((again["seq"], again.get("dup")), (7, True))
                self.assertEqual(send(bob, 1000)["ok"]["seq"], 303)

    def test_a_member_goes_on_where_it_was(self):
        with temporary() as data:
            server = Server(*FAST, data=data).start()
            ann, answer = joined(server)
            for n in range(1, 11):
                send(ann, n)
            server.process.kill()
            server.process.wait()
            with server:
                _, again = joined(server, since={"seq": 4, "epoch": answer["epoch"]})
                self.assertTrue(again["recovered"])
                self.assertEqual([event["seq"] for event in again["events"]], list(range(5, 11)))

    def all_acknowledged(self, end, options=()):
        """Three lives, each ended by end(server) while four talk."""
        with temporary() as data:
            acked = []

            def talk(server, name, first):
                client, _ = joined(server, name)
                try:
                    for number in range(first, first + 10**6):
                        acked.append((number, send(client, number)["ok"]["seq"]))
                except (ConnectionError, OSError, KeyError):
                    client.close()

            for life in range(3):
                with Server(*FAST, "--cores", "2", *options, data=data) as server:
                    threads = [threading.Thread(target=talk, args=(server, f"u{n}", (life * 4 + n + 1) * 10**7))
                               for n in range(4)]
                    for thread in threads:
                        thread.start()
                    before = len(acked)
                    self.assertTrue(wait_until(lambda: len(acked) > before + 100), "they talk")
                    end(server)
                    for thread in threads:
                        thread.join(20)
            with Server(*FAST, data=data) as server:
                bob, _ = joined(server, "Bob")
                events = all_of(bob)
            self.assertGreater(len(acked), 20)
            self.assertEqual([event["seq"] for event in events], list(range(1, len(events) + 1)))
            numbers = {event["seq"]: event["data"]["n"] for event in events}
            self.assertEqual(len(set(numbers.values())), len(numbers), "each once")
            self.assertEqual([(n, s) for n, s in acked if numbers.get(s) != n], [])

    def test_all_that_was_acknowledged_before_a_kill(self):
        def kill(server):
            server.process.kill()
            server.process.wait()

        self.all_acknowledged(kill)

    def test_all_that_was_acknowledged_before_a_drain(self):
        self.all_acknowledged(lambda server: self.assertEqual(server.stop(), 0))

    def test_all_that_was_acknowledged_before_a_second_signal(self):
        def twice(server):
            server.process.send_signal(signal.SIGTERM)
            self.assertTrue(wait_until(lambda: any(" drain " in line for line in server.lines)), "it has begun to drain")
            self.assertIn(server.stop(), (0, 1))

        self.all_acknowledged(twice, ("--drain", "1m"))

    def test_all_that_was_acknowledged_where_little_may_wait(self):
        self.all_acknowledged(lambda server: self.assertEqual(server.stop(), 0),
                              ("--store-queue", "16", "--store-batch", "1", "--store-batch-size", "64K"))

    def test_a_person_reads_it_with_sqlite3(self):
        with temporary() as data, Server(*FAST, data=data) as server:
            ann, _ = joined(server)
            send(ann, 1)
            with sqlite3.connect(f"file:{data}/uproar.db?mode=ro", uri=True) as file:
                self.assertEqual(len(file.execute("SELECT * FROM messages WHERE room = 'r'").fetchall()), 1)

    def test_without_a_disk_rooms_are_in_memory(self):
        for words in (("--data", ""), ("--store", "none")):
            with self.subTest(words), temporary() as directory:
                with Server(*FAST, *(words if words[0] != "--data" else ()),
                            data=None if words[0] == "--data" else directory) as server:
                    _, answer = joined(server)
                    self.assertEqual(answer["class"], "memory")
                    self.assertFalse(os.path.exists(os.path.join(directory, "uproar.db")))

    def test_rooms_of_a_name_are_in_memory(self):
        with temporary() as data:
            server = Server(*FAST, data=data).start()
            ann, answer = joined(server, room="mem:r")
            self.assertEqual(answer["class"], "memory")
            send(ann, 1, room="mem:r")
            server.process.kill()
            server.process.wait()
            with server:
                self.assertEqual(joined(server, room="mem:r")[1]["seq"], 0)

    def test_a_store_in_memory(self):
        with Server(*FAST, "--store", "memory") as server:
            ann, answer = joined(server)
            self.assertEqual(answer["class"], "disk")
            self.assertEqual([send(ann, n)["ok"]["seq"] for n in (1, 2, 1)], [1, 2, 1])


class Ages(unittest.TestCase):
    """What a room that nobody speaks in keeps is what is configured by now, not what was at its last message."""

    def rows(self, data):
        with sqlite3.connect(f"file:{data}/uproar.db?mode=ro", uri=True) as file:
            return file.execute("SELECT count(*) FROM events").fetchone()[0]

    def test_more_after_a_restart(self):
        with temporary() as data:
            with Server(*FAST, "--room-classes", "* age=4s", data=data) as server:
                ann, _ = joined(server)
                said = time.monotonic()
                send(ann, 1)
                ann.close()
            with Server(*FAST, "--room-classes", "* age=0", data=data) as server:
                time.sleep(max(0, said + 5 - time.monotonic()))
                # A slice comes soon after a batch, so that this one has passed what would be dropped.
                bob, _ = joined(server, "Bob", "other")
                send(bob, 2, "other")
                time.sleep(1)
                self.assertEqual(self.rows(data), 2)
                self.assertEqual([event["seq"] for event in joined(server)[1]["events"]], [1])

    def test_less_after_a_restart(self):
        with temporary() as data:
            with Server(*FAST, "--room-classes", "* age=0", data=data) as server:
                send(joined(server)[0], 1)
            self.assertEqual(self.rows(data), 1)
            with Server(*FAST, "--room-classes", "* age=1s", data=data):
                self.assertTrue(wait_until(lambda: self.rows(data) == 0))

    def test_by_a_reload(self):
        with temporary() as data, Configured('room-classes = "* age=4s";\n', *FAST, data=data) as it:
            ann, _ = joined(it.server)
            said = time.monotonic()
            send(ann, 1)
            it.reload('room-classes = "* age=0";\n')
            time.sleep(max(0, said + 5 - time.monotonic()))
            send(joined(it.server, "Bob", "other")[0], 2, "other")
            time.sleep(1)
            self.assertEqual(self.rows(data), 2)
            it.reload('room-classes = "* age=1s";\n')
            self.assertTrue(wait_until(lambda: self.rows(data) == 0))


class Figures(unittest.TestCase):
    def test_what_the_threads_did(self):
        with temporary() as data, Server(*FAST, data=data) as server:
            ann, _ = joined(server)
            for n in range(20):
                send(ann, n + 1)
            with urllib.request.urlopen(f"http://127.0.0.1:{server.port}/metrics", timeout=60) as answer:
                text = answer.read().decode()
            found = {key: float(value) for key, value in re.findall(r"^(uproar_store_\S+) (\S+)$", text, re.M)}
            self.assertEqual(found['uproar_store_jobs_total{worker="writer"}'], 20)
            self.assertEqual(found['uproar_store_jobs_total{worker="reader"}'], 1)
            self.assertEqual(found['uproar_store_batch_seconds_count{worker="writer"}'], 20)
            self.assertEqual(found['uproar_store_batch_seconds_bucket{worker="writer",le="+Inf"}'], 20)
            self.assertGreater(found['uproar_store_batch_seconds_sum{worker="writer"}'], 0)
            self.assertEqual(found['uproar_store_waiting{core="0"}'], 0)

    def test_threads_have_names(self):
        with temporary() as data, Server(*FAST, data=data) as server:
            tasks = f"/proc/{server.process.pid}/task"
            names = {open(f"{tasks}/{task}/comm").read().strip() for task in os.listdir(tasks)}
            self.assertLessEqual({"uproar/writer", "uproar/reader", "uproar/search"}, names)


class CannotBegin(unittest.TestCase):
    def wrong(self, status, said, *words, before=None):
        done = subprocess.run([BINARY, "--listen", "127.0.0.1:0", "--log-level", "error", *words], text=True,
                              capture_output=True, timeout=20, preexec_fn=before)
        self.assertEqual(done.returncode, status, done.stderr)
        self.assertIn(said, done.stderr)

    def test_a_second_process_on_the_data(self):
        with temporary() as data, Server(*FAST, data=data) as server:
            ann, _ = joined(server)
            self.wrong(DATA_FAILED, "another process uses it", "--data", data)
            self.assertEqual(send(ann, 1)["ok"]["seq"], 1)

    def test_a_file_that_is_no_database(self):
        with temporary() as data:
            with open(os.path.join(data, "uproar.db"), "wb") as file:
                file.write(b"this is not what it should be " * 1000)
            self.wrong(DATA_FAILED, "uproar.db", "--data", data)

    def test_a_store_of_no_kind(self):
        self.wrong(64, "takes sqlite, postgres://..., memory or none", "--data", "", "--store", "oracle")

    @unittest.skipUnless(os.getuid() == 0, "needs root, to be somebody else")
    def test_a_directory_that_may_only_be_read(self):
        with temporary() as data:
            nobody = pwd.getpwnam("nobody")
            os.chmod(data, 0o555)

            def before():
                os.setgroups([])
                os.setgid(nobody.pw_gid)
                os.setuid(nobody.pw_uid)
            if subprocess.run(["test", "-x", BINARY], preexec_fn=before).returncode != 0:
                self.skipTest("others may not run the program")
            self.wrong(DATA_FAILED, "Permission denied", "--data", data, before=before)


class FullDisk(unittest.TestCase):
    def setUp(self):
        """A small file system of its own, where that may be made."""
        self.directory = temporary()
        self.addCleanup(self.directory.cleanup)
        mount = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=3m", "none", self.directory.name], capture_output=True)
        if mount.returncode != 0:
            self.skipTest("no right to mount")
        self.addCleanup(subprocess.run, ["umount", "-l", self.directory.name])

    def test_is_told_and_heals(self):
        data, ballast = os.path.join(self.directory.name, "data"), os.path.join(self.directory.name, "ballast")
        with open(ballast, "wb") as file:
            file.write(b"x" * (1 << 20))
        with Server(*FAST, data=data) as server:
            ann, _ = joined(server)
            bob, _ = joined(server, "Bob", room="mem:r")
            acked, answer = [], None
            for number in range(1, 2000):
                answer = send(ann, number, size=8000)
                if "err" in answer:
                    break
                acked.append(answer["ok"]["seq"])
            self.assertEqual(answer["err"]["code"], "storage_full")
            self.assertGreater(answer["err"]["retry_ms"], 0)
            self.assertEqual(acked, list(range(1, len(acked) + 1)))
            self.assertIn("ok", send(bob, 1, room="mem:r"), "rooms in memory go on")
            self.assertEqual(len(all_of(ann)), len(acked), "what is kept can be read")
            self.assertGreater(server.metric("storage_full"), 0)
            self.assertTrue(wait_until(lambda: any("store_full" in line for line in server.lines)))
            os.remove(ballast)
            self.assertTrue(wait_until(lambda: "ok" in send(ann, number), 10), "it heals by itself")
            again = send(ann, number)["ok"]
            self.assertEqual((again["seq"], again.get("dup")), (len(acked) + 1, True))
            self.assertTrue(wait_until(lambda: any("store_has_room" in line for line in server.lines)))
            server.process.kill()
            server.process.wait()
            with Server(*FAST, data=data) as after:
                _, answer = joined(after)
                self.assertEqual(answer["seq"], len(acked) + 1)


if __name__ == "__main__":
    unittest.main()
