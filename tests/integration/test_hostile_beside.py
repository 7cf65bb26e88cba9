"""What befalls the host, or ends a connection, is not felt by who stands by: their p99 is as when nothing is the matter."""
import fcntl
import itertools
import os
import re
import signal
import struct
import subprocess
import time
import unittest
import urllib.request

from harness import BUILD, ROOT, Client, Server, temporary, wait_until
from hostile import Hostile, closed_with, frame
from test_reload import Configured

SECONDS = 2


def until(seconds):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        yield


class Beside(Hostile):
    def setUp(self):
        """Each test starts its own."""

    def test_frames_behind_a_close(self):
        with Server("--cores", "2", "--send-rate", "0", "--command-rate", "0", "--connect-rate", "0") as self.server:
            def attack():
                for _ in until(SECONDS):
                    client = Client(self.server.port, "m")
                    client.socket.sendall(frame(8, struct.pack("!H", 1000)) + frame(1, b'{"op":"ping","id":5}') * 5000)
                    self.assertEqual(closed_with(client), 1000)
                    client.close()

            self.assert_bystander_served(attack)

    def test_reloads_without_end(self):
        with Configured("send-rate = 0;\n", "--cores", "2") as it:
            self.server = it.server

            def attack():
                for number, _ in enumerate(until(SECONDS)):
                    it.write(("send-rate = 0; ping = 20s;\n", "send-rate = 0; ping = soon;\n")[number % 2])
                    it.hangup()

            self.assert_bystander_served(attack)

    def test_a_log_that_nobody_takes(self):
        pipe = os.pipe()
        for end in pipe:
            self.addCleanup(os.close, end)
        fcntl.fcntl(pipe[1], fcntl.F_SETPIPE_SZ, 4096)
        process = subprocess.Popen([os.path.join(ROOT, BUILD, "uproar"), "--listen", "127.0.0.1:0", "--log-level", "debug",
                                    "--send-rate", "0", "--cores", "2", "--data", "", "--drain", "0"],
                                   stdout=subprocess.PIPE, stderr=pipe[1], text=True)
        self.addCleanup(process.wait)
        self.addCleanup(process.kill)
        self.addCleanup(process.stdout.close)
        self.server = Server()
        self.server.port = int(re.search(r":(\d+)/", process.stdout.readline()).group(1))

        def lost():
            with urllib.request.urlopen(f"http://127.0.0.1:{self.server.port}/metrics", timeout=20) as answer:
                return int(re.search(rb"(?m)^uproar_log_lines_lost_total (\d+)$", answer.read()).group(1))

        def attack():
            before = lost()
            for _ in until(SECONDS):
                Client(self.server.port, "Ann").close()  # each is worth a line
            self.assertGreater(lost(), before)

        self.assertTrue(wait_until(lambda: Client(self.server.port, "Ann").close() or lost() > 0))
        self.assert_bystander_served(attack)
        process.send_signal(signal.SIGTERM)
        self.assertEqual(process.wait(20), 0)

    def test_a_full_disk(self):
        directory = temporary()
        self.addCleanup(directory.cleanup)
        if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=3m", "none", directory.name], capture_output=True).returncode:
            self.skipTest("no right to mount")
        self.addCleanup(subprocess.run, ["umount", "-l", directory.name])
        ballast = os.path.join(directory.name, "ballast")
        with open(ballast, "wb") as file:
            file.write(b"x" * (1 << 20))
        with Server("--cores", "1", "--send-rate", "0", "--command-rate", "0", "--room-classes",
                    "* class=memory; disk: class=disk", data=os.path.join(directory.name, "data")) as self.server:
            numbers = itertools.count(1)

            def attack():
                ann = Client(self.server.port, "Ann")
                ann.ask(op="join", room="disk:r", echo=False)
                for _ in until(SECONDS):
                    answer = ann.ask(op="send", room="disk:r", cid=f"a:{next(numbers)}", data="x" * 8000)
                    ann.ask(op="ping")  # who has nothing but refusals is ended
                self.assertEqual(answer["err"]["code"], "storage_full")
                ann.close()

            self.assert_bystander_served(attack)
            os.remove(ballast)  # what is kept of rooms in memory needs room at the end


if __name__ == "__main__":
    unittest.main()
