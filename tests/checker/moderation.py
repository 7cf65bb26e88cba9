"""moderation - judges what rights and acts allow: docs/protocol/moderation.md, against the log and what was asked when.

An act holds from when the server takes it, which is before it has its seq, and is undone if it cannot be kept. So what
is against an act is looked for behind its seq alone, and while another act on the same may be under way nothing is said.
Most is judged at the end, when every act has its place.
"""
from bisect import bisect_left

IMPOSING = {"ban": "ban", "mute": "mute", "slow": "slow", "lock": "lock"}
LIFTING = {"unban": "ban", "unmute": "mute", "unlock": "lock"}
OF = {"banned": "ban", "muted": "mute", "slow_mode": "slow", "read_only": "lock"}  # error -> what must hold for it
SLACK_US = 50000  # of two clocks of one machine
UNHEARD_US = 2000000  # an answer that was on its way when a connection was lost
LATE_US = 1000000  # that something is over is seen when the server next looks at its clock
SPOKEN = ("send", "edit", "del", "react")


class Act:
    """One command `mod`: what it is to do, and from when to when it may have been done and undone again."""

    __slots__ = ("room", "act", "what", "whom", "seconds", "every", "said_at", "closed_at")

    def __init__(self, body, at):
        self.room, self.act = body["room"], body["act"]
        self.what = IMPOSING.get(self.act) or LIFTING.get(self.act) or self.act
        self.whom = body.get("user")
        self.seconds, self.every = body.get("for", 0), body.get("every", 0)
        self.said_at, self.closed_at = at, None

    @property
    def holds(self):
        return self.act in IMPOSING and (self.act != "slow" or self.every > 0)

    def until_us(self, ts):
        return (ts + self.seconds * 1000) * 1000 if self.seconds else None

    def overlaps(self, since, until):
        return self.said_at <= until and (self.closed_at is None or self.closed_at >= since)


class Placed:
    """The acts of one log on one thing (a ban of one user, the room's lock), by seq."""

    def __init__(self):
        self.seqs, self.acts = [], []  # ascending; (Act, ts)

    def add(self, seq, act, ts):
        self.seqs.append(seq)
        self.acts.append((act, ts))

    def before(self, seq):
        """The last act below seq: (its seq, Act, ts), or None."""
        at = bisect_left(self.seqs, seq)
        return (self.seqs[at - 1], *self.acts[at - 1]) if at else None


class Moderation:
    def __init__(self, judge):
        self.judge = judge
        self.acts = {}  # (room, what, whom) -> [Act], as they were said
        self.spans = {}  # log -> [(user, seq of the join, last seq given, where)]
        self.joins = []  # (log, user, seq, asked at, heard at, where)
        self.refusals = []  # (log, room, user, code, asked at, heard at, seq known, where)
        self.managers, self.offset = set(), 0  # users whom nothing here binds; the wall clock less the journal's, µs

    def run(self, body):
        self.managers.update(body.get("managers", ()))
        self.offset = body.get("wall_us", self.offset)

    # --- while it runs ---

    def said(self, body):
        act = Act(body, self.judge.now)
        self.acts.setdefault((act.room, act.what, act.whom), []).append(act)
        self.judge.verdict.add("acts")
        return act

    def closed(self, call, acked):
        call.act.closed_at = self.judge.now
        if acked:
            self.judge.verdict.add(f"{call.act.act} acknowledged")
            if call.user not in self.managers:
                self.broken(f"{call.user} may not moderate {call.act.room}: {call.act.act}")

    def delivered(self, conn, member, event):
        """An event that has a seq comes to a member; whether it may is judged when the membership is over."""
        if event["ev"] == "mod" and event["act"] in ("ban", "kick") and event.get("user") == conn.user and \
                event["seq"] > member.begun_seq:
            member.removed = event["seq"]

    def removed(self, conn, body):
        """The notice: the member is none any more. Gives the membership, or None where there was none."""
        member = conn.members.pop(body["room"], None)
        if member is None or not member.removed:
            self.broken(f"{conn.user}: told to be removed without having been: {body}")
        if member is not None:
            self.parted(conn, member)
            self.judge.verdict.add("removals")
        return member

    def parted(self, conn, member):
        """A membership is over, however it came."""
        self.spans.setdefault(member.log, []).append((conn.user, member.begun_seq, member.pos, self.judge.where))

    def stays(self, conn, member):
        self.parted(conn, member)
        if member.removed:
            self.broken(f"{conn.user}: removed from {member.log} at {member.removed}, and never told")

    def joined(self, conn, asked, log, seq):
        if conn.user not in self.managers:
            self.joins.append((log, conn.user, seq, asked.at, self.judge.now, self.judge.where))

    def refused(self, conn, asked, code):
        if code in OF and asked.room is not None:
            self.refusals.append((asked.log, asked.room, conn.user, code, asked.at, self.judge.now, asked.top,
                                  self.judge.where))

    def broken(self, text, where=None):
        self.judge.verdict.broken("moderation", text, where or self.judge.where)

    # --- when all is read ---

    def place_all(self):
        self.placed = {log: self.place(log) for logs in self.judge.rooms.values() for log in logs}

    def finish(self):
        for log in self.placed:
            if self.placed[log]:
                self.check_spans(log)
                self.check_said(log)
        for join in self.joins:
            self.check_join(*join)
        for refusal in self.refusals:
            self.check_refusal(*refusal)
        self.judge.verdict.add("refusals of the moderated", len(self.refusals))

    def place(self, log):
        """{(what, whom): Placed}, of what was given to anybody, read at the end, or acknowledged."""
        placed = {}
        for key, seq in sorted(log.cids.items(), key=lambda item: item[1]):
            call = self.judge.entries.call_of(log, key)
            if call is not None and call.act is not None:
                placed.setdefault((call.act.what, call.act.whom), Placed()).add(seq, call.act, self.ts_at(log, seq))
        return placed

    def ts_at(self, log, seq):
        return log.entries[seq][0] if seq in log.entries else log.acks[seq][1]

    def held(self, log, what, whom, seq, at_us):
        """The act by which that holds just below seq and at that time of the wall clock: (seq, Act, ts), or None."""
        placed = self.placed[log].get((what, whom))
        last = placed.before(seq) if placed else None
        if last is None or not last[1].holds:
            return None
        until = last[1].until_us(last[2])
        return last if until is None or at_us < until else None

    def shaken(self, log, what, whom, since, until, but_placed=False):
        """Whether an act on the same may have been taken, or undone, in that time; but those that are in the log."""
        placed = self.placed[log].get((what, whom)) if but_placed else None
        there = {id(act) for act, _ in placed.acts} if placed else ()
        return any(act.overlaps(since, until) and id(act) not in there
                   for act in self.acts.get((log.room, what, whom), ()))

    def check_spans(self, log):
        removals = {}
        for (what, whom), placed in self.placed[log].items():
            if what in ("ban", "kick"):
                removals.setdefault(whom, []).extend(
                    seq for seq, (act, _) in zip(placed.seqs, placed.acts) if act.act in ("ban", "kick"))
        for user, begun, last, where in self.spans.get(log, ()):
            for seq in removals.get(user, ()):
                if begun < seq < last:
                    self.broken(f"{user}: had seq {last} of {log} in the membership that ended at {seq}", where)

    def check_join(self, log, user, seq, asked_at, heard_at, where):
        held = self.held(log, "ban", user, seq + 1, heard_at + self.offset + SLACK_US)
        if held and not self.shaken(log, "ban", user, asked_at, heard_at):
            self.broken(f"{user} joined {log} at {seq}, banned at {held[0]} for {held[1].seconds or 'ever'}", where)

    def check_said(self, log):
        """What stands in the log behind an act that forbids it."""
        spoke = {}  # user -> (seq, ts, Call) of its last message
        for key, seq in sorted(log.cids.items(), key=lambda item: item[1]):
            call = self.judge.entries.call_of(log, key)
            if call is None or call.op not in SPOKEN or call.user in self.managers:
                continue
            ts = self.ts_at(log, seq)
            for what, whom in (("mute", call.user), ("ban", call.user), ("lock", None)):
                held = self.held(log, what, whom, seq, ts * 1000)
                if held and not self.shaken(log, what, whom, call.first_at, ts * 1000 - self.offset + SLACK_US, True):
                    self.broken(f"{log} seq {seq} is {call.user}'s, who may not speak since {held[0]}: {what}")
            if call.op == "send":
                self.check_pace(log, seq, ts, call, spoke.get(call.user))
                spoke[call.user] = (seq, ts, call)

    def check_pace(self, log, seq, ts, call, last):
        held = self.held(log, "slow", None, seq, ts * 1000)
        if not held or last is None or last[0] < held[0] or ts - last[1] >= held[1].every * 1000 - SLACK_US // 1000:
            return
        since, until = last[2].first_at, ts * 1000 - self.offset + SLACK_US
        if any(fault["at"] <= until and fault["until"] >= since for fault in self.judge.faults):
            return  # when each last spoke is not kept
        if not self.shaken(log, "slow", None, since, until, True):
            self.broken(f"{log} seq {seq} is {call.user}'s, {ts - last[1]} ms after {last[0]}, slow at {held[0]}: "
                        f"{held[1].every} s")

    def check_refusal(self, log, room, user, code, asked_at, heard_at, known, where):
        """Something must have held at some time between the question and its answer."""
        if user in self.managers:
            self.broken(f"{user}, whom nothing binds, is told {code} in {room}", where)
        elif not self.has_cause(log, room, user, OF[code], asked_at, heard_at, known):
            self.broken(f"{user} is told {code} in {room}, and nothing that was known when it asked, or came to be, says so",
                        where)

    def could_refuse(self, log, call):
        """Whether an attempt that began as this call did may have been refused within moments."""
        since, until = call.first_at - UNHEARD_US, call.first_at + UNHEARD_US
        if any(self.shaken(log, what, call.user, since, until) for what in ("kick", "ban")):
            return True  # it was in no room then
        return any(self.has_cause(call.floor or log, log.room, call.user, what, call.first_at, until,
                                  call.floor_seq) for what in OF.values())

    def has_cause(self, log, room, user, what, asked_at, heard_at, known):
        whom = user if what in ("ban", "mute") else None
        if log is not None and self.held(log, what, whom, known + 1, asked_at + self.offset - LATE_US):
            return True
        return any(self.may_hold(act, log, known, heard_at, asked_at) for act in self.acts.get((room, what, whom), ()))

    def may_hold(self, act, log, known, heard_at, asked_at):
        """An act that was not yet known to be over: under way when it was asked, or with a place that nobody knew."""
        if not act.holds or act.said_at > heard_at:
            return False
        if act.closed_at is None or act.closed_at >= asked_at:
            return True
        logs = self.judge.rooms.get(act.room, ())
        return any((other is not log or seq > known)
                   for other in (logs[logs.index(log):] if log in logs else logs)
                   for seq, (placed, _) in self.placed_of(other, act) if placed is act)

    def placed_of(self, log, act):
        placed = self.placed[log].get((act.what, act.whom))
        return zip(placed.seqs, placed.acts) if placed else ()
