"""rig.py - one server in its cage, honest bystanders beside it, and attackers on the other processors."""
import json
import os
import re
import resource
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request
from pathlib import Path

import place as places
from cage import Cage

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(1, str(ROOT / "tests"))
from ports import free_port  # noqa: E402
BUILD = Path(os.environ.get("BUILD", "build"))
BUILD = BUILD if BUILD.is_absolute() else ROOT / BUILD

# Small, so that what is bounded is reached.
OPTIONS = {"connections": 4000, "rooms": 20000, "memberships": 40000, "send-memory": "64M", "history-memory": "32M",
           "mail-memory": "16M", "store-memory": "4M", "data": "", "drain": "1s", "linger": "2s", "log-format": "json",
           # Attackers have a few names, and would have many: what one user may is of trials of its own.
           "connections-per-user": 0, "rooms-per-user": 0, "user-rates": 0}
BESIDES = 64 << 20  # over the sum that boot prints: the program itself, stacks, and what the kernel has for its sockets


def halves():
    """Processors of the server, and of everybody else."""
    cpus = sorted(os.sched_getaffinity(0))
    if len(cpus) < 2:
        return cpus, cpus
    return cpus[: len(cpus) // 2], cpus[len(cpus) // 2 :]


def pinned(cpus, nice):
    """What else this machine does is not the attack: with root, the server goes before it. Attackers would have machines
    of their own, so on the processors that they share with honest people, these go first."""
    nice = nice if nice > 0 or os.geteuid() == 0 else 0
    return ["nice", "-n", str(nice), "taskset", "-c", ",".join(map(str, cpus))]


def at_once():
    """For who measures: its own lateness would be taken for the server's."""
    return ["chrt", "-r", "1"] if os.geteuid() == 0 else []


def raised(process, nice=-20):
    """Where the kernel groups processes by session, a nice value counts within the session, and this one outside."""
    try:
        Path(f"/proc/{process.pid}/autogroup").write_text(str(nice))
    except OSError:
        pass
    return process


def cpu_seconds(pid):
    fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


class Server:
    def __init__(self, place, options, descriptors=None):
        self.place, self.lines, self.cage = place, [], Cage()
        self.port, self.budget = free_port(), None
        self.cpus, _ = halves()
        command = [*self.cage.entering(), *pinned(self.cpus, -15)]
        if descriptors:
            command += ["prlimit", f"--nofile={descriptors}:{descriptors}"]
        command += [*place.inside(), str(BUILD / "uproar"), "--listen", f"{place.listen}:{self.port}", "--cores",
                    str(len(self.cpus))]
        for name, value in {**OPTIONS, **options}.items():
            command += [f"--{name}", str(value)]
        self.ready = threading.Event()
        self.process = raised(subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                               stderr=subprocess.STDOUT, start_new_session=True))
        self.reader = threading.Thread(target=self.read, daemon=True)
        self.reader.start()
        if not self.ready.wait(20) or self.budget is None:
            self.kill()
            self.cage.close()
            raise RuntimeError("the server did not start: " + " | ".join(line[-200:] for line in self.text()[-3:]))
        self.cage.bound(self.budget)

    def read(self):
        most = 0
        for line in self.process.stdout:
            self.lines.append(line)
            found = re.search(rb'"what":"sum","bytes":(\d+)', line)
            most = int(found.group(1)) if found else most
            if b'"listening"' in line or b"listening on" in line:
                self.budget = most + BESIDES
                self.ready.set()
        self.ready.set()

    def text(self):
        return [line.decode(errors="replace").rstrip("\n") for line in self.lines]

    def metrics(self):
        url = f"http://127.0.0.1:{self.port}/metrics"
        if self.place.inside():
            return places.numbers(places.fetch(self.place, sys.executable, url))
        with urllib.request.urlopen(url, timeout=10) as answer:
            return places.numbers(answer.read().decode())

    def resident_peak(self):
        return int(re.search(r"VmHWM:\s+(\d+)", Path(f"/proc/{self.process.pid}/status").read_text()).group(1)) << 10

    def stop(self):
        """SIGTERM; the exit status and how long it took."""
        began = time.monotonic()
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        try:
            self.process.wait(15)
        except subprocess.TimeoutExpired:
            self.kill()
            return "did not end", 15
        self.reader.join(5)
        return self.process.returncode, time.monotonic() - began

    def kill(self):
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()

    def close(self):
        self.kill()
        self.cage.close()


class Bystanders:
    """Who the attack must not reach. phase() begins the next part of the measurement."""

    def __init__(self, server, people, rooms, rate):
        _, cpus = halves()
        command = [*server.place.inside(), *pinned(cpus, -5), *at_once(), str(BUILD / "attack-bystander"), "127.0.0.1",
                   str(server.port), str(people), str(rooms), str(rate)]
        self.said = tempfile.TemporaryFile("w+")
        self.process = raised(subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                               stderr=self.said, text=True, start_new_session=True))
        if self.process.stdout.readline() != "ready\n":
            why = self.complaints()
            self.close()
            raise RuntimeError("bystanders did not come in: " + why)

    def complaints(self):
        self.said.seek(0)
        return " | ".join(self.said.read().splitlines()[:5])

    def tell(self, word):
        try:
            self.process.stdin.write(word + "\n")
            self.process.stdin.flush()
        except OSError:
            pass

    def phase(self):
        self.tell("phase")

    def end(self):
        self.tell("end")
        try:
            out, _ = self.process.communicate(timeout=30)
        except subprocess.TimeoutExpired:
            self.process.kill()
            return None
        return places.as_json(out)

    def close(self):
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        self.said.close()


class Scene:
    """What an attack is given: the server's address, hoses, and a clock that has an end."""

    def __init__(self, server, seconds):
        self.server, self.place, self.seconds = server, server.place, seconds
        self.folder = tempfile.TemporaryDirectory(prefix="uproar-attack-")
        self.processes = []

    @property
    def address(self):
        return (self.place.server, self.server.port)

    def start(self, **given):
        """A hose: bytes (open, after, block) are put into files, all else are its flags."""
        _, cpus = halves()
        command = [*self.place.outside(), *pinned(cpus, -2), str(BUILD / "attack-hose"), self.place.server,
                   str(self.server.port)]
        given.setdefault("seconds", self.seconds)
        if self.place.inside():
            given["sources"] = 0
        for name, value in given.items():
            if isinstance(value, bytes):
                path = Path(self.folder.name) / f"{len(self.processes)}-{name}"
                path.write_bytes(value)
                value = path
            command += [f"--{name}", str(value)]
        process = raised(subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                          stderr=subprocess.PIPE, text=True, start_new_session=True), -5)
        self.processes.append(process)
        return process

    def ended(self, process):
        out, error = process.communicate(timeout=self.seconds + 60)
        found = places.as_json(out)
        if found is None:
            raise RuntimeError(f"hose: status {process.returncode}: {error.strip()}")
        return found

    def hose(self, **given):
        return self.ended(self.start(**given))

    def hoses(self, *several):
        """Together; a list of what each found."""
        return [self.ended(process) for process in [self.start(**given) for given in several]]

    def connect(self, timeout=5):
        """For attacks that need a talk, not a flood."""
        connection = socket.create_connection(self.address, timeout=timeout)
        connection.settimeout(timeout)
        return connection

    def close(self):
        for process in self.processes:
            if process.poll() is None:
                process.kill()
            process.wait()
        self.folder.cleanup()


def lift_descriptors():
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
