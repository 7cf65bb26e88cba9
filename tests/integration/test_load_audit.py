"""The audit of uproar-load is real: what a proxy spoils is caught every time, by kind; and a generator that gets no
processor says that its run proves nothing."""
import json
import os
import signal
import subprocess
import tempfile
import unittest

from harness import Server
from meddler import Meddler

LOAD = os.path.join(os.environ.get("BUILD", "build"), "uproar-load")
EVERY = int(os.environ.get("MEDDLE_EVERY", "20011"))  # `make soak` says 100003


def load(url, *more, before=()):
    """Runs it; gives its exit status and results."""
    with tempfile.TemporaryDirectory() as out:
        done = subprocess.run([*before, LOAD, "run", "fanout", "--url", url, "--out", out, "--no-progress", *more],
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=120)
        path = os.path.join(out, "results.json")
        if not os.path.exists(path):
            raise AssertionError(done.stdout)
        with open(path, encoding="utf-8") as file:
            return done.returncode, json.load(file), done.stdout


OPEN = ("--traffic", "open", "--connections", "100", "--rate", "400", "--sizes", "128", "--warmup", "0s",
        "--hold", f"{max(4, EVERY // 8000)}s", "--ramp", "linear 1s:100")


class Audit(unittest.TestCase):
    def run_through(self, kind):
        with Server("--cores", "1", "--send-rate", "0", "--command-rate", "0") as server:
            with Meddler(server.port, kind, EVERY) as meddler:
                status, results, said = load(f"ws://127.0.0.1:{meddler.port}/ws", *OPEN)
                self.assertGreaterEqual(meddler.done, 3, said)
                return status, results["summary"], meddler.done, said

    def expect(self, kind, **wanted):
        status, summary, done, said = self.run_through(kind)
        found = {name: summary[name] for name in ("lost", "duplicated", "reordered", "corrupted", "foreign")}
        self.assertEqual(found, {name: done * wanted.get(name, 0) for name in found}, said)
        self.assertEqual(status, 1, said)

    def test_nothing_spoiled_is_clean(self):
        with Server("--cores", "1", "--send-rate", "0", "--command-rate", "0") as server:
            with Meddler(server.port, "drop", 0) as meddler:
                status, results, said = load(f"ws://127.0.0.1:{meddler.port}/ws", *OPEN,
                                             "--threshold", "latency_p99_ms < 10000")  # the machine's affair here
        summary = results["summary"]
        self.assertEqual([summary[name] for name in ("lost", "duplicated", "reordered", "corrupted", "foreign")],
                         [0] * 5, said)
        self.assertGreater(summary["received"], 100000, said)
        self.assertIn(status, (0, 3), said)

    def test_dropped(self):
        self.expect("drop", lost=1)

    def test_doubled(self):
        self.expect("double", duplicated=1)

    def test_swapped(self):
        self.expect("swap", reordered=1)

    def test_corrupted(self):
        """Whose it was cannot be believed any more: the one it should have been is missing."""
        self.expect("corrupt", corrupted=1, lost=1)


class Starved(unittest.TestCase):
    def test_a_generator_without_a_processor_declares_its_run_invalid(self):
        cpu = str(max(os.sched_getaffinity(0)))
        with Server("--cores", "1", "--send-rate", "0", "--command-rate", "0") as server:
            hogs = [subprocess.Popen(["taskset", "-c", cpu, "sh", "-c", "while :; do :; done"]) for _ in range(6)]
            try:
                status, results, said = load(f"ws://127.0.0.1:{server.port}/ws", *OPEN[:4], "--rate", "2000",
                                             "--sizes", "128", "--warmup", "0s", "--hold", "4s",
                                             "--ramp", "linear 1s:100", before=("taskset", "-c", cpu))
            finally:
                for hog in hogs:
                    hog.send_signal(signal.SIGKILL)
                    hog.wait()
        self.assertIn(status, (1, 3), said)  # who reads too slowly may lose messages, too
        self.assertFalse(results["verdict"]["valid"])
        self.assertTrue(results["verdict"]["invalid_reasons"], said)


if __name__ == "__main__":
    unittest.main()
