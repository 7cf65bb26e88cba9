"""scenarios.py - what is compared: flags for uproar-load, what the server must do, which figures tell the tale."""
import resource
from dataclasses import dataclass, field

MESSAGE = "128"  # bytes, unless a scenario says otherwise


def descriptors_allow(connections):
    """Most servers need a descriptor a connection; what is above the hard limit cannot be compared here."""
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    return connections if hard == resource.RLIM_INFINITY else min(connections, hard - 400)


@dataclass(frozen=True)
class Scenario:
    base: str             # uproar-load's own scenario that it starts from
    says: str             # one line for people
    flags: dict           # what it changes
    figures: tuple        # of the summary, the first being what it is about
    mode: str = "broadcast"        # of the server: what a raw hub does
    floor_mode: str = "broadcast"  # of the floor programs
    member_rooms: bool = False     # many rooms: a raw hub is spoken to by paths
    needs: tuple = field(default=())  # flags that the caller must give


CPU = "server_cpu_ns_per_delivery"
LATENCY = ("latency_p50_ms", "latency_p99_ms", "latency_max_ms")

FANOUT = {"connections": 1000, "ramp": "3s:1000", "rooms": 1, "rooms-per-connection": 1, "publishers-per-room": 1,
          "outside-publisher": "true", "traffic": "closed", "sizes": MESSAGE, "warmup": "2s", "hold": "10s",
          "workers": 1}
CHATTER = {"connections": 10000, "ramp": "10s:10000", "rooms": 1000, "rooms-per-connection": 1,
           "publishers-per-room": 1, "outside-publisher": "false", "sizes": MESSAGE, "warmup": "2s", "hold": "10s",
           "workers": 1}

SCENARIOS = {
    "fanout1": Scenario(
        "fanout", "one publisher, 1,000 receivers, 128 bytes, one message under way at a time",
        {**FANOUT, "in-flight": 1}, (CPU, "deliveries_per_s", *LATENCY)),
    "fanout16": Scenario(
        "fanout", "one publisher, 1,000 receivers, 128 bytes, 16 messages under way at a time",
        {**FANOUT, "in-flight": 16}, (CPU, "deliveries_per_s", *LATENCY)),
    "echo": Scenario(
        "echo", "1,000 connections, each sends 64 bytes and awaits them before it sends again",
        {"connections": 1000, "ramp": "3s:1000", "traffic": "echo", "in-flight": 1, "sizes": "64",
         "warmup": "2s", "hold": "10s", "workers": 1},
        (CPU, "deliveries_per_s", *LATENCY), mode="echo", floor_mode="echo"),
    "chatter_max": Scenario(
        "chatter", "1,000 rooms of 10, 128 bytes, each room sends again once all ten have it",
        {**CHATTER, "traffic": "closed", "in-flight": 1},
        ("deliveries_per_s", CPU, *LATENCY), floor_mode="rooms", member_rooms=True),
    "chatter_half": Scenario(
        "chatter", "1,000 rooms of 10, 128 bytes, messages on a schedule that does not wait for the server",
        {**CHATTER, "traffic": "open"},
        ("latency_p99_ms", "latency_p50_ms", "latency_p99_9_ms", "lag_p99_ms", CPU, "deliveries_per_s"),
        floor_mode="rooms", member_rooms=True, needs=("rate",)),
    "connect": Scenario(
        "apocalypse", "10,000 connections at once: connect, upgrade, first answer",
        {"connections": 10000, "workers": 1},
        ("server_cpu_us_per_connect", "connects_per_s", "connected", "connect_failed", "connect_p99_ms"),
        floor_mode="accept"),
    "idle": Scenario(
        "idle", "20,000 connections that say nothing, or as many as descriptors allow",
        {"connections": descriptors_allow(20000), "hold": "10s", "workers": 1},
        ("server_bytes_per_connection", "server_rss_bytes_end", "kernel_memory_bytes_peak", "server_cpu_percent"),
        floor_mode="accept"),
}

# By placement: where the server runs, where the generator, how many cores serve, and what else the generator is told.
PLACEMENTS = {
    "split": ("0", "1", 1, {}),
    "both": ("0,1", "0,1", 2, {}),
    "two": ("0,1", "0,1", 2, {"workers": 2}),
}

PEERS = ("uproar", "floor-ring", "floor-send", "ws", "socketio", "python", "gorilla", "nchan", "mosquitto", "nats")
