"""moderator - a client of the fleet that is in every room, may manage all of them, and does so.

Whatever it imposes that would not end by itself it lifts a moment later, however long that takes: at the end everybody is
back. Nothing here remembers what the server said: an act without an answer is lifted like one that was taken.
"""
from client import Client

LIFT = {"ban": "unban", "mute": "unmute", "lock": "unlock", "slow": "slow"}
AGAIN_SECONDS = 0.2


class Task:
    """Something to be lifted."""

    __slots__ = ("at", "room", "body", "asked")

    def __init__(self, at, room, body):
        self.at, self.room, self.body = at, room, body
        self.asked = False


class Moderator(Client):
    roles = ("admin",)

    def __init__(self, *arguments):
        super().__init__(*arguments)
        self.tasks = []
        self.acts = 0

    def fidget(self, room):
        """It is always there."""

    def moderate(self):
        """One act on somebody, or on a room; now and then it speaks, which it may where others may not."""
        rng = self.rng
        room = self.rooms[rng.choice(self.names)]
        if not room.joined:
            return
        if rng.random() < 0.2:
            self.publish(room)
            return
        act = rng.choice(("kick", "ban", "ban", "mute", "mute", "slow", "lock"))
        body = {"act": act}
        if act in ("kick", "ban", "mute"):
            body["user"] = rng.choice(self.fleet.members[room.name])
        if act in ("ban", "mute") and rng.random() < 0.5:
            body["for"] = rng.choice((1, 2))
        if act == "slow":
            body["every"] = rng.choice((1, 2))
        if act in LIFT and ("for" not in body or rng.random() < 0.5):
            undo = {"act": LIFT[act], **{key: body[key] for key in ("user",) if key in body}}
            if act == "slow":
                undo["every"] = 0
            longest = 0.5 if act == "lock" else 1.5
            self.tasks.append(Task(self.fleet.loop.time() + rng.uniform(0.05, longest), room, undo))
        self.act(room, body, None)

    def act(self, room, body, task):
        self.acts += 1
        self.command("mod", room, {"op": "mod", "room": room.name, **body, "reason": f"{self.producer} {self.acts}"}, task)

    def tend(self, all_of_it=False):
        """Lifts what is due."""
        now = self.fleet.loop.time()
        for task in self.tasks:
            if not task.asked and task.room.joined and (all_of_it or task.at <= now):
                task.asked, task.at = True, now + AGAIN_SECONDS
                self.act(task.room, task.body, task)

    def answer(self, message):
        what, _, task = self.asked.get(message["re"], (None, None, None))
        if what != "mod":
            super().answer(message)
            return
        del self.asked[message["re"]]
        if task is None:
            return
        if "ok" in message or message["err"]["code"] == "conflict":
            self.tasks.remove(task)
        else:
            self.fleet.loop.call_later(AGAIN_SECONDS, self.free, task)

    def free(self, task):
        task.asked = False

    def on_closed(self, code, reason):
        for task in self.tasks:
            task.asked = False
        super().on_closed(code, reason)

    def settled(self):
        return not self.tasks and super().settled()
