"""perf/scenario: what rows of runs come to, and the driver with a generator that only pretends."""
import csv
import http.server
import os
import subprocess
import sys
import tempfile
import threading
import unittest
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "perf/scenario"))
sys.path.insert(1, str(ROOT / "tests"))
import beside  # noqa: E402
import servers  # noqa: E402
import summary  # noqa: E402
from ports import free_port  # noqa: E402

FAKE_LOAD = """#!/usr/bin/env python3
import json, socket, sys
out, url = (sys.argv[sys.argv.index(flag) + 1] for flag in ("--out", "--url"))
socket.create_connection(("127.0.0.1", int(url.split(":")[2].split("/")[0]))).close()
json.dump({"machine": {"cpu": "c", "kernel": "k"}, "summary": {"server_cpu_ns_per_delivery": 7.5, "lost": 0,
           "traffic": sys.argv[len(sys.argv) - sys.argv[::-1].index("--traffic")],
           "sizes": sys.argv[len(sys.argv) - sys.argv[::-1].index("--sizes")]},
           "verdict": {"valid": True, "invalid_reasons": [], "passed": True}}, open(out + "/results.json", "w"))
"""
BESIDE_WAITS = """import json, signal, sys, time
if "disk-" in sys.argv:
    def end(*_):
        out = sys.argv[sys.argv.index("--out") + 1]
        json.dump({"summary": {"acks_per_s": 11}}, open(out + "/results.json", "w"))
        sys.exit(3)
    signal.signal(signal.SIGINT, end)
    time.sleep(30)
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
        self.assertIn("2 excused", summary.remark([row(1, "a", 1, excused="2")], "a"))
        self.assertEqual(summary.remark([row(1, "a", 1, lost="0")], "a"), "")

    def test_half_of_the_slowest(self):
        rows = [row(1, "a", 1, sent_per_s="900"), row(1, "b", 1, sent_per_s="500"), row(1, "c", 1)]
        self.assertEqual(summary.half_of_lowest(rows), 250)


    def test_ours_is_held_against_the_best_of_each_round(self):
        rows = [row(1, "a", 4), row(1, "b", 1), row(1, "c", 2), row(2, "a", 9), row(2, "b", 3), row(2, "c", 1),
                row(3, "a", 5), row(3, "b", None, failure="no")]
        self.assertEqual(summary.against_best(rows, "a", ["a", "b", "c"], "cpu", True), ((2.5, 2, 3), {"c": 1, "b": 1}))
        self.assertEqual(summary.against_best(rows, "a", ["a", "b", "c"], "cpu", False)[0], (6.5, 4, 9))
        self.assertIsNone(summary.against_best(rows, "a", ["a"], "cpu", True))

    def test_every_figure_by_the_base_s(self):
        rows = [row(1, "a", 4, p99=2), row(1, "b", 1, p99=3), row(2, "a", 4, p99=2), row(2, "b", 3, p99=3)]
        self.assertEqual(summary.ratios(rows, ["a", "b"], "a", ["cpu", "p99"]).splitlines()[-1],
                         "| b | 0.5 (0.25-0.75) | 1.5 |")


class Net(unittest.TestCase):
    def test_what_the_load_beside_cost_is_taken_off(self):
        one = {"deliveries_per_s": "1000", "duration_s": 2}
        rows = [{"round": 1, "peer": "u", "server_cpu_s": 1.0, **one},
                {"round": 1, "peer": "u+disk", "server_cpu_s": 1.5, **one},
                {"round": 1, "peer": "u+disk-alone", "server_cpu_s": 0.4, "deliveries_per_s": 0, "duration_s": 2},
                {"round": 2, "peer": "u+disk", "server_cpu_s": 1.5, **one}]
        beside.net_of_disk(rows)
        net = [r.get("server_cpu_net_ns_per_delivery") for r in rows]
        self.assertEqual([net[0], round(net[1]), *net[2:]], [500000, 550000, None, None])


class Counters(unittest.TestCase):
    TEXT = b"""# TYPE uproar_store_reads_total counter
uproar_store_reads_total{core="0"} 3
uproar_store_reads_total{core="1"} 4
uproar_store_reads_shared_total{core="0"} 5
uproar_rooms{core="0"} 7
"""

    def test_cores_are_added_up(self):
        text = self.TEXT

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                self.send_response(200)
                self.end_headers()
                self.wfile.write(text)

            def log_message(self, *_):
                pass

        with http.server.HTTPServer(("127.0.0.1", 0), Handler) as server:
            threading.Thread(target=server.serve_forever, daemon=True).start()
            url = f"ws://127.0.0.1:{server.server_port}/ws"
            self.assertEqual(servers.counters(url, ("store_reads", "rooms", "pages")),
                             {"store_reads": 7, "rooms": 7, "pages": 0})
            server.shutdown()


def programs(folder, **texts):
    for name, text in texts.items():
        file = Path(folder, name)
        file.write_text(text)
        file.chmod(0o755)


class Driver(unittest.TestCase):
    def test_interleaved_rounds_leave_rows_and_no_process(self):
        with tempfile.TemporaryDirectory() as folder:
            programs(folder, load=FAKE_LOAD, server=FAKE_SERVER, two=TWO_PROCESSES)
            done = subprocess.run(
                [ROOT / "perf/scenario/run", "fanout1", "--rounds", "2", "--peers", "", "--load", f"{folder}/load",
                 "--extra", f"a={folder}/server", "--extra", f"b={folder}/two", "--extra", "c=false",
                 "--out", f"{folder}/out", "--port", str(free_port())],
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

    def test_a_peer_may_have_payloads_of_its_own_size(self):
        with tempfile.TemporaryDirectory() as folder:
            programs(folder, load=FAKE_LOAD, server=FAKE_SERVER)
            done = subprocess.run(
                [ROOT / "perf/scenario/run", "fanout1", "--rounds", "1", "--peers", "a,a@300", "--load",
                 f"{folder}/load", "--extra", f"a={folder}/server", "--out", f"{folder}/out", "--port", str(free_port())],
                capture_output=True, text=True, timeout=60, check=False, env={**os.environ, "BUILD": folder})
            self.assertEqual(done.returncode, 0, done.stderr)
            with open(f"{folder}/out/raw.csv", encoding="utf-8") as file:
                self.assertEqual({r["peer"]: r["sizes"] for r in csv.DictReader(file)}, {"a": "128", "a@300": "300"})

    def test_a_load_beside_goes_on_until_the_first_has_ended(self):
        with tempfile.TemporaryDirectory() as folder:
            programs(folder, load=FAKE_LOAD.replace("import json", BESIDE_WAITS + "import json", 1), server=FAKE_SERVER)
            done = subprocess.run(
                [ROOT / "perf/scenario/run", "fanout1", "--rounds", "1", "--peers", "a+disk,a+disk-alone", "--load",
                 f"{folder}/load", "--extra", f"a={folder}/server", "--out", f"{folder}/out", "--port", str(free_port())],
                capture_output=True, text=True, timeout=60, check=False, env={**os.environ, "BUILD": folder})
            self.assertEqual(done.returncode, 0, done.stderr)
            with open(f"{folder}/out/raw.csv", encoding="utf-8") as file:
                rows = {r["peer"]: r for r in csv.DictReader(file)}
            self.assertEqual([rows[peer]["beside_acks_per_s"] for peer in ("a+disk", "a+disk-alone", "a")],
                             ["11", "11", ""], done.stdout)
            self.assertEqual([rows[peer]["traffic"] for peer in ("a+disk", "a+disk-alone")], ["closed", "none"])

    def test_an_open_loop_needs_a_rate(self):
        done = subprocess.run([ROOT / "perf/scenario/run", "chatter_half"], capture_output=True, text=True,
                              timeout=20, check=False)
        self.assertNotEqual(done.returncode, 0)
        self.assertIn("--rate", done.stderr)


if __name__ == "__main__":
    unittest.main()
