"""ws - a WebSocket client (RFC 6455) as an asyncio protocol, strict about what a server may send.

Knows nothing of chat: it is given the bytes of text messages and gives back complete ones. What the server does
against the RFC is told by on_breach() and ends the connection.
"""
import asyncio
import base64
import hashlib
import os
import socket

GUID = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
CONTINUATION, TEXT, BINARY, CLOSE, PING, PONG = 0, 1, 2, 8, 9, 10
MESSAGE_MAX = 64 << 20
HEAD_MAX = 16384


class Breach(Exception):
    """The server broke RFC 6455."""


def masked(payload, key):
    """One XOR over the whole payload: as fast as Python has it."""
    size = len(payload)
    pad = (key * (size // 4 + 1))[:size]
    return (int.from_bytes(payload, "little") ^ int.from_bytes(pad, "little")).to_bytes(size, "little")


def frame(opcode, payload, key=None):
    key = os.urandom(4) if key is None else key
    size = len(payload)
    if size < 126:
        head = bytes((0x80 | opcode, 0x80 | size))
    elif size < 65536:
        head = bytes((0x80 | opcode, 0x80 | 126)) + size.to_bytes(2, "big")
    else:
        head = bytes((0x80 | opcode, 0x80 | 127)) + size.to_bytes(8, "big")
    return head + key + masked(payload, key)


class Frames:
    """Bytes in, (opcode, payload) of whole messages and control frames out."""

    def __init__(self):
        self.buffer = bytearray()
        self.kind = None  # of the message whose fragments are coming
        self.parts = []

    def feed(self, data):
        buffer = self.buffer
        buffer += data
        have, at, out = len(buffer), 0, []
        while have - at >= 2:
            first, size, head = buffer[at], buffer[at + 1], 2
            if size >= 126:
                size, head = self.long_size(buffer, at, have, size)
                if size is None:
                    break
            if have - at < head + size:
                break
            payload = bytes(buffer[at + head : at + head + size])
            at += head + size
            if first == 0x81 and self.kind is None:  # nearly every frame: a whole text
                out.append((TEXT, payload))
            else:
                self.other(first, payload, out)
        if at:
            del buffer[:at]
        return out

    @staticmethod
    def long_size(buffer, at, have, size):
        if size & 0x80:
            raise Breach("a masked frame from the server")
        width = 2 if size == 126 else 8
        if have - at < 2 + width:
            return None, 0
        size = int.from_bytes(buffer[at + 2 : at + 2 + width], "big")
        if size < (126 if width == 2 else 65536):
            raise Breach(f"a size of {size} written in {width} bytes")
        if size > MESSAGE_MAX:
            raise Breach(f"a frame of {size} bytes")
        return size, 2 + width

    def other(self, first, payload, out):
        fin, opcode = first & 0x80, first & 0x0F
        if first & 0x70:
            raise Breach(f"reserved bits in {first:#x}")
        if opcode in (CLOSE, PING, PONG):
            if not fin or len(payload) > 125:
                raise Breach("a control frame that is long or in fragments")
            out.append((opcode, payload))
        elif opcode in (TEXT, BINARY):
            if self.kind is not None:
                raise Breach("a new message inside another")
            if fin:
                out.append((opcode, payload))
            else:
                self.kind, self.parts = opcode, [payload]
        elif opcode == CONTINUATION:
            if self.kind is None:
                raise Breach("a continuation of nothing")
            self.parts.append(payload)
            if fin:
                out.append((self.kind, b"".join(self.parts)))
                self.kind, self.parts = None, []
        else:
            raise Breach(f"reserved opcode {opcode}")


class WebSocket(asyncio.Protocol):
    """Give it an `owner` with on_open(), on_texts(list of bytes), on_closed(code, reason) and on_breach(what)."""

    def __init__(self, owner, host, subprotocol="uproar.v1", path="/ws"):
        self.owner, self.host, self.subprotocol, self.path = owner, host, subprotocol, path
        self.transport = None
        self.head = bytearray()
        self.frames = None  # once open
        self.code, self.reason = 1006, ""
        self.over = False

    def connection_made(self, transport):
        self.transport = transport
        transport.get_extra_info("socket").setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.key = base64.b64encode(os.urandom(16))
        transport.write(
            b"GET %b HTTP/1.1\r\nHost: %b\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            b"Sec-WebSocket-Key: %b\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Protocol: %b\r\n\r\n"
            % (self.path.encode(), self.host.encode(), self.key, self.subprotocol.encode())
        )

    def data_received(self, data):
        if self.over:
            return
        try:
            if self.frames is None:
                data = self.handshake(data)
                if data is None:
                    return
            self.take(self.frames.feed(data))
        except Breach as breach:
            self.owner.on_breach(str(breach))
            self.abort()

    def handshake(self, data):
        self.head += data
        end = self.head.find(b"\r\n\r\n")
        if end < 0:
            if len(self.head) > HEAD_MAX:
                raise Breach("an endless response head")
            return None
        lines = bytes(self.head[:end]).decode("latin-1").split("\r\n")
        status = lines[0].split(" ", 2)[1] if lines[0].startswith("HTTP/1.1 ") else lines[0]
        if status == "503":  # a server that drains or is full says so here
            self.reason = "503"
            self.abort()
            return None
        fields = {}
        for line in lines[1:]:
            name, _, value = line.partition(":")
            fields[name.strip().lower()] = value.strip()
        accept = base64.b64encode(hashlib.sha1(self.key + GUID).digest()).decode()
        if status != "101" or fields.get("sec-websocket-accept") != accept:
            raise Breach(f"a handshake answered with {lines[0]!r}")
        if fields.get("sec-websocket-protocol") != self.subprotocol or "sec-websocket-extensions" in fields:
            raise Breach("a subprotocol or an extension that was not asked for")
        self.frames = Frames()
        rest = bytes(self.head[end + 4 :])
        self.head = None
        self.owner.on_open()
        return rest

    def take(self, messages):
        texts = []
        for opcode, payload in messages:
            if opcode == TEXT:
                texts.append(payload)
                continue
            if texts:
                self.owner.on_texts(texts)
                texts = []
            if opcode == PING:
                self.transport.write(frame(PONG, payload))
            elif opcode == CLOSE:
                self.closing(payload)
                return
            elif opcode == BINARY:
                raise Breach("a binary message")
        if texts:
            self.owner.on_texts(texts)

    def closing(self, payload):
        if len(payload) == 1:
            raise Breach("a close of one byte")
        self.code = int.from_bytes(payload[:2], "big") if payload else 1005
        self.reason = payload[2:].decode("utf-8", "replace")
        self.transport.write(frame(CLOSE, payload[:2]))
        self.transport.close()

    def say(self, payload):
        if not self.transport.is_closing():
            self.transport.write(frame(TEXT, payload))

    def close(self, code=1000):
        self.transport.write(frame(CLOSE, code.to_bytes(2, "big")))

    def abort(self):
        """The connection is cut, as by a network that fails."""
        self.transport.abort()

    def connection_lost(self, _):
        if not self.over:
            self.over = True
            self.owner.on_closed(self.code, self.reason)
