"""A user's connections and rooms, counted over all cores; each refusal says when to come again."""
import os
import time
import unittest

from harness import Client, Server, temporary, wait_until
from test_api import Http, write_keys

CORES = 3
MOST = 6


def until(what):
    return wait_until(what, 20)


class Users(unittest.TestCase):
    def setUp(self):
        self.server = Server("--cores", str(CORES), "--connections-per-user", str(MOST), "--rooms-per-user", "10").start()

    def tearDown(self):
        self.server.stop()

    def settle(self):
        """Every core has turned since: what they had to tell each other is told."""
        def turns():
            return [value for (name, _), value in sorted(self.server.metrics().items()) if name == "turns"]

        before = turns()
        self.assertTrue(until(lambda: all(now >= then + 3 for now, then in zip(turns(), before))))

    def test_connections_of_one_user(self):
        clients = [Client(self.server.port, "ada") for _ in range(MOST)]
        self.settle()
        self.assertEqual(self.server.metric("users"), 1)
        self.assertEqual(self.server.metric("sessions"), MOST)
        for _ in range(3):
            self.assertEqual(self.refused("ada"), (4414, "user_limit"))
            self.settle()
        self.assertEqual(self.server.metric("users_limited"), 3)
        other = Client(self.server.port, "bob")
        self.assertIn("time", other.ask(op="ping")["ok"])
        clients.pop().close()
        self.assertTrue(until(lambda: self.server.metric("sessions") == MOST))
        self.settle()
        clients.append(Client(self.server.port, "ada"))
        self.assertIn("time", clients[-1].ask(op="ping")["ok"])
        for client in clients + [other]:
            self.assertIn("time", client.ask(op="ping")["ok"])
            client.close()
        self.assertTrue(until(lambda: self.server.metric("users") == 0 and self.server.metric("sessions") == 0))

    def refused(self, name):
        """How a connection of that name ends: the close code and its reason; an error with the time to wait first."""
        client = Client(self.server.port)
        client.say(op="hello", id=1, name=name)
        errors = []
        with self.assertRaises(ConnectionError):
            while True:
                errors += [client.read().get("err")]
        errors = [error for error in errors if error]
        self.assertTrue(errors and errors[0]["code"] == "limit" and errors[0]["retry_ms"] > 0, errors)
        client.close()
        return client.closed

    def test_rooms_of_one_user(self):
        clients = [Client(self.server.port, "ada") for _ in range(4)]
        done = 0
        for number in range(12):
            done += "ok" in clients[number % 4].ask(op="join", room=f"r{number}")
        # What joins on other cores in the same moment may be above the limit.
        self.assertGreaterEqual(done, 10)
        self.settle()
        refused = [clients[number % 4].ask(op="join", room=f"s{number}")["err"] for number in range(8)]
        for error in refused:
            self.assertEqual(error["code"], "limit")
            self.assertGreater(error["retry_ms"], 0)
        for number in range(12):
            clients[number % 4].ask(op="leave", room=f"r{number}")
        self.assertTrue(until(lambda: "ok" in clients[3].ask(op="join", room="again")))
        for client in clients:
            client.close()
        self.assertTrue(until(lambda: self.server.metric("users") == 0))


def turned_away(server, name):
    """The error to a hello of that name, and the close code; None: it is let in."""
    client = Client(server.port)
    client.say(op="hello", id=1, name=name)
    errors = []
    try:
        while True:
            said = client.read()
            if "ok" in said:
                return None
            errors += [said["err"]] if "err" in said else []
    except ConnectionError:
        return errors[0] if errors else None, client.closed[0]
    finally:
        client.close()


class Bans(unittest.TestCase):
    """Through the HTTP API, and what is left of them after a kill."""

    def act(self, server, path, **body):
        http = Http(server.port)
        self.assertEqual(http.ask("POST", f"/api/v1/users/{path}", body)[0], 200)
        http.close()

    def test_bans_outlive_the_process(self):
        with temporary() as folder:
            options = ["--cores", "3", "--api-keys", write_keys(os.path.join(folder, "keys"))]
            data = os.path.join(folder, "data")
            server = Server(*options, data=data).start()
            ada, bob = [[Client(server.port, name) for _ in range(6)] for name in ("ada", "bob")]
            self.act(server, "ada/ban", **{"for": 3600})
            self.act(server, "eve/ban")
            self.act(server, "bob/disconnect")
            for clients, code in ((ada, 4412), (bob, 4411)):
                for client in clients:
                    with self.assertRaises(ConnectionError):
                        client.event("none")
                    self.assertEqual(client.closed[0], code)
            self.assertIsNone(turned_away(server, "bob"))
            self.act(server, "mallory/ban")
            self.act(server, "mallory/unban")
            self.assertTrue(until(lambda: turned_away(server, "mallory") is None))
            self.assertTrue(until(lambda: turned_away(server, "eve") is not None))
            server.process.kill()
            server.process.wait()
            with Server(*options, data=data) as server:
                error, code = turned_away(server, "ada")
                self.assertEqual(code, 4412)
                self.assertTrue(0 < error["retry_ms"] <= 3600000, error)
                self.assertEqual(turned_away(server, "eve")[1], 4412)
                for name in ("bob", "mallory"):
                    self.assertIsNone(turned_away(server, name))


class Rates(unittest.TestCase):
    """What all connections of a user, or from a network, may together; send-rate 1 and burst 10 for each."""

    def burst(self, clients, count=10):
        """How many sends were taken, and the errors of those that were not."""
        answers = [client.ask(op="send", room="r", data=n) for client in clients for n in range(count)]
        return sum("ok" in answer for answer in answers), [answer["err"] for answer in answers if "err" in answer]

    def joined(self, server, name):
        client = Client(server.port, name)
        client.ask(op="join", room="r")
        return client

    def check(self, server, counter, other):
        began = time.monotonic()
        clients = [self.joined(server, "ada") for _ in range(4)]
        done, errors = self.burst(clients)
        self.assertGreaterEqual(done, 20)
        self.assertLessEqual(done, 21 + 2 * (time.monotonic() - began))
        for error in errors:
            self.assertEqual(error["code"], "rate_limited")
            self.assertGreater(error["retry_ms"], 0)
        self.assertEqual(server.metric(counter), len(errors))
        self.assertEqual(server.metric("rate_limited"), len(errors))
        for client in clients:
            client.close()
        # Who comes back has no new burst.
        back, more = self.burst([self.joined(server, "ada")])
        self.assertLessEqual(done + back, 21 + 2 * (time.monotonic() - began))
        self.assertEqual(server.metric(counter), len(errors) + len(more))
        bob = self.burst([self.joined(server, "bob")])[0]
        if other:
            self.assertEqual(bob, 10)
        else:
            self.assertLessEqual(done + back + bob, 21 + 2 * (time.monotonic() - began))

    def test_of_a_user(self):
        with Server("--cores", "1", "--send-rate", "1", "--send-burst", "10", "--user-rates", "2") as server:
            self.check(server, "users_rate_limited", True)

    def test_of_a_network(self):
        with Server("--cores", "1", "--send-rate", "1", "--send-burst", "10", "--user-rates", "0", "--network-rates", "2",
                    "--address-exempt", "") as server:
            self.check(server, "networks_rate_limited", False)

    def test_what_one_leaves_behind(self):
        with Server("--cores", "1", "--send-rate", "1", "--send-burst", "10", "--user-rates", "2") as server:
            began, done = time.monotonic(), 0
            for _ in range(6):
                client = self.joined(server, "ada")
                done += self.burst([client])[0]
                client.close()
                self.assertTrue(until(lambda: server.metric("sessions") == 0))
            self.assertLessEqual(done, 21 + 2 * (time.monotonic() - began))

    def test_bytes(self):
        with Server("--cores", "1", "--byte-rate", "1K", "--byte-burst", "64K") as server:
            client, began = self.joined(server, "ada"), time.monotonic()
            answers = [client.ask(op="send", room="r", data="x" * 8000) for _ in range(12)]
            done = sum("ok" in answer for answer in answers)
            self.assertGreaterEqual(done, 8)
            self.assertLessEqual(done, 9 + (time.monotonic() - began) / 8)
            for error in (answer["err"] for answer in answers if "err" in answer):
                self.assertEqual(error["code"], "rate_limited")
                self.assertGreater(error["retry_ms"], 0)


if __name__ == "__main__":
    unittest.main()
