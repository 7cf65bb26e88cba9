"""A user's connections and rooms, counted over all cores; each refusal says when to come again."""
import unittest

from harness import Client, Server, wait_until

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


if __name__ == "__main__":
    unittest.main()
