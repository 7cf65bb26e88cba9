"""story - journals made by hand: a small world with a perfect server, whose records a test then bends.

Every record can carry a label. Events are shared between all records that hold them, so that bending an event bends it
for everybody; bend a copy() to bend it for one.
"""
import copy

from routes import KEY_USER, OTHER_USER

LOAD, FINAL, FAULTS = 0, 1, 2
TICK = 1000


class Story:
    def __init__(self, disk=True):
        self.now = 1000000
        self.records = []  # [file, time, who, what, body, label]
        self.events = {}  # room -> [event], the newest epoch's
        self.epochs = {}  # room -> epoch
        self.ids = 0
        self.users = {}
        self.conns = {}
        for file, role in ((LOAD, "load"), (FINAL, "final"), (FAULTS, "faults")):
            self.put(file, -1, "run", {"role": role, "disk": disk, "managers": ["u9", KEY_USER, OTHER_USER]})

    def put(self, file, who, what, body, label=None):
        self.now += TICK
        self.records.append([file, self.now, who, what, body, label])
        return body

    # --- clients ---

    def say(self, who, label=None, file=LOAD, **body):
        self.ids += 1
        body["id"] = self.ids
        self.put(file, who, ">", body, label and "say " + label)
        return body["id"]

    def ok(self, who, re, label=None, file=LOAD, **ok):
        return self.put(file, who, "<", {"re": re, "ok": ok}, label and "ok " + label)

    def err(self, who, re, code, label=None):
        return self.put(LOAD, who, "<", {"re": re, "err": {"code": code, "msg": ""}}, label)

    def connect(self, who, file=LOAD):
        self.conns[who] = self.conns.get(who, 0) + 1
        self.put(file, who, "+", self.conns[who], f"connect {who}.{self.conns[who]}")
        self.ok(who, self.say(who, op="hello", name=f"u{who}", file=file), user=f"u{who}", file=file)

    def cut(self, who, code=1006, mine=False, label=None):
        self.put(LOAD, who, "-", {"code": code, "reason": "", "mine": mine}, label)

    def log(self, room):
        self.epochs.setdefault(room, "e1")
        return self.events.setdefault(room, [])

    def join(self, who, room, label=None, since=None, limit=50, file=LOAD, **more):
        log, epoch = self.log(room), self.epochs[room]
        body = {"op": "join", "room": room, "limit": limit, **more}
        if since is not None:
            body["since"] = {"seq": since[1], "epoch": since[0]}
        ok = {"room": room, "epoch": epoch, "seq": len(log), "first": 1, "n": 1,
              "class": "memory" if room.startswith("mem:") else "disk", "more": False, "events": list(log[-limit:])}
        if since is not None:
            ok["recovered"] = since[0] == epoch
            if ok["recovered"]:
                ok["events"] = list(log[since[1] :])
            else:
                ok["reason"] = "epoch"
        if not ok.get("recovered"):
            ok["more"] = 0 < len(ok["events"]) < len(log)
        self.ok(who, self.say(who, label, file, **body), label, file, **ok)

    def leave(self, who, room, label=None):
        self.ok(who, self.say(who, label, op="leave", room=room), label)

    def history(self, who, room, label=None, file=LOAD, **body):
        log = self.log(room)
        events = list(log[body.get("after", 0) :])
        self.ok(who, self.say(who, label, file, op="history", room=room, limit=200, **body), label, file, room=room,
                epoch=self.epochs[room], events=events, first=1, seq=len(log), more=False)

    # --- what is said in rooms ---

    def command(self, who, room, op, cid, **body):
        return {"op": op, "room": room, **({"cid": cid} if cid else {}), **body}

    def commit(self, who, room, command):
        """The perfect server keeps it."""
        log = self.log(room)
        kind = "msg" if command["op"] == "send" else command["op"]
        event = {"ev": kind, "room": room, "seq": len(log) + 1, "ts": self.now // 1000, "from": f"u{who}"}
        event.update({key: command[key] for key in ("cid", "target", "data", "key", "on", "act", "user", "every", "reason")
                      if key in command})
        if command.get("for"):
            event["until"] = event["ts"] + command["for"] * 1000
        if kind == "edit":
            event["rev"] = 1 + sum(1 for other in log if other["ev"] == "edit" and other["target"] == event["target"])
        if kind == "del":
            at = event["target"] - 1
            log[at] = {**log[at], "deleted": True, "data": None}
        log.append(event)
        return event

    def ack(self, who, re, event, label=None, **more):
        room = event["room"]
        return self.ok(who, re, label, room=room, seq=event["seq"], ts=event["ts"], epoch=self.epochs[room],
                       **{"class": "memory" if room.startswith("mem:") else "disk"}, **more)

    def deliver(self, event, to, label=None):
        for who in to:
            self.put(LOAD, who, "<", event, label and f"{label} to {who}")

    def publish(self, who, room, cid, to, op="send", label=None, **body):
        """Sent, kept, given to everybody, acknowledged."""
        if op == "send":
            body.setdefault("data", {"u": cid or label, "x": "text"})
        command = self.command(who, room, op, cid, **body)
        re = self.say(who, label, **command)
        event = self.commit(who, room, command)
        self.deliver(event, to, label)
        self.ack(who, re, event, label)
        return event

    def act(self, who, room, act, to, label=None, **body):
        self.ids += 1
        return self.publish(who, room, None, to, "mod", label, act=act, reason=f"because {self.ids}", **body)

    # --- back ends ---

    def ask(self, who, method, path, label=None, **body):
        self.ids += 1
        self.put(LOAD, who, "api>", {"id": self.ids, "method": method, "path": "/api/v1/" + path, "body": body or None},
                 label and "ask " + label)
        return self.ids

    def reply(self, who, re, label=None, status=200, **body):
        self.put(LOAD, who, "api<", {"re": re, "status": status, "body": body}, label and "reply " + label)

    def place(self, event, **more):
        """What a request that has made it is answered with."""
        return {"room": event["room"], "seq": event["seq"], "ts": event["ts"], "epoch": self.epochs[event["room"]],
                "class": "memory" if event["room"].startswith("mem:") else "disk", **more}

    def keep(self, room, op, cid=None, by=KEY_USER, **body):
        """As commit(), of a back end."""
        event = self.commit(0, room, self.command(0, room, op, cid, **body))
        event["from"] = by
        return event

    def removed(self, who, event, label=None):
        self.put(LOAD, who, "<", {"ev": "removed", **{key: event[key] for key in ("room", "act")}}, label)

    # --- the run ---

    def fault(self, kind="kill", label="fault", **more):
        body = self.put(FAULTS, -1, "fault", {"kind": kind, "until": 0, **more}, label)
        self.now += 100 * TICK
        body["until"] = self.now

    def stop(self):
        self.put(LOAD, -1, "stop", None, "stop")

    def end(self, rooms):
        self.put(LOAD, -1, "end", {"settled": True}, "end")
        self.connect(90, FINAL)
        for room in rooms:
            self.join(90, room, f"final {room}", limit=1, file=FINAL)
            self.history(90, room, f"final page {room}", file=FINAL, after=0)
        for file in (FINAL, FAULTS):
            self.put(file, -1, "end", {"settled": True})

    # --- bending ---

    def at(self, label):
        found = [number for number, record in enumerate(self.records) if record[5] == label]
        assert len(found) == 1, f"{label}: {len(found)} records"
        return found[0]

    def body(self, label):
        """The record's own body, no more shared."""
        record = self.records[self.at(label)]
        record[4] = copy.deepcopy(record[4])
        return record[4]

    def drop(self, *labels):
        for label in labels:
            del self.records[self.at(label)]

    def again(self, label):
        """The record comes a second time, right behind the first; gives its body, a copy."""
        number = self.at(label)
        record = copy.deepcopy(self.records[number])
        record[5] = label + " again"
        self.records.insert(number + 1, record)
        return record[4]

    def move(self, label, behind):
        record = self.records.pop(self.at(label))
        self.records.insert(self.at(behind) + 1, record)
        record[1] = self.records[self.at(behind)][1]

    def late(self, label, seconds):
        """From the labelled record on everything happens later."""
        for record in self.records[self.at(label) :]:
            record[1] += seconds * 1000000
            if record[3] == "fault":
                record[4]["until"] += seconds * 1000000
