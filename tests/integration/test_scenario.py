"""perf/scenario: what rows of runs come to, and the driver with a generator that only pretends."""
import csv
import os
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "perf/scenario"))
import summary  # noqa: E402

FAKE_LOAD = """#!/usr/bin/env python3
import json, socket, sys
out, url = (sys.argv[sys.argv.index(flag) + 1] for flag in ("--out", "--url"))
socket.create_connection(("127.0.0.1", int(url.split(":")[2].split("/")[0]))).close()
json.dump({"machine": {"cpu": "c", "kernel": "k"}, "summary": {"server_cpu_ns_per_delivery": 7.5, "lost": 0},
           "verdict": {"valid": True, "invalid_reasons": [], "passed": True}}, open(out + "/results.json", "w"))
"""
TWO_PROCESSES = """#!/bin/bash
"$(dirname "$0")/server" $1 | sed 's/^pid=\\(.*\\)/pid=\\1\\npids=\\1 2147483647/'
"""
FAKE_SERVER = """#!/bin/bash
python3 -c 'import socket, sys, time
s = socket.create_server(("127.0.0.1", int(sys.argv[1]))); time.sleep(60)' $1 >/dev/null 2>&1 </dev/null &
pid=$!
until (: </dev/tcp/127.0.0.1/$1) 2>/dev/null; do sleep 0.05; done
echo $pid >> "$(dirname "$0")/pids"
echo pid=$pid; echo url=ws://127.0.0.1:$1/; echo dialect=raw
"""


def row(turn, peer, value, valid=True, **more):
    return {"round": turn, "peer": peer, "valid": valid, "cpu": value, **more}


class Summary(unittest.TestCase):
    def test_median_and_spread(self):
        rows = [row(turn, "a", value) for turn, value in enumerate((5, 1, 3))]
        self.assertEqual(summary.spread(rows, "a", "cpu"), (3, 1, 5))
        self.assertIsNone(summary.spread(rows, "b", "cpu"))
        self.assertIsNone(summary.spread(rows, "a", "rss"))

    def test_an_invalid_run_does_not_count_unless_all_are(self):
        rows = [row(1, "a", 10, valid=False, invalid_reasons="starved: by 21 %"), row(2, "a", 4)]
        self.assertEqual(summary.spread(rows, "a", "cpu"), (4, 4, 4))
        self.assertEqual(summary.spread(rows[:1], "a", "cpu"), (10, 10, 10))
        self.assertEqual(summary.remark(rows[:1], "a"), "1 of 1 invalid (none is valid, all are counted): starved")

    def test_what_failed_is_no_run(self):
        rows = [row(1, "a", None, failure="did not start: why"), row(2, "a", 4)]
        self.assertEqual(summary.spread(rows, "a", "cpu"), (4, 4, 4))
        self.assertIn("1 of 2 runs failed: did not start: why", summary.remark(rows, "a"))

    def test_the_ratio_is_within_rounds(self):
        rows = [row(1, "a", 2), row(1, "b", 1), row(2, "a", 40), row(2, "b", 10), row(3, "a", 30), row(3, "b", 10)]
        self.assertEqual(summary.ratio(rows, "a", "b", "cpu"), 3)
        self.assertIsNone(summary.ratio(rows, "a", "c", "cpu"))

    def test_not_measured_is_not_zero(self):
        rows = [row(1, "a", ""), row(2, "a", "6")]
        self.assertEqual(summary.spread(rows, "a", "cpu"), (6, 6, 6))

    def test_losses_are_told(self):
        self.assertIn("3 lost", summary.remark([row(1, "a", 1, lost="3")], "a"))
        self.assertEqual(summary.remark([row(1, "a", 1, lost="0")], "a"), "")

    def test_half_of_the_slowest(self):
        rows = [row(1, "a", 1, sent_per_s="900"), row(1, "b", 1, sent_per_s="500"), row(1, "c", 1)]
        self.assertEqual(summary.half_of_lowest(rows), 250)


class Driver(unittest.TestCase):
    def test_interleaved_rounds_leave_rows_and_no_process(self):
        with tempfile.TemporaryDirectory() as folder:
            for name, text in (("load", FAKE_LOAD), ("server", FAKE_SERVER), ("two", TWO_PROCESSES)):
                file = Path(folder, name)
                file.write_text(text)
                file.chmod(0o755)
            done = subprocess.run(
                [ROOT / "perf/scenario/run", "fanout1", "--rounds", "2", "--peers", "", "--load", f"{folder}/load",
                 "--extra", f"a={folder}/server", "--extra", f"b={folder}/two", "--extra", "c=false",
                 "--out", f"{folder}/out", "--port", "29650"],
                capture_output=True, text=True, timeout=60, check=False, env={**os.environ, "BUILD": folder})
            self.assertEqual(done.returncode, 0, done.stderr)
            with open(f"{folder}/out/raw.csv", encoding="utf-8") as file:
                rows = list(csv.DictReader(file))
            self.assertEqual([(r["round"], r["peer"]) for r in rows],
                             [("1", "a"), ("1", "b"), ("1", "c"), ("2", "a"), ("2", "b"), ("2", "c")])
            self.assertEqual([r["server_cpu_ns_per_delivery"] for r in rows], ["7.5", "", "", "7.5", "", ""])
            self.assertIn("did not start", rows[2]["failure"])
            self.assertIn("| a | 7.5 |", done.stdout)
            pids = Path(folder, "pids").read_text().split()
            self.assertEqual(len(pids), 4)
            self.assertEqual([pid for pid in pids if Path("/proc", pid).exists()], [])

    def test_an_open_loop_needs_a_rate(self):
        done = subprocess.run([ROOT / "perf/scenario/run", "chatter_half"], capture_output=True, text=True,
                              timeout=20, check=False)
        self.assertNotEqual(done.returncode, 0)
        self.assertIn("--rate", done.stderr)


if __name__ == "__main__":
    unittest.main()
