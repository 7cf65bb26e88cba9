"""A proxy that spoils one message in so many on its way to the receivers, and says what it did.

Between a WebSocket client and server it passes bytes on as they come, but for what the server sends after its
101: there it cuts frames, and of the text frames that carry a message of the load generator every `every`-th is
dropped, doubled, swapped with the next one, or has one byte of its payload changed. But not of those to a publisher,
who gets its own messages as everybody in the room does, and is not asked about them. Or it lies about what is left out:
`understate` leaves out two and says one; `promise` tells the first `every` connections that a thousand are left out, which
come all the same, and drops without a word the first message of each connection after those.
"""
import asyncio
import json
import threading

KINDS = ("drop", "double", "swap", "corrupt", "understate", "promise")
PUBLISHER_SAYS = 2048  # bytes; a hello and a join are 330


def cut(buffer, at):
    """The end of the frame that begins at `at`, and where its payload begins; None when it is not whole."""
    if len(buffer) - at < 2:
        return None
    size, begin = buffer[at + 1] & 0x7F, at + 2
    if size == 126:
        begin += 2
        size = int.from_bytes(buffer[at + 2:begin], "big") if len(buffer) >= begin else len(buffer)
    elif size == 127:
        begin += 8
        size = int.from_bytes(buffer[at + 2:begin], "big") if len(buffer) >= begin else len(buffer)
    return (begin + size, begin) if len(buffer) >= begin + size else None


def lagged(text, n):
    """The notice that n are left out of the room of this message."""
    notice = json.dumps({"ev": "notice", "code": "lagged", "room": json.loads(text)["room"], "after": 0, "next": 0, "n": n})
    return bytes((0x81, len(notice))) + notice.encode()


class Downstream:
    """What goes to one client."""

    def __init__(self, meddler):
        self.meddler = meddler
        self.buffer = bytearray()
        self.upgraded = False
        self.held = b""
        self.said = 0
        self.silent = 0  # so many messages more are left out
        meddler.opened += 1
        self.number = meddler.opened
        self.told = False

    def hear(self, data):
        """What the client sends goes on as it is."""
        self.said += len(data)
        return data

    def feed(self, data):
        self.buffer += data
        if not self.upgraded:
            end = self.buffer.find(b"\r\n\r\n")
            if end < 0:
                return b""
            self.upgraded = True
            head = bytes(self.buffer[:end + 4])
            del self.buffer[:end + 4]
            return head + self.frames()
        return self.frames()

    def frames(self):
        out, at = [], 0
        while True:
            found = cut(self.buffer, at)
            if not found:
                break
            end, begin = found
            out.append(self.pass_on(bytes(self.buffer[at:end]), begin - at))
            at = end
        del self.buffer[:at]
        return b"".join(out)

    def pass_on(self, frame, header):
        held, self.held = self.held, b""
        if b'"data":"U' not in frame[header:] or self.said > PUBLISHER_SAYS:
            return held + frame
        if held:
            return frame + held
        if self.silent:
            self.silent -= 1
            self.meddler.done += 1
            return b""
        if self.meddler.kind == "promise":
            return self.promise(frame, frame[header:])
        return self.spoil(frame, frame[header:])

    def promise(self, frame, text):
        if self.told or not text.startswith(b'{"ev":"msg"'):
            return frame
        self.told = True
        if self.number <= self.meddler.every:
            return lagged(text, 1000) + frame
        self.meddler.done += 1
        return b""

    def spoil(self, frame, text):
        meddler = self.meddler
        meddler.passed += 1
        if meddler.every == 0 or meddler.passed % meddler.every:
            return frame
        meddler.done += 1
        if meddler.kind == "drop":
            return b""
        if meddler.kind == "understate":
            self.silent = 1
            return lagged(text, 1)
        if meddler.kind == "double":
            return frame + frame
        if meddler.kind == "swap":
            self.held = frame
            return b""
        spoiled = bytearray(frame)
        at = frame.index(b'"data":"U') + len('"data":"U') + 60  # in the filler: only the checksum can tell
        spoiled[at] = ord("x") if spoiled[at] != ord("x") else ord("y")
        return bytes(spoiled)


class Meddler:
    """Runs in a thread of its own: `with Meddler(port, "drop", 100000) as meddler: meddler.port, meddler.done`."""

    def __init__(self, server_port, kind, every):
        assert kind in KINDS
        self.server_port, self.kind, self.every = server_port, kind, every
        self.passed = self.done = self.opened = 0
        self.loop = asyncio.new_event_loop()
        self.tasks = set()

    async def serve(self, reader, writer):
        self.tasks.add(asyncio.current_task())
        up_reader, up_writer = await asyncio.open_connection("127.0.0.1", self.server_port)

        async def copy(source, sink, change):
            try:
                while data := await source.read(1 << 16):
                    sink.write(change(data))
                    await sink.drain()
            except OSError:
                pass
            finally:
                sink.close()

        down = Downstream(self)
        await asyncio.gather(copy(reader, up_writer, down.hear), copy(up_reader, writer, down.feed),
                             return_exceptions=True)

    async def open(self):
        self.server = await asyncio.start_server(self.serve, "127.0.0.1", 0, backlog=4096)
        self.port = self.server.sockets[0].getsockname()[1]

    async def shut(self):
        self.server.close()
        for task in self.tasks:
            task.cancel()
        await asyncio.gather(*self.tasks, return_exceptions=True)

    def __enter__(self):
        self.thread = threading.Thread(target=self.loop.run_forever, daemon=True)
        self.thread.start()
        asyncio.run_coroutine_threadsafe(self.open(), self.loop).result(10)
        return self

    def __exit__(self, *_):
        asyncio.run_coroutine_threadsafe(self.shut(), self.loop).result(10)
        self.loop.call_soon_threadsafe(self.loop.stop)
        self.thread.join(10)
        self.loop.close()
