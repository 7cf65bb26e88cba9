"""rig - a server, a fleet and a list of faults: what every crash test here is made of.

    run = Run(options)                  # options: of add_options()
    verdict = run.play(fault_of_mine)   # fault_of_mine(run, number): makes one fault, by default kill -9 and restart

Server starts one command and knows when it is ready; a rig that puts something under the data directory, or kills in
another way, gives Run a Server of its own class with other start(), kill() or after_kill().
"""
import ctypes
import hashlib
import json
import os
import random
import shlex
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time

from journal import Journal, now_us
from routes import KEY_NAME
from trial import judged

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
sys.path.insert(1, os.path.join(ROOT, "tests"))
from ports import free_port  # noqa: E402
COMMAND = "{build}/uproar --listen 127.0.0.1:{port} --send-rate 0 --command-rate 0 --log-level warn {data_option} {options}"
READY_SECONDS = 30
STOP_SECONDS = 60


def die_with_parent(libc=ctypes.CDLL(None)):
    """For a child between fork and exec: no server or driver outlives a rig that was killed."""
    libc.prctl(1, signal.SIGKILL)  # PR_SET_PDEATHSIG


class Died(Exception):
    """The server ended by itself, or does not become ready."""


class Server:
    def __init__(self, command, port, log_path):
        self.command, self.port, self.log_path = command, port, log_path
        self.process = None
        self.starts = 0

    def start(self):
        log = open(self.log_path, "ab")
        log.write(f"--- start {self.starts}\n".encode())
        log.flush()
        self.process = subprocess.Popen(shlex.split(self.command), stdout=log, stderr=log, stdin=subprocess.DEVNULL,
                                        start_new_session=True, cwd=ROOT, preexec_fn=die_with_parent)
        log.close()
        self.starts += 1

    def wait_ready(self, seconds=READY_SECONDS):
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            self.must_live()
            if self.is_ready():
                return
            time.sleep(0.004)
        raise Died(f"not ready within {seconds} s of its start")

    def is_ready(self):
        try:
            with socket.create_connection(("127.0.0.1", self.port), 1) as probe:
                probe.sendall(b"GET /readyz HTTP/1.1\r\nHost: rig\r\nConnection: close\r\n\r\n")
                return probe.recv(64).startswith(b"HTTP/1.1 200")
        except OSError:
            return False

    def must_live(self):
        status = self.process.poll()
        if status is not None:
            raise Died(f"it ended with status {status}")

    def kill(self):
        """SIGKILL to it and to all that it started."""
        self.must_live()
        os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()
        self.after_kill()

    def after_kill(self):
        """What a rig does to the disk while nothing runs."""

    def stop(self):
        """Returns the exit status of a good stop."""
        self.must_live()
        self.process.terminate()
        return self.process.wait(STOP_SECONDS)

    def end(self):
        if self.process is not None and self.process.poll() is None:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()


def add_options(parser):
    build = os.environ.get("BUILD", "build")
    parser.add_argument("--seed", type=int, default=1, help="of every choice (1)")
    parser.add_argument("--pause", default="0.3-1.5", metavar="FROM-TO", help="seconds between faults (0.3-1.5)")
    parser.add_argument("--clients", type=int, default=24, help="(24)")
    parser.add_argument("--rooms", type=int, default=8, help="(8)")
    parser.add_argument("--rooms-each", type=int, default=2, help="rooms a client is in (2)")
    parser.add_argument("--memory", type=float, default=0.25, help="share of rooms of class memory (0.25)")
    parser.add_argument("--rate", type=float, default=600, help="publishes a second, beside those of two clients that never wait (600)")
    parser.add_argument("--moderators", type=int, default=2, help="clients that may manage every room, and do; 0: all are "
                        "guests (2)")
    parser.add_argument("--callers", type=int, default=2, help="back ends that publish, read and moderate over the HTTP API (2)")
    parser.add_argument("--no-disk", dest="disk", action="store_false", help="all rooms are in memory (--data '')")
    parser.add_argument("--store", default="", help="given to the server as --store; {seed} is put in")
    parser.add_argument("--server-options", default="", help="more options of the server, in one word")
    parser.add_argument("--command", default=COMMAND, help="how to start a server: {build} {port} {data} {data_option} "
                        "{options} are put in")
    parser.add_argument("--build", default=build, help="the build directory ($BUILD or build)")
    parser.add_argument("--trimmed", action="store_true", help="the server's retention drops events of disk rooms")
    parser.add_argument("--overlap", type=float, default=0.8, help="share of the faults that must meet traffic (0.8)")
    parser.add_argument("--keep", action="store_true", help="keep journals and data also where nothing was found")
    parser.add_argument("--dir", help="where journals and data go (a new directory in the temporary one)")


class Run:
    server_class = Server

    def __init__(self, options, seed=None):
        self.options = options
        self.seed = options.seed if seed is None else seed
        self.rng = random.Random(f"rig {self.seed}")
        self.dir = tempfile.mkdtemp(prefix=f"uproar-checker-{self.seed}-", dir=options.dir)
        self.data = self.data_directory()
        self.secret = self.path("secret")
        with open(self.secret, "w") as file:
            file.write("known to every client of this test alone")
        self.api_key = f"of the rig with seed {self.seed}"
        with open(self.path("api-keys"), "w") as file:
            digest = hashlib.sha256(self.api_key.encode()).hexdigest()
            file.write(f"{KEY_NAME} publish,read,moderate,manage sha256:{digest}\n")
        self.port = free_port(self.rng)
        self.server = self.server_class(self.command(), self.port, self.path("server.log"))
        self.faults = Journal(self.path("faults.jsonl"))
        self.faults.note(-1, "run", {"role": "faults", "disk": options.disk, "seed": self.seed})
        self.driver = None
        self.journals = []
        self.told = 0.0

    def data_directory(self):
        """What {data} stands for; a rig may put something else there."""
        return self.path("data")

    def store(self):
        """What --store is given; each run needs a store of its own, so that nothing in it was never sent."""
        return self.options.store.replace("{seed}", str(self.seed))

    def path(self, name):
        return os.path.join(self.dir, name)

    def command(self):
        options = self.options
        build = os.path.abspath(os.path.join(ROOT, options.build))
        store = self.store()
        more = options.server_options + (f" --store {shlex.quote(store)}" if store else "")
        more += f" --token-keys HS256:{shlex.quote(self.secret)}" if options.moderators else ""
        more += f" --api-keys {shlex.quote(self.path('api-keys'))}" if options.callers else ""
        data_option = f"--data {shlex.quote(self.data)}" if options.disk else "--data ''"
        return options.command.format(build=build, port=self.port, data=self.data, data_option=data_option, options=more)

    # --- the parts of a run ---

    def drive(self, name, *more):
        options, journal = self.options, self.path(name)
        self.journals.append(journal)
        command = [sys.executable, os.path.join(HERE, "driver"), "--port", str(self.port), "--journal", journal,
                   "--seed", str(self.seed), "--clients", str(options.clients), "--rooms", str(options.rooms),
                   "--rooms-each", str(options.rooms_each), "--memory", str(options.memory), "--rate", str(options.rate)]
        if options.moderators:
            command += ["--moderators", str(options.moderators), "--secret", self.secret]
        if options.callers:
            command += ["--callers", str(options.callers), "--api-key", self.api_key]
        if not options.disk:
            command.append("--no-disk")
        return subprocess.Popen(command + list(more), stdout=subprocess.DEVNULL if more else None,
                                preexec_fn=die_with_parent)

    def pause(self):
        low, _, high = self.options.pause.partition("-")
        time.sleep(self.rng.uniform(float(low), float(high or low)))
        self.server.must_live()

    def kill(self, kind="kill"):
        """One kill -9 and one restart; sometimes the next kill comes before the server is ready, up to three times."""
        at = now_us()
        self.server.kill()
        early = 0
        self.server.start()
        while kind == "kill" and early < 3 and self.rng.random() < 0.1:
            time.sleep(self.rng.uniform(0, 0.06))
            self.server.kill()
            self.server.start()
            early += 1
        self.server.wait_ready()
        self.fault(at, kind)
        for _ in range(early):
            self.fault(now_us(), "early")

    def fault(self, at, kind, **more):
        """Writes down that a fault began at `at` and is over now."""
        body = {"kind": kind, "until": now_us(), **more}
        self.faults.add(b'[%d,-1,"fault",%b]\n' % (at, json.dumps(body).encode()))
        self.faults.flush()

    def final(self, name, *more):
        if self.drive(name, "--final", *more).wait() != 0:
            raise Died("the last reading failed")

    # --- the whole ---

    def play(self, fault=None, count=50, said=print):
        """Starts all, makes `count` faults, ends all, and gives the verdict; None where nothing could be judged."""
        fault = fault or (lambda run, number: run.kill())
        try:
            self.server.start()
            self.server.wait_ready()
            self.driver = self.drive("fleet.jsonl")
            self.wait_for_traffic()
            for number in range(1, count + 1):
                self.pause()
                fault(self, number)
                self.progress(number, count, said)
            self.pause()
            self.driver.terminate()
            self.driver.wait(120)
            self.read_back()
        except Died as died:
            self.faults.note(-1, "fault", {"kind": "exit", "until": now_us(), "why": f"{died}; see {self.path('server.log')}"})
            said(f"the server: {died}")
        finally:
            self.end()
        return self.judge()

    def wait_for_traffic(self):
        """The fleet writes its journal: faults that come before it would meet nobody."""
        until = time.monotonic() + 120
        while not (os.path.exists(self.path("fleet.jsonl")) and os.path.getsize(self.path("fleet.jsonl"))):
            if self.driver.poll() is not None or time.monotonic() > until:
                raise Died("the fleet does not begin")
            time.sleep(0.1)
        time.sleep(0.5)

    def read_back(self):
        """The history as the living server gives it; then of what a last kill leaves; then as a good stop leaves it."""
        self.final("final.jsonl")
        if self.options.disk:
            self.kill("cold")
            self.final("cold.jsonl", "--disk-rooms-only")
        status = self.server.stop()
        if status != 0:
            raise Died(f"a good stop ended with status {status}")

    def progress(self, number, count, said):
        now = time.monotonic()
        if now - self.told > 10 or number == count:
            self.told = now
            size = os.path.getsize(self.path("fleet.jsonl")) >> 20
            said(f"seed {self.seed}: {number} of {count} faults, journal {size} MiB")

    def end(self):
        if self.driver is not None and self.driver.poll() is None:
            self.driver.terminate()
            try:
                self.driver.wait(60)
            except subprocess.TimeoutExpired:
                self.driver.kill()
                self.driver.wait()
        self.server.end()
        self.faults.note(-1, "end", {"settled": True})
        self.faults.close()

    def judge(self):
        options = self.options
        return judged(self.journals + [self.faults.file.name], self.sqlite(), overlap=options.overlap,
                      trimmed=options.trimmed)

    def sqlite(self):
        path = os.path.join(self.data, "uproar.db")
        return path if self.options.disk and not self.options.store and os.path.exists(path) else None

    def evidence(self):
        """The arguments with which tests/checker/check judges this run again."""
        sqlite = ["--sqlite", self.sqlite()] if self.sqlite() else []
        return sqlite + ["--trimmed"] * self.options.trimmed + self.journals + [self.faults.file.name]

    def forget(self):
        shutil.rmtree(self.dir, ignore_errors=True)
