"""attacks_chat.py - attacks by what is said: floods of commands, names that are weapons, peers that are gone."""
import json
import re
import time

from attacks import all_got, attack, merged, only, wrong
from attacks_frames import IN
from speech import NUMBER, TEXT, frame, hello, join, request, say


def flood(scene, block, **more):
    """40 connections say the same as fast as they can, and come again when they are ended."""
    return scene.hose(**{**IN, "connections": 40, "again": 1, "most": 20000, "block": block, **more})


def told_when(tally):
    """Every error for what was too much had a retry_ms."""
    return wrong(tally["errors"].get("no_retry_ms"), f"not told when to come again: {tally['errors']}")


def refused_then_closed(tally):
    """First an error that says when to come again, in the end a Close."""
    return wrong(not tally["errors"].get("rate_limited"), f"none was told to wait: {tally['errors']}") + \
        told_when(tally) + \
        wrong(not (tally["closes"].get("4429") or tally["closes"].get("1008")), f"none was closed: {tally['closes']}") + \
        only(tally, "closes", [4429, 1008])


@attack("sends", "rate_limited with a time to wait; who goes on gets 4429", ["rate_limited"])
def sends(scene):
    """40 connections publish as fast as they go, into a room with all of them in it."""
    tally = flood(scene, say(op="send", id=7, room="mem:flood", data="x" * 200),
                  after=hello() + join("mem:flood", limit=0))
    return tally, refused_then_closed(tally)


@attack("joins", "limit at the 129th room, rate_limited beyond the rate; then 4429", ["rate_limited"])
def joins(scene):
    """40 connections join one new room after the other, each as fast as they go."""
    tally = flood(scene, say(op="join", id=7, room=f"mem:many-{NUMBER}"))
    return tally, refused_then_closed(tally)


@attack("rooms", "a budget of creations; rooms that nobody is in are gone again", ["rooms_limited|rate_limited"],
        seconds=10)
def rooms(scene):
    """200 connections create a room, leave it, create the next, at just below the rate of commands."""
    block = say(op="join", id=7, room=f"mem:new-{NUMBER}") + say(op="leave", id=8, room=f"mem:new-{NUMBER}")
    tally = flood(scene, block, connections=200, pace_ms=25)
    return tally, only(tally, "errors", ["limit", "not_joined", "rate_limited", "unavailable"]) + \
        only(tally, "closes", [4429])


@attack("history", "rate_limited; then 4429", ["rate_limited"], quick=True)
def history(scene):
    """40 connections ask for 200 messages of history again and again, as fast as they go, and read them."""
    fill = scene.hose(**{**IN, "after": hello("filler") + join("mem:scan", limit=0)}, connections=20, blocks=20,
                      pace_ms=60, block=say(op="send", id=7, room="mem:scan", data="x" * 1000), seconds=2)
    tally = flood(scene, say(op="history", id=9, room="mem:scan", limit=200),
                  after=hello() + join("mem:scan", limit=0))
    return tally, refused_then_closed(tally) + wrong(not fill["replies"], "there was nothing to scan")


@attack("scan", "served within the rate; pages of one take turns with everybody's events", ["pages"], seconds=10)
def scan(scene):
    """60 connections ask for 200 messages of 1 KB, each at just the rate that is allowed, and read them."""
    scene.hose(**{**IN, "after": hello("filler") + join("mem:scan", limit=0)}, connections=20, blocks=20,
               pace_ms=60, block=say(op="send", id=7, room="mem:scan", data="x" * 1000), seconds=2)
    tally = flood(scene, say(op="history", id=9, room="mem:scan", limit=200),
                  after=hello() + join("mem:scan", limit=0), connections=60, pace_ms=100)
    return tally, only(tally, "errors", ["rate_limited", "unavailable"]) + wrong(not tally["replies"], "no page came")


@attack("amplify", "sends within the rate are served; a room's turn ends, others have theirs", ["delivered"], seconds=8,
        quick=True, bursts=32)
def amplify(scene):
    """1,000 members of one room, 50 of whom send 2 KB each, four times a second: 200,000 deliveries a second."""
    room = "mem:hot"
    here = {**IN, "after": hello() + join(room, limit=0)}
    tally = merged(scene.hoses({**here, "connections": 950},
                               {**here, "connections": 50, "pace_ms": 250, "block": say(op="send", id=7, room=room,
                                                                                      data="x" * 2000)}))
    return tally, only(tally, "closes", [4508, 4429]) + wrong(tally["events"] == 0, "nothing was delivered")


@attack("unknown", "an error for each, then 4429", ["errors", "floods"])
def unknown(scene):
    """40 connections say what is no command, or one with wrong types, as fast as they go."""
    tally = flood(scene, say(op="nothing", id=7) + say(op="send", id=8, room=5) + say(op="join", id=9))
    return tally, only(tally, "errors", ["bad_request", "bad_room", "rate_limited"]) + \
        wrong(not (tally["closes"].get("4429") or tally["closes"].get("1008")), f"none was closed: {tally['closes']}")


NAMES = ["a b", "a\r\nSET x 1\r\n", "a\0b", "*", "a.>", "a.*", "{0}", "../../etc/passwd", "a/b", "'; DROP TABLE rooms;--",
         "a\"b", "a\\b", "\u2028", "\u202e", "a\x1b[31m", "%00", "", "a" * 129, "<script>", "a,b", "\ud7ff", "a\tb", "$x", "`id`"]


@attack("names", "bad_room for each, and the connection goes on", ["errors"], seconds=5)
def names(scene):
    """Rooms whose names mean something to a shell, to SQL, NATS, Redis, a path, a terminal or a log."""
    block = b"".join(say(op="join", id=10 + n, room=name) for n, name in enumerate(NAMES))
    block += b"".join(say(op="send", id=50 + n, room=name, data=1) for n, name in enumerate(NAMES))
    tally = scene.hose(**IN, block=block, blocks=1, connections=20, seconds=3)
    want = 20 * 2 * len(NAMES)
    return tally, all_got(tally, "errors", ["bad_room", "not_joined"], 1.0, of=want) + only(tally, "closes", [])


FORBIDDEN = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]")


@attack("log", "one JSON object a line, nothing in it that a terminal or a reader would obey", ["errors"], seconds=5,
        options={"log-level": "debug"}, lines_per_s=10**9)
def log(scene):
    """Names and paths with line ends, escapes of terminals, U+2028 and bidirectional marks, while all is logged."""
    weapons = ["a\u2028{\"event\":\"forged\"}", "b\u202egnp.exe", "c\u2066d", "\u0085next", "e\u009b31m", "ok",
               "quote\"}{\"event\":\"forged\"", "back\\slash", "\u00e4\u00f6\u00fc", "f\n{\"event\":\"forged\"}", "g\x1b[2J"]
    several = []
    for weapon in weapons:
        several.append({"open": request(), "upgrade": 1, "after": hello(weapon) + join(weapon), "connections": 3,
                        "seconds": 1, "hang_up_ms": 600})
    paths = b"GET /\x1b[2J%0a{\"event\":\"forged\"} HTTP/1.1\r\nHost: a\r\n\r\n"
    several.append({"open": paths, "connections": 3, "seconds": 1})
    tally = merged(scene.hoses(*several))
    time.sleep(0.5)
    bad, names_seen = [], set()
    for raw in list(scene.server.lines):
        line = raw.decode("utf-8", "surrogateescape").rstrip("\n")
        if "listening on" in line:
            continue
        try:
            said = json.loads(line)
        except ValueError:
            bad.append(f"not JSON: {line[:100]!r}")
            continue
        names_seen |= {said.get("user")} & set(weapons)
        if said.get("event") == "forged" or FORBIDDEN.search(line):
            bad.append(f"a line that was forged or obeys: {line[:160]!r}")
    return tally, bad[:3] + wrong(len(names_seen) < 4, f"of the names only {names_seen} were logged: nothing was tested")


@attack("halfopen", "gone after ping and pong, without a word from them", ["no_pong"], namespaces=True, seconds=10,
        options={"ping": "3s", "pong": "2s", "slow-timeout": "5s"})
def halfopen(scene):
    """500 members behind a link that is cut: no FIN, no RST, and a busy room goes on."""
    talk = {**IN, "after": hello("talker") + join("mem:half", limit=0)}
    held = scene.start(**talk, connections=500, seconds=20)
    time.sleep(2)
    there = scene.server.metrics()["connections"]
    scene.place.cut()
    began = time.monotonic()
    while time.monotonic() < began + 12 and scene.server.metrics()["connections"] > 510:
        time.sleep(0.25)
    took, left = time.monotonic() - began, scene.server.metrics()["connections"]
    held.kill()
    held.communicate()
    return {"made": 500, "seconds": took}, wrong(there < 1000, f"only {there:.0f} connections were there") + \
        wrong(left > 510, f"{left:.0f} connections are still held {took:.1f} s after the cut")


@attack("typing", "ignored or rate_limited; then 4429", ["rate_limited"])
def typing(scene):
    """40 connections with no end of typing, read marks and presence questions, in a room with presence."""
    block = say(op="typing", room="mem:t") + say(op="read", room="mem:t", seq=1) + say(op="presence", id=5, room="mem:t")
    tally = flood(scene, block, after=hello() + join("mem:t", limit=0, presence=True))
    return tally, refused_then_closed(tally)


@attack("searches", "rate_limited; then 4429", ["rate_limited"])
def searches(scene):
    """40 connections search, as fast as they go, for words that are everywhere and for nonsense."""
    block = frame(TEXT, b'{"op":"search","id":5,"room":"mem:t","query":"a b c d e"}')
    tally = flood(scene, block, after=hello() + join("mem:t", limit=0))
    return tally, refused_then_closed(tally)
