"""Who may do what: each cell of the tables of docs/protocol/moderation.md, in rooms of both classes, on two cores. And what
a ban does: nothing with a later seq comes to any connection of whom it removes."""
import base64
import hashlib
import hmac
import itertools
import json
import os
import re
import socket
import time
import unittest

from harness import Client, Server, temporary, wait_until

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
SECRET = b"a secret of thirty-two bytes, at least"
RIGHTS = ("*: none; @read *: read; @member *: member; @moderator *: member moderate; @manager *: member manage; "
          "@read *private*: none; @member *private*: none; @moderator *private*: none; @guest *private*: member")
ROLES = {"no rights": [], "read": ["read"], "member": ["member"], "moderator": ["moderator"], "manager": ["manager"],
         "muted": ["member"], "banned": ["member"]}


def tables():
    """{kind: {operation: {who: cell}}}"""
    found, kind = {}, None
    with open(os.path.join(ROOT, "docs/protocol/moderation.md")) as file:
        for line in file:
            title = re.match(r"### In an? (\w+) room", line)
            kind = title.group(1) if title else None if line.startswith("#") else kind
            cells = [cell.strip() for cell in line.strip().strip("|").split("|")]
            if kind is None or not line.startswith("|") or set(cells[0]) == {"-"}:
                continue
            if cells[0] == "operation":
                head = cells[1:]
            else:
                found.setdefault(kind, {})[cells[0]] = dict(zip(head, cells[1:], strict=True))
    return found


def cell(table, kind, operation, who):
    """What holds there: the kind's own row, or that of an open room."""
    own = table[kind].get(operation) or (table[kind].get("all else") if who in table[kind].get("all else", {}) else None)
    return own[who] if own and who in own else table["open"][operation][who]


def token(user, roles, seconds=3600):
    def part(value):
        return base64.urlsafe_b64encode(value).rstrip(b"=")

    head = part(b'{"alg":"HS256","typ":"JWT"}')
    signed = head + b"." + part(json.dumps({"sub": user, "exp": int(time.time()) + seconds, "roles": roles}).encode())
    return (signed + b"." + part(hmac.new(SECRET, signed, hashlib.sha256).digest())).decode()


class Moderation(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.directory = temporary()
        cls.clients = []
        secret = os.path.join(cls.directory.name, "secret")
        with open(secret, "wb") as file:
            file.write(SECRET)
        cls.audit = os.path.join(cls.directory.name, "audit.log")
        cls.server = Server("--cores", "2", "--send-rate", "0", "--command-rate", "0", "--room-rate", "0", "--drain", "0",
                            "--user-rates", "0", "--network-rates", "0", "--rooms-per-user", "0",
                            "--token-keys", f"HS256:{secret}", "--rights", RIGHTS, "--room-classes", "mem: class=memory",
                            "--audit-log", cls.audit, data=os.path.join(cls.directory.name, "data")).start()
        cls.who = {who: cls.enter(who, roles) for who, roles in ROLES.items()}
        cls.boss, cls.mod = cls.enter("boss", ["manager"]), cls.enter("mod", ["moderator"])
        cls.victim = cls.enter("victim", ["member", "guest"])
        cls.deputy = cls.enter("deputy", ["moderator", "guest"])

    @classmethod
    def tearDownClass(cls):
        for client in cls.clients:
            client.close()
        assert cls.server.stop() == 0
        cls.directory.cleanup()

    @classmethod
    def enter(cls, user, roles):
        client = Client(cls.server.port, timeout=60)
        client.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)  # many short commands, none to wait for
        assert "ok" in client.ask(op="hello", token=token(user, roles)), user
        cls.clients.append(client)
        return client

    def good(self, client, **command):
        answer = client.ask(**command)
        self.assertIn("ok", answer, command)
        return answer["ok"]

    def moderate(self, client, room, act, user=None, **more):
        if user is not None:
            more["user"] = user
        self.good(client, op="mod", room=room, act=act, **more)

    def said(self, client, room):
        return self.good(client, op="send", room=room, data="word")["seq"]

    def prepare(self, kind, room, operation, who):
        """A room of that kind, with whoever is needed in it; what the actor has said, and what another has."""
        actor = self.who[who]
        for client in (self.boss, self.victim, self.deputy):
            self.good(client, op="join", room=room)
        others = self.said(self.boss, room)
        if kind == "slow":
            self.moderate(self.boss, room, "slow", every=3600)
        own = others
        if operation != "join" and "ok" in actor.ask(op="join", room=room):
            answer = actor.ask(op="send", room=room, data="word")
            own = answer["ok"]["seq"] if "ok" in answer else others
        if kind == "locked":
            self.moderate(self.boss, room, "lock")
        if who in ("muted", "banned"):
            self.moderate(self.boss, room, "mute" if who == "muted" else "ban", who)
        by = self.boss if "a manager" in operation else self.mod
        if operation.startswith(("unban", "unmute")):
            if kind == "private":
                by = self.boss
            if by is self.mod:
                self.good(by, op="join", room=room)
            self.moderate(by, room, "ban" if operation.startswith("unban") else "mute", "victim")
        if who == "banned" and operation not in ("join",):
            while self.who[who].event("removed")["room"] != room:
                pass
        return own, others

    def attempt(self, actor, room, operation, own, others):
        acts = {"make it slow": {"act": "slow", "every": 7200}, "lock": {"act": "lock"}, "unlock": {"act": "unlock"}}
        if operation in acts:
            return actor.ask(op="mod", room=room, **acts[operation])
        act = operation.split()[0]
        if act in ("kick", "ban", "mute", "unban", "unmute"):
            return actor.ask(op="mod", room=room, act=act, user="deputy" if operation.endswith("moderator") else "victim")
        target = own if operation.endswith("own") else others
        commands = {"join": {"op": "join"}, "send": {"op": "send", "data": 1}, "edit": {"op": "edit", "data": 2, "target": target},
                    "delete": {"op": "del", "target": target}, "react": {"op": "react", "target": target, "key": "+", "on": True},
                    "type": {"op": "typing"}, "read": {"op": "read", "seq": 1}, "history": {"op": "history"},
                    "search,": {"op": "search", "query": "word"}, "presence": {"op": "presence"}}
        if act != "type":
            return actor.ask(room=room, **commands[act])
        self.good(actor, op="ping")
        actor.events.clear()
        actor.say(op="typing", room=room)  # answered only with an error, before what is asked of the room next
        actor.ask(op="read", room=room, seq=1)
        errors = [event for event in actor.events if "err" in event]
        return errors[0] if errors else {"ok": {}}

    def result(self, actor, room, operation, own, others):
        if operation != "join: what was before":
            answer = self.attempt(actor, room, operation, own, others)
            return "ok" if "ok" in answer else answer["err"]["code"]
        self.good(actor, op="leave", room=room)
        return "ok" if self.good(actor, op="join", room=room)["events"] else "nothing"

    def try_all(self, kind):
        table = tables()
        wrong, tried = [], 0
        for storage, operation, who in itertools.product(("memory", "disk"), table["open"], ROLES):
            expected = cell(table, kind, operation, who)
            private = kind == "private" and who in ("muted", "banned")
            if expected == "-" or private or (", " in operation and storage not in operation):
                continue
            if kind == "private" and operation == "join: what was before" and who != "manager":
                continue
            tried += 1
            room = f"{'mem:' if storage == 'memory' else ''}{kind}:{tried}"
            own, others = self.prepare(kind, room, operation, who)
            got = self.result(self.who[who], room, operation, own, others)
            if got != expected:
                wrong.append(f"{kind}, {storage}: {operation} by {who} is {got}, documented as {expected}")
            for client in self.clients:
                client.say(op="leave", room=room)
                client.events.clear()
        self.assertEqual(wrong, [])
        return tried

    def test_open(self):
        self.assertGreater(self.try_all("open"), 350)

    def test_locked(self):
        self.assertGreater(self.try_all("locked"), 350)

    def test_slow(self):
        self.assertGreater(self.try_all("slow"), 350)

    def test_private(self):
        self.assertGreater(self.try_all("private"), 200)

    def test_who_moderates_no_longer_is_moderated(self):
        for room in ("mem:was", "was"):
            old, weak = self.enter("old", ["moderator"]), self.enter("old", ["member"])
            for client in (old, weak, self.mod):
                self.good(client, op="join", room=room)
            self.good(weak, op="read", room=room, seq=0)  # by which she was taken for a member
            kick = {"op": "mod", "room": room, "act": "kick", "user": "old"}
            self.assertEqual(self.mod.ask(**kick)["err"]["code"], "forbidden")
            self.good(old, op="refresh", token=token("old", ["member"]))
            self.good(old, op="ping")
            self.assertTrue(wait_until(lambda: "ok" in self.mod.ask(**kick), 10), "although she says nothing")
            self.assertEqual(old.event("removed")["act"], "kick")

    def test_a_retry_of_what_was_taken_is_no_refusal(self):
        for act, error in (("mute", "muted"), ("lock", "read_only"), ("slow", "slow_mode")):
            for room in (f"mem:again-{act}", f"again-{act}"):
                with self.subTest(room):
                    bob = self.enter("bob", ["member"])
                    self.good(self.boss, op="join", room=room)
                    self.good(bob, op="join", room=room)
                    if act == "slow":
                        self.moderate(self.boss, room, act, every=3600)
                    taken = self.good(bob, op="send", room=room, cid="p:1", data=1)
                    if act != "slow":
                        self.moderate(self.boss, room, act, *(["bob"] if act == "mute" else []))
                    again = self.good(bob, op="send", room=room, cid="p:1", data=1)
                    self.assertEqual((again["seq"], again["ts"], again.get("dup")), (taken["seq"], taken["ts"], True))
                    refused = bob.ask(op="send", room=room, cid="p:2", data=2)["err"]
                    self.assertEqual((refused["code"], "retry_ms" in refused), (error, act == "slow"))
                    events = self.good(self.boss, op="history", room=room)["events"]
                    self.assertEqual([event["data"] for event in events if event["ev"] == "msg"], [1])

    def test_nothing_comes_after_a_ban(self):
        for room in ("mem:ban", "ban"):
            speaker, mod = self.enter("speaker", ["member"]), self.enter("mod2", ["moderator"])
            bobs = [self.enter("bob", ["member"]) for _ in range(12)]
            for client in [speaker, mod, *bobs]:
                self.good(client, op="join", room=room, presence=True)
            for number in range(300):
                speaker.say(op="send", room=room, data=number)
            mod.say(op="mod", room=room, act="ban", user="bob", reason="enough")
            for number in range(300):
                speaker.say(op="send", room=room, data=number)
            ban = mod.event("mod")
            for bob in bobs:
                seqs = []
                while (event := bob.event())["ev"] != "removed":
                    seqs += [event["seq"]] if "seq" in event and event["ev"] != "read" else []
                self.assertEqual((event["room"], event["act"], event["reason"]), (room, "ban", "enough"))
                self.assertEqual(seqs, list(range(1, ban["seq"] + 1)), "all up to the ban's seq, and it")
                self.assertEqual(bob.ask(op="join", room=room)["err"]["code"], "banned")
                self.assertEqual([event for event in bob.events if event.get("room") == room], [])
            self.assertEqual(self.good(mod, op="presence", room=room)["n"], 2)
        removed = [value for (name, _), value in self.server.metrics().items() if name == "removed"]
        self.assertTrue(len(removed) == 2 and all(removed), f"on both cores: {removed}")

    def test_it_is_kept_over_a_restart_and_audited(self):
        for room in ("mem:kept", "kept"):
            self.good(self.boss, op="join", room=room)
            self.moderate(self.boss, room, "ban", "victim", **{"for": 3600}, reason="a \"reason\"")
        with open(self.audit) as file:
            lines = [line for line in file if 'room="kept"' in line]
        self.assertEqual(len(lines), 1)
        for part in ('act="ban"', 'by="boss"', 'user="victim"', 'reason="a \\"reason\\""'):
            self.assertIn(part, lines[0])
        for client in self.clients:
            client.close()
        self.clients.clear()
        self.assertEqual(self.server.stop(), 0)
        self.server.start()
        type(self).who = {who: self.enter(who, roles) for who, roles in ROLES.items()}
        type(self).boss, type(self).mod = self.enter("boss", ["manager"]), self.enter("mod", ["moderator"])
        type(self).victim = self.enter("victim", ["member", "guest"])
        type(self).deputy = self.enter("deputy", ["moderator", "guest"])
        for room in ("mem:kept", "kept"):
            refused = self.victim.ask(op="join", room=room)["err"]
            self.assertEqual(refused["code"], "banned")
            self.assertLessEqual(refused["retry_ms"], 3600000)


if __name__ == "__main__":
    unittest.main()
