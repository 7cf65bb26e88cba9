"""What attacks found: who takes nothing is ended in time, in every phase."""
import os
import socket
import time
import unittest

from harness import Client, Server, temporary, wait_until
from test_identity import token


class Deaf(unittest.TestCase):
    def test_requests_do_not_put_off_the_end_of_one_who_reads_no_answers(self):
        with Server("--cores", "1", "--slow-timeout", "1s", "--handshake-timeout", "5s", "--linger", "1s") as server:
            deaf = socket.socket()
            deaf.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2048)
            deaf.setsockopt(socket.IPPROTO_TCP, socket.TCP_MAXSEG, 1000)
            deaf.connect(("127.0.0.1", server.port))
            began = time.monotonic()
            with self.assertRaises(OSError):
                while time.monotonic() < began + 15:
                    deaf.sendall(b"GET /uproar.js HTTP/1.1\r\nHost: a\r\n\r\n")
                    time.sleep(0.1)
            deaf.close()
            self.assertEqual(server.metric("slow_closed"), 1)

    def test_a_slow_timeout_shorter_than_the_ping_is_kept(self):
        with Server("--cores", "1", "--slow-timeout", "1s", "--send-rate", "0") as server:
            deaf = Client(server.port, "deaf", receive_buffer=2048)
            talker = Client(server.port, "talker")
            deaf.say(op="join", id=5, room="mem:r")
            talker.ask(op="join", room="mem:r", echo=False)
            began = time.monotonic()
            for _ in range(600):
                talker.say(op="send", room="mem:r", data="x" * 16000)
            self.assertTrue(wait_until(lambda: server.metric("slow_closed") == 1, 8), "25 s of ping do not count")
            self.assertLess(time.monotonic() - began, 10)

    def still_ended(self, server, step, **hello):
        """Whoever takes nothing is ended in time, while `step` is said again and again."""
        deaf = Client(server.port, receive_buffer=2048)
        deaf.ask(op="hello", **hello)
        deaf.say(op="join", id=5, room="mem:r")
        talker = Client(server.port)
        talker.ask(op="hello", **hello)
        talker.ask(op="join", room="mem:r", echo=False)
        for _ in range(600):
            talker.say(op="send", room="mem:r", data="x" * 16000)

        def ended():
            try:
                step(deaf)
            except OSError:
                pass
            return server.metric("slow_closed") == 1

        self.assertTrue(wait_until(ended, 20))

    def test_refreshes_do_not_put_it_off(self):
        with temporary() as folder:
            secret, path = b"0123456789abcdef0123456789abcdef", os.path.join(folder, "secret")
            with open(path, "wb") as file:
                file.write(secret)
            with Server("--cores", "1", "--slow-timeout", "1s", "--send-rate", "0", "--command-rate", "0",
                        "--token-keys", "HS256:" + path) as server:
                shown = token(secret)
                self.still_ended(server, lambda deaf: deaf.say(op="refresh", token=shown), token=shown)

    def test_messages_in_two_parts_do_not_put_it_off(self):
        parts = iter([(1, b'{"op":', False)] + [(0, b'"ping"}', True), (1, b'{"op":', False)] * 1000)

        def step(deaf):
            deaf.frame(*next(parts))

        with Server("--cores", "1", "--slow-timeout", "1s", "--send-rate", "0", "--command-rate", "0",
                    "--message-timeout", "2s") as server:
            self.still_ended(server, step, name="deaf")


if __name__ == "__main__":
    unittest.main()
