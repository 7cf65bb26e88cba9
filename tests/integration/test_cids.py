"""A cid is its author's: who takes another's changes nothing of theirs, in a room of any class; and who is given another
name with each connection is still known by it."""
import hashlib
import os
import unittest

from harness import Client, Server, temporary
from postgres import WithPostgres
from test_api import Http, write_keys

FREE = ("--cores", "2", "--send-rate", "0", "--command-rate", "0", "--drain", "0", "--linger", "200ms")


def idempotent(key, by):
    """The cid that the API makes of an Idempotency-Key: nothing in it is secret."""
    digest = hashlib.sha256(f"@{by}:{key}".encode()).digest()
    digits = "".join(f"{digest[i // 2] >> 4 if i % 2 else digest[i // 2] & 15:x}" for i in range(5, 32))
    return f"idem-{digits}:1"


class Cids:
    """In each class of room."""
    room = "r"

    def serve(self, *options):
        """The server of a test, over what was kept before."""
        raise NotImplementedError

    def server(self, *options):
        server = self.serve(*FREE, "--api-keys", self.keys, *options)
        self.addCleanup(server.__exit__)
        return server

    def setUp(self):
        folder = temporary()
        self.addCleanup(folder.cleanup)
        self.folder = folder.name
        self.keys = write_keys(os.path.join(self.folder, "keys"))

    def join(self, server, name=None):
        client = Client(server.port, name)
        if name is None:
            client.hello = client.ask(op="hello")
        self.addCleanup(client.close)
        self.assertIn("ok", client.ask(op="join", room=self.room))
        return client

    def say(self, client, cid, data=0, dup=False, **how):
        """Its seq, acknowledged as an earlier one or not."""
        ok = client.ask(**{"op": "send", "room": self.room, "cid": cid, "data": data, **how})["ok"]
        self.assertEqual(ok.get("dup", False), dup, (cid, data, ok))
        return ok["seq"]

    def texts(self, client):
        page = client.ask(op="history", room=self.room, limit=200)["ok"]["events"]
        return [(event["from"], event["cid"], event.get("data")) for event in page if event["ev"] == "msg"]

    def test_who_takes_anothers_cid_changes_nothing_of_theirs(self):
        server = self.server()
        ann, bob = self.join(server, "Ann"), self.join(server, "Bob")
        self.assertEqual(self.say(ann, "p:1", "hello"), 1)
        self.assertEqual(self.say(bob, "p:2", "taken"), 2)
        self.assertEqual(self.say(ann, "p:2", "kept"), 3)
        self.assertEqual(self.say(ann, "p:2", "again", dup=True), 3)
        self.assertEqual(self.say(bob, "p:2", "again", dup=True), 2)
        self.assertEqual(self.texts(bob), [("Ann", "p:1", "hello"), ("Bob", "p:2", "taken"), ("Ann", "p:2", "kept")])

    def test_nor_by_a_reaction(self):
        server = self.server()
        ann, bob = self.join(server, "Ann"), self.join(server, "Bob")
        self.say(ann, "p:1", "hello")
        for n in (2, 3, 4):
            self.assertEqual(self.say(bob, f"p:{n}", op="react", target=1, key=str(n), on=True), n)
        self.assertEqual(self.say(ann, "p:2", "kept"), 5)
        self.assertEqual(self.say(ann, "p:3", "edited", op="edit", target=1), 6)
        self.assertEqual(self.say(ann, "p:4", op="react", target=1, key="+", on=True), 7)
        self.assertEqual(self.say(ann, "p:5", op="del", target=5), 8)
        for n, seq in ((2, 5), (3, 6), (4, 7), (5, 8)):
            self.assertEqual(self.say(ann, f"p:{n}", dup=True), seq)
            if n < 5:
                self.assertEqual(self.say(bob, f"p:{n}", dup=True), n)

    def test_nor_of_the_api(self):
        server = self.server()
        bob = self.join(server, "Bob")
        self.say(bob, idempotent("order-1", "shop"), "taken")
        seqs = []
        for _ in range(2):
            http = Http(server.port)
            http.send(http.request("POST", "/api/v1/publish", {"room": self.room, "data": "order"}, key="shop",
                                   fields="Idempotency-Key: order-1\r\n"))
            status, _, ack = http.answer()
            http.socket.close()
            self.assertEqual(status, 200, ack)
            seqs.append((ack["seq"], ack.get("dup", False)))
        self.assertEqual(seqs, [(2, False), (2, True)])
        cid = idempotent("order-1", "shop")
        self.assertEqual(self.texts(bob), [("Bob", cid, "taken"), ("@shop", cid, "order")])

    def test_a_guest_who_has_another_name_after_a_reconnect(self):
        server = self.server("--guests", "anonymous")
        guest = self.join(server)
        self.assertEqual(self.say(guest, "p:1", "once"), 1)
        guest.close()
        again = self.join(server)
        self.assertNotEqual(again.hello["ok"]["user"], guest.hello["ok"]["user"])
        self.assertEqual(self.say(again, "p:1", "once", dup=True), 1)
        self.assertEqual(self.say(again, "p:2", "twice"), 2)


class InMemory(Cids, unittest.TestCase):
    def serve(self, *options):
        return Server("--store", "none", *options).start()


class InSqlite(Cids, unittest.TestCase):
    def serve(self, *options):
        return Server(*options, data=os.path.join(self.folder, "data")).start()

    def test_over_a_restart(self):
        server = self.server()
        ann, bob = self.join(server, "Ann"), self.join(server, "Bob")
        self.say(bob, "p:1", "taken")
        self.say(ann, "p:1", "kept")
        self.assertEqual(server.stop(), 0)
        server = self.server()
        self.assertEqual(self.say(self.join(server, "Ann"), "p:1", dup=True), 2)
        self.assertEqual(self.say(self.join(server, "Bob"), "p:1", dup=True), 1)
        self.assertEqual(self.say(self.join(server, "Cat"), "p:1", "hers"), 3)


class InPostgres(WithPostgres, Cids, unittest.TestCase):
    def serve(self, *options):
        return Server("--store", self.url, *options).start()


if __name__ == "__main__":
    unittest.main()
