"""What attacks found: who takes nothing is ended in time, in every phase."""
import socket
import time
import unittest

from harness import Client, Server, wait_until


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


if __name__ == "__main__":
    unittest.main()
