"""judge - one pass over the journals of a run, by docs/protocol/native.md and the promises of docs/internals/checker.md.

feed() takes the records in the order of their times; what can be said at once is said there. finish() says what needs
the whole run: what is in the log at the end, who was caught up, which faults met traffic.
"""
import json

from entries import Entries
from logbook import Call, Logbook, content_of
from moderation import Moderation
from routes import answer_of, command_of
from verdict import Verdict

SECOND = 1000000
LIVE_SECONDS = 30
UNSURE = ("internal", "unavailable", "timeout")  # these promise nothing about what was done


class Member:
    """One connection in one room, from the answer to join to that to leave."""

    __slots__ = ("log", "pos", "echo", "begun_seq", "removed", "cut_short")

    def __init__(self, log, pos, echo, begun_seq):
        self.log, self.pos, self.echo = log, pos, echo
        self.begun_seq = begun_seq  # where the log stood
        self.removed = 0  # seq of the act that ended it, once that was given
        self.cut_short = None  # a notice lagged of a room on disk: what comes next must be such an act


class Conn:
    def __init__(self, who, number):
        self.who, self.name = who, (who, number)
        self.user = None
        self.asked = {}  # id -> Asked
        self.queues = {}  # (room, whether publishes) -> ids that wait for their answer, in order
        self.members = {}  # room -> Member


class Asked:
    __slots__ = ("op", "room", "call", "body", "log", "top", "at")

    def __init__(self, op, room, call, body, log, at):
        self.op, self.room, self.call, self.body = op, room, call, body
        self.log, self.top = log, log.top if log else 0  # what was known when it was asked
        self.at = at


class Judge:
    def __init__(self, paths=(), memory_prefix="mem:", overlap=0.8, trimmed=False):
        self.verdict = Verdict(paths)
        self.entries = Entries(self)
        self.moderation = Moderation(self)
        self.memory_prefix, self.overlap_share, self.trimmed = memory_prefix, overlap, trimmed
        self.runs = {}  # file's number -> its "run" record
        self.conns = {}  # (file, who) -> Conn, while connected
        self.users = {}  # (file, who) -> user of the last hello: everybody who ever was there
        self.rooms = {}  # room -> [Logbook], by epoch as first seen
        self.calls = {}  # (room, (user, cid)) or (room, None, hash of data) -> Call
        self.left = {}  # (file, who) -> {room: (log, pos)} where it was when the connection ended
        self.faults = []  # {"kind", "at", "until", "acks", "in_flight"}
        self.kills_at = []  # when each fault began
        self.last_ack_at = None
        self.open_calls = 0
        self.slowest_ack = 0
        self.ended = []  # (file, time, settled)
        self.stopped = {}  # file -> time
        self.where = None
        self.now = 0
        self.actions = {">": self.said, "<": self.heard, "api>": self.requested, "api<": self.replied,
                        "+": self.connected, "-": self.parted, "~": self.gave_up, "!": self.breach, "run": self.run,
                        "stop": self.stop, "end": self.end, "fault": self.fault}

    def broken(self, rule, text):
        self.verdict.broken(rule, text, self.where)

    def feed(self, file, line, record):
        self.now, who, what, body = record
        self.where = (file, line)
        self.actions[what]((file, who), body)

    # --- the run ---

    def run(self, key, body):
        self.runs[key[0]] = body
        self.moderation.run(body)

    def stop(self, key, _):
        self.stopped[key[0]] = self.now

    def end(self, key, body):
        self.ended.append((key[0], self.now, body["settled"]))
        if self.runs[key[0]]["role"] == "load":
            self.judge_end(key[0])
            if not body["settled"]:
                self.broken("liveness", "not all was answered, or not everybody caught up, when the driver gave up")

    def fault(self, _, body):
        if body["kind"] == "exit":
            self.broken("server", f"it ended by itself: {body.get('why', '')}")
        recent = self.last_ack_at is not None and self.last_ack_at >= self.now - SECOND
        self.faults.append({"kind": body["kind"], "at": self.now, "until": body["until"], "acks": recent,
                            "in_flight": self.open_calls})

    def breach(self, key, text):
        self.broken("protocol", f"u{key[1]}: {text}")

    # --- connections ---

    def connected(self, key, number):
        self.conns[key] = Conn(key, number)
        self.verdict.add("connections")

    def parted(self, key, body):
        conn = self.conns.pop(key, None)
        if conn is None:
            return
        for asked in conn.asked.values():
            if asked.call is not None:
                asked.call.open -= 1
                asked.call.unsure += 1
                self.open_calls -= 1
                if asked.call.act is not None:
                    self.moderation.closed(asked.call, False)
        for room, member in conn.members.items():
            self.left.setdefault(key, {})[room] = (member.log, member.pos, True)
            self.moderation.parted(conn, member)
        code = body["code"]
        allowed = body["mine"] or code in (1001, 4503, 4513) or (code == 1006 and self.fault_near(self.now))
        if not allowed:
            self.broken("protocol", f"u{key[1]}: closed with {code} {body['reason']} without a fault")

    def fault_near(self, at):
        """Whether a fault may explain a connection that broke: it began not long ago."""
        return any(fault["at"] - SECOND // 2 <= at <= fault["until"] + 10 * SECOND for fault in self.faults[-3:])

    # --- what a client says ---

    def said(self, key, body):
        conn = self.conns.get(key)
        op = body.get("op")
        if conn is None or op in ("pong", "typing"):
            return
        room = body.get("room")
        call = None
        if op in ("send", "edit", "del", "react", "mod"):
            call = self.called(conn, room, op, body)
        member = conn.members.get(room)
        log = member.log if member else self.newest(room)
        conn.asked[body["id"]] = Asked(op, room, call, body, log, self.now)
        if room is not None:
            conn.queues.setdefault((room, call is not None), []).append(body["id"])

    def requested(self, key, request):
        """By a back end, in somebody's name."""
        command, user = command_of(request)
        if key in self.conns:
            self.conns[key].user = user
        self.said(key, command)
        self.verdict.add("requests")

    def called(self, conn, room, op, body):
        content, data = content_of(body)
        cid = body.get("cid")
        call_key = (room, (conn.user, cid)) if cid else (room, None, data)
        call = self.calls.get(call_key)
        self.open_calls += 1
        if call is None:
            member = conn.members.get(room)
            call = Call(conn.user, cid, op, content, data, self.now, member.log if member else None)
            call.target = body.get("target")
            call.act = self.moderation.said(body) if op == "mod" else None
            self.calls[call_key] = call
            self.verdict.add("publishes")
        else:
            call.attempts += 1
            call.open += 1
        call.conn = conn
        if conn.name not in call.conns:
            call.conns += (conn.name,)
        return call

    def gave_up(self, key, body):
        self.calls[body["room"], (self.users[key], body["cid"])].given_up = True

    # --- what a client hears ---

    def heard(self, key, body):
        conn = self.conns.get(key)
        if conn is None:
            self.broken("protocol", f"u{key[1]}: a frame without a connection")
        elif "re" in body:
            self.answered(conn, body)
        elif body["ev"] in ("msg", "edit", "del", "react", "mod"):
            self.delivered(conn, body)
        elif body["ev"] in ("in", "out", "count", "typing", "read"):
            self.inside(conn, body)
        elif body["ev"] == "notice" and body["code"] == "lagged":
            self.lagged(conn, body)
        elif body["ev"] == "removed":
            member = self.moderation.removed(conn, body)
            if member is not None:
                self.left.setdefault(conn.who, {})[body["room"]] = (member.log, member.pos, True)

    def replied(self, key, answer):
        if answer["re"] == 0 and answer["status"] == 408:
            return  # nothing was asked for a while
        if answer["re"] == 0:
            self.broken("answers", f"u{key[1]}: {answer} answers no request")
        else:
            self.heard(key, answer_of(answer))

    def inside(self, conn, body):
        member = conn.members.get(body["room"])
        if member is None:
            self.broken("membership", f"{conn.user}: {json.dumps(body)} outside of a membership")
        return member

    def delivered(self, conn, event):
        self.verdict.add("deliveries")
        member = self.inside(conn, event)
        if member is None:
            return
        seq = event["seq"]
        if seq <= member.pos:
            self.broken("duplicate", f"{conn.user}: seq {seq} of {member.log} came after {member.pos}")
        elif seq > member.pos + 1:
            if member.echo:
                self.broken("hole", f"{conn.user}: seq {seq} of {member.log} came after {member.pos}, without a notice")
            else:
                self.entries.own_holes(conn, member, seq)
        self.moderation.delivered(conn, member, event)
        self.cut_short(conn, member)
        member.pos = max(seq, member.pos)
        self.entries.see(member.log, event)

    def lagged(self, conn, body):
        member = self.inside(conn, body)
        if member is None:
            return
        if member.log.disk:
            member.cut_short = body
        if body["after"] != member.pos or body["next"] != body["after"] + body["n"] + 1:
            self.broken("hole", f"{conn.user}: at {member.pos} of {member.log} the notice says {json.dumps(body)}")
        member.pos = max(member.pos, body["next"] - 1)
        self.verdict.add("lagged notices")

    def cut_short(self, conn, member):
        """In a room on disk nobody is lagged but who is removed while it catches up."""
        if member.cut_short is not None and member.removed != member.cut_short["next"]:
            self.broken("gap", f"{conn.user}: lagged in {member.log}, which is on disk: {json.dumps(member.cut_short)}")
        member.cut_short = None

    def answered(self, conn, body):
        asked = conn.asked.pop(body["re"], None)
        if asked is None:
            self.broken("answers", f"{conn.user}: {json.dumps(body)[:200]} answers nothing that was asked")
            return
        if asked.room is not None:
            queue = conn.queues[asked.room, asked.call is not None]
            # What waits for the disk may be overtaken, but not by an acknowledgement of what was sent later.
            ordered = not self.on_disk(asked.room) or (asked.call is not None and "ok" in body)
            if ordered and queue[0] != body["re"]:
                self.broken("answers", f"{conn.user}: the answer to {asked.op} {body['re']} in {asked.room} overtook that "
                            f"to {queue[0]}")
            queue.remove(body["re"])
        if asked.call is not None:
            asked.call.open -= 1
            self.open_calls -= 1
            if asked.call.act is not None:
                self.moderation.closed(asked.call, "ok" in body)
        if "err" in body:
            self.refused(conn, asked, body["err"])
            return
        ok = body["ok"]
        if asked.call is not None:
            self.acked(conn, asked, ok)
        elif asked.op == "hello":
            conn.user = ok["user"]
            self.users[conn.who] = ok["user"]
        elif asked.op == "join":
            self.joined(conn, asked, ok)
        elif asked.op == "leave":
            member = conn.members.pop(asked.room, None)
            if member is not None:
                self.left.setdefault(conn.who, {})[asked.room] = (member.log, member.pos, False)
                self.moderation.parted(conn, member)
        elif asked.op == "history":
            self.paged(conn, asked, ok)

    def refused(self, conn, asked, err):
        self.verdict.add(f"errors {err['code']}")
        self.moderation.refused(conn, asked, err["code"])
        if asked.call is None:
            return
        if err["code"] in UNSURE:
            asked.call.unsure += 1
            asked.call.unsure_error = True
        else:
            asked.call.refused += 1
        member = conn.members.get(asked.room)
        if err["code"] in ("gone", "forbidden") and member is not None:
            self.entries.denied(asked, member.log, err["code"])

    def acked(self, conn, asked, ok):
        call = asked.call
        log = self.log_of(asked, ok["epoch"])
        member = conn.members.get(asked.room)
        if member is not None and member.log is not log:
            self.broken("epoch", f"{conn.user}: an ack of {log} in a membership of {member.log}")
        self.classed(asked.room, ok["class"], "an ack")
        if ok.get("dup") and call.attempts == 1:
            self.broken("duplicate", f"{conn.user}: {asked.room} {call.cid} was sent once and is called a duplicate")
        if not call.acked:
            call.acked = True
            self.verdict.add(f"acked, class {ok['class']}")
            self.waited(call)
        self.last_ack_at = self.now
        self.entries.acked(call, log, ok)

    def waited(self, call):
        since = max([call.first_at] + [fault["until"] for fault in self.faults[-1:]])
        if self.now - since > LIVE_SECONDS * SECOND:
            self.broken("liveness", f"{call.user}: {call.cid} was acknowledged {(self.now - since) / SECOND:.1f} s "
                        "after it was sent and the last fault was over")
        self.slowest_ack = max(self.slowest_ack, self.now - call.first_at)

    def classed(self, room, given, what):
        right = "disk" if self.on_disk(room) else "memory"
        if given != right:
            self.broken("class", f"{what} in {room} says {given}, the room is of class {right}")

    def on_disk(self, room):
        return self.runs[self.where[0]]["disk"] and not room.startswith(self.memory_prefix)

    # --- where a room stands ---

    def newest(self, room):
        logs = self.rooms.get(room)
        return logs[-1] if logs else None

    def log_of(self, asked, epoch):
        """The log that an answer speaks of, judged against what was known when it was asked."""
        logs = self.rooms.setdefault(asked.room, [])
        for log in reversed(logs):
            if log.epoch == epoch:
                break
        else:
            log = self.new_epoch(asked.room, epoch, logs)
        newest = logs[-1]
        if log is not newest and asked.at > newest.since:
            self.broken("epoch", f"{asked.op} in {asked.room} is answered with epoch {epoch} although "
                        f"{newest.epoch} had followed before it was asked")
        log.alive_at = max(log.alive_at, asked.at)
        return log

    def new_epoch(self, room, epoch, logs):
        log = Logbook(room, epoch, self.on_disk(room), len(logs))
        log.since = self.now
        if not logs or logs[-1].top == 0:
            pass  # a room in which nothing was said is forgotten when nobody is in it
        elif log.disk:
            self.broken("epoch", f"{room} is on disk and its epoch went from {logs[-1].epoch} to {epoch}")
        elif not any(fault["until"] >= logs[-1].alive_at for fault in self.faults):
            self.broken("epoch", f"{room}: epoch {logs[-1].epoch} became {epoch} without a fault in between")
        logs.append(log)
        self.verdict.add("epochs")
        return log

    def stands(self, asked, log, seq):
        """A join or page says how long the log is."""
        if asked.log is log and seq < asked.top:
            self.broken("lost", f"{log} stands at {seq}, but {asked.top} was known before it was asked")
        log.top = max(log.top, seq)

    def joined(self, conn, asked, ok):
        log = self.log_of(asked, ok["epoch"])
        self.classed(asked.room, ok["class"], "the join")
        self.verdict.add("joins")
        if asked.room in conn.members:
            self.broken("answers", f"{conn.user}: a second membership of {asked.room}")
        since = asked.body.get("since")
        events = ok["events"]
        if since is not None:
            self.resumed(conn, asked, ok, log)
        self.stands(asked, log, ok["seq"])
        pos = ok["seq"]
        if since is not None and ok["recovered"]:
            pos = events[-1]["seq"] if events else since["seq"]
            self.more(conn, asked, log, ok["more"], pos < ok["seq"])
            begin, end = since["seq"] + 1, None if ok["more"] else ok["seq"]
        else:
            begin, end = None, ok["seq"]
            if events:
                self.more(conn, asked, log, ok["more"], events[0]["seq"] > ok["first"])
            elif asked.body["limit"] > 0 and ok["seq"] >= ok["first"]:
                self.broken("hole", f"{conn.user}: the join of {log} has no event, but {ok['first']}..{ok['seq']} are kept")
        self.page(log, asked, events, begin, end if events or begin else None)
        conn.members[asked.room] = Member(log, pos, asked.body.get("echo", True), ok["seq"])
        self.moderation.joined(conn, asked, log, ok["seq"])
        self.left.get(conn.who, {}).pop(asked.room, None)
        if self.runs[self.where[0]]["role"] == "final":
            self.final_begun(log, ok)

    def resumed(self, conn, asked, ok, log):
        since = asked.body["since"]
        same = since["epoch"] == log.epoch
        if ok["recovered"]:
            self.verdict.add("resumed")
            if not same or since["seq"] > ok["seq"]:
                self.broken("epoch", f"{conn.user}: resumed {since} in {log} at {ok['seq']}")
            return
        self.verdict.add("not resumed")
        if same and since["seq"] > ok["seq"]:
            self.broken("lost", f"{conn.user} was at {since['seq']} of {log}, which now ends at {ok['seq']}")
        elif same and since["seq"] >= ok["first"] - 1:
            self.broken("gap", f"{conn.user}: not resumed at {since} although {log} keeps {ok['first']}..{ok['seq']}")
        elif same and log.disk and not self.trimmed:
            self.broken("gap", f"{conn.user}: not resumed at {since}: {log} is on disk, but keeps only {ok['first']}..")

    def paged(self, conn, asked, ok):
        """A page and `seq` beside it may be of two instants; what was known before the question must be in both."""
        log = self.log_of(asked, ok["epoch"])
        self.verdict.add("pages")
        self.stands(asked, log, ok["seq"])
        body, events = asked.body, ok["events"]
        final = self.runs[self.where[0]]["role"] == "final"
        sure = ok["seq"] if final else asked.top if asked.log is log else 0
        begin, upto = ok["first"], sure
        if "after" in body:
            begin = body["after"] + 1
            if ok["more"] and (events or body["limit"] == 0):
                upto = 0
        elif "before" in body:
            upto = min(body["before"] - 1, sure)
        elif "around" in body:
            upto = 0
            if ok["first"] <= body["around"] <= sure and body["around"] not in [event["seq"] for event in events]:
                self.broken("hole", f"{conn.user}: a page around {body['around']} of {log} is without it")
        last = events[-1]["seq"] if events else 0
        if last < upto and upto >= max(begin, ok["first"]):
            self.broken("hole", f"{conn.user}: the answer to {body} of {log} ends at {last}, but {upto} was known before it "
                        "was asked for")
        if events:
            self.page(log, asked, events, body["after"] + 1 if "after" in body else None, None)
            if "after" not in body and "around" not in body:
                self.more(conn, asked, log, ok["more"], events[0]["seq"] > ok["first"])
            elif "after" in body and (final or last < sure):
                self.more(conn, asked, log, ok["more"], last < sure)
        if events and last > (body["before"] - 1 if "before" in body else ok["seq"]) or len(events) > body["limit"]:
            self.broken("answers", f"{conn.user}: more than was asked for, to {body}: {len(events)} events to {last}")
        if final:
            log.stored.update(event["seq"] for event in events)

    def page(self, log, asked, events, begin, end):
        """Events of one answer: ascending without holes, from begin and to end where these are known."""
        before = begin - 1 if begin else None
        for event in events:
            seq = event["seq"]
            if before is not None and seq != before + 1:
                self.broken("hole", f"an answer to {asked.op} of {log}: {seq} follows {before}")
            before = seq
            self.entries.see(log, event, asked.at)
        if end is not None and before != end:
            self.broken("hole", f"an answer to {asked.op} of {log} ends at {before}, not at {end}")
        self.verdict.add("events in pages", len(events))

    def more(self, conn, asked, log, said, rest):
        if said != rest:
            self.broken("hole", f"{conn.user}: the answer to {asked.op} {asked.body['id']} of {log} says more: {said}, "
                        f"but further events are {'' if rest else 'not '}kept")

    def final_begun(self, log, ok):
        """A last reading of a room begins: it alone says what is in the store."""
        if log.read:
            self.entries.check_kept(log)
        log.read, log.stored = True, set()
        log.first, log.last = ok["first"], ok["seq"]
        if log.disk and ok["first"] != 1 and not self.trimmed:
            self.broken("lost", f"{log} is on disk without a bound, but begins at {ok['first']}")

    # --- the end ---

    def judge_end(self, file):
        """The fleet's connections still stand here."""
        for key, user in self.users.items():
            if key[0] != file:
                continue
            conn = self.conns.get(key)
            if conn is None:
                self.broken("liveness", f"{user} is not connected at the end")
                continue
            for room, (log, pos, cut) in self.left.get(key, {}).items():
                if cut and room not in conn.members:
                    self.broken("liveness", f"{user} is not back in {room} at the end, where it was at {pos} of {log}")
            for room, member in conn.members.items():
                self.cut_short(conn, member)
                self.entries.stays(conn, member)
                self.moderation.stays(conn, member)
        for call in self.calls.values():
            waits = not call.acked and not call.given_up and call.cid and not call.refused and call.conn.who[0] == file
            if waits or (call.open and call.conn is self.conns.get(call.conn.who)):
                self.broken("liveness", f"{call.user}: {call.op} {call.cid} is not answered at the end")
        late = [fault["until"] for fault in self.faults] + [self.stopped.get(file, 0)]
        if self.now - max(late) > LIVE_SECONDS * SECOND:
            self.broken("liveness", f"it took {(self.now - max(late)) / SECOND:.1f} s after the last fault until all was "
                        "answered and everybody caught up")

    def finish(self):
        self.where = None
        self.moderation.place_all()
        self.entries.finish()
        self.moderation.finish()
        kills = [fault for fault in self.faults if fault["kind"] not in ("cold", "early", "exit")]
        met = [fault for fault in kills if fault["acks"] and fault["in_flight"]]
        if kills and len(met) < self.overlap_share * len(kills):
            self.broken("overlap", f"{len(met)} of {len(kills)} faults had an acknowledgement in the second before and "
                        f"messages in flight; at least {self.overlap_share:.0%} must")
        roles = [run["role"] for run in self.runs.values()]
        if not any(role == "load" for role in roles) or len(self.ended) != len(roles):
            self.broken("liveness", "a journal has no end: its writer did not finish")
        self.verdict.judged["faults"] = len(self.faults)
        self.verdict.judged["faults in traffic"] = len(met)
        self.verdict.notes.append(f"slowest acknowledgement: {self.slowest_ack / 1000:.0f} ms after the first attempt")
        return self.verdict
