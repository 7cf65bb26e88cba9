"""attacks_frames.py - attacks by frames: what breaks the protocol, what has no end, what is only too much."""
import json
import random
import struct
import zlib

from attacks import NotThere, all_got, all_let_in, attack, merged, none_left, only, wrong
from speech import BINARY, CLOSE, CONTINUATION, PING, PONG, TEXT, frame, hello, join, request, say

IN = {"open": request(), "upgrade": 1, "after": hello()}


# Of those who pour without end so many read their Close: what they still sent when it came makes TCP reset instead.
POURED = 0.05


def each(scene, bodies, **more):
    """The same many times over, each connection sending one of these blocks, and coming again when it is ended."""
    given = {**IN, "connections": 40, "again": 1, "most": 20000, "blocks": 1, **more}
    return merged(scene.hoses(*({**given, "block": body} for body in bodies)))


def closed_with(tally, codes, least=0.9):
    ended = tally["made"] - tally["open_at_end"]
    return all_got(tally, "closes", codes, least, of=ended) + only(tally, "closes", codes)


@attack("frames", "1002 for each", ["protocol_errors"], quick=True)
def frames(scene):
    """Frames that no client may send: unmasked, reserved bits and opcodes, long or cut control frames, lost order."""
    tally = each(scene, [
        frame(TEXT, b"{}", masked=False),
        frame(TEXT, b"{}", rsv=2),
        frame(3, b"x"), frame(15, b"x"),
        frame(PING, b"x", fin=False),
        frame(PING, b"x" * 126),
        frame(CONTINUATION, b"x"),
        frame(TEXT, b"x", fin=False) + frame(TEXT, b"y"),
        frame(CLOSE, b"x"), frame(CLOSE, struct.pack("!H", 1005)), frame(CLOSE, struct.pack("!H", 999)),
        bytes([0x81, 0xff]) + struct.pack("!Q", 1 << 63) + bytes(4) + b"x" * 100,
        bytes([0x81, 0xfe, 0, 5]) + bytes(4) + b"hello",
        bytes([0x81, 0xff]) + struct.pack("!Q", 70) + bytes(4) + b"x" * 70,
    ], connections=15)
    return tally, all_let_in(tally) + closed_with(tally, [1002])


@attack("oversize", "1009 from the frame's head alone", ["protocol_errors|too_big"])
def oversize(scene):
    """Frames that claim 1 TiB, 2 GiB and 64 KiB + 1, and pour; a message in parts that becomes too large."""
    bodies = [frame(TEXT, b"x" * 4000, size=size) for size in (1 << 40, 1 << 31, 65537)]
    bodies.append(frame(TEXT, b"[" * 60000, fin=False) + frame(CONTINUATION, b"[" * 6000, fin=False))
    tally = each(scene, bodies, connections=25)
    return tally, all_let_in(tally) + closed_with(tally, [1009])


@attack("utf8", "1007 at the first bad byte", ["protocol_errors"], seconds=5)
def utf8(scene):
    """Text that is none: overlong, surrogates, over U+10FFFF, cut; in one frame and cut between fragments."""
    bad = [b"\xc0\xaf", b"\xed\xa0\x80", b"\xf4\x90\x80\x80", b"\xff", b"\xe2\x82"]
    tally = each(scene, [frame(TEXT, b'{"op":"' + each_bad + b'"}') for each_bad in bad] +
                 [frame(TEXT, b"\xe2", fin=False) + frame(CONTINUATION, b"\x28\xa1", fin=False)], connections=20)
    return tally, all_let_in(tally) + closed_with(tally, [1007])


@attack("endless", "1009 when the parts are too large together; 1008 or 4408 when it takes too long",
        ["protocol_errors|message_timeouts"], options={"message-timeout": "3s"}, seconds=10)
def endless(scene):
    """Messages that never have an end: in parts of 1 KiB, and of one byte each 200 ms on 300 connections."""
    fast = each(scene, [frame(CONTINUATION, b"x" * 1024, fin=False)], after=hello() + frame(TEXT, b"x", fin=False),
                blocks=1000000)
    slow = scene.hose(**{**IN, "after": hello() + frame(TEXT, b"x", fin=False)}, connections=300, pace_ms=200,
                      block=frame(CONTINUATION, b"x", fin=False))
    return merged([fast, slow]), closed_with(fast, [1009, 1008], POURED) + none_left(slow) + closed_with(slow, [1008, 4408])


@attack("crumbs", "1008 for more frames than any message needs", ["fragment_floods"],
        seconds=8)
def crumbs(scene):
    """A message in parts of no bytes and of one byte, 4,000 to a packet, without end."""
    parts = [frame(CONTINUATION, part, fin=False) * 4000 for part in (b"", b"x")]
    tally = each(scene, parts, after=hello() + frame(TEXT, b"x", fin=False), connections=10, blocks=1000000)
    return tally, closed_with(tally, [1008, 1009, 4429], POURED) + none_left_but(tally, 20)


def none_left_but(tally, most):
    return wrong(tally["open_at_end"] > most or tally["made"] <= most,
                 f"{tally['open_at_end']} of {tally['made']} were still open: none is ended")


@attack("pings", "answered, the newest only; over the budget 1008", ["ping_floods"])
def pings(scene):
    """40 connections send nothing but pings of 125 bytes, as fast as they go."""
    tally = each(scene, [frame(PING, b"p" * 125) * 200], connections=40, blocks=1000000)
    return tally, closed_with(tally, [1008, 4429], POURED)


@attack("pongs", "ignored and counted, or over a budget of frames 1008", ["pongs_ignored", "fragment_floods"])
def pongs(scene):
    """40 connections send nothing but pongs that nobody asked for."""
    tally = each(scene, [frame(PONG, b"p" * 125) * 200], connections=40, blocks=1000000)
    return tally, only(tally, "closes", [1008, 4429])


@attack("binary", "1003", ["closed"], seconds=4)
def binary(scene):
    """Binary messages where text is spoken."""
    tally = each(scene, [frame(BINARY, b"\0\1\2" * 100)])
    return tally, closed_with(tally, [1003])


@attack("json", "4400 at once; what is too deep `bad_request`, without a stack", ["protocol_errors"], seconds=6)
def deep(scene):
    """Objects 60,000 deep, keys twice, halves of surrogates, numbers of 60,000 digits, text that is no JSON."""
    tally = each(scene, [frame(TEXT, body) for body in (
        b'{"a":' * 12000, b"[" * 60000, b'{"op":"send","op":"send"}', b"not json", b'{"op":"send"', b'"\\ud800', b"nul",
        b'{"op":"send","id":' + b"9" * 60000)], connections=15)
    return tally, closed_with(tally, [4400, 1007])


@attack("noise", "closed with 1002, 1007 or 1009; nothing else", ["protocol_errors"], seconds=6)
def noise(scene):
    """Random bytes where frames should be."""
    dice = random.Random(11)
    blocks = [bytes(dice.randrange(256) for _ in range(2000)) for _ in range(8)]
    blocks += [frame(TEXT, bytes(dice.randrange(256) for _ in range(300))) for _ in range(4)]
    tally = each(scene, blocks, connections=12, blocks=1000000)
    return tally, closed_with(tally, [1002, 1007, 1009, 1003, 4400], POURED)


DEFLATE = "Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits"


def deflated(payload, level=9):
    engine = zlib.compressobj(level, zlib.DEFLATED, -15)
    return (engine.compress(payload) + engine.flush(zlib.Z_SYNC_FLUSH))[:-4]


def offered(scene):
    """Whether the server agrees to compress."""
    with scene.connect() as connection:
        connection.sendall(request("/ws", DEFLATE))
        answer = connection.recv(4096).lower()
    if b"permessage-deflate" not in answer:
        raise NotThere("permessage-deflate is not negotiated")


@attack("bombs", "1009 when the limit is reached, whatever was still to come; 1007 for what does not inflate",
        ["inflate_refused"])
def bombs(scene):
    """Compressed messages of 60 KiB that would become 60 MiB, in one frame and in parts; and bad deflate data."""
    offered(scene)
    bomb = deflated(b"\0" * (60 << 20))[:60000]
    parts = frame(TEXT, bomb[:100], fin=False, rsv=4)
    parts += b"".join(frame(CONTINUATION, bomb[at : at + 500], fin=False) for at in range(100, 50000, 500))
    head = {"open": request("/ws", DEFLATE)}
    big = each(scene, [frame(TEXT, bomb, rsv=4), parts], **head, seconds=5)
    bad = each(scene, [frame(TEXT, b"\xff" * 300, rsv=4), frame(TEXT, deflated(b"\xff\xfe" * 50), rsv=4)], **head,
               seconds=3)
    return merged([big, bad]), closed_with(big, [1009]) + closed_with(bad, [1007])


@attack("squeeze", "answered as any other; compression is paid for by the rate of commands", ["rate_limited"])
def squeeze(scene):
    """40 connections that agreed to compress send compressed messages of 16 KiB as fast as they go."""
    offered(scene)
    data = "".join(random.Random(3).choice("abcdefgh") for _ in range(15000))
    body = json.dumps({"op": "send", "id": 9, "room": "mem:squeeze", "data": data}).encode()
    tally = each(scene, [frame(TEXT, deflated(body), rsv=4)], open=request("/ws", DEFLATE),
                 after=hello() + join("mem:squeeze", limit=0), blocks=1000000)
    return tally, only(tally, "closes", [4429, 1008]) + wrong(not tally["replies"], "nothing was ever answered")


@attack("swell", "answered as any other, each in its turn; beyond the rate it waits after each refusal",
        ["inbound_waits"])
def swell(scene):
    """40 connections send compressed messages of 100 bytes that unpack to 60 KiB, as fast as they go."""
    offered(scene)
    body = b'{"op":"ping","id":9}' + b" " * 60000
    tally = each(scene, [frame(TEXT, deflated(body), rsv=4)], open=request("/ws", DEFLATE), after=hello(),
                 blocks=1000000)
    return tally, only(tally, "closes", [4429, 1008]) + wrong(not tally["replies"], "nothing was ever answered")


@attack("frozen", "closed as slow, or at once where its queue is full; others in the room miss nothing",
        ["slow_closed"], options={"slow-timeout": "3s", "queue-size": "256K"}, seconds=12, quick=True)
def frozen(scene):
    """600 members of a busy room never read: their windows are shut, and they go on asking for history."""
    room = "mem:frozen"
    talk = {**IN, "after": hello("talker") + join(room, limit=0)}
    ask = frame(TEXT, b'{"op":"history","id":5,"room":"mem:frozen","limit":200}')
    deaf = {**IN, "after": hello("deaf") + join(room, limit=0), "connections": 300, "read": 0, "receive_buffer": 2048}
    # Deaf ones cannot know when they are let in: everything is in one flight.
    for side in (deaf,):
        side["open"], side["upgrade"], side["after"] = request() + side["after"], 0, b""
    several = scene.hoses({**deaf, "again": 0}, {**deaf, "block": ask, "pace_ms": 50},
                          {**talk, "connections": 10, "pace_ms": 200,
                           "block": say(op="send", id=7, room=room, data="x" * 2000)})
    closed = scene.server.metrics()["slow_closed"]
    return merged(several), wrong(closed < 590, f"{closed:.0f} of 600 were closed as slow")


@attack("hoard", "each may leave so much unread as others leave free; who reads is answered", ["errors"], options={"slow-timeout": "30s"}, seconds=12)
def hoard(scene):
    """800 members of quiet rooms ask for history, and for errors, and never read: they pin what waits to be sent."""
    fill = scene.hose(**{**IN, "after": hello("filler") + join("mem:hoard", limit=0)}, connections=20, blocks=30,
                      pace_ms=60, block=say(op="send", id=7, room="mem:hoard", data="x" * 4000), seconds=3)
    deaf = {"open": request() + hello("deaf") + join("mem:hoard", limit=0), "connections": 400, "read": 0,
            "receive_buffer": 2048, "pace_ms": 100, "seconds": scene.seconds - 3}
    pages = frame(TEXT, b'{"op":"history","id":5,"room":"mem:hoard","limit":200}')
    several = scene.hoses({**deaf, "blocks": 12, "block": pages},
                          {**deaf, "blocks": 80, "block": say(op="nothing", id=6) * 8})
    return merged(several), wrong(not fill["replies"], "there was nothing to hoard")
