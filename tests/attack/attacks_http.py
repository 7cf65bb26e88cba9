"""attacks_http.py - attacks before there is a WebSocket: heads, and those who never say one."""
import os
import random

from attacks import all_got, attack, merged, none_left, only, wrong
from speech import get, hello, join, request


@attack("slowloris", "408 after the deadline for a whole head, however steadily bytes come", ["handshake_timeout"],
        options={"handshake-timeout": "3s"}, quick=True)
def slowloris(scene):
    """600 connections send a request a byte a second, and come again."""
    tally = scene.hose(open=request()[:10], block=request()[10:], step=1, pace_ms=1000, connections=600, again=1)
    return tally, (all_got(tally, "statuses", [408, 429, 503], of=tally["made"] - tally["open_at_end"]) +
                   wrong(tally["held_ms_max"] > 5000, f"one was held for {tally['held_ms_max']} ms"))


@attack("mute", "closed after the deadline", ["handshake_timeout|idle_closed|closed"],
        options={"handshake-timeout": "3s"})
def mute(scene):
    """1,500 connections say nothing at all, and come again."""
    tally = scene.hose(connections=1500, again=1)
    return tally, (wrong(not tally["ends"], "none was ended") +
                   wrong(tally["held_ms_max"] > 5000, f"one was held for {tally['held_ms_max']} ms"))


@attack("headers", "431 from the size or number of fields alone", ["refused", "protocol_errors"], quick=True)
def headers(scene):
    """Heads of 16 KiB without an end, of 4,000 fields, and a Sec-WebSocket-Protocol of 7,000 tokens; over and over."""
    endless = b"GET /ws HTTP/1.1\r\nHost: test\r\nX-Long: " + b"a" * 16384
    many = b"GET /ws HTTP/1.1\r\nHost: test\r\n" + b"a: b\r\n" * 4000 + b"\r\n"
    tokens = request("/ws", "Sec-WebSocket-Protocol: " + "a," * 7000)
    tally = merged(scene.hoses(*({"open": head, "connections": 100, "again": 1, "most": 60000}
                                 for head in (endless, many, tokens))))
    ended = tally["made"] - tally["open_at_end"]
    return tally, (all_got(tally, "statuses", [431, 429], 0.8, of=ended) + only(tally, "statuses", [431, 429]))


@attack("uri", "414 from the size of the request line alone", ["refused|protocol_errors"], seconds=5)
def uri(scene):
    """Request lines of 12 KiB."""
    tally = scene.hose(open=b"GET /" + b"a" * 12000 + b" HTTP/1.1\r\nHost: test\r\n\r\n", connections=100, again=1,
                       most=60000)
    ended = tally["made"] - tally["open_at_end"]
    return tally, all_got(tally, "statuses", [414, 431, 429], 0.8, of=ended)


@attack("garbage", "400 and closed", ["protocol_errors"])
def garbage(scene):
    """Random bytes instead of a request; and a TLS hello."""
    noise = random.Random(7)
    tls = bytes.fromhex("16030100f1010000ed0303") + os.urandom(200)
    several = [bytes(noise.randrange(256) for _ in range(600)) + b"\r\n\r\n" for _ in range(3)] + [tls + b"\r\n\r\n"]
    tally = merged(scene.hoses(*({"open": bytes_, "connections": 50, "again": 1, "most": 40000} for bytes_ in several)))
    ended = tally["made"] - tally["open_at_end"]
    return tally, all_got(tally, "statuses", [400, 405, 414, 429, 431, 501, 505], 0.8, of=ended) + \
        only(tally, "statuses", [400, 405, 414, 429, 431, 501, 505])


@attack("smuggling", "400 and closed; the second request is never answered", ["refused"], seconds=5)
def smuggling(scene):
    """Two lengths of one body, with a second request inside; a body on an upgrade; two Content-Lengths."""
    inner = get("/metrics")
    both = (b"POST /ws HTTP/1.1\r\nHost: test\r\nContent-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n" +
            inner)
    twice = b"GET / HTTP/1.1\r\nHost: test\r\nContent-Length: 0\r\nContent-Length: 45\r\n\r\n" + inner
    body = request("/ws", f"Content-Length: {len(inner)}") + inner
    tally = merged(scene.hoses(*({"open": bytes_, "connections": 20, "again": 1, "most": 10000}
                                 for bytes_ in (both, twice, body))))
    return tally, only(tally, "statuses", [400, 411, 413, 429, 501]) + \
        wrong(tally["statuses"].get("200"), "a smuggled request was answered") + \
        wrong(not tally["statuses"], "nothing was answered")


@attack("requests", "each answered in turn; nobody else waits", ["http_requests"])
def requests(scene):
    """40 connections ask for /metrics and the page as fast as they can, eight requests at a time."""
    tally = scene.hose(open=get("/healthz"), block=(get("/metrics") + get("/uproar.js")) * 4, connections=40, again=1)
    return tally, only(tally, "statuses", [200, 429, 503]) + wrong(not tally["statuses"], "nothing was answered")


@attack("greedy", "closed once it has not read for the time a slow one has, or its queue is full", ["closed"],
        options={"slow-timeout": "3s", "handshake-timeout": "3s", "linger": "1s"})
def greedy(scene):
    """400 connections ask for the page again and again, and read nothing."""
    tally = scene.hose(open=get("/"), block=get("/uproar.js"), pace_ms=200, connections=400, read=0,
                       receive_buffer=4096, seconds=10)
    return tally, none_left(tally)


@attack("origin", "403 for an Origin that is not on the list", ["origin_denied"],
        options={"origins": "https://chat.example"}, seconds=5)
def origin(scene):
    """Pages of other sites connect: foreign, null, a name that begins like ours, two Origins."""
    several = [("Origin: https://evil.example",), ("Origin: null",), ("Origin: https://chat.example.evil.example",),
               ("Origin: http://chat.example",), ("Origin: https://chat.example", "Origin: https://evil.example")]
    tally = merged(scene.hoses(*({"open": request("/ws", *fields), "connections": 20, "again": 1, "most": 5000}
                                 for fields in several)))
    good = scene.hose(open=request("/ws", "Origin: https://chat.example"), connections=5, upgrade=1, seconds=1)
    return tally, only(tally, "statuses", [403, 400, 429]) + \
        wrong(not tally["statuses"].get("403"), f"none got 403: {tally['statuses']}") + \
        wrong(not good["statuses"].get("101"), "our own page was not let in")


@attack("mutter", "4408 after the time for hello", ["hello_timeout"], options={"hello-timeout": "3s"})
def mutter(scene):
    """1,500 connections upgrade and never say hello, and come again."""
    tally = scene.hose(open=request(), upgrade=1, connections=1500, again=1)
    ended = tally["made"] - tally["open_at_end"]
    return tally, all_got(tally, "closes", [4408, 4401, 1008], 0.9, of=ended) + \
        wrong(tally["held_ms_max"] > 6000, f"one was held for {tally['held_ms_max']} ms")


@attack("churn", "served or refused, at any pace", ["accepted", "closed"])
def churn(scene):
    """Up to 4,000 connections a second that end at once, with FIN and with RST, with and without a request."""
    tally = merged(scene.hoses(*({"open": head, "connections": 200, "again": 1, "most": 100000, "per_second": 1000,
                                  "hang_up_ms": hang_up, "reset": reset, "sources": 20}
                                 for head, hang_up, reset in ((b"", 1, 0), (b"", 1, 1), (request(), 40, 1),
                                                              (request(), 40, 0)))))
    return tally, only(tally, "statuses", [101, 429, 503])


@attack("exhaustion", "503 with Retry-After for those over the limit; who is in stays in", ["refused"],
        options={"connections": 1200})
def exhaustion(scene):
    """3,000 connections want to stay where 1,200 may, 500 of them bystanders."""
    tally = scene.hose(open=request(), upgrade=1, after=hello() + join("mem:crowd"), connections=3000, sources=20)
    return tally, only(tally, "statuses", [101, 429, 503]) + \
        wrong(not 500 <= tally["statuses"].get("101", 0) <= 1100, f"let in: {tally['statuses']}") + \
        wrong(not tally["statuses"].get("503") and not tally["ends"], f"nobody was refused: {tally}")


@attack("descriptors", "accepting pauses or refuses; who is in stays in", ["accept_paused|refused"],
        descriptors=1024, options={"connections": 900, "backlog": 64}, seconds=8)
def descriptors(scene):
    """The server may open 1,024 descriptors, and 3,000 connections come, go silent, go, and come again."""
    tally = scene.hose(open=request(), upgrade=1, after=hello(), connections=3000, sources=20, seconds=4, again=1,
                       most=20000)
    later = scene.hose(open=request(), upgrade=1, after=hello(), connections=50, seconds=3)
    return tally, only(tally, "statuses", [101, 429, 503]) + \
        wrong(later["statuses"].get("101", 0) < 50, f"after it, not all were let in: {later['statuses']} {later['ends']}")


@attack("storm", "all are back in their rooms within seconds", ["accepted"], seconds=10,
        options={"connections": 4000})
def storm(scene):
    """2,000 connections in 20 rooms are cut all at once, and come back at once, every two seconds."""
    tally = merged(scene.hoses(*({"open": request(), "upgrade": 1, "after": hello() + join(f"mem:storm-{n}"),
                                  "connections": 100, "again": 1, "most": 3000, "hang_up_ms": 2000, "reset": 1}
                                 for n in range(20))))
    rounds = tally["made"] // 2000
    return tally, only(tally, "statuses", [101, 429, 503]) + only(tally, "errors", ["rate_limited"]) + \
        wrong(rounds < 3, f"{tally['made']} connections in all: they could not come back in time") + \
        wrong(tally["replies"] < 1.8 * (tally["made"] - 2000), f"{tally['replies']} answers to hello and join")
