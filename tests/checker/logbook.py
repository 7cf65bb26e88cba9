"""logbook - what is known of one (room, epoch): which content stands at which seq, put together from all who saw it."""


class Call:
    """A publish: one cid of a user in one room, or one send without a cid."""

    __slots__ = ("user", "cid", "op", "content", "data", "target", "first_at", "floor", "floor_seq", "attempts", "open",
                 "refused", "unsure", "unsure_error", "given_up", "acked", "conn", "conns", "act")

    def __init__(self, user, cid, op, content, data, at, floor):
        self.user, self.cid, self.op, self.content, self.data = user, cid, op, content, data
        self.first_at = at
        self.floor, self.floor_seq = floor, floor.top if floor else 0  # what was known before it began
        self.attempts = 1
        self.open = 1  # attempts not answered so far
        self.refused = 0  # attempts answered with an error that promises that nothing was done
        self.unsure = 0  # attempts that will never be answered, or were answered with an error that promises nothing
        self.unsure_error = False
        self.given_up = False
        self.acked = False
        self.target = None
        self.act = None  # of a `mod`
        self.conn = None  # the connection of the latest attempt
        self.conns = ()  # the names of all that it was sent on


class Logbook:
    def __init__(self, room, epoch, disk, order):
        self.room, self.epoch, self.disk = room, epoch, disk
        self.order = order  # how many epochs the room had before
        self.since = 0  # when this epoch was first seen
        self.alive_at = 0  # when somebody last asked and was answered with this epoch
        self.top = 0  # the highest seq known to exist
        self.entries = {}  # seq -> (ts, (user, cid) or None, hash of the rest, hash of data or None)
        self.cids = {}  # (user, cid) -> seq
        self.acks = {}  # seq -> ((user, cid), ts)
        self.dels = {}  # target -> when it was first known to be deleted
        self.deleted_seen = {}  # seq -> where it was first seen as deleted
        self.edits = {}  # target -> {seq: rev}
        # The last reading of the history.
        self.read = False
        self.stored = set()
        self.first, self.last = 1, 0

    def __str__(self):
        return f"{self.room} epoch {self.epoch}"


def content_of(event):
    """(hash of what the client gave but data, hash of data or None): alike for a command and the event it makes."""
    kind = event.get("ev") or event["op"]
    if kind == "send":
        kind = "msg"
    if kind == "mod":  # known by its reason, which no two have
        every = event["every"] if event["act"] == "slow" else 0
        seconds = event.get("for", 0) if "op" in event else max(0, event.get("until", 0) - event["ts"]) / 1000
        return hash((kind, event["act"], event.get("user"), every, seconds)), hash(repr(event.get("reason")))
    content = hash((kind, event.get("target"), event.get("key"), event.get("on")))
    data = hash(repr(event["data"])) if "data" in event and not event.get("deleted") else None
    return content, data
