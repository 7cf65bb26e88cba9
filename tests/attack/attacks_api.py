"""attacks_api.py - attacks on the HTTP API, by those who have no key and by one who has."""
import hashlib
import json
import os

from attacks import all_got, attack, merged, only, wrong
from rig import BUILD

KEY = "insider"
KEYS = os.path.join(str(BUILD), "attack-api-keys")
if os.path.isdir(os.path.dirname(KEYS)):
    with open(KEYS, "w") as file:
        file.write(f"insider admin sha256:{hashlib.sha256(KEY.encode()).hexdigest()}\n")


def ask(method, path, body=None, key=KEY, length=None):
    """A request; `length` claims another one than the body has."""
    data = b"" if body is None else body if isinstance(body, bytes) else json.dumps(body).encode()
    head = f"{method} /api/v1/{path} HTTP/1.1\r\nHost: test\r\n"
    if key:
        head += f"X-API-Key: {key}\r\n"
    if body is not None:
        head += f"Content-Type: application/json\r\nContent-Length: {len(data) if length is None else length}\r\n"
    return head.encode() + b"\r\n" + data


@attack("api_slow", "408 after the deadline for a whole body; without a key 401 before it", ["handshake_timeout"],
        options={"api-keys": KEYS, "handshake-timeout": "3s"})
def api_slow(scene):
    """400 connections send a body a byte a second, and come again; half of them have a key."""
    tallies = scene.hoses(*({"open": ask("POST", "publish", b"{", key, 1000), "block": b" ", "step": 1, "pace_ms": 1000,
                             "connections": 200, "again": 1, "most": 100000} for key in (KEY, None)))
    slow, strange = tallies
    return merged(tallies), (all_got(slow, "statuses", [408, 429, 503], of=slow["made"] - slow["open_at_end"]) +
                             only(strange, "statuses", [401, 429, 503]) +
                             wrong(slow["held_ms_max"] > 5000, f"one was held for {slow['held_ms_max']} ms"))


@attack("api_huge", "413 from the length alone, 401 without a key; nothing of it is kept", ["api_errors"],
        options={"api-keys": KEYS}, seconds=5)
def api_huge(scene):
    """Bodies of a terabyte, poured as fast as they are taken; half of them with a key."""
    tallies = scene.hoses(*({"open": ask("POST", "batch", b"[", key, 1 << 40), "block": b"[" * 16384, "connections": 50,
                             "again": 1, "most": 20000} for key in (KEY, None)))
    return merged(tallies), (only(tallies[0], "statuses", [413, 429, 503]) +
                             only(tallies[1], "statuses", [401, 429, 503]) +
                             wrong(not tallies[0]["statuses"], "nothing was answered"))


@attack("api_waiting", "each answered in turn, or told that the key has had its rate; nobody else waits",
        ["api_requests"], options={"api-keys": KEYS, "api-rate": "500"})
def api_waiting(scene):
    """One key, 300 connections that publish, ask for pages and lists, a hundred requests ahead of their answers."""
    mixed = b"".join(ask("POST", "publish", {"room": f"api{n % 7}", "data": n}) + ask("GET", f"rooms/api{n % 7}/history") +
                     ask("GET", "rooms?limit=200") + ask("GET", "users/u1/connections") for n in range(25))
    tally = scene.hose(open=ask("GET", "info"), block=mixed, connections=300, again=1, most=50000)
    return tally, only(tally, "statuses", [200, 404, 429, 503]) + wrong(not tally["statuses"], "nothing was answered")
