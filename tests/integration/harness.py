"""Starts the real server for a test and talks to it over real sockets, with a decoder of its own."""
import json
import os
import re
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request

BUILD = os.environ.get("BUILD", "build")
ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
sys.path.insert(1, os.path.join(ROOT, "tests"))
from ports import free_port  # noqa: E402


CUT_OFF = 1  # a second signal came while connections were open


class Server:
    """One uproar process; `with Server("--cores", "2") as server`. Without data all its rooms are in memory."""

    def __init__(self, *options, port=0, data=None, wait=20, prefix=()):
        self.prefix = prefix
        self.options = list(options)
        self.port = port
        self.data = data
        self.wait = wait
        self.lines = []

    def start(self):
        self.port = self.port or free_port()
        binary = os.path.join(ROOT, BUILD, "uproar") if not os.path.isabs(BUILD) else os.path.join(BUILD, "uproar")
        command = [*self.prefix, binary, "--listen", f"127.0.0.1:{self.port}"] + self.options
        command += ["--data", self.data or ""]
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        ready = threading.Event()

        def read():
            for line in self.process.stdout:
                self.lines.append(line.rstrip("\n"))
                found = re.search(r"http://127\.0\.0\.1:(\d+)/", line)
                if found and not ready.is_set():
                    self.port = int(found.group(1))
                    ready.set()
            ready.set()

        self.reader = threading.Thread(target=read, daemon=True)
        self.reader.start()
        if not ready.wait(self.wait) or self.process.poll() is not None:
            self.process.kill()
            raise RuntimeError("the server did not start:\n" + "\n".join(self.lines[-20:]))
        return self

    def stop(self, number=signal.SIGTERM, timeout=30):
        if self.process.poll() is None:
            self.process.send_signal(number)
        return self.ended(timeout)

    def ended(self, timeout=30):
        """The exit status, once it has ended by itself."""
        try:
            status = self.process.wait(timeout)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
            raise RuntimeError("the server did not end:\n" + "\n".join(self.lines[-20:]))
        self.clean()
        return status

    def __enter__(self):
        return self.start()

    def clean(self):
        """No sanitizer has said anything, of all lines that it printed: the last ones may still be in the pipe."""
        self.reader.join(10)
        said = [n for n, line in enumerate(self.lines) if "Sanitizer" in line or "runtime error" in line]
        if said:
            raise AssertionError("\n".join(self.lines[said[0] : said[0] + 60]))

    def __exit__(self, *_):
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            try:
                self.process.wait(1)
            except subprocess.TimeoutExpired:  # whom it is to wait for is the test itself
                self.process.send_signal(signal.SIGTERM)
            status = self.ended()
            if status not in (0, CUT_OFF):
                raise AssertionError(f"the server ended with {status}:\n" + "\n".join(self.lines[-20:]))
        self.clean()

    def rss(self):
        with open(f"/proc/{self.process.pid}/statm") as file:
            return int(file.read().split()[1]) * 4096

    def metrics(self):
        """{(name, core): value}"""
        values = {}
        time.sleep(0.001)  # so old the text may be: what was done before is in it
        with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/metrics", timeout=60) as answer:
            for line in answer.read().decode().splitlines():
                found = re.fullmatch(r'uproar_(\w+?)(?:_total)?\{core="(\d+)"\} ([\d.]+)', line)
                if found:
                    values[found.group(1), int(found.group(2))] = float(found.group(3)) if "." in found.group(3) else int(found.group(3))
        return values

    def metric(self, name):
        return sum(value for (key, _), value in self.metrics().items() if key == name)


class Client:
    """A blocking WebSocket client that speaks the native protocol."""

    def __init__(self, port, name=None, source=None, timeout=20, receive_buffer=None, fields=b""):
        self.socket = socket.socket()
        if receive_buffer:
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
        if source:
            self.socket.bind((source, 0))
        self.socket.settimeout(timeout)
        self.socket.connect(("127.0.0.1", port))
        self.buffer = b""
        self.next_id = 0
        self.events = []
        self.closed = None
        self.socket.sendall(
            b"GET /ws HTTP/1.1\r\nHost: test\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n"
            b"Sec-WebSocket-Protocol: uproar.v1\r\n" + fields + b"\r\n"
        )
        while b"\r\n\r\n" not in self.buffer:
            self._more()
        head, self.buffer = self.buffer.split(b"\r\n\r\n", 1)
        self.head = head.decode()
        if not head.startswith(b"HTTP/1.1 101"):
            raise ConnectionError(self.head)
        if name is not None:
            self.hello = self.ask(op="hello", name=name)

    def _more(self):
        data = self.socket.recv(1 << 16)
        if not data:
            raise ConnectionError("closed by the server")
        self.buffer += data

    def frame(self, opcode, payload, fin=True):
        mask = os.urandom(4)
        head = bytes([opcode | (0x80 if fin else 0)])
        if len(payload) < 126:
            head += bytes([0x80 | len(payload)])
        elif len(payload) < 65536:
            head += struct.pack("!BH", 0x80 | 126, len(payload))
        else:
            head += struct.pack("!BQ", 0x80 | 127, len(payload))
        key = (mask * (len(payload) // 4 + 1))[: len(payload)]
        masked = (int.from_bytes(payload, "big") ^ int.from_bytes(key, "big")).to_bytes(len(payload), "big")
        self.socket.sendall(head + mask + masked)

    def say(self, **command):
        self.frame(1, json.dumps(command).encode())

    def read_frame(self):
        """(opcode, payload)"""
        def need(size):
            while len(self.buffer) < size:
                self._more()

        need(2)
        size, at = self.buffer[1], 2
        if size == 126:
            need(4)
            size, at = struct.unpack("!H", self.buffer[2:4])[0], 4
        elif size == 127:
            need(10)
            size, at = struct.unpack("!Q", self.buffer[2:10])[0], 10
        need(at + size)
        opcode, payload = self.buffer[0] & 15, self.buffer[at : at + size]
        self.buffer = self.buffer[at + size :]
        return opcode, payload

    def read(self):
        """The next JSON object; ConnectionError with .closed set when the server closes."""
        while True:
            opcode, payload = self.read_frame()
            if opcode == 1:
                message = json.loads(payload)
                if message.get("ev") == "ping":
                    self.say(op="pong")
                    continue
                return message
            if opcode == 8:
                self.closed = (struct.unpack("!H", payload[:2])[0], payload[2:].decode())
                raise ConnectionError(f"closed: {self.closed}")

    def ask(self, **command):
        """Sends with an id; returns the whole answer and keeps the events that came before it."""
        self.next_id += 1
        self.say(id=self.next_id, **command)
        while True:
            message = self.read()
            if message.get("re") == self.next_id:
                return message
            self.events.append(message)

    def event(self, kind=None):
        """The next event (of this kind)."""
        while True:
            message = self.events.pop(0) if self.events else self.read()
            if kind is None or message.get("ev") == kind:
                return message

    def close(self):
        self.socket.close()


def temporary():
    return tempfile.TemporaryDirectory(prefix="uproar-test-")


def wait_until(condition, seconds=30):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if condition():
            return True
        time.sleep(0.05)
    return False
