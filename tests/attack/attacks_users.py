"""attacks_users.py - floods by one user, from one address, within what each connection alone may."""
from attacks import attack, merged, wrong
from attacks_chat import told_when
from attacks_frames import IN
from speech import hello, join, say


def talk(user, room, **more):
    """Connections of a user that say 16 times a second something in a room of theirs: each below send-rate."""
    return {**IN, "after": hello(user) + join(room, limit=0), "pace_ms": 60, "again": 1, "most": 20000,
            "block": say(op="send", id=7, room=room, data="x" * 200), **more}


def told_and_counted(scene, tally, counter, before):
    """Whoever was refused was told when to come again, and the server counted at least as many as were read."""
    refused = tally["errors"].get("rate_limited", 0)
    counted = scene.server.metrics()[counter] - before[counter]
    return told_when(tally) + wrong(not refused, f"none was refused: {tally['errors']}") + \
        wrong(counted < refused, f"{counter} says {counted:.0f}, but {refused} were refused")


@attack("oneuser", "rate_limited with a time to wait beyond four times a connection's rate; 4414 for too many", [
    "users_limited", "users_rate_limited"], options={"connections-per-user": 100, "user-rates": 4})
def oneuser(scene):
    """One user with 150 connections in ten rooms, each of which publishes at just below the rate that it may."""
    before = scene.server.metrics()
    tally = merged(scene.hoses(*[talk("flooder", f"mem:own-{n}", connections=15) for n in range(10)]))
    return tally, told_and_counted(scene, tally, "users_rate_limited", before) + \
        wrong(not tally["closes"].get("4414"), f"as many connections as it liked: {tally['closes']}")


@attack("oneaddress", "429 beyond its connections; rate_limited beyond what a network may", [
    "address_limited", "networks_rate_limited"], options={
        "connections-per-address": 250, "connect-rate": 100, "connect-burst": 300, "network-rates": 20,
        "address-exempt": "127.0.0.1/32"})
def oneaddress(scene):
    """400 connections of 40 users from one address, each publishing in a small room at just below its rate."""
    before = scene.server.metrics()
    several = [talk(f"flooder {n}", f"mem:own-{n}", connections=10) for n in range(40)]
    tally = merged(scene.hoses(*several))
    return tally, told_and_counted(scene, tally, "networks_rate_limited", before) + \
        wrong(not tally["statuses"].get("429"), f"as many connections as it liked: {tally['statuses']}")


@attack("oneroom", "rate_limited with a time to wait beyond what the room's members can be sent", [
    "room_limited"], options={"room-traffic": "8M"}, seconds=8)
def oneroom(scene):
    """1,000 members of one room, 50 of whom send 2 KB four times a second, and the room may have 8 MB a second."""
    before = scene.server.metrics()
    room = "mem:hot"
    here = {**IN, "after": hello() + join(room, limit=0)}
    tally = merged(scene.hoses({**here, "connections": 950},
                               {**here, "connections": 50, "pace_ms": 250,
                                "block": say(op="send", id=7, room=room, data="x" * 2000)}))
    return tally, told_and_counted(scene, tally, "room_limited", before)
