"""caller - a back end: it publishes, reads and moderates over the HTTP API, among the traffic of the fleet's clients.

Like them it judges nothing, sends again what has no answer, by the same cid, and lifts what it has imposed.
"""
import asyncio
import json
import socket
from urllib.parse import quote

from client import LATER
from moderator import AGAIN_SECONDS, LIFT, Task
from routes import OTHER_USER

ON_THE_WAY_MAX = 4  # requests sent one behind the other
UNANSWERED_MAX = 24  # publishes


class Answers(asyncio.Protocol):
    """One connection: answers with a Content-Length, one behind the other."""

    def __init__(self, caller):
        self.caller = caller
        self.buffer = bytearray()
        self.ended = False  # in good order

    def connection_made(self, transport):
        self.transport = transport
        transport.get_extra_info("socket").setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.caller.on_open(self)

    def data_received(self, data):
        self.buffer += data
        while (end := self.buffer.find(b"\r\n\r\n")) >= 0:
            lines = bytes(self.buffer[:end]).decode("latin-1").split("\r\n")
            fields = {name.strip().lower(): value.strip() for name, _, value in (line.partition(":") for line in lines[1:])}
            size = int(fields.get("content-length", 0))
            if len(self.buffer) < end + 4 + size:
                return
            body = bytes(self.buffer[end + 4 : end + 4 + size])
            del self.buffer[: end + 4 + size]
            is_json = fields.get("content-type", "").startswith("application/json")
            self.caller.on_answer(int(lines[0].split(" ")[1]), json.loads(body) if is_json else None)

    def eof_received(self):
        self.ended = not self.buffer

    def connection_lost(self, _):
        self.caller.on_closed(self.ended)


class Publish:
    """One message, until it is answered."""

    __slots__ = ("body", "asked")

    def __init__(self, body):
        self.body, self.asked = body, False


class Caller:
    def __init__(self, fleet, index, rooms, rng):
        self.fleet, self.index, self.rng, self.names = fleet, index, rng, rooms
        self.journal = fleet.journal
        self.name = f"back end {index}"
        self.producer = f"{fleet.options.tag}-api-{index}"
        self.wire = None
        self.conn = self.id = self.acts = 0
        self.n = dict.fromkeys(rooms, 0)  # the last cid's
        self.waiting = []  # (id, what): on the way, in order
        self.out = []  # Publish, in order: not answered
        self.tasks = []  # to be lifted

    # --- the connection ---

    async def connect(self):
        options = self.fleet.options
        try:
            await self.fleet.loop.create_connection(lambda: Answers(self), options.host, options.port)
        except OSError:
            self.again()

    def again(self):
        if not self.fleet.ended:
            delay = self.rng.uniform(0.01, self.fleet.options.back)
            self.fleet.loop.call_later(delay, lambda: self.fleet.loop.create_task(self.connect()))

    def on_open(self, wire):
        self.wire = wire
        self.conn += 1
        self.journal.note(self.index, "+", self.conn)
        self.publish_all()

    def on_closed(self, ended):
        """Between two requests a server may end a connection whenever it likes."""
        code = 1001 if ended and not self.waiting else 1006
        self.journal.note(self.index, "-", {"code": code, "reason": "", "mine": self.fleet.ended})
        self.wire = None
        self.waiting.clear()
        for one in self.out + self.tasks:
            one.asked = False
        self.again()

    def part(self):
        if self.wire is not None:
            self.wire.transport.close()

    # --- what it asks ---

    def ask(self, what, method, path, body=None):
        self.id += 1
        self.waiting.append((self.id, what))
        self.journal.note(self.index, "api>", {"id": self.id, "method": method, "path": path, "body": body})
        text = json.dumps(body).encode() if body is not None else b""
        head = f"{method} {path} HTTP/1.1\r\nHost: rig\r\nX-API-Key: {self.fleet.options.api_key}\r\n"
        if body is not None:
            head += f"Content-Type: application/json\r\nContent-Length: {len(text)}\r\n"
        self.wire.transport.write(head.encode() + b"\r\n" + text)

    def may_ask(self):
        return self.wire is not None and len(self.waiting) < ON_THE_WAY_MAX

    def call(self):
        """One request, mostly a message."""
        if not self.may_ask():
            return
        room, choice = self.rng.choice(self.names), self.rng.random()
        if choice < 0.15:
            self.read(room)
        elif choice < 0.25:
            self.moderate(room)
        elif len(self.out) < UNANSWERED_MAX:
            self.publish(room)

    def publish(self, room):
        self.n[room] += 1
        n = self.n[room]
        body = {"room": room, "cid": f"{self.producer}:{n}", "data": {"u": f"{self.name}/{n}"}}
        if self.rng.random() < 0.3:
            body["user"] = OTHER_USER
        self.out.append(Publish(body))
        self.publish_all()

    def publish_all(self):
        for one in self.out:
            if not one.asked and self.may_ask():
                one.asked = True
                self.ask(one, "POST", "/api/v1/publish", one.body)

    def read(self, room):
        query = f"limit={self.rng.choice((1, 10, 50, 200))}"
        where = self.rng.choice((None, "before", "after", "around"))
        if where:
            top = max((seq for (name, _), seq in self.fleet.tops.items() if name == room), default=0)
            query += f"&{where}={self.rng.randint(max(1, top - 300), top + 2)}"
        self.ask(None, "GET", f"/api/v1/rooms/{quote(room, safe='')}/history?{query}")

    def moderate(self, room):
        rng = self.rng
        act = rng.choice(("kick", "ban", "mute", "slow", "lock"))
        body = {"user": rng.choice(self.fleet.members[room])} if act in ("kick", "ban", "mute") else {}
        if act in ("ban", "mute") and rng.random() < 0.5:
            body["for"] = rng.choice((1, 2))
        if act == "slow":
            body["every"] = rng.choice((1, 2))
        if act in LIFT and "for" not in body:
            undo = {"every": 0} if act == "slow" else {key: body[key] for key in ("user",) if key in body}
            self.tasks.append(Task(self.fleet.loop.time() + rng.uniform(0.05, 0.5), room, (LIFT[act], undo)))
        self.act(room, act, body, None)

    def act(self, room, act, body, task):
        self.acts += 1
        self.ask(task, "POST", f"/api/v1/rooms/{quote(room, safe='')}/{act}",
                 {**body, "reason": f"{self.producer} {self.acts}"})

    def tend(self, all_of_it=False):
        """Says again what was not answered, and lifts what is due."""
        now = self.fleet.loop.time()
        self.publish_all()
        for task in self.tasks:
            if not task.asked and self.may_ask() and (all_of_it or task.at <= now):
                task.asked, task.at = True, now + AGAIN_SECONDS
                self.act(task.room, *task.body, task)

    # --- what it hears ---

    def on_answer(self, status, body):
        number, what = self.waiting.pop(0) if self.waiting else (0, None)
        self.journal.note(self.index, "api<", {"re": number, "status": status, "body": body})
        later = status != 200 and (not body or body["error"]["code"] in (*LATER, "timeout"))
        if status == 200 and isinstance(what, Publish):
            self.fleet.stands(body["room"], body["epoch"], body["seq"])
        if later and what is not None:
            self.fleet.loop.call_later(AGAIN_SECONDS, self.free, what)
        elif isinstance(what, Publish):
            self.out.remove(what)
        elif what is not None:
            self.tasks.remove(what)

    def free(self, what):
        what.asked = False

    def settled(self):
        return not self.waiting and not self.out and not self.tasks

    def restless(self):
        yield f"{self.name}: {len(self.waiting)} requests, {len(self.out)} publishes, {len(self.tasks)} acts to be lifted"
