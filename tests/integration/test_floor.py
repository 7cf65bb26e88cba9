"""The floors pass on what they are sent, byte for byte and in order, to whom they should."""
import asyncio
import json
import os
import random
import signal
import socket
import struct
import subprocess
import tempfile
import unittest

import websockets

from harness import BUILD, ROOT

PROGRAMS = ("floor_send", "floor_ring")
SIZES = (0, 1, 49, 125, 126, 136, 1000, 65535, 65536, 300000)


def setUpModule():
    subprocess.run(["make", "-s", "-C", ROOT, f"BUILD={BUILD}", "floor-build"], check=True)


def program(name):
    return os.path.join(ROOT, BUILD, name)


class Floor:
    def __init__(self, name, *options):
        command = [program(name), "--listen", "127.0.0.1:0", *options]
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        word, port = self.process.stdout.readline().split()
        assert word == "ready"
        self.port = int(port)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.kill()
        self.process.wait()
        self.process.stdout.close()

    def connect(self, path="/"):
        return websockets.connect(f"ws://127.0.0.1:{self.port}{path}", max_size=None, compression=None)

    def stop(self):
        """What it says it has done."""
        self.process.send_signal(signal.SIGTERM)
        said = self.process.communicate(timeout=60)[0].split()
        assert self.process.returncode == 0, self.process.returncode
        return {key: float(value) for key, value in zip(said[::2], said[1::2])}


async def expect(test, client, *wanted):
    for message in wanted:
        test.assertEqual(await asyncio.wait_for(client.recv(), 10), message)


async def silent(test, client):
    """Nothing lies there: what comes next is the answer to a ping."""
    await asyncio.wait_for(await client.ping(), 10)
    test.assertEqual(len(client.messages), 0)


def frame(payload, opcode=2, fin=True):
    mask = os.urandom(4)
    head = bytes([opcode | (0x80 if fin else 0), 0x80 | len(payload)])
    return head + mask + bytes(byte ^ mask[i % 4] for i, byte in enumerate(payload))


def dial(port, path="/"):
    stream = socket.create_connection(("127.0.0.1", port), timeout=60)
    stream.sendall(f"GET {path} HTTP/1.1\r\nHost: test\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                   "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n".encode())
    head = b""
    while not head.endswith(b"\r\n\r\n"):
        byte = stream.recv(1)
        assert byte, head
        head += byte
    assert b"s3pPLMBiTxaQ9kYGzzhZRbK+xOo=" in head, head
    return stream


def read(stream, size):
    got = bytearray()
    while len(got) < size:
        part = stream.recv(min(size - len(got), 1 << 20))
        assert part, bytes(got[-100:])
        got += part
    return bytes(got)


class Floors(unittest.IsolatedAsyncioTestCase):
    async def each(self, run, *options):
        for name in PROGRAMS:
            with self.subTest(name), Floor(name, *options) as floor:
                await run(floor)

    async def test_broadcast(self):
        async def run(floor):
            members = [await floor.connect() for _ in range(50)]
            publisher = await floor.connect("/pub")
            messages = [os.urandom(size) for size in SIZES] + ["text", "\u00e9" * 100]
            for message in messages:
                await publisher.send(message)
            await asyncio.gather(*(expect(self, member, *messages) for member in members))
            await silent(self, publisher)
            await members[0].send("from a member")
            await asyncio.gather(*(expect(self, member, "from a member") for member in members[1:]))
            await silent(self, members[0])
            await silent(self, publisher)
            await members[1].close()
            await publisher.send("after one left")
            await expect(self, members[0], "after one left")
            for client in members + [publisher]:
                await client.close()
            said = floor.stop()
            self.assertEqual(said["messages"], len(messages) + 2)
            self.assertEqual(said["deliveries"], 50 * len(messages) + 49 + 49)
            self.assertEqual((said["accepted"], said["upgraded"], said["dropped"]), (51, 51, 0))

        await self.each(run, "--mode", "broadcast")

    async def test_rooms(self):
        async def run(floor, echo):
            rooms = [[await floor.connect(f"/r{room}") for _ in range(3)] for room in range(5)]
            for number, members in enumerate(rooms):
                await members[0].send(f"to {number}")
            for number, members in enumerate(rooms):
                for member in members if echo else members[1:]:
                    await expect(self, member, f"to {number}")
                if not echo:
                    await silent(self, members[0])
            for members in rooms:
                for member in members:
                    await silent(self, member)
                    await member.close()

        await self.each(lambda floor: run(floor, False), "--mode", "rooms")
        await self.each(lambda floor: run(floor, True), "--mode", "rooms", "--echo-sender")

    async def test_echo(self):
        async def run(floor):
            clients = [await floor.connect() for _ in range(20)]
            said = [[os.urandom(random.choice(SIZES)) for _ in range(10)] for _ in clients]

            async def talk(client, messages):
                sending = asyncio.create_task(send_all(client, messages))
                await expect(self, client, *messages)
                await sending
                await client.close()

            async def send_all(client, messages):
                for message in messages:
                    await client.send(message)

            await asyncio.gather(*map(talk, clients, said))

        await self.each(run, "--mode", "echo")

    async def test_accept(self):
        async def run(floor):
            for _ in range(30):  # more than there are slots at once
                client = await floor.connect()
                await client.send("to nobody")
                await silent(self, client)
                await client.close()

        await self.each(run, "--mode", "accept", "--connections", "4")

    async def test_one_segment_is_one_send(self):
        async def run(floor):
            members = [dial(floor.port) for _ in range(10)]
            publisher = dial(floor.port, "/pub")
            payloads = [bytes([65 + n]) * 100 for n in range(16)]
            whole = b"".join(map(frame, payloads))
            publisher.sendall(whole)
            wanted = b"".join(b"\x82\x64" + payload for payload in payloads)
            for member in members:
                self.assertEqual(read(member, len(wanted)), wanted)
            for stream in members + [publisher]:
                stream.close()
            said = floor.stop()
            self.assertEqual(said["sends"], 11 + 10)  # the answers to the upgrades, and one each

        await self.each(run)

    async def test_drops_and_cuts(self):
        async def run(floor):
            member, publisher = dial(floor.port), dial(floor.port, "/pub")
            for byte in frame(b"byte by byte") + frame(b"!"):
                publisher.sendall(bytes([byte]))
            self.assertEqual(read(member, 17), b"\x82\x0cbyte by byte\x82\x01!")
            for bad, code in ((frame(b"a", fin=False), 1003), (b"\x82\x01a", 1002), (frame(b"", opcode=3), 1002)):
                broken = dial(floor.port)
                broken.sendall(bad)
                self.assertEqual(read(broken, 4), b"\x88\x02" + struct.pack("!H", code))
                self.assertEqual(broken.recv(1), b"")
            broken = socket.create_connection(("127.0.0.1", floor.port), timeout=60)
            broken.sendall(b"GET / HTTP/1.1\r\nHost: test\r\n\r\n")
            self.assertTrue(read(broken, 12).endswith(b" 400"))

        await self.each(run)

    async def test_slow_reader_gets_all(self):
        async def run(floor):
            slow, quick, publisher = dial(floor.port), dial(floor.port), dial(floor.port, "/pub")
            payload = bytes(range(100))
            wanted = b"\x82\x64" + payload
            for _ in range(200):
                publisher.sendall(frame(payload) * 500)
                self.assertEqual(read(quick, len(wanted) * 500), wanted * 500)
            self.assertEqual(read(slow, len(wanted) * 100000), wanted * 100000)
            self.assertEqual(floor.stop()["dropped"], 0)

        await self.each(run)

    async def test_slow_rooms_side_by_side(self):
        async def run(floor):
            rooms = [(dial(floor.port, path), dial(floor.port, path)) for path in ("/r0", "/r1")]
            payloads = [b"0" * 100, b"1" * 100]
            for _ in range(300):
                for (publisher, _), payload in zip(rooms, payloads):
                    publisher.sendall(frame(payload) * 500)
            for (_, slow), payload in zip(rooms, payloads):
                wanted = (b"\x82\x64" + payload) * 150000
                self.assertTrue(read(slow, len(wanted)) == wanted)

        await self.each(run, "--mode", "rooms")

    async def test_full_and_then_not(self):
        async def run(floor):
            streams = []
            while len(streams) < 20:
                try:
                    streams.append(dial(floor.port))
                except (AssertionError, OSError):
                    break
            self.assertIn(len(streams), range(1, 16))
            streams.pop().close()
            stream = None
            for _ in range(50):
                try:
                    stream = dial(floor.port)
                    break
                except TimeoutError:
                    break
                except (AssertionError, OSError):
                    await asyncio.sleep(0.02)
            self.assertIsNotNone(stream, "a slot was given back and nobody let in")
            stream.sendall(frame(b"in"))
            self.assertEqual(read(stream, 4), b"\x82\x02in")

        await self.each(run, "--mode", "echo", "--connections", "4")

    async def test_who_goes_while_being_sent_to(self):
        async def run(floor):
            publisher = dial(floor.port, "/pub")
            for _ in range(20):
                members = [dial(floor.port) for _ in range(20)]
                publisher.sendall(frame(b"x" * 100) * 5000)
                for member in members:
                    member.close()
            last = dial(floor.port)
            publisher.sendall(frame(b"last"))
            while not read(last, 1).endswith(b"\x04"):
                pass
            self.assertEqual(read(last, 4), b"last")

        await self.each(run)

    def test_in_one_process(self):
        with tempfile.TemporaryDirectory() as folder:
            kept = os.path.join(folder, "floor.json")
            done = subprocess.run([program("floor_inproc"), "--members", "20", "--rounds", "3", "--repeats", "3", "--bytes",
                                   "100", "--other-cpu", "0", "--json", kept], capture_output=True, text=True, timeout=60)
            self.assertEqual(done.returncode, 0, done.stderr)
            with open(kept) as file:
                told = json.load(file)
        self.assertEqual((told["members"], told["bytes"], len(told["rows"])), (20, 100, 8))
        for row in told["rows"]:
            self.assertEqual(row["ns_per_message"], sorted(row["samples"])[1])
            self.assertRegex(done.stdout, rf"(?m)^{row['coalesced']} .*\b{row['ns_per_message']:.0f}\b")
        single = {row["way"]: row["ns_per_message"] for row in told["rows"] if row["coalesced"] == 1}
        for row in told["rows"]:
            if row["coalesced"] == 64:
                self.assertLess(row["ns_per_message"] * 3, single[row["way"]])

    def test_options(self):
        for name in PROGRAMS:
            for wrong in (["--mode", "no"], ["--listen", "127.0.0.1"], ["--listen", "x:1"], ["--connections", "0"],
                          ["--listen", "127.0.0.1:65536"], ["--cpu", "-1"], ["more"], ["--no-such"]):
                done = subprocess.run([program(name), *wrong], capture_output=True, timeout=60)
                self.assertEqual(done.returncode, 2, wrong)
                self.assertTrue(done.stderr)
            done = subprocess.run([program(name), "--help"], capture_output=True, timeout=60)
            self.assertEqual((done.returncode, b"--echo-sender" in done.stdout), (0, True))


if __name__ == "__main__":
    unittest.main()
