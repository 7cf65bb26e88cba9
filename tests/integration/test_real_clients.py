"""Clients that are not ours: Python's websockets here; npm ws and Node's own WebSocket in real_clients.test.mjs."""
import asyncio
import json
import unittest

import websockets

from harness import Server


async def talk(port):
    async with websockets.connect(f"ws://127.0.0.1:{port}/ws", subprotocols=["uproar.v1"]) as socket:
        assert socket.subprotocol == "uproar.v1"
        await socket.send(json.dumps({"op": "hello", "id": 1, "name": "Zoë"}))
        assert json.loads(await socket.recv())["ok"]["user"] == "Zoë"
        await socket.send(json.dumps({"op": "join", "id": 2, "room": "py"}))
        assert json.loads(await socket.recv())["ok"]["room"] == "py"
        await socket.send(json.dumps({"op": "send", "id": 3, "room": "py", "cid": "py:1", "data": {"text": "héllo"}}))
        seen = [json.loads(await socket.recv()) for _ in range(2)]
        event = next(m for m in seen if m.get("ev") == "msg")
        assert (event["seq"], event["from"], event["data"]) == (1, "Zoë", {"text": "héllo"})
        assert next(m for m in seen if m.get("re") == 3)["ok"]["seq"] == 1
        pong = await socket.ping()
        await asyncio.wait_for(pong, 40)


class Python(unittest.TestCase):
    def test_websockets(self):
        with Server() as server:
            asyncio.run(talk(server.port))


if __name__ == "__main__":
    unittest.main()
