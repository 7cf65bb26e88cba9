"""Rooms in a PostgreSQL with a synchronous standby: nothing is acknowledged that only one of the two servers has."""
import os
import signal
import time
import unittest

from harness import Client, Server, free_port, wait_until
from postgres import Postgres


class Standby(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.primary = Postgres(in_memory=True).start()
        cls.addClassCleanup(cls.primary.close)
        cls.standby = Postgres(in_memory=True).start(cls.primary)
        cls.addClassCleanup(cls.standby.close)
        cls.primary.ask("ALTER SYSTEM SET synchronous_standby_names = 'standby'")
        cls.primary.ask("SELECT pg_reload_conf()")
        if not wait_until(lambda: cls.primary.ask("SELECT sync_state FROM pg_stat_replication") == ["sync"], 30):
            raise RuntimeError("no standby: " + cls.standby.lines())

    def setUp(self):
        self.url = self.primary.database()
        self.port = free_port()
        self.server = self.uproar()
        self.client = Client(self.port, "Ann")
        self.client.ask(op="join", room="r")
        self.assertEqual(self.client.ask(op="send", room="r", cid="a:1", data=1)["ok"]["seq"], 1)
        self.receiver = int(self.standby.ask("SELECT pid FROM pg_stat_wal_receiver")[0])

    def uproar(self):
        server = Server("--store", self.url, port=self.port).start()
        self.addCleanup(server.__exit__)
        return server

    def freeze(self):
        os.kill(self.receiver, signal.SIGSTOP)
        self.addCleanup(self.thaw)

    def thaw(self):
        os.kill(self.receiver, signal.SIGCONT)

    def send(self):
        """The answer comes some time later, in answer()."""
        self.client.say(op="send", room="r", cid="a:2", data=2, id=2000)

    def answer(self, seconds):
        """What it was, or None."""
        self.client.socket.settimeout(seconds)
        try:
            while (message := self.client.read()).get("re") != 2000:
                pass
            return message
        except TimeoutError:
            return None
        finally:
            self.client.socket.settimeout(20)

    def waiting(self):
        """The process of a writer whose commit waits for the standby."""
        return self.primary.ask("SELECT pid FROM pg_stat_activity WHERE wait_event = 'SyncRep' AND application_name ="
                                f" 'uproar writer' AND datname = '{self.url.split('/')[3].split('?')[0]}'")

    def kept_by_both(self):
        url = self.url.replace(self.primary.directory, self.standby.directory)
        url = url.replace(f"port={self.primary.port}", f"port={self.standby.port}")
        query = "SELECT seq, data FROM uproar.event ORDER BY seq"
        self.assertEqual(self.primary.ask(query, self.url), ["1\t1", "2\t2"])
        self.assertTrue(wait_until(lambda: self.standby.ask(query, url) == ["1\t1", "2\t2"], 20))

    def test_a_standby_that_comes_back_is_waited_for(self):
        self.freeze()
        self.send()
        self.assertIsNone(self.answer(8))
        self.assertEqual(len(self.waiting()), 1, "its wait goes on")
        self.assertEqual(self.primary.ask("SELECT seq FROM uproar.event", self.url), ["1"], "nobody sees it yet")
        self.thaw()
        self.assertEqual(self.answer(20)["ok"]["seq"], 2)
        self.kept_by_both()

    def test_nothing_is_acknowledged_while_it_is_away(self):
        self.freeze()
        self.send()
        end = time.monotonic() + 20
        while time.monotonic() < end:
            answer = self.answer(end - time.monotonic())
            if answer:
                self.assertEqual(answer["err"]["code"], "unavailable")
                time.sleep(0.5)
                self.send()
        self.client.close()
        self.thaw()
        self.assertEqual(self.server.ended(), 74, "its store has more than it knows")
        self.server = self.uproar()
        self.client = Client(self.port, "Ann")
        self.client.ask(op="join", room="r")
        again = self.client.ask(op="send", room="r", cid="a:2", data=2)["ok"]
        self.assertEqual((again["seq"], again["dup"]), (2, True))
        self.kept_by_both()

    def test_a_wait_that_people_cancel_is_no_acknowledgement(self):
        self.freeze()
        self.send()
        for end in ("pg_cancel_backend", "pg_cancel_backend", "pg_terminate_backend", "pg_cancel_backend"):
            self.assertTrue(wait_until(self.waiting, 10), end)
            before = self.waiting()
            self.primary.ask(f"SELECT {end}({before[0]})")
            self.assertTrue(wait_until(lambda: self.waiting() not in ([], before), 5), f"{end}: it waits again")
        self.assertIsNone(self.answer(1))
        self.thaw()
        self.assertEqual(self.answer(20)["ok"]["seq"], 2)
        self.kept_by_both()


if __name__ == "__main__":
    unittest.main()
