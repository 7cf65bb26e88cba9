"""The test mode in which every message comes back as it came."""
import os
import signal
import struct
import time
import unittest

from harness import Client, Server, wait_until

TEXT, BINARY, CLOSE, PING, PONG = 1, 2, 8, 9, 10
LARGEST = 16 << 20


class Echo(unittest.TestCase):
    def setUp(self):
        self.serve()

    def serve(self, *options):
        self.server = Server("--test-echo", "on", "--hello-timeout", "100ms", *options).start()
        self.addCleanup(self.server.__exit__)

    def client(self, **more):
        client = Client(self.server.port, **more)
        self.addCleanup(client.close)
        return client

    def back(self, client, opcode, payload):
        client.frame(opcode, payload)
        self.assertEqual(client.read_frame(), (opcode, payload))

    def test_what_comes_goes_back(self):
        client = self.client()
        for size in (0, 1, 125, 126, 16383, 16384, 16385, 65535, 65536, 65537, 131072, 1 << 20):
            self.back(client, TEXT, b"*" * size)
            self.back(client, BINARY, os.urandom(size))
        self.assertTrue(any("test_echo" in line for line in self.server.lines), "the warning at boot")

    def test_a_message_may_have_16_mib_and_no_more(self):
        client = self.client()
        self.back(client, BINARY, os.urandom(LARGEST))
        self.back(client, TEXT, b"x")
        client.socket.sendall(struct.pack("!BBQ", 0x82, 0xFF, LARGEST + 1) + b"mask")
        self.assertEqual(client.read_frame(), (CLOSE, b"\x03\xf1message_too_big"))

    def test_fragments_come_back_as_one_message_and_pings_between_them_at_once(self):
        client = self.client()
        client.frame(TEXT, b"one ", fin=False)
        client.frame(PING, b"here?")
        self.assertEqual(client.read_frame(), (PONG, b"here?"))
        client.frame(0, b"two ", fin=False)
        client.frame(0, b"three")
        self.assertEqual(client.read_frame(), (TEXT, b"one two three"))

    def test_a_client_may_send_before_it_reads(self):
        client = self.client()
        parts = [os.urandom(1 << 18) for _ in range(4)]
        for part in parts:
            client.frame(BINARY, part)
        for part in parts:
            self.assertEqual(client.read_frame(), (BINARY, part))

    def test_nobody_must_say_hello(self):
        client = self.client()
        time.sleep(0.5)
        self.back(client, TEXT, b"still here")

    def test_who_does_not_read_is_ended(self):
        self.serve("--slow-timeout", "1s")
        client = self.client(receive_buffer=4096)
        client.frame(BINARY, bytes(LARGEST))
        self.assertTrue(wait_until(lambda: self.server.metric("slow_closed") == 1))

    def test_a_signal_ends_it(self):
        client = self.client()
        self.back(client, TEXT, b"x")
        self.server.process.send_signal(signal.SIGTERM)
        self.assertEqual(client.read_frame(), (CLOSE, struct.pack("!H", 4503) + b"restart"))
        client.close()
        self.assertEqual(self.server.ended(), 0)


if __name__ == "__main__":
    unittest.main()
