"""beside.py - a second generator that loads the same server beside the first: publishers to rooms on the disk."""
import json
import signal
import subprocess
from pathlib import Path

SETTLE_SECONDS = 1.5  # its connections stand before the first generator begins

# Clocked, not closed: what it costs the server is the same in every round, whatever the first load does.
DISK = {"connections": 100, "ramp": "1s:100", "rooms": 100, "publishers-per-room": 1, "traffic": "open", "rate": 1000,
        "sizes": "128", "warmup": "0s", "hold": "600s", "drain": "1s", "threshold": "none", "room-prefix": "disk-"}
KEPT = ("acks_per_s", "ack_p50_ms", "ack_p99_ms", "refused", "lost")


class Beside:
    """`with Beside(...) as side:` loads until the end; side.row then has what it found."""

    def __init__(self, load, cpus, server, out, changes):
        self.out = Path(out)
        self.out.mkdir(parents=True, exist_ok=True)
        self.row = {}
        self.command = ["taskset", "-c", cpus, load, "run", "durable", "--url", server.told["url"], "--dialect",
                        server.told["dialect"], "--server-pid", "none", "--out", str(self.out), "--no-progress",
                        "--quiet"]
        for key, value in {**DISK, **changes}.items():
            self.command += [f"--{key}", str(value)]

    def __enter__(self):
        (self.out / "results.json").unlink(missing_ok=True)
        with open(self.out / "log", "w", encoding="utf-8") as log:
            self.process = subprocess.Popen(self.command, stdout=log, stderr=subprocess.STDOUT,
                                            stdin=subprocess.DEVNULL)
        try:
            self.process.wait(SETTLE_SECONDS)
        except subprocess.TimeoutExpired:
            return self
        raise RuntimeError("the load beside ended at once: " + (self.out / "log").read_text(errors="replace"))

    def __exit__(self, *_):
        self.process.send_signal(signal.SIGINT)  # it reports what it has
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        try:
            found = json.loads((self.out / "results.json").read_text())["summary"]
        except (OSError, ValueError):
            found = {}
        self.row = {f"beside_{figure}": found.get(figure) for figure in KEPT}


def net_of_disk(rows):
    """What a delivery cost the server without what the load beside cost: in each round the run with `+disk`, less the
    processor time of the run with `+disk-alone`, in which the first load stood and was silent."""
    def number(row, figure):
        return float(row[figure]) if row.get(figure) not in (None, "") else None
    alone = {(row["round"], row["peer"].partition("+")[0]): number(row, "server_cpu_s")
             for row in rows if row["peer"].endswith("+disk-alone")}
    for row in rows:
        peer, _, beside = row["peer"].partition("+")
        other = alone.get((row["round"], peer)) if beside == "disk" else 0 if beside == "" else None
        spent, rate, seconds = (number(row, figure) for figure in ("server_cpu_s", "deliveries_per_s", "duration_s"))
        if None not in (other, spent, rate, seconds) and rate * seconds > 0:
            row["server_cpu_net_ns_per_delivery"] = (spent - other) * 1e9 / (rate * seconds)
