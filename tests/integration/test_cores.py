"""One room over two cores: every member sees one order, and the counters prove that both cores served."""
import json
import os
import selectors
import struct
import unittest

from harness import Client, Server

MEMBERS = 200
PUBLISHERS = 4
MESSAGES = int(os.environ.get("CORES_MESSAGES", "40000"))
IN_FLIGHT = 64


class Member:
    """Reads frames as they come, keeping only the seqs."""

    def __init__(self, client):
        self.client = client
        self.buffer = bytearray(client.buffer)
        self.seqs = []
        self.acks = 0

    def feed(self, data):
        self.buffer += data
        at = 0
        while True:
            if len(self.buffer) - at < 2:
                break
            size, head = self.buffer[at + 1], 2
            if size == 126:
                if len(self.buffer) - at < 4:
                    break
                size, head = struct.unpack_from("!H", self.buffer, at + 2)[0], 4
            elif size == 127:
                if len(self.buffer) - at < 10:
                    break
                size, head = struct.unpack_from("!Q", self.buffer, at + 2)[0], 10
            if len(self.buffer) - at < head + size:
                break
            self.message(json.loads(self.buffer[at + head : at + head + size]))
            at += head + size
        del self.buffer[:at]

    def message(self, message):
        if message.get("ev") == "msg":
            self.seqs.append(message["seq"])
        elif "re" in message:
            assert "ok" in message, message
            self.acks += 1
        elif message.get("ev") == "ping":
            self.client.say(op="pong")
        else:
            raise AssertionError(f"unexpected: {message}")


class Cores(unittest.TestCase):
    def test_one_order_over_two_cores(self):
        with Server("--cores", "2", "--send-rate", "0", "--command-rate", "0") as server:
            members = []
            selector = selectors.DefaultSelector()
            for n in range(MEMBERS):
                client = Client(server.port, f"m{n}")
                self.assertIn("ok", client.ask(op="join", room="big", limit=0))
                member = Member(client)
                client.socket.setblocking(False)
                selector.register(client.socket, selectors.EVENT_READ, member)
                members.append(member)
            publishers = members[:PUBLISHERS]
            sent = [0] * PUBLISHERS
            each = MESSAGES // PUBLISHERS
            while any(len(m.seqs) < each * PUBLISHERS for m in members):
                for n, publisher in enumerate(publishers):
                    while sent[n] < each and sent[n] - publisher.acks < IN_FLIGHT:
                        sent[n] += 1
                        publisher.client.socket.setblocking(True)
                        publisher.client.say(op="send", id=sent[n] + 100, room="big", cid=f"p{n}:{sent[n]}", data=sent[n])
                        publisher.client.socket.setblocking(False)
                ready = selector.select(20)
                self.assertTrue(ready, f"nothing came for 20 s; fewest {min(len(m.seqs) for m in members)}")
                for key, _ in ready:
                    data = key.fileobj.recv(1 << 20)
                    self.assertTrue(data, "closed")
                    key.data.feed(data)
            expected = list(range(1, each * PUBLISHERS + 1))
            for member in members:
                self.assertEqual(member.seqs, expected)
            metrics = server.metrics()
            for core in (0, 1):
                self.assertGreater(metrics["members", core], MEMBERS // 10, "both cores have members")
                self.assertGreater(metrics["sends", core], 0)
                self.assertGreater(metrics["mail_in", core], each * PUBLISHERS // 4, "the rings carried it")
            print("members by core:", metrics["members", 0], metrics["members", 1], "mail:", metrics["mail_in", 0],
                  metrics["mail_in", 1], "sends:", metrics["sends", 0], metrics["sends", 1])


if __name__ == "__main__":
    unittest.main()
