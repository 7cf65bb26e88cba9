"""speech.py - the bytes attackers send: requests, frames, commands. Masks are of zeros, so hose can number the text."""
import json
import struct

TEXT, BINARY, CLOSE, PING, PONG, CONTINUATION = 1, 2, 8, 9, 10, 0
NUMBER = "########"  # hose replaces it by a number that no other block has


def request(path="/ws", *more, method="GET", host="test"):
    """An upgrade, and further fields."""
    fields = [f"{method} {path} HTTP/1.1", f"Host: {host}", "Upgrade: websocket", "Connection: Upgrade",
              "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==", "Sec-WebSocket-Version: 13", *more]
    return "\r\n".join(fields).encode() + b"\r\n\r\n"


def get(path="/"):
    return f"GET {path} HTTP/1.1\r\nHost: test\r\n\r\n".encode()


def frame(opcode, payload=b"", fin=True, rsv=0, masked=True, size=None):
    """`size` claims another length than the payload has."""
    size = len(payload) if size is None else size
    head = bytes([opcode | (0x80 if fin else 0) | rsv << 4])
    mask_bit = 0x80 if masked else 0
    if size < 126:
        head += bytes([mask_bit | size])
    elif size < 65536:
        head += struct.pack("!BH", mask_bit | 126, size)
    else:
        head += struct.pack("!BQ", mask_bit | 127, size)
    return head + (bytes(4) if masked else b"") + payload


def say(**command):
    return frame(TEXT, json.dumps(command, ensure_ascii=False, separators=(",", ":")).encode())


def hello(name="attacker"):
    return say(op="hello", id=1, name=name)


def join(room, **more):
    return say(op="join", id=2, room=room, **more)
