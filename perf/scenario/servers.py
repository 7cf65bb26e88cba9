"""servers.py - a server under test: started afresh for each run, stopped by its process's number."""
import os
import re
import signal
import subprocess
import time
import urllib.request
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
START_SECONDS = 30
TICK = os.sysconf("SC_CLK_TCK")


class CannotStart(Exception):
    pass


def children(pid):
    try:
        return [int(child) for task in Path(f"/proc/{pid}/task").iterdir()
                for child in (task / "children").read_text().split()]
    except OSError:
        return []


def cpu_seconds(pids):
    """Of these processes, all their threads and children, also those that have ended, so far."""
    total = 0
    for pid in pids:
        try:
            fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        except OSError:
            continue
        total += sum(map(int, fields[11:15])) / TICK + cpu_seconds(children(pid))
    return total


def counters(url, names):
    """{name: sum over cores} of these counters of an Uproar's /metrics."""
    host = url.split("/")[2]
    with urllib.request.urlopen(f"http://{host}/metrics", timeout=10) as answer:
        text = answer.read().decode()
    return {name: sum(map(int, re.findall(rf"^uproar_{name}(?:_total)?\{{[^}}]*\}} (\d+)$", text, re.MULTILINE)))
            for name in names}


def read_told(text):
    """The lines `key=value` that a start prints."""
    return dict(re.findall(r"^(\w+)=(.*)$", text, re.MULTILINE))


class Server:
    """What it told: pid, url, dialect, perhaps publish_url and publish_dialect, version."""

    def __init__(self, name, told):
        self.name, self.told = name, told
        self.pids = [int(pid) for pid in told.get("pids", told["pid"]).split()]

    def stop(self):
        raise NotImplementedError


class Peer(Server):
    """A script in perf/peers."""

    @classmethod
    def start(cls, name, port, cpus, scenario):
        script = ROOT / "perf/peers" / name
        if not script.is_file():
            raise CannotStart(f"there is no perf/peers/{name}")
        mode = scenario.mode
        outcome = cls._run(script, port, cpus, mode, scenario.environment)
        if outcome.returncode != 0 and mode == "echo" and "has no echo" in outcome.stderr:
            outcome = cls._run(script, port, cpus, "broadcast", scenario.environment)
        if outcome.returncode != 0:
            raise CannotStart(outcome.stderr.strip().splitlines()[-1] if outcome.stderr.strip() else "no reason given")
        server = cls(name, read_told(outcome.stdout))
        server.script, server.port = script, port
        return server

    @staticmethod
    def _run(script, port, cpus, mode, environment):
        return subprocess.run([script, "start", str(port), cpus, mode], capture_output=True, text=True,
                              timeout=START_SECONDS, check=False, env={**os.environ, **environment})

    def stop(self):
        subprocess.run([self.script, "stop", str(self.port)], timeout=START_SECONDS, check=True)


class Extra(Server):
    """COMMAND PORT CPUS MODE, which prints what a peer's start prints and leaves the server running."""

    @classmethod
    def start(cls, name, command, port, cpus, scenario):
        outcome = subprocess.run(f"{command} {port} {cpus} {scenario.mode}", shell=True, stdout=subprocess.PIPE,
                                 text=True, timeout=START_SECONDS, check=False)
        told = read_told(outcome.stdout)
        if outcome.returncode != 0 or not {"pid", "url", "dialect"} <= told.keys():
            raise CannotStart(f"`{command}` did not tell pid, url and dialect")
        return cls(name, told)

    def stop(self):
        for number, seconds in ((signal.SIGTERM, 5), (signal.SIGKILL, 5)):
            for pid in self.pids:
                try:
                    os.kill(pid, number)
                except ProcessLookupError:
                    pass
            if wait_gone(self.pids, seconds):
                return
        raise RuntimeError(f"{self.name} does not end")


def wait_gone(pids, seconds):
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        if not any(Path(f"/proc/{pid}").exists() for pid in pids):
            return True
        time.sleep(0.05)
    return False


class Floor(Server):
    """build/floor_NAME: a bare loop, in the foreground."""

    @classmethod
    def start(cls, name, port, cpus, scenario):
        program = Path(os.environ.get("BUILD", ROOT / "build")) / name.replace("-", "_")
        if not program.is_file():
            raise CannotStart(f"there is no {program.name} (make floor-build)")
        command = ["taskset", "-c", cpus, program, "--listen", f"127.0.0.1:{port}", "--mode", scenario.floor_mode,
                   "--connections", "20000"]
        if scenario.member_rooms:
            command.append("--echo-sender")
        process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        if not process.stdout.readline().startswith("ready"):
            process.kill()
            process.wait()
            raise CannotStart(f"{program.name} ended with {process.returncode}")
        server = cls(name, {"pid": str(process.pid), "url": f"ws://127.0.0.1:{port}/", "dialect": "raw",
                            "publish_url": f"ws://127.0.0.1:{port}/pub", "publish_dialect": "raw",
                            "version": program.name})
        server.process = process
        return server

    def stop(self):
        self.process.terminate()
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.process.stdout.close()


def start(name, extras, port, cpus, scenario):
    if name in extras:
        return Extra.start(name, extras[name], port, cpus, scenario)
    if name.startswith("floor-"):
        return Floor.start(name, port, cpus, scenario)
    return Peer.start(name, port, cpus, scenario)
