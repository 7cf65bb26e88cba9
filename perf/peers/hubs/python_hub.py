"""python_hub.py PORT [broadcast|echo] - a hub on `websockets`: a path is a room, and what is sent there goes to all
in it, the sender too, by the library's own broadcast(). Who connects to /pub and a path sends there and is sent
nothing."""
import asyncio
import sys

import uvloop
from websockets.asyncio.server import broadcast, serve
from websockets.exceptions import ConnectionClosed

rooms = {}


async def echo(connection):
    try:
        while True:
            await connection.send(await connection.recv())
    except ConnectionClosed:
        pass


async def outsider(connection, path):
    try:
        while True:
            message = await connection.recv()
            broadcast(rooms.get(path, ()), message)
    except ConnectionClosed:
        pass


async def member(connection):
    path = connection.request.path
    if path == "/pub" or path.startswith("/pub/"):
        await outsider(connection, path[4:] or "/")
        return
    room = rooms.setdefault(path, set())
    room.add(connection)
    try:
        while True:
            broadcast(room, await connection.recv())
    except ConnectionClosed:
        pass
    finally:
        room.discard(connection)
        if not room and rooms.get(path) is room:
            del rooms[path]


async def main(port, mode):
    async with serve(echo if mode == "echo" else member, "127.0.0.1", port, compression=None, ping_interval=None,
                     max_size=65536, backlog=4096, server_header=None):
        await asyncio.get_running_loop().create_future()


uvloop.run(main(int(sys.argv[1]), sys.argv[2] if len(sys.argv) > 2 else "broadcast"))
