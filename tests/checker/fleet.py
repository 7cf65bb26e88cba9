"""fleet - all clients of a run on one event loop: who speaks when, and the end at which everybody must be caught up."""
import asyncio
import random
import time

from caller import Caller
from client import Client
from journal import now_us
from moderator import Moderator
from routes import KEY_USER, OTHER_USER

TICK = 0.004


def room_names(rooms, memory_share):
    """Every k-th room is one of memory, so that a memory_share of all are."""
    names, due = [], 0.0
    for number in range(rooms):
        due += memory_share
        names.append(f"mem:r{number}" if due >= 1 - 1e-9 else f"r{number}")
        due -= due >= 1 - 1e-9
    return names


class Fleet:
    def __init__(self, options, journal):
        self.options, self.journal = options, journal
        self.loop = None
        self.tops = {}  # (room, epoch) -> the highest seq anybody was told
        self.stopping = asyncio.Event()
        self.talking, self.ended = True, False
        rng = random.Random(f"{options.seed}")
        names = room_names(options.rooms, options.memory)
        self.secret = options.secret
        self.clients = []
        for index in range(options.clients):
            mine = rng.sample(names, min(options.rooms_each, len(names)))
            self.clients.append(Client(self, index, mine, random.Random(f"{options.seed}/{index}")))
        self.talkers = list(self.clients)
        # Who is always to have something in flight is left alone.
        self.members = {name: [client.name for client in self.clients[options.eager :] if name in client.rooms] or ["nobody"]
                        for name in names}
        self.moderators = [Moderator(self, options.clients + number, names, random.Random(f"{options.seed}/mod {number}"))
                           for number in range(options.moderators if self.secret else 0)]
        self.clients += self.moderators
        self.callers = [Caller(self, len(self.clients) + number, names, random.Random(f"{options.seed}/api {number}"))
                        for number in range(options.callers if options.api_key else 0)]
        self.rng = rng

    def stands(self, room, epoch, seq):
        if seq > self.tops.get((room, epoch), 0):
            self.tops[room, epoch] = seq

    def top(self, room, epoch):
        return self.tops.get((room, epoch), 0)

    async def run(self):
        """Until stop(), or for options.seconds; then until all is answered. Returns whether it was."""
        options, self.loop = self.options, asyncio.get_running_loop()
        self.journal.note(-1, "run", {"role": "load", "seed": options.seed, "disk": options.disk, "rate": options.rate,
                                      "clients": options.clients, "rooms": options.rooms,
                                      "managers": [client.name for client in self.moderators]
                                      + [KEY_USER, OTHER_USER] * bool(self.callers),
                                      "wall_us": time.time_ns() // 1000 - now_us()})
        for client in self.clients + self.callers:
            self.loop.create_task(client.connect())
        await self.talk()
        self.talking = False
        self.journal.note(-1, "stop", None)
        settled = await self.settle()
        if settled:
            await asyncio.sleep(0.2)  # what comes twice comes now
        self.journal.note(-1, "end", {"settled": settled})
        await self.part()
        return settled

    def stop(self):
        self.stopping.set()

    async def talk(self):
        options, begun = self.options, self.loop.time()
        last, due, clients, rng = begun, 0.0, self.talkers, self.rng
        acts_due = calls_due = 0.0
        while not self.stopping.is_set():
            await asyncio.sleep(TICK)
            now = self.loop.time()
            if options.seconds and now - begun > options.seconds:
                break
            due = min(due + (now - last) * options.rate, options.rate * 0.1)
            acts_due += (now - last) * options.acts
            calls_due += (now - last) * options.calls
            last = now
            while due >= 1:
                due -= 1
                rng.choice(clients).publish()
            for client in clients[: options.eager]:
                for name in client.eager:
                    if not client.rooms[name].out:
                        client.publish(client.rooms[name])
            for moderator in self.moderators:
                moderator.tend()
                if acts_due >= 1:
                    acts_due -= 1
                    rng.choice(self.moderators).moderate()
            for caller in self.callers:
                caller.tend()
                if calls_due >= 1:
                    calls_due -= 1
                    caller.call()

    async def settle(self):
        until = now_us() + self.options.settle * 1000000
        while now_us() < until:
            if all(client.settled() for client in self.clients + self.callers):
                return True
            for actor in self.moderators + self.callers:
                actor.tend(True)
            await asyncio.sleep(0.05)
        return False

    def restless(self):
        """Who is not settled, and why, for people."""
        for client in self.clients:
            if client.settled():
                continue
            why = [] if client.ready else ["not connected"]
            for room in client.rooms.values():
                if not room.joined:
                    why.append(f"{room.name}: not joined")
                if room.out:
                    why.append(f"{room.name}: {len(room.out)} unacknowledged")
                if room.seq < self.top(room.name, room.epoch):
                    why.append(f"{room.name}: at {room.seq} of {self.top(room.name, room.epoch)}")
            yield f"{client.name}: " + ", ".join(why)
        for caller in self.callers:
            if not caller.settled():
                yield from caller.restless()

    async def part(self):
        self.ended = True
        for client in self.clients:
            if client.ws is not None and client.ws.frames is not None:
                client.part()
                client.ws.close()
        for caller in self.callers:
            caller.part()
        for _ in range(100):
            if all(client.ws is None for client in self.clients) and all(caller.wire is None for caller in self.callers):
                break
            await asyncio.sleep(0.02)
