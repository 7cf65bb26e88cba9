"""client - one chat client of the fleet: keeps its place in its rooms, and sends what is unacknowledged again.

It trusts the server and judges nothing; the journal has every frame, and tests/checker/judge.py judges.
"""
import json
from collections import deque

from bearer import token
from journal import now_us
from ws import WebSocket

LATER = ("rate_limited", "unavailable", "internal", "storage_full", "limit")  # the same command may succeed later
PAD = "abcdefghij klmno \u00e9\u4e16\u754c \\\" pqrstuvwxyz " * 40


class Room:
    __slots__ = ("name", "wanted", "joined", "joining", "epoch", "seq", "n", "out", "mine", "seen", "echo")

    def __init__(self, name):
        self.name = name
        self.wanted = True
        self.joined = self.joining = False
        self.epoch, self.seq = None, 0
        self.n = 0  # the last cid's
        self.out = {}  # n -> the command without its id, ascending: sent and not answered
        self.mine = deque(maxlen=32)  # seqs of own messages
        self.seen = deque(maxlen=32)  # seqs of anybody's
        self.echo = True


class Client:
    roles = ()

    def __init__(self, fleet, index, rooms, rng):
        self.fleet, self.index, self.rng = fleet, index, rng
        self.journal = fleet.journal
        self.name = f"u{index}"
        self.producer = f"{fleet.options.tag}-{index}"
        self.rooms = {name: Room(name) for name in rooms}
        self.names = list(rooms)
        self.ws = None
        self.conn = 0  # how many there were
        self.open = self.ready = False  # it may speak; hello was answered
        self.id = 0
        self.asked = {}  # id -> (what, room, n)
        self.by_me = False  # it is this client that ended the connection
        self.resting = False
        self.plain = 0
        eager = index < fleet.options.eager
        self.eager = {name for name in rooms if eager and not name.startswith("mem:")}  # something is always in flight

    # --- the connection ---

    async def connect(self):
        fleet = self.fleet
        self.by_me = False
        self.ws = WebSocket(self, f"{fleet.options.host}:{fleet.options.port}")
        try:
            await fleet.loop.create_connection(lambda: self.ws, fleet.options.host, fleet.options.port)
        except OSError:
            self.ws = None
            self.again()

    def again(self):
        """Sooner than the protocol asks of clients at large: a rig wants everybody back between two kills."""
        if not self.fleet.ended:
            delay = self.rng.uniform(0.01, self.fleet.options.back)
            self.fleet.loop.call_later(delay, lambda: self.fleet.loop.create_task(self.connect()))

    def on_open(self):
        self.conn += 1
        self.open = True
        self.journal.note(self.index, "+", self.conn)
        self.command("hello", None, {"op": "hello", "agent": "checker", **self.who()})
        for room in self.rooms.values():
            if room.wanted:
                self.join(room)

    def who(self):
        secret = self.fleet.secret
        return {"token": token(secret, self.name, self.roles)} if secret else {"name": self.name}

    def on_breach(self, what):
        self.journal.note(self.index, "!", what)

    def on_closed(self, code, reason):
        if self.ws.frames is not None:
            self.journal.note(self.index, "-", {"code": code, "reason": reason, "mine": self.by_me})
        self.open, self.ready, self.ws = False, False, None
        self.asked.clear()
        for room in self.rooms.values():
            room.joined = room.joining = False
            self.give_some_up(room)
        self.again()

    def give_some_up(self, room):
        """Their outcome stays unknown for good: they are in the log once or not at all."""
        if room.out and self.rng.random() < 0.05:
            n = self.rng.choice(list(room.out))
            del room.out[n]
            self.journal.note(self.index, "~", {"room": room.name, "cid": f"{self.producer}:{n}"})

    # --- what it says ---

    def write(self, text):
        self.journal.wire(now_us(), self.index, b">", text)
        self.ws.say(text)

    def command(self, what, room, body, n=None):
        self.id += 1
        self.asked[self.id] = (what, room, n)
        body["id"] = self.id
        self.write(json.dumps(body, separators=(",", ":"), ensure_ascii=False).encode())

    def say_cid(self, room, n, command):
        """A command that has a cid: its bytes lack only the beginning."""
        self.id += 1
        self.asked[self.id] = ("cid", room, n)
        self.write(b'{"id":%d,%b' % (self.id, command))

    def join(self, room):
        rng = self.rng
        body = {"op": "join", "room": room.name, "limit": rng.choice((0, 1, 20, 50, 200))}
        if room.epoch is not None and rng.random() < 0.95:
            body["since"] = {"seq": room.seq, "epoch": room.epoch}
        if rng.random() < 0.1:
            body["presence"] = True
        room.echo = rng.random() >= 0.1
        if not room.echo:
            body["echo"] = False
        room.joining = True
        self.command("join", room, body)

    def leave(self, room):
        room.joined = room.wanted = False
        self.command("leave", room, {"op": "leave", "room": room.name})
        self.fleet.loop.call_later(self.rng.uniform(0.02, 0.5), self.come_back, room)

    def come_back(self, room):
        room.wanted = True
        if self.open and not room.joined and not room.joining:
            self.join(room)

    def data(self, room, n):
        size = self.rng.choice((0, 10, 30, 60, 200)) if self.rng.random() < 0.98 else 1000
        return json.dumps({"u": f"{self.index}/{n}", "x": PAD[:size]}, separators=(",", ":"), ensure_ascii=False)

    def publish(self, room=None):
        """One thing said in a room, or in one of its rooms; False where it may not speak now."""
        rng = self.rng
        room = room or self.rooms[rng.choice(self.names)]
        if not room.joined or len(room.out) >= self.fleet.options.inflight:
            return False
        choice = rng.random()
        if choice < 0.02:
            self.plain += 1
            body = b'"op":"send","room":"%b","data":%b}' % (room.name.encode(), self.data(room, f"p{self.plain}").encode())
            self.id += 1
            self.asked[self.id] = ("plain", room, None)
            self.write(b'{"id":%d,%b' % (self.id, body))
            return True
        room.n += 1
        command = self.shape(room, room.n, choice)
        room.out[room.n] = command
        self.say_cid(room, room.n, command)
        self.fidget(room)
        return True

    def shape(self, room, n, choice):
        rng = self.rng
        head = '"room":"%s","cid":"%s:%d"' % (room.name, self.producer, n)
        if choice > 0.96 and room.seen:
            text = '"op":"react",%s,"target":%d,"epoch":"%s","key":"%s","on":%s}' % (
                head, rng.choice(room.seen), room.epoch, rng.choice("👍❤ab"), rng.choice(("true", "false")))
        elif choice > 0.92 and room.mine:
            text = '"op":"edit",%s,"target":%d,"epoch":"%s","data":%s}' % (
                head, rng.choice(room.mine), room.epoch, self.data(room, n))
        elif choice > 0.90 and room.mine:
            target = rng.choice(room.mine)
            room.mine.remove(target)
            text = '"op":"del",%s,"target":%d,"epoch":"%s"}' % (head, target, room.epoch)
        else:
            text = '"op":"send",%s,"data":%s}' % (head, self.data(room, n))
        return text.encode()

    def fidget(self, room):
        """What else clients do, now and then."""
        choice = self.rng.random()
        if choice < 0.01:
            self.page(room)
        elif choice < 0.014:
            self.leave(room)
        elif choice < 0.0145:
            self.part()
            self.ws.abort()
        elif choice < 0.015:
            self.part()
            self.ws.close()
        elif choice < 0.017:
            self.rest()
        elif choice < 0.0172 and self.fleet.secret:
            self.presume(room)

    def part(self):
        """It says nothing more on this connection."""
        self.by_me, self.open, self.ready = True, False, False
        for room in self.rooms.values():
            room.joined = False

    def presume(self, room):
        """To do what it may not."""
        self.command("mod", room, {"op": "mod", "room": room.name, "act": "lock", "reason": f"{self.producer} {self.id}"})

    def page(self, room):
        body = {"op": "history", "room": room.name, "limit": self.rng.choice((1, 10, 50, 200))}
        where = self.rng.choice((None, "before", "after", "around"))
        if where:
            body[where] = self.rng.randint(max(0, room.seq - 300), room.seq + 2)
        self.command("history", room, body)

    def rest(self):
        """Reads nothing for a while: a slow reader."""
        if not self.resting:
            self.resting = True
            ws = self.ws
            ws.transport.pause_reading()
            self.fleet.loop.call_later(self.rng.uniform(0.05, 0.4), self.wake, ws)

    def wake(self, ws):
        self.resting = False
        if not ws.transport.is_closing():
            ws.transport.resume_reading()

    # --- what it hears ---

    def on_texts(self, texts):
        at, index, journal = now_us(), self.index, self.journal
        for text in texts:
            try:
                message = json.loads(text)
                if b"\n" in text:
                    text = json.dumps(message).encode()
            except ValueError:
                journal.note(index, "!", "not JSON: " + text[:200].decode("utf-8", "replace"))
                continue
            journal.wire(at, index, b"<", text)
            if "seq" in message and "ev" in message:
                self.event(message)
            elif "re" in message:
                self.answer(message)
            elif message.get("ev") == "ping":
                self.write(b'{"op":"pong"}')
            elif message.get("code") == "lagged":
                self.rooms[message["room"]].seq = message["next"] - 1
            elif message.get("ev") == "removed":
                self.removed(self.rooms[message["room"]])
            if self.ws is None:
                return

    def event(self, message):
        if message["ev"] == "read":
            return
        room = self.rooms[message["room"]]
        room.seq = message["seq"]
        if message["ev"] == "msg":
            room.seen.append(message["seq"])

    def removed(self, room):
        room.joined = False
        self.fleet.loop.call_later(self.rng.uniform(0.02, 0.3), self.come_back, room)

    def answer(self, message):
        what, room, n = self.asked.pop(message["re"], (None, None, None))
        if "err" in message:
            self.refused(what, room, n, message["err"])
            return
        ok = message["ok"]
        if what == "cid":
            self.acked(room, n, ok)
        elif what == "hello":
            self.ready = True
        elif what == "join":
            self.came_in(room, ok)

    def acked(self, room, n, ok):
        command = room.out.pop(n, None)
        if command is not None and command.startswith(b'"op":"send"') and ok["epoch"] == room.epoch:
            room.mine.append(ok["seq"])
        self.fleet.stands(room.name, ok["epoch"], ok["seq"])
        if room.name in self.eager and not room.out and self.fleet.talking:
            self.publish(room)

    def came_in(self, room, ok):
        room.joining = False
        if not room.wanted and self.open:  # it has changed its mind
            self.command("leave", room, {"op": "leave", "room": room.name})
            return
        room.joined = self.open
        events = ok["events"]
        if ok["epoch"] != room.epoch:
            room.epoch = ok["epoch"]
            room.mine.clear()
            room.seen.clear()
        if ok.get("recovered"):
            room.seq = events[-1]["seq"] if events else room.seq
        else:
            room.seq = ok["seq"]
        self.fleet.stands(room.name, ok["epoch"], ok["seq"])
        for n in list(room.out) if self.open else ():
            self.say_cid(room, n, room.out[n])
        if room.name in self.eager and self.fleet.talking and not room.out:
            self.publish(room)

    def refused(self, what, room, n, err):
        later = err["code"] in LATER
        if what == "join":
            room.joining = False
            self.fleet.loop.call_later(0.05, self.come_back, room)
        elif what == "cid" and n in room.out:
            if later or err["code"] == "not_joined":
                delay = err.get("retry_ms", 50) / 1000
                self.fleet.loop.call_later(min(delay, 2), self.retry, room, n, self.conn)
            else:
                del room.out[n]

    def retry(self, room, n, conn):
        if conn == self.conn and room.joined and n in room.out:
            self.say_cid(room, n, room.out[n])

    # --- how it stands ---

    def settled(self):
        return self.ready and all(
            room.joined and not room.out and (not room.echo or room.seq >= self.fleet.top(room.name, room.epoch))
            for room in self.rooms.values()
        )
