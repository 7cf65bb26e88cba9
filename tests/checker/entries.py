"""entries - judges what stands in the logs: each entry against the call it came from, and against all who saw it. What
the names here call a cid is one of an author, (user, cid)."""
from logbook import content_of


def key_of(call):
    return (call.user, call.cid) if call.cid else ("", call.data)


def cid_of(event):
    """Of an author: what another one sends under the same is something else."""
    return (event["from"], event["cid"]) if event.get("cid") else None


class Entries:
    def __init__(self, judge):
        self.judge = judge
        self.broken = judge.broken
        self.holes = []  # (log, seq, connection's name, user): excused if that connection sent it
        self.stayed = []  # (user, connection's name, Member) at the end
        self.denials = []  # (log, target, user, what, where)

    # --- while it runs ---

    def see(self, log, event, asked_at=None):
        """An event as somebody was given it; asked_at where it is from a page."""
        seq = event["seq"]
        content, data = content_of(event)
        ts, cid = event["ts"], cid_of(event)
        rest = hash((content, event["from"], event.get("rev")))
        deleted = event.get("deleted", False)
        known = log.entries.get(seq)
        if known is None:
            self.first_seen(log, event, cid, content, data)
            log.entries[seq] = (ts, cid, rest, data)
            log.top = max(log.top, seq)
        elif known[0] != ts or known[1] != cid or known[2] != rest or (known[3] != data and not deleted):
            if known[3] is None and known[:3] == (ts, cid, rest):
                log.entries[seq] = (ts, cid, rest, data)  # it was first seen without its data, as deleted
                self.right_data(log, seq, cid, data)
            else:
                self.broken("divergence", f"{log} seq {seq} has two contents: {str(event)[:300]}")
        if event["ev"] not in ("msg", "edit"):
            return
        target = event.get("target", seq)  # the data of a deleted message's edits goes with it
        if deleted:
            log.deleted_seen.setdefault(target, self.judge.where)
        elif asked_at is not None and log.dels.get(target, asked_at) < asked_at:
            self.broken("fold", f"{log}: {target} was deleted before this page was asked for, and {seq} has its data")

    def first_seen(self, log, event, cid, content, data):
        seq, user = event["seq"], event["from"]
        if event["ev"] == "del":
            log.dels.setdefault(event["target"], self.judge.now)
        elif event["ev"] == "edit":
            log.edits.setdefault(event["target"], {})[seq] = event["rev"]
        ack = log.acks.get(seq)
        if ack is not None and (ack[1] != event["ts"] or ack[0] != (cid or ("", data)) and (cid or data is not None)):
            self.broken("divergence", f"{log} seq {seq} was acknowledged for {ack[0]} with ts {ack[1]}, and is {event}")
        if not cid and data is None:
            return  # deleted, so there is nothing left to know it by
        call = self.judge.calls.get((log.room, cid) if cid else (log.room, None, data))
        if call is None:
            self.broken("phantom", f"{log} seq {seq} was never sent: {str(event)[:300]}")
            return
        if call.user != user or call.content != content or (data is not None and call.data != data):
            self.broken("phantom", f"{log} seq {seq} is not what {call.user} sent as {cid}: {str(event)[:300]}")
        self.placed(call, log, seq)

    def right_data(self, log, seq, cid, data):
        call = self.judge.calls.get((log.room, cid))
        if call is not None and call.data != data:
            self.broken("phantom", f"{log} seq {seq} has other data than {call.user} sent as {cid}")

    def placed(self, call, log, seq):
        """The entry of a call was found at seq, by an ack or by its event."""
        key = key_of(call)
        known = log.cids.get(key)
        if known is None:
            log.cids[key] = seq
            if call.floor is log and seq <= call.floor_seq:
                self.broken("realtime", f"{log}: {key} is at {seq}, but {call.floor_seq} was known before it was sent")
        elif known != seq:
            self.broken("duplicate", f"{log}: {key} is at {known} and at {seq}")

    def acked(self, call, log, ok):
        seq, key = ok["seq"], key_of(call)
        self.placed(call, log, seq)
        earlier = log.acks.get(seq)
        if earlier is not None and (earlier[0] != key or earlier[1] != ok["ts"]):
            self.broken("divergence", f"{log} seq {seq} was acknowledged for {earlier[0]} ts {earlier[1]} and for {key} "
                        f"ts {ok['ts']}")
        entry = log.entries.get(seq)
        if entry is not None and (entry[0] != ok["ts"] or (entry[1] or ("", call.data)) != key):
            self.broken("divergence", f"{log} seq {seq} is acknowledged for {key} ts {ok['ts']}, but holds {entry[:2]}")
        log.acks[seq] = (key, ok["ts"])
        log.top = max(log.top, seq)
        if call.op == "del":
            log.dels.setdefault(call.target, self.judge.now)

    def own_holes(self, conn, member, seq):
        for missing in range(member.pos + 1, seq):
            self.holes.append((member.log, missing, conn.name, conn.user, self.judge.where))

    def stays(self, conn, member):
        self.stayed.append((conn.user, conn.name, member))

    def denied(self, asked, log, code):
        if log.disk and asked.call.op in ("edit", "del"):
            self.denials.append((log, asked.body["target"], asked.call.user, f"{asked.call.op}: {code}", self.judge.where))

    # --- when all is read ---

    def finish(self):
        for logs in self.judge.rooms.values():
            for log in logs:
                self.check_log(log)
        for log, seq, conn, user, where in self.holes:
            if not self.is_own(log, seq, conn):
                self.judge.verdict.broken("hole", f"{user}: seq {seq} of {log} was left out, and is not its own", where)
        for user, conn, member in self.stayed:
            self.check_end(user, conn, member)
        for denial in self.denials:
            self.check_denial(*denial)

    def call_at(self, log, seq):
        entry = log.entries.get(seq)
        if entry is None:
            ack = log.acks.get(seq)
            return self.call_of(log, ack[0]) if ack else None
        return self.call_of(log, entry[1] or ("", entry[3]))

    def call_of(self, log, key):
        return self.judge.calls.get((log.room, key) if key[0] else (log.room, None, key[1]))

    def is_own(self, log, seq, conn):
        call = self.call_at(log, seq)
        return call is not None and conn in call.conns

    def check_end(self, user, conn, member):
        log = member.log
        last = log.last if log.read else log.top
        missing = range(member.pos + 1, last + 1)
        if not member.echo:
            missing = [seq for seq in missing if not self.is_own(log, seq, conn)]
        if missing:
            self.broken("gap", f"{user} stayed at {member.pos} of {log}, which goes on to {last}: {missing[0]}.. never came")

    def check_log(self, log):
        if log.read:
            self.check_kept(log)
        for key, seq in log.cids.items():
            call = self.call_of(log, key)
            if call is not None and call.refused == call.attempts:
                self.broken("unknown", f"{log} seq {seq}: {key} was refused and is in the log")
        self.check_producers(log)
        self.check_folds(log)

    def check_kept(self, log):
        """The log as it was read against everything that was known of it."""
        for seq in log.acks:
            if seq >= log.first and seq not in log.stored:
                self.broken("lost", f"{log} seq {seq}, acknowledged for {log.acks[seq][0]}, is not in the log, which is "
                            f"{log.first}..{log.last}")
        for seq, entry in log.entries.items():
            if seq >= log.first and seq not in log.stored and seq not in log.acks:
                self.broken("lost", f"{log} seq {seq}, {entry[1]}, was seen but is not in the log, which is "
                            f"{log.first}..{log.last}")
        known = log.acks.keys() | log.entries.keys()
        for seq in range(log.first, log.last + 1):
            if seq not in log.stored and seq not in known:
                self.broken("hole", f"{log} seq {seq} is not in the log, which is {log.first}..{log.last}")
        self.judge.verdict.add("entries in the store", len(log.stored))

    def check_producers(self, log):
        """Ascending seq, ascending n; not for those that were refused or given up: they may come at any time. Who was
        moderated when it first sent something may have been refused without hearing it."""
        last = {}
        for key, seq in sorted(log.cids.items(), key=lambda item: item[1]):
            call = self.call_of(log, key)
            if call is None or not call.cid or call.refused or call.given_up or call.unsure_error:
                continue
            if call.attempts > 1 and self.judge.moderation.could_refuse(log, call):
                continue
            producer, _, number = call.cid.rpartition(":")
            number = int(number)
            before = last.get((call.user, producer), 0)
            if number < before:
                self.broken("producer", f"{log}: {call.cid} at {seq} came after {producer}:{before}")
            last[call.user, producer] = max(number, before)

    def check_folds(self, log):
        for seq, where in log.deleted_seen.items():
            if seq not in log.dels:
                self.judge.verdict.broken("fold", f"{log} seq {seq} is given as deleted, and nobody deleted it", where)
        for target, revs in log.edits.items():
            ordered = [revs[seq] for seq in sorted(revs)]
            complete = log.read and log.first == 1
            if ordered != sorted(set(ordered)) or (complete and ordered != list(range(1, len(ordered) + 1))):
                self.broken("fold", f"{log}: the edits of {target} are numbered {ordered}")

    def check_denial(self, log, target, user, what, where):
        call = self.call_at(log, target)
        if call is None or call.op != "send" or call.user != user or target < log.first or not log.read:
            return
        if target in log.stored and target not in log.deleted_seen and target not in log.dels:
            self.judge.verdict.broken("denied", f"{log}: {user} got {what}, for the message {target} of its own", where)
