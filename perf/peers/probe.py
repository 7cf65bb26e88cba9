"""probe.py URL DIALECT [broadcast|echo] - does a message really go through?

Three connections, two in room r0 and one in r1. What the first sends comes to it and to the second, once; nothing
comes to the third. With echo each gets back its own. To a hub of ours a fourth sends from outside, at /pub/r0, and
gets nothing. Exit status 0 when that is so."""
import asyncio
import json
import re
import struct
import sys

from websockets.asyncio.client import connect

PAYLOAD = "probe-3f81"


class Raw:
    subprotocol, path_room = None, True

    def __init__(self, socket, room):
        self.socket, self.room = socket, room

    async def join(self):
        pass

    async def publish(self, data):
        await self.socket.send(data)

    async def receive(self):
        return await self.socket.recv()


class Nchan(Raw):
    async def receive(self):
        return data if (data := await self.socket.recv()) == PAYLOAD else f"not the payload: {data!r}"


class Native(Raw):
    path_room = False

    async def ask(self, **command):
        await self.socket.send(json.dumps({"id": 1, **command}))
        while True:
            answer = json.loads(await self.socket.recv())
            if answer.get("re") == 1:
                assert "ok" in answer, answer
                return

    async def join(self):
        await self.ask(op="hello", name=f"probe{id(self)}")
        await self.ask(op="join", room=self.room, limit=0)

    async def publish(self, data):
        await self.socket.send(json.dumps({"op": "send", "room": self.room, "data": data,
                                           "cid": f"{id(self):016x}:1"}))

    async def receive(self):
        while (event := json.loads(await self.socket.recv())).get("ev") != "msg":
            pass
        return event["data"]


class Mqtt(Raw):
    subprotocol, path_room = "mqtt", False

    @staticmethod
    def text(value):
        return struct.pack("!H", len(value)) + value.encode()

    async def packet(self, kind, body):
        await self.socket.send(bytes([kind, len(body)]) + body)

    async def join(self):
        await self.packet(0x10, self.text("MQTT") + b"\4\2\0\0" + self.text(f"probe{id(self)}"))
        assert (await self.socket.recv())[:1] == b"\x20"
        await self.packet(0x82, b"\0\1" + self.text(self.room) + b"\0")
        assert (await self.socket.recv())[:1] == b"\x90"

    async def publish(self, data):
        await self.packet(0x30, self.text(self.room) + data.encode())

    async def receive(self):
        packet = await self.socket.recv()
        return packet[4 + struct.unpack("!H", packet[2:4])[0]:].decode()


class Nats(Raw):
    path_room = False

    async def join(self):
        await self.socket.recv()
        await self.socket.send(b'CONNECT {"verbose":false,"echo":true}\r\nSUB ' + self.room.encode() + b" 1\r\nPING\r\n")
        while not (await self.socket.recv()).endswith(b"PONG\r\n"):
            pass

    async def publish(self, data):
        await self.socket.send(f"PUB {self.room} {len(data)}\r\n{data}\r\n".encode())

    async def receive(self):
        stream = b""
        while not (found := re.match(rb"MSG \S+ \S+ \d+\r\n(.*)\r\n", stream)):
            part = await self.socket.recv()
            stream += part if part[:4] != b"PING" else b""
        return found[1].decode()


class Socketio(Raw):
    path_room = False

    async def join(self):
        await self.socket.recv()
        await self.socket.send("40")
        assert (await self.socket.recv()).startswith("40")
        await self.socket.send("420" + json.dumps(["join", self.room]))
        assert (await self.socket.recv()).startswith("430")

    async def publish(self, data):
        await self.socket.send("42" + json.dumps(["message", self.room, data]))

    async def receive(self):
        return json.loads((await self.socket.recv())[2:])[-1]


async def probe(url, dialect, echo):
    kind = {"raw": Raw, "nchan": Nchan, "native": Native, "mqtt": Mqtt, "nats": Nats, "socketio": Socketio}[dialect]
    members = []
    for room in ("r0", "r0", "r1"):
        socket = await connect(url + (room if kind.path_room else ""), compression=None, proxy=None,
                               subprotocols=[kind.subprotocol] if kind.subprotocol else None)
        members.append(kind(socket, room))
        await members[-1].join()
    await asyncio.sleep(0.1)
    await members[0].publish(PAYLOAD)
    if kind is Raw and not echo:
        await (outside := await connect(url + "pub/r0", compression=None, proxy=None)).send(PAYLOAD)
        members.append(Raw(outside, "r0"))
    got = [await asyncio.gather(*(asyncio.wait_for(m.receive(), 0.7) for m in members), return_exceptions=True)
           for _ in range(3)]
    for member in members:
        await member.socket.close()
    return [[x if isinstance(x, str) else None for x in turn] for turn in got]


def main():
    url, dialect, mode = (sys.argv[1:] + ["broadcast"])[:3]
    got = asyncio.run(probe(url, dialect, mode == "echo"))
    first = [PAYLOAD, None if mode == "echo" else PAYLOAD, None]
    nothing = [None, None, None]
    wanted = [first, nothing, nothing]
    if dialect == "raw" and mode != "echo":
        wanted = [first + [None], first + [None], nothing + [None]]
    if got != wanted:
        print(f"wanted {wanted}, got {got}")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
