"""Who sends much waits for its turn: everything is answered, in order, nothing is lost, and ending meanwhile is clean."""
import json
import socket
import struct
import unittest

from harness import Client, Server, wait_until
from hostile import frame
from test_compression import Packed, packed

SWELLS = packed(b'{"op":"ping","id":9}' + b" " * 60000)  # of a hundred bytes


def squeezed(**command):
    return frame(1, packed(json.dumps(command).encode()), rsv=0x40)


class Rations(unittest.TestCase):
    def waits(self, server, name="inbound_waits"):
        return server.metric(name)

    def nobody_waits(self, server):
        self.assertTrue(wait_until(lambda: server.metric("inbound_waiting") == 0))
        self.assertEqual(server.metric("inbound_waiting_bytes"), 0)

    def test_all_is_answered_in_order(self):
        with Server("--cores", "1", "--command-rate", "0") as server:
            client = Packed(server.port, "greedy")
            count = 600
            flight = b"".join(frame(1, packed(json.dumps({"op": "ping", "id": n + 100}).encode() + b" " * 50000), rsv=0x40)
                              for n in range(count))
            client.socket.sendall(flight)
            for n in range(count):
                self.assertEqual(client.read()["re"], n + 100)
            self.assertGreater(self.waits(server), 0)
            self.nobody_waits(server)
            self.assertEqual(server.stop(), 0)

    def test_who_sends_little_is_answered_beside(self):
        with Server("--cores", "1", "--command-rate", "0") as server:
            pourers = [Packed(server.port, f"greedy{n}") for n in range(8)]
            small = Client(server.port, "small")
            for pourer in pourers:
                pourer.socket.sendall(frame(1, SWELLS, rsv=0x40) * 300)
            for _ in range(20):
                self.assertIn("ok", small.ask(op="ping"))
            for pourer in pourers:
                for _ in range(300):
                    self.assertEqual(pourer.read()["re"], 9)
            self.nobody_waits(server)

    def test_who_ends_at_once_has_said_it_all(self):
        with Server("--cores", "1", "--send-rate", "0", "--history-messages", "200") as server:
            reader = Client(server.port, "reader")
            reader.ask(op="join", room="mem:ration")
            writer = Packed(server.port, "writer")
            writer.ask(op="join", room="mem:ration")
            data = "".join(chr(97 + n * n % 26) for n in range(12000))
            writer.socket.sendall(b"".join(squeezed(op="send", id=n, room="mem:ration", data=f"{n} {data}")
                                           for n in range(1, 61)))
            writer.socket.shutdown(socket.SHUT_WR)  # all is sent before the end is
            for n in range(1, 61):
                self.assertTrue(reader.event("msg")["data"].startswith(f"{n} "))
            self.assertGreater(self.waits(server), 0)
            self.nobody_waits(server)

    def test_who_is_refused_rests_and_is_answered_after_all(self):
        with Server("--cores", "1", "--command-rate", "10", "--command-burst", "5", "--user-rates", "0") as server:
            client = Packed(server.port, "greedy")
            client.socket.sendall(frame(1, SWELLS, rsv=0x40) * 12)
            got = [client.read() for _ in range(12)]
            self.assertTrue(all(answer["re"] == 9 for answer in got))
            refused = [answer for answer in got if "err" in answer]
            self.assertTrue(refused)
            self.assertEqual({answer["err"]["code"] for answer in refused}, {"rate_limited"})
            self.assertEqual(self.waits(server, "inbound_rests"), len(refused))
            self.nobody_waits(server)

    def test_ending_while_somebody_waits_is_clean(self):
        with Server("--cores", "1", "--command-rate", "1", "--command-burst", "1", "--user-rates", "0") as server:
            clients = [Packed(server.port, f"greedy{n}") for n in range(6)]
            for client in clients:
                client.socket.sendall(frame(1, SWELLS, rsv=0x40) * 100)
            self.assertTrue(wait_until(lambda: server.metric("inbound_waiting") == 6))
            clients[0].socket.close()
            clients[1].socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))  # a reset
            clients[1].socket.close()
            self.assertEqual(server.stop(), 0)


if __name__ == "__main__":
    unittest.main()
