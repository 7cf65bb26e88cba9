"""Commands about one room in one flight: each has its answer, in their order. A command is read before the one before it
is answered where the room is another core's, or is loaded from the disk."""
import unittest

from harness import Client, Server, temporary, wait_until

ROOMS = [f"{kind}:{n}" for kind in ("mem", "disk") for n in range(8)]


class Flight:
    """Keeps what a client sends, to be sent at once."""

    def __init__(self):
        self.bytes = b""

    def sendall(self, data):
        self.bytes += data


def fly(client, room, *ops):
    """What each is answered with, in the order of the answers."""
    wire, client.socket = client.socket, Flight()
    asked = {}
    for op in ops:
        client.next_id += 1
        asked[client.next_id] = op
        client.say(op=op, id=client.next_id, room=room)
    flight, client.socket = client.socket, wire
    wire.sendall(flight.bytes)
    answers = []
    while len(answers) < len(ops):
        answer = client.read()
        if "re" in answer:
            answers.append((asked.pop(answer["re"]), answer.get("err", {}).get("code", "ok")))
    return answers


def alone(client, room):
    """Whether nobody else is counted. A leave that was sent before its join was answered may be heard of here before the
    room's core has it: the two answers come from the leaver's own."""
    n = client.ask(op="join", room=room)["ok"]["n"]
    client.ask(op="leave", room=room)
    return n == 1


class Pipelined(unittest.TestCase):
    def setUp(self):
        data = temporary()
        self.addCleanup(data.cleanup)
        self.server = Server("--cores", "2", "--room-rate", "0", "--command-rate", "0", "--members-per-room", "2",
                             "--room-classes", "mem class=memory; disk class=disk", data=data.name)
        self.server.start()
        self.addCleanup(self.server.__exit__)

    def client(self, name):
        client = Client(self.server.port, name)
        self.addCleanup(client.close)
        return client

    def test_join_and_leave(self):
        ann, bob = self.client("Ann"), self.client("Bob")
        for room in ROOMS:
            with self.subTest(room):
                self.assertEqual(fly(ann, room, "join", "leave"), [("join", "ok"), ("leave", "ok")])
                self.assertEqual(ann.ask(op="send", room=room, data=1)["err"]["code"], "not_joined")
                self.assertTrue(wait_until(lambda: alone(bob, room)), "she is not there any more")

    def test_and_again(self):
        ann, bob = self.client("Ann"), self.client("Bob")
        for room in ROOMS:
            with self.subTest(room):
                self.assertEqual(fly(ann, room, "join", "leave", "join"),
                                 [("join", "ok"), ("leave", "ok"), ("join", "ok")])
                self.assertTrue(wait_until(lambda: "ok" in bob.ask(op="join", room=room)), "her first place is free")
                bob.ask(op="send", room=room, data=room)
                self.assertEqual(ann.event("msg")["data"], room)

    def test_of_a_join_that_is_refused(self):
        for name in ("Ann", "Bob"):
            client = self.client(name)
            for room in ROOMS:
                self.assertIn("ok", client.ask(op="join", room=room))
        eve = self.client("Eve")
        for room in ROOMS:
            with self.subTest(room):
                self.assertEqual(fly(eve, room, "join", "leave"), [("join", "limit"), ("leave", "not_joined")])


if __name__ == "__main__":
    unittest.main()
