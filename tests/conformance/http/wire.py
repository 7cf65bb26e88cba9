"""Bytes to a port and what comes back; what a stream of answers says; a relay that keeps what passes through it."""
import re
import select
import socket
import threading
import time


def talk(port, said, quiet=0.25, first=2.0):
    """Says it, and hears until the end or until nothing comes for a while. (heard, ended)"""
    heard = b""
    with socket.create_connection(("127.0.0.1", port), timeout=5) as peer:
        try:
            peer.sendall(said)
        except OSError:
            pass  # it was refused before it was whole
        end = time.monotonic() + 10
        wait = first
        while time.monotonic() < end:
            ready, _, _ = select.select([peer], [], [], wait)
            if not ready:
                return heard, False
            try:
                more = peer.recv(1 << 16)
            except OSError:
                return heard, True
            if not more:
                return heard, True
            heard += more
            wait = quiet
    return heard, False


def answers(stream, head_only=False):
    """The statuses of a stream of answers, and what is left of it. An answer to HEAD has no body though it names one:
    head_only says that the first is one, else what comes behind it has to tell."""
    statuses = []
    while True:
        found = re.match(rb"HTTP/1\.[01] (\d{3}) [^\r\n]*\r\n", stream)
        end = stream.find(b"\r\n\r\n")
        if not found or end < 0:
            return statuses, stream
        status, head, stream = int(found[1]), stream[: end + 2], stream[end + 4 :]
        if status < 200 and status != 101:
            continue
        statuses.append(status)
        if status == 101:
            return statuses, stream
        length = re.search(rb"\r\ncontent-length: *(\d+)\r\n", head, re.I)
        if head_only and len(statuses) == 1:
            continue
        if re.search(rb"\r\ntransfer-encoding: *chunked\r\n", head, re.I):
            stream = skip_chunks(stream)
        elif length and not re.match(rb"HTTP/1\.[01] \d{3} ", stream):
            stream = stream[int(length[1]) :]


def skip_chunks(stream):
    while True:
        line, _, stream = stream.partition(b"\r\n")
        size = int(line.split(b";")[0] or b"0", 16)
        if size == 0:
            return stream.partition(b"\r\n")[2]
        stream = stream[size + 2 :]


class Relay:
    """Between a proxy and the server: bytes both ways, kept by connection."""

    def __init__(self, target):
        self.target = target
        self.listener = socket.create_server(("127.0.0.1", 0), backlog=64)
        self.port = self.listener.getsockname()[1]
        self.lock = threading.Lock()
        self.streams = []  # [up, down] of each connection since forget()
        self.last = time.monotonic()
        threading.Thread(target=self.accept, daemon=True).start()

    def forget(self):
        with self.lock:
            for stream in self.streams:
                stream[0], stream[1] = b"", b""

    def seen(self):
        with self.lock:
            return [tuple(stream) for stream in self.streams if stream[0] or stream[1]]

    def accept(self):
        while True:
            try:
                client, _ = self.listener.accept()
            except OSError:
                return
            threading.Thread(target=self.carry, args=(client,), daemon=True).start()

    def carry(self, client):
        server = socket.create_connection(("127.0.0.1", self.target))
        stream = [b"", b""]
        with self.lock:
            self.streams.append(stream)
        threads = [threading.Thread(target=self.pump, args=(*ends, stream, way), daemon=True)
                   for way, ends in enumerate([(client, server), (server, client)])]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        client.close()
        server.close()

    def pump(self, source, sink, stream, way):
        try:
            while True:
                data = source.recv(1 << 16)
                if not data:
                    break
                with self.lock:
                    stream[way] += data
                    self.last = time.monotonic()
                sink.sendall(data)
        except OSError:
            pass
        for end in (source, sink):
            try:
                end.shutdown(socket.SHUT_WR if end is sink else socket.SHUT_RD)
            except OSError:
                pass

    def rest(self, quiet=0.03):
        """Until nothing has passed for a while."""
        while time.monotonic() - self.last < quiet:
            time.sleep(0.01)

    def close(self):
        self.listener.close()
