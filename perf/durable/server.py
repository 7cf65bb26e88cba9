"""server.py - the tree's uproar on a data directory, for what measures a store alone."""
import os
import socket
import subprocess
import time

ROOT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..")
BUILD = os.environ.get("BUILD", os.path.join(ROOT, "build"))


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Server:
    """`started` is the seconds until it said that it listens."""

    def __init__(self, directory, *options):
        self.port = free_port()
        began = time.monotonic()
        self.process = subprocess.Popen(
            [os.path.join(BUILD, "uproar"), "--listen", f"127.0.0.1:{self.port}", "--data", directory, "--cores", "2",
             "--log-level", "warn", "--send-rate", "0", *options], stdout=subprocess.PIPE)
        self.process.stdout.readline()
        self.started = time.monotonic() - began

    def memory(self):
        with open(f"/proc/{self.process.pid}/status", encoding="ascii") as file:
            return next(int(line.split()[1]) for line in file if line.startswith("VmRSS")) * 1024

    def end(self, number):
        self.process.send_signal(number)
        return self.process.wait(60)
