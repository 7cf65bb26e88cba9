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
    members: bool = False          # those who only keep are asked to give it to a room's members too
    needs: tuple = field(default=())  # flags that the caller must give
    peers: tuple = ()              # instead of PEERS
    environment: dict = field(default_factory=dict)  # of the server
    counters: tuple = ()           # of /metrics: what they grew by in a run
    best: str = ""                 # "most" or "least" of the first figure is best: ours is held against the best peer


CPU = "server_cpu_ns_per_delivery"
NET = "server_cpu_net_ns_per_delivery"
LATENCY = ("latency_p50_ms", "latency_p99_ms", "latency_max_ms")

FANOUT = {"connections": 1000, "ramp": "3s:1000", "rooms": 1, "rooms-per-connection": 1, "publishers-per-room": 1,
          "outside-publisher": "true", "traffic": "closed", "sizes": MESSAGE, "warmup": "2s", "hold": "10s",
          "workers": 1}
CHATTER = {"connections": 10000, "ramp": "10s:10000", "rooms": 1000, "rooms-per-connection": 1,
           "publishers-per-room": 1, "outside-publisher": "false", "sizes": MESSAGE, "warmup": "2s", "hold": "10s",
           "workers": 1}

DURABLE = {"connections": 1000, "ramp": "1s:1000", "rooms": 100, "rooms-per-connection": 1, "publishers-per-room": 10,
           "traffic": "ack", "in-flight": 1, "sizes": MESSAGE, "warmup": "2s", "hold": "6s", "workers": 1}
ACKS = ("acks_per_s", "ack_p50_ms", "ack_p99_ms", "ack_p99_9_ms", "server_cpu_ns_per_ack", "server_cpu_percent",
        "deliveries_per_s")
STORM = {"ramp": "8s:20000", "warmup": "1s", "hold": "30s", "workers": 1}
STORM_COUNTERS = ("store_reads", "store_reads_shared", "pages", "fell_off", "lagged", "published")
STORM_FIGURES = ("recovered_s", "not_recovered", "received", "lost", "duplicated", "reordered", "excused",
                 *STORM_COUNTERS, "server_cpu_s")
BESIDE = ("uproar", "uproar+disk", "uproar+disk-alone")
PEERS = ("uproar", "floor-ring", "floor-send", "ws", "socketio", "python", "gorilla", "nchan", "mosquitto", "nats")

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
    "echo_room": Scenario(
        "echo", "1,000 rooms with one member each, who sends 64 bytes and awaits them before it sends again",
        {"connections": 1000, "ramp": "3s:1000", "traffic": "echo", "in-flight": 1, "sizes": "64",
         "warmup": "2s", "hold": "10s", "workers": 1},
        (CPU, "deliveries_per_s", *LATENCY), floor_mode="rooms", member_rooms=True),
    "chatter_max": Scenario(
        "chatter", "1,000 rooms of 10, 128 bytes, each room sends again once all ten have it",
        {**CHATTER, "traffic": "closed", "in-flight": 1},
        ("deliveries_per_s", CPU, *LATENCY), floor_mode="rooms", member_rooms=True),
    "chatter_half": Scenario(
        "chatter", "1,000 rooms of 10, 128 bytes, messages on a schedule that does not wait for the server",
        {**CHATTER, "traffic": "open"},
        ("latency_p99_ms", "latency_p50_ms", "latency_p99_9_ms", "lag_p99_ms", CPU, "deliveries_per_s"),
        floor_mode="rooms", member_rooms=True, needs=("rate",)),
    "durable": Scenario(
        "durable", "1,000 publishers in 100 rooms, 128 bytes, each sends again once its last message is on the disk",
        DURABLE, ACKS, mode="durable", peers=("uproar", "redis", "jetstream", "postgresql"), best="most"),
    "durable_members": Scenario(
        "durable", "durable, and each message is given to the ten in its room, by all servers",
        DURABLE, ACKS, mode="durable", members=True, peers=("uproar", "redis", "jetstream"), best="most"),
    "beside_fanout16": Scenario(
        "fanout", "fanout16 in a room in memory, as fast as it goes, alone and beside 1,000 messages/s to the disk",
        {**FANOUT, "in-flight": 16, "room-prefix": "mem:", "ramp": "1s:1000", "warmup": "1s", "hold": "6s"},
        (NET, CPU, "deliveries_per_s", *LATENCY, "beside_acks_per_s", "beside_ack_p99_ms"),
        mode="durable", peers=BESIDE),
    "beside_chatter": Scenario(
        "chatter", "1,000 rooms of 10 in memory, 3,000 messages/s by the clock, alone and beside 1,000/s to the disk",
        {**CHATTER, "traffic": "open", "rate": 3000, "room-prefix": "mem:", "ramp": "2s:10000", "warmup": "1s",
         "hold": "6s"},
        (NET, CPU, "deliveries_per_s", "latency_p50_ms", "latency_p99_ms", "latency_p99_9_ms", "lag_p99_ms",
         "beside_acks_per_s", "beside_ack_p99_ms"),
        mode="durable", peers=BESIDE),
    "storm20k": Scenario(
        "storm20k", "20,000 in 1,000 rooms on the disk are cut at once while 2,000 messages/s go on, and catch up",
        STORM, STORM_FIGURES, mode="durable", peers=("uproar",), counters=STORM_COUNTERS),
    "storm20k_pages": Scenario(
        "storm20k", "storm20k with one message a room in memory: what was missed comes from the disk",
        STORM, STORM_FIGURES, mode="durable", peers=("uproar",), counters=STORM_COUNTERS,
        environment={"UPROAR_HISTORY_MESSAGES": "1"}),
    "connect": Scenario(
        "apocalypse", "10,000 connections at once: connect, upgrade, first answer",
        {"connections": 10000, "workers": 1},
        ("server_cpu_us_per_connect", "connects_per_s", "connected", "connect_failed", "connect_p99_ms"),
        floor_mode="accept", peers=("uproar-upgrade", *PEERS)),
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
