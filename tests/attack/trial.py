"""trial.py - one attack from the first connection to the verdict."""
import os
import subprocess
import time
import traceback

from attacks import NotThere
from place import Loopback, Namespaces
from rig import Bystanders, Scene, Server, cpu_seconds

BASELINE_MOST_MS = 25  # a quiet part with a p99 over this says nothing
LATE_MOST_MS = 10      # over twice the quiet part
BURST_PART = 5         # of a burst's time no more than one in so many
LAG_MOST_MS = 10       # bystanders that were themselves so late cannot blame the server


class Row:
    def __init__(self, attack):
        self.attack = attack
        self.verdict = "FAILED"
        self.complaints, self.doubts = [], []
        self.people, self.tally, self.counters = None, None, {}
        self.memory = {}
        self.load, self.cpu_s, self.log_lines, self.exit = None, None, None, None

    def phase(self, n, key="p99_ms"):
        phases = (self.people or {}).get("phases", [])
        return phases[n][key] if n < len(phases) else None

    def line(self):
        def ms(value):
            return "-" if value is None else f"{value:.2f}"
        memory = "-"
        if self.memory.get("peak"):
            memory = f"{self.memory['peak'] >> 20} of {self.memory['budget'] >> 20} M"
        load = "-" if self.load is None else f"{self.load:.1f}"
        return (f"{self.attack.name:12} {self.verdict:8} {ms(self.phase(0)):>10} {ms(self.phase(1)):>8} "
                f"{ms(self.phase(2)):>8}  {memory:>13}  {load:>5}  {self.came()}")

    def came(self):
        """What the attackers saw, in one line."""
        tally = self.tally or {}
        parts = [f"{tally['made']} made"] if "made" in tally else []
        for kind in ("statuses", "closes", "errors", "ends"):
            some = sorted((tally.get(kind) or {}).items(), key=lambda item: -item[1])[:3]
            parts += [f"{name}x{count}" for name, count in some if not (kind == "statuses" and name == "101")]
        parts += [f"{name} +{moved:.0f}" for name, moved in self.counters.items()]
        return ", ".join(parts)

    def as_json(self):
        return {"name": self.attack.name, "about": self.attack.about, "outcome": self.attack.outcome,
                "verdict": self.verdict, "complaints": self.complaints, "doubts": self.doubts,
                "bystanders": self.people, "attackers": self.tally, "counters": self.counters, "memory": self.memory,
                "load_average": self.load, "server_cpu_s": self.cpu_s, "log_lines": self.log_lines,
                "exit_status": self.exit}


class Trial:
    def __init__(self, attack, people, rooms, rate, quiet_s, by_machine=False):
        self.attack, self.quiet_s, self.row = attack, quiet_s, Row(attack)
        self.by_machine = by_machine
        self.crowd = (people, rooms, rate)

    def run(self):
        row, attack = self.row, self.attack
        opened = []
        try:
            place = Namespaces() if attack.namespaces else Loopback()
            opened.append(place)
            server = Server(place, attack.options, attack.descriptors)
            opened.append(server)
            people = Bystanders(server, *self.crowd)
            opened.append(people)
            scene = Scene(server, attack.seconds)
            opened.append(scene)
            self.happen(server, people, scene)
        except NotThere as why:
            row.verdict = "INVALID"
            row.doubts.append(f"not there yet: {why}")
        except Exception as error:  # pylint: disable=broad-exception-caught  one attack does not end the others
            if not isinstance(error, (RuntimeError, OSError, subprocess.SubprocessError)):
                traceback.print_exc()
            words = str(error)
            missing = attack.namespaces and not opened or "unknown option" in words
            row.verdict = "INVALID" if missing else "FAILED"
            (row.doubts if missing else row.complaints).append(words[:300])
        finally:
            for each in reversed(opened):
                each.close()
        return row

    def happen(self, server, people, scene):
        row = self.row
        before = server.metrics()
        time.sleep(self.quiet_s)
        people.phase()
        cpu, lines = cpu_seconds(server.process.pid), len(server.lines)
        began = time.monotonic()
        row.tally, wrongs = self.attack.run(scene)
        took = time.monotonic() - began
        row.complaints += wrongs
        row.load = os.getloadavg()[0]
        alive = server.process.poll() is None
        if alive:
            row.cpu_s = round(cpu_seconds(server.process.pid) - cpu, 2)
            self.count(before, server.metrics())
        row.log_lines = len(server.lines) - lines
        if row.log_lines > self.attack.lines_per_s * took:
            row.complaints.append(f"{row.log_lines} lines of log in {took:.0f} s")
        people.phase()
        time.sleep(self.quiet_s)
        self.others(people)
        self.memory(server, alive)
        self.ending(server)
        if row.verdict != "INVALID":
            row.verdict = "FAILED" if row.complaints else "passed"

    def count(self, before, after):
        for names in self.attack.counters:
            known = [name for name in names.split("|") if name in after]
            moved = {name: after[name] - before.get(name, 0) for name in known}
            self.row.counters.update({name: by for name, by in moved.items() if by > 0})
            if not known:
                self.row.complaints.append(f"there is no counter {names}")
            elif not any(by > 0 for by in moved.values()):
                self.row.complaints.append(f"the counter {names} did not move")

    def late_most_ms(self):
        """On a machine that takes longer for the same, one of its bursts is longer, and so is a turn."""
        if not self.by_machine or not self.attack.bursts or not self.row.cpu_s:
            return LATE_MOST_MS
        return max(LATE_MOST_MS, self.row.cpu_s * 1000 / self.attack.bursts / BURST_PART)

    def others(self, people):
        row = self.row
        row.people = found = people.end()
        if not found or len(found.get("phases", [])) < 3:
            row.complaints.append("the bystanders did not report: " + people.complaints())
            return
        for what in ("lost", "gaps", "twice", "refused", "dropped"):
            if found[what]:
                row.complaints.append(f"bystanders: {found[what]} {what} ({people.complaints()})")
        before, beside, after = (phase["p99_ms"] for phase in found["phases"][:3])
        quiet = min(before, after)
        row.most_ms = 2 * quiet + self.late_most_ms()
        if quiet > BASELINE_MOST_MS:
            row.doubts.append(f"p99 was {before:.1f} ms before and {after:.1f} ms after: the machine was not quiet")
            row.verdict = "INVALID"
        elif beside > row.most_ms and found["phases"][1]["lag_p99_ms"] > LAG_MOST_MS:
            row.doubts.append(f"bystanders were {found['phases'][1]['lag_p99_ms']:.1f} ms late themselves")
            row.verdict = "INVALID"
        elif beside > row.most_ms:
            row.complaints.append(f"p99 beside it {beside:.1f} ms, at most {row.most_ms:.1f}")

    def memory(self, server, alive):
        peak = server.cage.peak()
        resident = server.resident_peak() if alive and server.process.poll() is None else None
        self.row.memory = {"kind": server.cage.kind, "why": server.cage.why if server.cage.kind == "measured" else None,
                           "budget": server.budget, "peak": peak or resident, "resident_peak": resident}
        if (peak or resident or 0) > server.budget or server.cage.killed():
            self.row.complaints.append(f"memory {peak or resident} of {server.budget}, killed {server.cage.killed()}")

    def ending(self, server):
        self.row.exit, took = server.stop()
        if self.row.exit != 0:
            tail = " | ".join(server.text()[-3:])
            self.row.complaints.append(f"exit status {self.row.exit}: {tail[:300]}")
        elif took > 6:
            self.row.complaints.append(f"it took {took:.1f} s to end")


