"""The HTTP API: who is let in, what each route takes and gives, and what becomes of those who misuse it."""
import hashlib
import json
import os
import re
import socket
import sqlite3
import subprocess
import time
import unittest

import openapi
from harness import BUILD, Client, ROOT, Server, temporary, wait_until

KEYS = {"all": "admin", "shop": "publish", "reader": "read", "mod": "moderate", "boss": "manage", "graph": "metrics"}


def uproar():
    return os.path.join(ROOT, BUILD, "uproar")  # an absolute BUILD stays what it is


def key_of(name):
    return f"key-of-{name}"


def write_keys(path, keys=KEYS):
    with open(path, "w") as file:
        file.write("# keys of a test\n\n")
        for name, scopes in keys.items():
            file.write(f"{name}  {scopes}  sha256:{hashlib.sha256(key_of(name).encode()).hexdigest()}\n")
    return path


class Http:
    """One connection that speaks HTTP/1.1, and keeps what it did not read."""

    def __init__(self, port, timeout=20):
        self.socket = socket.create_connection(("127.0.0.1", port), timeout)
        self.buffer = b""

    def send(self, data):
        self.socket.sendall(data)

    def request(self, method, path, body=None, key="all", fields="", length=True):
        data = body if isinstance(body, bytes) else b"" if body is None else json.dumps(body).encode()
        head = f"{method} {path} HTTP/1.1\r\nHost: test\r\n{fields}"
        if key:
            head += f"Authorization: Bearer {key_of(key)}\r\n"
        if body is not None:
            if "content-type" not in fields.lower():
                head += "Content-Type: application/json\r\n"
            if length:
                head += f"Content-Length: {len(data)}\r\n"
        return head.encode() + b"\r\n" + data

    def more(self):
        data = self.socket.recv(1 << 16)
        if not data:
            raise ConnectionError("closed by the server")
        self.buffer += data

    def answer(self, head_only=False):
        """(status, fields, body): the body as JSON where it is some."""
        while b"\r\n\r\n" not in self.buffer:
            self.more()
        head, self.buffer = self.buffer.split(b"\r\n\r\n", 1)
        lines = head.decode().split("\r\n")
        status = int(lines[0].split()[1])
        fields = {name.lower(): value for name, value in (line.split(": ", 1) for line in lines[1:])}
        size = 0 if head_only or status in (100, 204) else int(fields["content-length"])
        while len(self.buffer) < size:
            self.more()
        body, self.buffer = self.buffer[:size], self.buffer[size:]
        if fields.get("content-type") == "application/json" and body:
            body = json.loads(body)
        return status, fields, body

    def ask(self, method, path, body=None, **how):
        """Every answer is held against the description."""
        self.send(self.request(method, path, body, **how))
        answer = self.answer(method == "HEAD")
        faults = openapi.judge(method, path, *answer)
        if faults:
            raise AssertionError("\n".join(faults))
        return answer

    def ended(self):
        """Nothing comes but the end."""
        try:
            return self.socket.recv(1 << 16) == b""
        except ConnectionError:
            return True

    def close(self):
        self.socket.close()


class ApiCase(unittest.TestCase):
    options = ("--cores", "2")
    data = False

    @classmethod
    def setUpClass(cls):
        cls.folder = temporary()
        cls.keys = write_keys(os.path.join(cls.folder.name, "keys"))
        data = os.path.join(cls.folder.name, "data") if cls.data else None
        cls.server = Server("--api-keys", cls.keys, *cls.options, data=data).start()

    @classmethod
    def tearDownClass(cls):
        cls.server.stop()
        cls.folder.cleanup()

    def setUp(self):
        self.http = Http(self.server.port)

    def tearDown(self):
        self.http.close()

    def ask(self, *what, **how):
        return self.http.ask(*what, **how)

    def good(self, *what, **how):
        status, _, body = self.ask(*what, **how)
        self.assertEqual(status, 200, body)
        return body

    def told(self, rule):
        """The rule of a limit that was met stands in the log, with the network."""
        line = re.compile(rf' {rule}\b.*from="127\.0\.0\.0/24"')
        self.assertTrue(wait_until(lambda: any(line.search(said) for said in self.server.lines)), rule)

    def bad(self, expected, code, *what, **how):
        status, fields, body = self.ask(*what, **how)
        self.assertEqual((status, body["error"]["code"]), (expected, code), body)
        self.assertTrue(body["error"]["message"])
        if fields["connection"] == "close":
            self.http.close()
            self.http = Http(self.server.port)
        return fields, body["error"]


class Rooms(ApiCase):
    def test_publishing_reaches_members_of_every_core(self):
        rooms = [f"pub{i}" for i in range(6)]
        clients = [Client(self.server.port, f"c{i}") for i in range(4)]
        for client in clients:
            for room in rooms:
                client.ask(op="join", room=room)
        for n, room in enumerate(rooms):
            ack = self.good("POST", "/api/v1/publish", {"room": room, "data": {"n": n}})
            self.assertEqual((ack["room"], ack["seq"], ack["class"]), (room, 1, "memory"))
            ack = self.good("POST", "/api/v1/publish", {"room": room, "data": [], "user": "\u00e9va", "cid": "a:7"})
            self.assertEqual(ack["seq"], 2)
        for client in clients:
            seen = {}
            while sum(map(len, seen.values())) < 2 * len(rooms):
                event = client.event("msg")
                seen.setdefault(event["room"], []).append((event["seq"], event["from"], event["data"]))
            for n, room in enumerate(rooms):
                self.assertEqual(seen[room], [(1, "@all", {"n": n}), (2, "\u00e9va", [])])
            client.close()

    def test_the_same_message_twice_is_kept_once(self):
        body = {"room": "once", "data": 1, "cid": "p:1"}
        first = self.good("POST", "/api/v1/publish", body)
        again = self.good("POST", "/api/v1/publish", body)
        self.assertEqual((again["seq"], again["ts"], again.get("dup")), (first["seq"], first["ts"], True))
        fields = "Idempotency-Key: 3f8a\r\n"
        del body["cid"]
        first = self.good("POST", "/api/v1/publish", body, fields=fields)
        again = self.good("POST", "/api/v1/publish", body, fields=fields)
        self.assertEqual((first["seq"], again["seq"], again.get("dup")), (2, 2, True))
        other = self.good("POST", "/api/v1/publish", body, fields=fields, key="shop")
        self.assertEqual((other["seq"], "dup" in other), (3, False), "another key's is another's")
        self.bad(400, "bad_request", "POST", "/api/v1/publish", dict(body, cid="p:2"), fields=fields)
        self.good("POST", "/api/v1/publish", body, fields=f"Idempotency-Key: {'k' * 255}\r\n")
        self.bad(400, "bad_request", "POST", "/api/v1/publish", body, fields=f"Idempotency-Key: {'k' * 256}\r\n")

    def test_history(self):
        for n in range(1, 61):
            self.good("POST", "/api/v1/publish", {"room": "past", "data": n})
        def seqs(query):
            page = self.good("GET", "/api/v1/rooms/past/history" + query)
            return [event["seq"] for event in page["events"]], page["more"]
        self.assertEqual(seqs(""), (list(range(11, 61)), True))
        self.assertEqual(seqs("?limit=3"), ([58, 59, 60], True))
        self.assertEqual(seqs("?before=5"), ([1, 2, 3, 4], False))
        self.assertEqual(seqs("?after=57&limit=2"), ([58, 59], True))
        self.assertEqual(seqs("?around=30&limit=3")[0], [29, 30, 31])
        self.assertEqual(len(seqs("?limit=200")[0]), 60)
        for query in ("?limit=0", "?limit=201", "?limit=x", "?limit=1&limit=1", "?before=-1", "?before=1&after=1",
                      "?before=9007199254740992", "?limit=%zz", "?limit"):
            self.bad(400, "bad_request", "GET", "/api/v1/rooms/past/history" + query)
        self.bad(404, "gone", "GET", "/api/v1/rooms/never/history")
        self.bad(422, "unsupported", "GET", "/api/v1/rooms/past/search?q=a")

    def test_rooms_and_who_is_there(self):
        self.bad(404, "gone", "GET", "/api/v1/rooms/here")
        self.bad(404, "gone", "GET", "/api/v1/rooms/here/presence")
        users = sorted(f"u{n}" for n in range(7))
        clients = [Client(self.server.port, user) for user in users + ["u0"]]
        for client in clients:
            client.ask(op="join", room="here")
        about = self.good("GET", "/api/v1/rooms/here")
        self.assertEqual((about["n"], about["users"], about["seq"], about["first"], about["class"]),
                         (8, 7, 0, 1, "memory"))
        present = self.good("GET", "/api/v1/rooms/here/presence")
        self.assertEqual((present["n"], sorted(user["id"] for user in present["users"])), (8, users))
        seen, after = [], ""
        for _ in range(10):
            page = self.good("GET", "/api/v1/rooms/here/members?limit=3" + after)
            seen += [user["id"] for user in page["users"]]
            if not page.get("users_more"):
                break
            self.assertEqual(len(page["users"]), 3)
            after = "&after=" + seen[-1]
        self.assertEqual(sorted(seen), users)
        self.bad(409, "conflict", "GET", "/api/v1/rooms/here/members?after=nobody")
        for client in clients:
            client.close()

    def test_names_may_be_escaped(self):
        self.good("POST", "/api/v1/publish", {"room": "a:b@c", "data": 1})
        self.good("GET", "/api/v1/rooms/a%3Ab%40c")
        for path in ("rooms/%20", "rooms/a%2Fb", "rooms/a%00", "rooms/" + "a" * 129, "rooms/%C3%A9"):
            self.bad(400, "bad_request", "GET", "/api/v1/" + path)
        self.bad(404, "gone", "GET", "/api/v1/rooms/" + "a" * 128)

    def test_what_publish_takes(self):
        def refused(body, code="bad_request", status=400):
            self.bad(status, code, "POST", "/api/v1/publish", body)
        for body in ([], 1, "x", {}, {"room": "r"}, {"data": 1}, {"room": "", "data": 1}, {"room": 1, "data": 1},
                     {"room": "a b", "data": 1}, {"room": "r", "data": 1, "user": ""},
                     {"room": "r", "data": 1, "user": "u" * 65}, {"room": "r", "data": 1, "user": " "},
                     {"room": "r", "data": 1, "user": None}, {"room": "r", "data": 1, "cid": "x"},
                     {"room": "r", "data": 1, "cid": "x:0"}, {"room": "r", "data": 1, "cid": "x:01"},
                     {"room": "r", "data": 1, "cid": "p" * 33 + ":1"}, {"room": "r", "data": 1, "cid": ":1"}):
            refused(body)
        for text in (b"", b"{", b'{"room":"r","data":1}x', b'{"room":"r","room":"r","data":1}', b"\xff",
                     b'{"room":"r","data":"\xff"}', b'{"room":"r","data":"\\ud800","user":"\\ud800"}'):
            refused(text)
        self.good("POST", "/api/v1/publish", {"room": "r", "data": 1, "user": "u" * 64, "cid": "p" * 32 + ":9"})
        self.good("POST", "/api/v1/publish", {"room": "r", "data": "d" * (16384 - 2)})
        refused({"room": "r", "data": "d" * (16384 - 1)}, "too_large", 413)


class Lists(ApiCase):
    options = ("--cores", "3")

    def pages(self, path, name, limit):
        seen, after = [], ""
        for _ in range(100):
            page = self.good("GET", f"{path}limit={limit}{after}")
            self.assertLessEqual(len(page[name]), limit)
            seen += page[name]
            if "next" not in page:
                return seen
            after = "&after=" + page["next"]
        self.fail("a list without an end")

    def test_rooms_of_all_cores(self):
        names = sorted(f"list:{n}" for n in range(40))
        for name in names + ["other"]:
            self.good("POST", "/api/v1/publish", {"room": name, "data": 1})
        for limit in (1, 7, 40, 200):
            rooms = self.pages("/api/v1/rooms?prefix=list:&", "rooms", limit)
            self.assertEqual(sorted(room["room"] for room in rooms), names, limit)
        self.assertEqual(rooms[0], {"room": rooms[0]["room"], "class": "memory", "seq": 1, "n": 0, "users": 0})
        self.assertIn("other", [room["room"] for room in self.good("GET", "/api/v1/rooms?limit=200")["rooms"]])
        self.assertEqual(self.good("GET", "/api/v1/rooms?prefix=nothing"), {"rooms": []})
        for query in ("after=1", "after=x-1", "after=3-0", "after=0-4294967296", "prefix=%20", "limit=201", "limit=0"):
            self.bad(400, "bad_request", "GET", "/api/v1/rooms?" + query)

    def test_connections_of_a_user(self):
        clients = [Client(self.server.port, "many") for _ in range(9)]
        clients[0].ask(op="join", room="listed")
        for limit in (1, 4, 200):
            found = self.pages("/api/v1/users/many/connections?", "connections", limit)
            self.assertEqual(sorted(one["conn"] for one in found),
                             sorted(client.hello["ok"]["conn"] for client in clients))
            self.assertEqual(sorted(one["rooms"] for one in found), [0] * 8 + [1])
        self.assertEqual(self.good("GET", "/api/v1/users/no%20body/connections"), {"connections": []})
        for client in clients:
            client.close()


class Changes(ApiCase):
    def test_a_batch_is_answered_command_by_command(self):
        rooms = [f"b{n}" for n in range(5)]
        commands = [{"op": "publish", "room": room, "data": n} for n in range(20) for room in rooms]
        results = self.good("POST", "/api/v1/batch", {"commands": commands})["results"]
        self.assertEqual([(one["room"], one["seq"]) for one in results],
                         [(room, n + 1) for n in range(20) for room in rooms])
        results = self.good("POST", "/api/v1/batch", {"commands": [
            {"op": "publish", "room": "b0", "data": 1, "cid": "x:1"}, {"op": "publish", "room": "b0"}, 7, {},
            {"op": "fly", "room": "b0"}, {"op": "publish", "room": "b0", "data": 2, "cid": "x:1"},
            {"op": "delete", "room": "b0", "seq": 0}, {"op": "delete", "room": "never", "seq": 1},
            {"op": "kick", "room": "b 0", "user": "u"}]})["results"]
        codes = [one["error"]["code"] if "error" in one else one["seq"] for one in results]
        self.assertEqual(codes, [21, "bad_request", "bad_request", "bad_request", "bad_request", 21, "bad_request",
                                 "gone", "bad_request"])
        self.assertTrue(results[5]["dup"])
        self.assertEqual(self.good("POST", "/api/v1/batch", {"commands": []}), {"results": []})
        self.assertEqual(self.good("POST", "/api/v1/batch", {"commands": [{}]})["results"][0]["error"]["code"],
                         "bad_request")
        command = {"op": "publish", "room": "b9", "data": 1}
        self.assertEqual(len(self.good("POST", "/api/v1/batch", {"commands": [command] * 256})["results"]), 256)
        self.bad(400, "bad_request", "POST", "/api/v1/batch", {"commands": [command] * 257})
        for body in ({}, {"commands": 1}, [], {"commands": {}}):
            self.bad(400, "bad_request", "POST", "/api/v1/batch", body)

    def test_a_batch_asks_for_the_scope_of_each_command(self):
        for key in KEYS:
            # Of a user of its own: what a key with manage has decided, one with moderate alone does not change.
            commands = [{"op": "publish", "room": "s", "data": 1}, {"op": "delete", "room": "nowhere", "seq": 1},
                        {"op": "mute", "room": "s", "user": key}, {"op": "lock", "room": "s"}]
            results = self.good("POST", "/api/v1/batch", {"commands": commands}, key=key)["results"]
            refused = [one.get("error", {}).get("code") == "forbidden" for one in results]
            may = [("shop",), ("mod", "boss"), ("mod", "boss"), ("boss",)]
            expected = [key != "all" and key not in keys for keys in may]
            self.assertEqual(refused, expected, key)

    def test_rooms_are_moderated(self):
        ann, bob = Client(self.server.port, "ann"), Client(self.server.port, "bob")
        for client in (ann, bob):
            client.ask(op="join", room="mods")
        say = lambda data: bob.ask(op="send", room="mods", data=data)
        self.assertIn("ok", say("hello"))
        ack = self.good("POST", "/api/v1/rooms/mods/mute", {"user": "bob", "for": 3600, "reason": "loud"}, key="mod")
        self.assertEqual((ack["room"], ack["seq"]), ("mods", 2))
        event = ann.event("mod")
        self.assertEqual((event["from"], event["act"], event["user"], event["reason"]), ("@mod", "mute", "bob", "loud"))
        self.assertEqual(say("again")["err"]["code"], "muted")
        self.good("POST", "/api/v1/publish", {"room": "mods", "data": "for bob", "user": "bob"}, key="shop")
        self.good("POST", "/api/v1/rooms/mods/unmute", {"user": "bob"})
        self.assertIn("ok", say("again"))
        self.bad(403, "forbidden", "POST", "/api/v1/rooms/mods/lock", key="mod")
        self.good("POST", "/api/v1/rooms/mods/lock", key="boss")
        self.assertEqual(say("locked")["err"]["code"], "read_only")
        self.good("POST", "/api/v1/rooms/mods/unlock", {"reason": "done"}, key="boss")
        self.good("POST", "/api/v1/rooms/mods/slow", {"every": 600})
        self.assertIn("ok", say("first"))
        self.assertEqual(say("second")["err"]["code"], "slow_mode")
        self.good("POST", "/api/v1/rooms/mods/slow", {"every": 0})
        self.good("DELETE", "/api/v1/rooms/mods/messages/1", key="mod")
        self.bad(404, "gone", "DELETE", "/api/v1/rooms/mods/messages/1")
        first = self.good("GET", "/api/v1/rooms/mods/history?limit=1&before=2")["events"][0]
        self.assertEqual((first["seq"], first["deleted"]), (1, True))
        self.good("POST", "/api/v1/batch", {"commands": [{"op": "ban", "room": "mods", "user": "bob", "for": 60}]})
        self.assertEqual(bob.event("removed")["act"], "ban")
        self.assertEqual(bob.ask(op="join", room="mods")["err"]["code"], "banned")
        self.good("POST", "/api/v1/rooms/mods/unban", {"user": "bob"})
        self.assertIn("ok", bob.ask(op="join", room="mods"))
        self.good("POST", "/api/v1/rooms/mods/kick", {"user": "bob"})
        self.assertEqual(bob.event("removed")["act"], "kick")
        for path, body in (("ban", {}), ("ban", {"user": "bob", "for": 1000000001}), ("kick", {"user": "bob", "for": 1}),
                           ("slow", {}), ("slow", {"every": 86401}), ("slow", {"every": True}),
                           ("mute", {"user": "bob", "every": 1}), ("ban", {"user": "bob", "reason": "r" * 257})):
            self.bad(400, "bad_request", "POST", f"/api/v1/rooms/mods/{path}", body)
        words = ("audit", "mods", "mute", "@mod", "bob")
        self.assertTrue(wait_until(lambda: any(all(word in line for word in words) for line in self.server.lines)))
        ann.close()
        bob.close()

    def test_users_are_ended_and_banned(self):
        bob = Client(self.server.port, "bob d")
        self.good("POST", "/api/v1/users/bob%20d/disconnect")
        with self.assertRaises(ConnectionError):
            bob.read()
        self.assertEqual(bob.closed[1], "disconnected")
        bob = Client(self.server.port, "bob d")
        self.good("POST", "/api/v1/users/bob%20d/ban", {"for": 3600, "reason": "spam"}, key="boss")
        with self.assertRaises(ConnectionError):
            bob.read()
        self.assertEqual(bob.closed[1], "banned")
        def is_let_in():
            try:
                client = Client(self.server.port, "bob d")
                client.close()
                return "ok" in client.hello
            except ConnectionError:
                return False
        self.assertFalse(is_let_in())
        self.good("POST", "/api/v1/users/bob%20d/unban")
        self.assertTrue(wait_until(is_let_in))
        for body in ({"for": -1}, {"for": "1"}, {"for": 1.5}, {"reason": 1}, {"reason": "r" * 257}, []):
            self.bad(400, "bad_request", "POST", "/api/v1/users/u/ban", body)
        self.bad(400, "bad_request", "POST", "/api/v1/users/u/disconnect", {"for": 1})
        self.bad(403, "forbidden", "POST", "/api/v1/users/u/ban", key="mod")
        words = ("audit", "ban", "@boss", "bob d", "spam")
        self.assertTrue(wait_until(lambda: any(all(word in line for word in words) for line in self.server.lines)))


class Bodies(ApiCase):
    options = ("--cores", "2", "--api-body", "4K", "--handshake-timeout", "60s")

    def padded(self, size):
        body = b'{"room":"padded","data":1'
        return body + b" " * (size - len(body) - 1) + b"}"

    def test_a_body_at_the_limit_and_one_past_it(self):
        self.good("POST", "/api/v1/publish", self.padded(4096))
        fields, _ = self.bad(413, "too_large", "POST", "/api/v1/publish", self.padded(4097))
        self.assertEqual(fields["connection"], "close")
        self.told("api_body")

    def test_a_body_in_pieces_and_requests_in_a_row(self):
        request = self.http.request("POST", "/api/v1/publish", self.padded(1000))
        for size in (1, 7, 64):
            for at in range(0, len(request), size):
                self.http.send(request[at : at + size])
            self.assertEqual(self.http.answer()[0], 200)
        seqs = []
        self.http.send(b"".join(self.http.request("POST", "/api/v1/publish", {"room": f"row{n % 5}", "data": n})
                                for n in range(200)) + self.http.request("GET", "/healthz", key=None)
                       + self.http.request("GET", "/api/v1/info"))
        for n in range(200):
            status, _, body = self.http.answer()
            seqs.append((status, body["room"], body["seq"]))
        self.assertEqual(seqs, [(200, f"row{n % 5}", n // 5 + 1) for n in range(200)])
        self.assertEqual(self.http.answer()[2], b"ok\n")
        self.assertEqual(self.http.answer()[2]["api"], "v1")

    def test_a_websocket_may_follow(self):
        self.http.send(self.http.request("GET", "/api/v1/rooms") + b"GET /ws HTTP/1.1\r\nHost: a\r\n"
                       b"Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
                       b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n")
        self.assertEqual(self.http.answer()[0], 200)
        while b"\r\n\r\n" not in self.http.buffer:
            self.http.more()
        self.assertTrue(self.http.buffer.startswith(b"HTTP/1.1 101"))

    def test_what_a_body_must_say_of_itself(self):
        publish = {"room": "r", "data": 1}
        self.bad(411, "length_required", "POST", "/api/v1/publish", publish, length=False)
        self.bad(411, "length_required", "POST", "/api/v1/publish", publish, length=False,
                 fields="Transfer-Encoding: chunked\r\n")
        self.told("head_coding")
        http = Http(self.server.port)
        http.send(http.request("HEAD", "/api/v1/info", fields="Transfer-Encoding: chunked\r\n"))
        self.assertEqual(http.answer(head_only=True)[0], 411)
        with self.assertRaises(ConnectionError):
            http.more()
        self.assertEqual(http.buffer, b"", "what is asked for its head has no content")
        http.close()
        for kind in ("text/plain", "application/x-www-form-urlencoded", "application/jsonp", ""):
            self.bad(415, "unsupported_media_type", "POST", "/api/v1/publish", publish,
                     fields=f"Content-Type: {kind}\r\n")
        self.good("POST", "/api/v1/publish", publish, fields="Content-Type: application/JSON ; charset=utf-8\r\n")
        self.bad(400, "bad_request", "GET", "/api/v1/info", publish)
        self.bad(400, "bad_request", "POST", "/api/v1/reload", b"{")
        self.http.send(self.http.request("POST", "/api/v1/publish", b"", length=False)[:-2]
                       + b"Content-Length: 24\r\nExpect: 100-continue\r\n\r\n")
        self.assertEqual(self.http.answer()[0], 100)
        self.http.send(b'{"room":"r1","data":"a"}')
        self.assertEqual(self.http.answer()[0], 200)
        request = self.http.request("POST", "/api/v1/publish", b'{"room":"r1","data":"a"}', fields="Expect: 100-continue\r\n")
        http = Http(self.server.port)
        http.send(request[:-5].replace(b"HTTP/1.1", b"HTTP/1.0"))
        time.sleep(0.2)
        http.send(request[-5:])
        self.assertEqual(http.answer()[0], 200, "nothing before it in HTTP/1.0")
        http.close()

    def test_without_a_key_no_body_is_received(self):
        self.http.send(self.http.request("POST", "/api/v1/publish", self.padded(4096), key=None)[:200])
        status, fields, _ = self.http.answer()
        self.assertEqual((status, fields["connection"]), (401, "close"))

    def test_who_goes_away_leaves_nothing(self):
        def before():
            return self.server.metric("connections")
        count = before()
        for n in range(50):
            http = Http(self.server.port)
            request = http.request("POST", "/api/v1/batch", {"commands": [
                {"op": "publish", "room": f"gone{n}", "data": n} for n in range(20)]})
            http.send(request[: len(request) - n % 2] + request * (n % 3))
            http.close()
        self.assertTrue(wait_until(lambda: before() <= count, 20))
        self.good("GET", "/api/v1/info")

    def test_head_and_the_end_of_a_connection(self):
        self.http.send(self.http.request("POST", "/api/v1/publish", {"room": "r", "data": 1},
                                         fields="Connection: close\r\n"))
        status, fields, _ = self.http.answer()
        self.assertEqual((status, fields["connection"]), (200, "close"))
        self.assertTrue(self.http.ended())


class LateBody(ApiCase):
    options = ("--cores", "1", "--handshake-timeout", "1s")

    def test_a_body_that_does_not_come(self):
        http = Http(self.server.port, timeout=60)
        http.send(http.request("POST", "/api/v1/publish", {"room": "r", "data": 1})[:-1])
        status, fields, body = http.answer()
        self.assertEqual((status, fields["connection"], body["error"]["code"]), (408, "close", "late"))
        self.assertTrue(http.ended())
        http.close()


class Late(ApiCase):
    options = ("--cores", "2", "--api-timeout", "2s")
    data = True

    def is_kept(self):
        http = Http(self.server.port)
        try:
            return http.ask("POST", "/api/v1/publish", {"room": "late", "data": 1})[0] == 200
        finally:
            http.close()

    def test_an_answer_that_does_not_come_in_time(self):
        """Another program holds the store's file: nothing is kept, and nobody is told that it was."""
        publish = {"room": "late", "data": 1}
        self.assertTrue(wait_until(self.is_kept, 60))
        holder = sqlite3.connect(os.path.join(self.folder.name, "data", "uproar.db"), isolation_level=None)
        holder.execute("BEGIN IMMEDIATE")
        waiting = [Http(self.server.port) for _ in range(3)]
        for http in waiting:
            http.send(http.request("POST", "/api/v1/publish", publish) + http.request("GET", "/api/v1/info"))
        for http in waiting:
            status, fields, body = http.answer()
            self.assertEqual(status, 503)
            if body["error"]["code"] == "timeout":  # or the store has given up first, on a machine that stood still
                self.assertEqual(fields["connection"], "close")
                self.assertTrue(http.ended())
            http.close()
        self.good("GET", "/api/v1/info")
        holder.execute("ROLLBACK")
        holder.close()
        self.assertTrue(wait_until(self.is_kept, 60))


class Flood(ApiCase):
    options = ("--cores", "1", "--api-rate", "1", "--api-burst", "5")

    def test_a_key_has_its_rate(self):
        answers = [self.ask("GET", "/api/v1/info") for _ in range(100)]
        self.assertEqual([status for status, _, _ in answers[:5]], [200] * 5)
        status, fields, body = next(answer for answer in answers if answer[0] != 200)
        self.assertEqual((status, body["error"]["code"]), (429, "rate_limited"))
        self.assertGreater(int(fields["retry-after"]), 0)
        self.assertGreater(body["error"]["retry_ms"], 0)
        self.told("api_rate")
        self.good("GET", "/api/v1/info", key="graph")

    def test_a_batch_costs_what_is_in_it(self):
        command = {"op": "publish", "room": "r", "data": 1}
        self.good("POST", "/api/v1/batch", {"commands": [command] * 200}, key="shop")
        _, error = self.bad(429, "rate_limited", "POST", "/api/v1/publish", {"room": "r", "data": 1}, key="shop")
        self.assertGreater(error["retry_ms"], 5000)


class Origins(ApiCase):
    options = ("--cores", "1", "--api-origins", "same https://app.example")

    def test_pages_that_may_ask(self):
        own = f"Origin: http://test\r\n"
        for fields, named in (("Origin: https://app.example\r\n", "https://app.example"), (own, "http://test")):
            status, answer, _ = self.ask("GET", "/api/v1/info", fields=fields)
            self.assertEqual((status, answer["access-control-allow-origin"], answer["vary"]), (200, named, "Origin"))
            status, answer, _ = self.ask("GET", "/api/v1/info", key=None, fields=fields)
            self.assertEqual((status, answer["access-control-allow-origin"]), (401, named))
            self.http.send(self.http.request("OPTIONS", "/api/v1/publish", key=None,
                                             fields=fields + "Access-Control-Request-Method: POST\r\n"))
            status, answer, _ = self.http.answer()
            self.assertEqual(status, 204)
            self.assertIn("X-API-Key", answer["access-control-allow-headers"])
        for origin in ("https://evil.example", "null", "https://app.example.evil", "http://app.example"):
            fields, _ = self.bad(403, "origin", "GET", "/api/v1/info", fields=f"Origin: {origin}\r\n")
            self.assertNotIn("access-control-allow-origin", fields)
        self.bad(405, "method_not_allowed", "OPTIONS", "/api/v1/info", key=None)


class Description(ApiCase):
    def test_it_has_every_route_and_no_other(self):
        with open(os.path.join(ROOT, "engine/api/tbl/api_routes.h")) as file:
            rows = re.findall(r'^API_ROUTE\((\w+), (\w+), "([^"]+)", (.+), (\w+)\)$', file.read(), re.M)
        described = {(method, path) for path, item in openapi.DESCRIPTION["paths"].items()
                     for method in item if method != "parameters"}
        self.assertEqual({(method.lower(), "/api/v1/" + path) for _, method, path, _, _ in rows}, described)
        for _, method, path, scope, body in rows:
            operation = openapi.DESCRIPTION["paths"]["/api/v1/" + path][method.lower()]
            takes = operation.get("requestBody")
            self.assertEqual("NONE" if not takes else "NEEDED" if takes["required"] else "TAKEN", body, path)
            self.assertEqual("401" in operation["responses"], scope != "0", path)
            for word in re.findall(r"API_SCOPE_(\w+)", scope):
                self.assertIn(word, operation["description"], path)

    def test_it_is_served_to_all(self):
        status, fields, body = self.ask("GET", "/api/v1/openapi.json", key=None)
        self.assertEqual((status, fields["content-type"], body), (200, "application/json", openapi.DESCRIPTION))
        status, fields, body = self.ask("HEAD", "/api/v1/info")
        self.assertEqual((status, body), (200, b""))
        self.assertGreater(int(fields["content-length"]), 50)
        self.assertEqual(self.good("GET", "/api/v1/info")["cores"], 2)

    def test_what_is_not_there(self):
        for path in ("/api/", "/api/v1", "/api/v1/", "/api/v2/info", "/api/v1/info/", "/api/v1/rooms/a/b",
                     "/api/v1/rooms//history", "/api/v1/users//ban"):
            self.bad(404, "not_found", "GET", path)
        for method, path, allow in (("POST", "info", "GET, HEAD"), ("GET", "publish", "POST"),
                                    ("DELETE", "log-level", "GET, HEAD, PUT"), ("PATCH", "rooms", "GET, HEAD")):
            fields, _ = self.bad(405, "method_not_allowed", method, "/api/v1/" + path)
            self.assertEqual(fields["allow"], allow)


class Options(unittest.TestCase):
    def test_reload_and_log_level(self):
        with temporary() as folder:
            path, keys = os.path.join(folder, "uproar.conf"), write_keys(os.path.join(folder, "keys"))

            def configure(text):
                with open(path, "w") as file:
                    file.write(text)

            configure(f'api-keys = "{keys}"; log-level = info;')
            with Server("-c", path) as server:
                http = Http(server.port)
                self.assertEqual(http.ask("GET", "/api/v1/log-level")[2], {"level": "info"})
                for body in ({}, {"level": "loud"}, {"level": 1}):
                    self.assertEqual(http.ask("PUT", "/api/v1/log-level", body)[0], 400)
                self.assertEqual(http.ask("PUT", "/api/v1/log-level", {"level": "debug"})[2], {"level": "debug"})
                self.assertEqual(http.ask("GET", "/api/v1/log-level")[2], {"level": "debug"})
                configure(f'api-keys = "{keys}"; log-level = info; send-rate = 77; backlog = 99;')
                status, _, body = http.ask("POST", "/api/v1/reload")
                self.assertEqual(status, 200)
                self.assertEqual([(one["option"], one["to"]) for one in body["changed"]], [("send-rate", "77")])
                self.assertEqual([(one["option"], one["to"]) for one in body["needs_restart"]], [("backlog", "99")])
                self.assertEqual(http.ask("GET", "/api/v1/log-level")[2], {"level": "info"}, "as the options say")
                configure(f'api-keys = "{keys}"; send-rate = "many";')
                status, _, body = http.ask("POST", "/api/v1/reload", {})
                self.assertEqual((status, body["error"]["code"]), (409, "refused"))
                self.assertIn(f"{path}:1: option 'send-rate' is 'many'", body["error"]["message"])
                write_keys(keys, {"all": "admin", "new": "read"})
                configure(f'api-keys = "{keys}";')
                self.assertEqual(http.ask("GET", "/api/v1/rooms", key="new")[0], 401)
                self.assertEqual(http.ask("POST", "/api/v1/reload")[0], 200)
                self.assertTrue(wait_until(lambda: http.ask("GET", "/api/v1/rooms", key="new")[0] == 200))
                self.assertEqual(http.ask("GET", "/api/v1/rooms", key="reader")[0], 401)


class Keys(ApiCase):
    def test_without_a_key_nothing_is_open(self):
        for method, path in (("GET", "info"), ("GET", "rooms/r"), ("POST", "publish")):
            fields, _ = self.bad(401, "unauthorized", method, "/api/v1/" + path, key=None)
            self.assertEqual(fields["www-authenticate"], "Bearer")
            self.bad(401, "unauthorized", method, "/api/v1/" + path, key="nobody")
        for fields in ("Authorization: Basic YTpi\r\n", "Authorization: Bearer\r\n", "X-API-Key: \r\n",
                       f"X-API-Key: {key_of('all')}\r\nX-API-Key: {key_of('all')}\r\n",
                       f"X-API-Key: {key_of('all')}\r\nAuthorization: Bearer {key_of('all')}\r\n"):
            self.bad(401, "unauthorized", "GET", "/api/v1/info", key=None, fields=fields)
        for fields in (f"X-API-Key: {key_of('all')}\r\n", f"authorization: bEARER   {key_of('all')} \r\n"):
            self.good("GET", "/api/v1/info", key=None, fields=fields)
        self.assertGreater(self.server.metric("api_keys_refused"), 5)

    def test_a_key_does_what_its_scopes_say(self):
        can = {
            ("POST", "/api/v1/publish"): {"all", "shop"},
            ("GET", "/api/v1/rooms/scopes"): {"all", "reader"},
            ("GET", "/api/v1/rooms/scopes/history"): {"all", "reader"},
            ("GET", "/api/v1/info"): set(KEYS),
            ("GET", "/api/v1/status"): {"all", "graph"},
            ("GET", "/api/v1/rooms"): {"all", "reader"},
            ("GET", "/api/v1/users/u/connections"): {"all", "reader"},
            ("POST", "/api/v1/users/u/disconnect"): {"all", "mod", "boss"},
            ("POST", "/api/v1/users/u/ban"): {"all", "boss"},
            ("POST", "/api/v1/users/u/unban"): {"all", "boss"},
        }
        self.good("POST", "/api/v1/publish", {"room": "scopes", "data": 1})
        for (method, path), who in can.items():
            body = {"room": "scopes", "data": 1} if method == "POST" else None
            if "users" in path and body:
                body = {}
            for key in KEYS:
                if key in who:
                    self.good(method, path, body, key=key)
                else:
                    self.bad(403, "forbidden", method, path, body, key=key)

    def test_without_a_file_the_api_is_closed(self):
        with Server() as server:
            http = Http(server.port)
            self.assertEqual(http.ask("GET", "/api/v1/info")[0], 401)

    def test_a_file_that_is_wrong_is_told_with_its_line(self):
        with temporary() as folder:
            path = write_keys(os.path.join(folder, "keys"))
            with open(path, "a") as file:
                file.write("more read,fly sha256:00\n")
            for name, said in ((path, f"{path}:{3 + len(KEYS)}: option 'api-keys': scopes"),
                               (path + ".no", "No such file")):
                ended = subprocess.run([uproar(), "--listen", "127.0.0.1:0", "--data", "", "--api-keys", name],
                                       capture_output=True, text=True, timeout=60)
                self.assertIn(ended.returncode, (64, 78))
                self.assertIn(said, ended.stderr)


if __name__ == "__main__":
    unittest.main()
