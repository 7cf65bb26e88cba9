"""Rooms whose log is in PostgreSQL: a real server, killed and ended in every way while people talk."""
import os
import shutil
import signal
import subprocess
import threading
import time
import unittest

from harness import BUILD, ROOT, Client, Server, free_port, wait_until
from postgres import WithPostgres

LATER = ("unavailable", "internal", "storage_full")


class Talker(threading.Thread):
    """Sends numbered messages, each again until it is acknowledged, over as many connections as that takes."""

    def __init__(self, port, room, producer):
        super().__init__(daemon=True)
        self.port, self.room, self.producer = port, room, producer
        self.acked = {}  # n: seq
        self.refused = 0
        self.connections = 0
        self.enough = False
        self.trouble = None

    def run(self):
        n = 1
        while not self.enough:
            try:
                client = Client(self.port, self.producer, timeout=40)
                self.connections += 1
                try:
                    if "ok" not in client.ask(op="join", room=self.room, echo=False):
                        time.sleep(0.02)
                        continue
                    while not self.enough:
                        answer = client.ask(op="send", room=self.room, cid=f"{self.producer}:{n}", data=n)
                        if "ok" in answer:
                            self.acked[n] = answer["ok"]["seq"]
                            n += 1
                        elif answer["err"]["code"] in LATER:
                            self.refused += 1
                            time.sleep(0.02)
                        else:
                            self.trouble = answer
                            return
                finally:
                    client.close()
            except (OSError, ConnectionError):
                time.sleep(0.02)


class Listener(threading.Thread):
    """In a room from its first message on; comes back to where it was."""

    def __init__(self, port, room):
        super().__init__(daemon=True)
        self.port, self.room = port, room
        self.seen = []  # (seq, cid)
        self.epoch = None
        self.enough = False
        self.resets = 0

    def take(self, event):
        if event.get("ev") == "msg":
            self.seen.append((event["seq"], event["cid"]))
        elif event.get("ev") == "notice" and event["code"] == "lagged":
            self.resets += 1

    def run(self):
        while not self.enough:
            try:
                client = Client(self.port, "Listener", timeout=1)
                try:
                    since = {"seq": self.seen[-1][0] if self.seen else 0, "epoch": self.epoch} if self.epoch else None
                    answer = client.ask(op="join", room=self.room, **({"since": since} if since else {"limit": 200}))
                    if "ok" not in answer:
                        time.sleep(0.02)
                        continue
                    self.resets += answer["ok"].get("recovered") is False
                    self.epoch = answer["ok"]["epoch"]
                    for event in answer["ok"]["events"]:
                        self.take(event)
                    while not self.enough:
                        try:
                            self.take(client.event())
                        except TimeoutError:
                            continue
                finally:
                    client.close()
            except (OSError, ConnectionError):
                time.sleep(0.02)


class PostgresStore(WithPostgres, unittest.TestCase):
    def setUp(self):
        super().setUp()
        self.port = free_port()

    def uproar(self, *options):
        server = Server("--cores", "2", "--send-rate", "0", "--command-rate", "0", "--store", self.url, *options,
                        port=self.port).start()
        self.addCleanup(server.__exit__)
        return server

    def talk(self, count, room="talk"):
        talkers = [Talker(self.port, room, f"p{i}") for i in range(count)]
        listener = Listener(self.port, room)
        self.addCleanup(self.hush, talkers, listener)
        for thread in [listener] + talkers:
            thread.start()
        return talkers, listener

    def hush(self, talkers, listener):
        for talker in talkers:
            talker.enough = True
        for talker in talkers:
            talker.join(60)
        listener.enough = True
        listener.join(30)

    def acked(self, talkers):
        return sum(len(talker.acked) for talker in talkers)

    def goes_on(self, talkers, seconds=120):
        """Everybody has a further message acknowledged."""
        before = [len(talker.acked) for talker in talkers]
        self.assertTrue(wait_until(lambda: all(len(t.acked) > n for t, n in zip(talkers, before)), seconds),
                        f"nobody answers any more: {self.postgres.lines()}")

    def judge(self, talkers, listener, room="talk"):
        """What was acknowledged is there, once, where it was said to be, and came to who listened in that order."""
        for talker in talkers:
            talker.enough = True
        for talker in talkers:
            talker.join(60)
            self.assertFalse(talker.is_alive())
            self.assertIsNone(talker.trouble)
        rows = [line.split("\t") for line in self.postgres.ask(
            "SELECT e.seq, e.producer, e.number FROM uproar.event e JOIN uproar.room r ON r.id = e.room"
            f" WHERE r.name = '{room}' ORDER BY e.seq", self.url)]
        self.assertEqual([int(row[0]) for row in rows], list(range(1, len(rows) + 1)), "seqs run without holes")
        kept = {(row[1], int(row[2])): int(row[0]) for row in rows}
        self.assertEqual(len(kept), len(rows), "nothing is doubled")
        for talker in talkers:
            for n, seq in talker.acked.items():
                self.assertEqual(kept.get((talker.producer, n)), seq, f"{talker.producer}:{n}")
        self.assertTrue(wait_until(lambda: listener.seen and listener.seen[-1][0] == len(rows), 20),
                        f"{listener.seen[-1:]} of {len(rows)}")
        self.assertEqual([seq for seq, _ in listener.seen], list(range(1, len(rows) + 1)))
        self.assertEqual([cid for _, cid in listener.seen], [f"{row[1]}:{row[2]}" for row in rows])
        self.assertEqual(listener.resets, 0)

    def test_a_room_is_where_it_was_after_a_restart(self):
        server = self.uproar()
        ann = Client(self.port, "Ann")
        ann.ask(op="join", room="r")
        first = ann.ask(op="send", room="r", cid="a:1", data={"text": "red eggs"})["ok"]
        self.assertEqual((first["class"], first["seq"]), ("disk", 1))
        ann.ask(op="edit", room="r", target=1, data={"text": "Blue eggs"})
        ann.ask(op="react", room="r", target=1, key="👍", on=True)
        ann.close()
        self.assertEqual(server.stop(), 0)
        self.uproar()
        ann = Client(self.port, "Ann")
        room = ann.ask(op="join", room="r")["ok"]
        self.assertEqual([event["ev"] for event in room["events"]], ["msg", "edit", "react"])
        self.assertEqual((room["epoch"], room["seq"], room["first"]), (first["epoch"], 3, 1))
        again = ann.ask(op="send", room="r", cid="a:1", data={"text": "red eggs"})["ok"]
        self.assertEqual((again["seq"], again["ts"], again["dup"]), (1, first["ts"], True))
        found = ann.ask(op="search", room="r", query="blue EGGS")["ok"]["events"]
        self.assertEqual([(event["seq"], event["data"]["text"], event["rev"]) for event in found], [(1, "Blue eggs", 1)])
        self.assertEqual(ann.ask(op="search", room="r", query="red")["ok"]["events"], [])
        self.assertEqual(self.postgres.ask("SELECT room, seq, author, data, edits FROM uproar.message", self.url),
                         ['r\t1\tAnn\t{"text": "Blue eggs"}\t1'])
        ann.close()

    def test_a_silent_room_keeps_what_is_configured_by_now(self):
        def rows():
            return self.postgres.ask("SELECT count(*) FROM uproar.event", self.url)[0]

        server = self.uproar("--room-classes", "* age=4s")
        ann = Client(self.port, "Ann")
        ann.ask(op="join", room="r")
        said = time.monotonic()
        ann.ask(op="send", room="r", data=1)
        ann.close()
        server.stop()
        time.sleep(max(0, said + 5 - time.monotonic()))
        server = self.uproar("--room-classes", "* age=0")  # which first looks for what is too old
        ann = Client(self.port, "Ann")
        ann.ask(op="join", room="other")
        ann.ask(op="send", room="other", data=2)
        time.sleep(1)
        self.assertEqual(rows(), "2")
        self.assertEqual([event["data"] for event in ann.ask(op="join", room="r")["ok"]["events"]], [1])
        ann.close()
        server.stop()
        self.uproar("--room-classes", "* age=1s")
        self.assertTrue(wait_until(lambda: self.postgres.ask(
            "SELECT count(*) FROM uproar.room WHERE first > last", self.url) == ["2"]))

    def test_kill_9_of_uproar(self):
        server = self.uproar()
        talkers, listener = self.talk(4)
        self.goes_on(talkers)
        for _ in range(int(os.environ.get("POSTGRES_KILLS", 5))):
            time.sleep(0.3)
            server.process.kill()
            server.process.wait()
            server = self.uproar()
            self.goes_on(talkers)
        self.judge(talkers, listener)
        self.assertGreater(self.acked(talkers), 100)

    def test_the_writers_session_is_ended(self):
        self.uproar()
        talkers, listener = self.talk(4)
        self.goes_on(talkers)
        ended = 0
        for _ in range(10):
            time.sleep(0.1)
            ended += len(self.postgres.ask("SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                                           " WHERE application_name LIKE 'uproar %'", self.url))
            self.goes_on(talkers)
        self.judge(talkers, listener)
        self.assertGreaterEqual(ended, 10)

    def test_kill_9_of_the_databases_processes(self):
        """The whole server starts anew then, and recovers."""
        server = self.uproar()
        talkers, listener = self.talk(4)
        self.goes_on(talkers)
        for _ in range(int(os.environ.get("POSTGRES_BACKEND_KILLS", 4))):
            time.sleep(0.3)
            for pid in self.postgres.backends("uproar writer", self.url):
                os.kill(pid, signal.SIGKILL)
            self.goes_on(talkers)
        self.judge(talkers, listener)
        self.assertIsNone(server.process.poll(), "it was the same process all the time")

    def test_the_database_is_away_for_a_while(self):
        server = self.uproar()
        talkers, listener = self.talk(2)
        self.goes_on(talkers)
        self.postgres.stop()
        try:
            live = Client(self.port, "Live")
            live.ask(op="join", room="mem:live")
            self.assertTrue(wait_until(lambda: all(talker.refused > 0 for talker in talkers), 30))
            self.assertEqual(live.ask(op="send", room="mem:live", data=1)["ok"]["class"], "memory")
            self.assertEqual(live.ask(op="join", room="cold")["err"]["code"], "unavailable")
            live.close()
        finally:
            self.postgres.run()
        self.goes_on(talkers)
        self.judge(talkers, listener)
        self.assertIsNone(server.process.poll())

    def restart_postgres(self, copied, to):
        """With the data of another time."""
        self.postgres.stop()
        try:
            shutil.rmtree(to, ignore_errors=True)
            subprocess.run(["cp", "-a", copied, to], check=True)
        finally:
            self.postgres.run()

    def test_a_database_that_has_lost_messages_gives_no_seq_twice(self):
        """As after a failover to a replica that was behind."""
        def send(client, n, room="r"):
            while True:
                answer = client.ask(op="send", room=room, cid=f"a:{n}", data=n)
                if "ok" in answer:
                    return answer["ok"]
                self.assertIn(answer["err"]["code"], LATER)
                time.sleep(0.02)

        older = self.postgres.data + "-older"
        server = self.uproar()
        ann = Client(self.port, "Ann", timeout=40)
        epochs = {}
        for room in ("r", "cold"):
            epochs[room] = ann.ask(op="join", room=room)["ok"]["epoch"]
            send(ann, 1, room)
        self.restart_postgres(self.postgres.data, older)
        for n in range(2, 6):
            self.assertEqual(send(ann, n)["seq"], n)
        self.restart_postgres(older, self.postgres.data)
        with self.assertRaises(ConnectionError):
            send(ann, 6)
        self.assertEqual(server.ended(), 74)
        self.assertTrue([line for line in server.lines if "store_went_back" in line], server.lines[-9:])
        ann.close()
        self.uproar()
        ann = Client(self.port, "Ann")
        room = ann.ask(op="join", room="r", since={"seq": 5, "epoch": epochs["r"]})["ok"]
        self.assertEqual((room["recovered"], room["reason"], room["seq"]), (False, "epoch", 1))
        room = ann.ask(op="join", room="cold", since={"seq": 1, "epoch": epochs["cold"]})["ok"]
        self.assertEqual((room["recovered"], room["reason"]), (False, "epoch"))
        self.assertEqual(send(ann, 5)["seq"], 2)
        ann.close()

    def test_a_second_uproar_is_refused_and_takes_over_when_the_first_ends(self):
        first = self.uproar()
        binary = os.path.join(BUILD if os.path.isabs(BUILD) else os.path.join(ROOT, BUILD), "uproar")
        second = subprocess.run([binary, "--listen", "127.0.0.1:0", "--data", "", "--store", self.url], timeout=60,
                                stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        self.assertNotEqual(second.returncode, 0)
        self.assertIn("another Uproar writes to this database", second.stdout)
        self.assertEqual(first.stop(), 0)
        self.uproar()

    def test_an_owner_of_a_database_needs_no_more_rights(self):
        self.postgres.ask("CREATE ROLE owner LOGIN")
        self.postgres.ask("CREATE DATABASE owned OWNER owner TEMPLATE template0")
        self.url = self.postgres.url("owned").replace("user=uproar", "user=owner")
        self.uproar()
        ann = Client(self.port, "Ann")
        ann.ask(op="join", room="r")
        self.assertEqual(ann.ask(op="send", room="r", data=1)["ok"]["class"], "disk")
        ann.close()

    def test_what_cannot_work_is_said(self):
        self.postgres.ask("CREATE ROLE stranger LOGIN")
        for url, said in ((self.url.replace("user=uproar", "user=stranger"), "GRANT CREATE ON DATABASE"),
                          ("postgres://ann:secret@[::1", "no address"),
                          (self.postgres.url("nowhere"), "does not exist")):
            binary = os.path.join(BUILD if os.path.isabs(BUILD) else os.path.join(ROOT, BUILD), "uproar")
            done = subprocess.run([binary, "--listen", "127.0.0.1:0", "--data", "", "--store", url], timeout=60,
                                  stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
            self.assertNotEqual(done.returncode, 0)
            self.assertIn(said, done.stdout)
            self.assertNotIn("secret", done.stdout)


if __name__ == "__main__":
    unittest.main()
