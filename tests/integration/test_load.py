"""uproar-load against the real server, where every delivery is counted, and against one that does wrong."""
import asyncio
import contextlib
import json
import os
import signal
import socket
import subprocess
import tempfile
import threading
import time
import unittest

import websockets

from harness import BUILD, ROOT, Server
from meddler import Meddler

LOAD = os.path.join(ROOT, BUILD, "uproar-load") if not os.path.isabs(BUILD) else os.path.join(BUILD, "uproar-load")

INVALID = 3  # a machine busy with other things may make any run so; what was counted is right all the same


def load(url, scenario, *options, timeout=60):
    """(status, summary of results.json, what it said)"""
    with tempfile.TemporaryDirectory() as out:
        command = [LOAD, "run", scenario, "--url", url, "--no-progress", "--out", out, "--threshold", "none",
                   "--warmup", "0s", "--drain", "5s", "--server-pid", "none", *options]
        done = subprocess.run(command, capture_output=True, text=True, timeout=timeout)
        try:
            with open(os.path.join(out, "results.json")) as file:
                summary = json.load(file)["summary"]
        except FileNotFoundError:
            summary = None
        return done.returncode, summary, done.stdout + done.stderr


class Real(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.server = Server("--cores", "1", "--send-rate", "0", "--command-rate", "0").start()
        cls.url = f"ws://127.0.0.1:{cls.server.port}/ws"

    @classmethod
    def tearDownClass(cls):
        cls.server.stop()

    def expect(self, summary, said, sent, each):
        self.assertEqual(summary["sent"], sent, said)
        self.assertEqual(summary["received"], sent * each, said)
        self.expect_clean(summary, said)

    def expect_clean(self, summary, said):
        for wrong in ("connect_failed", "join_failed", "dropped", "refused", "lost", "duplicated", "reordered",
                      "corrupted", "foreign", "excused"):
            self.assertEqual(summary[wrong], 0, f"{wrong}: {said}")

    def test_a_fan_out_reaches_every_member_once(self):
        _, summary, said = load(self.url, "fanout", "--room-prefix", "fan-", "--connections", "60", "--ramp",
                                "burst 0s:60", "--messages", "300", "--in-flight", "4")
        self.expect(summary, said, 300, 60)
        self.assertEqual(summary["connected"], 60)
        self.assertEqual(summary["acked"], 300)

    def test_an_echo_comes_back_to_who_sent_it(self):
        _, summary, said = load(self.url, "echo", "--room-prefix", "echo-", "--connections", "40", "--rooms", "40",
                                "--ramp", "burst 0s:40", "--messages", "2000")
        self.expect(summary, said, 2000, 1)

    def test_several_workers_share_a_room_in_open_traffic(self):
        _, summary, said = load(self.url, "fanout", "--room-prefix", "open-", "--connections", "30", "--ramp",
                                "burst 0s:30", "--traffic", "open", "--rate", "500", "--hold", "2s", "--workers", "3",
                                "--outside-publisher", "false", "--publishers-per-room", "2")
        # As fast as this machine can; but one of the two publishers alone sends 500 of the 1000.
        self.assertGreater(summary["sent"], 550, said)
        self.assertEqual(summary["received"], summary["sent"] * 30, said)
        self.expect_clean(summary, said)

    def test_closed_traffic_in_rooms_of_several_workers(self):
        _, summary, said = load(self.url, "chatter", "--room-prefix", "closed-", "--connections", "40", "--ramp",
                                "burst 0s:40", "--rooms", "12", "--rooms-per-connection", "3", "--messages", "600",
                                "--workers", "2", "--sizes", "100*5,1KiB*3,5000")
        self.expect(summary, said, 600, 10)

    def test_who_awaits_acks_gets_as_many_as_it_sends(self):
        for flags in (["--in-flight", "1"], ["--in-flight", "5", "--workers", "2"], ["--outside-publisher", "true"]):
            _, summary, said = load(self.url, "durable", "--room-prefix", f"mem:ack{len(flags)}{flags[1]}-",
                                    "--connections", "40", "--ramp", "burst 0s:40", "--rooms", "8",
                                    "--publishers-per-room", "5", "--messages", "2000", *flags)
            self.expect(summary, said, 2000, 5)
            self.assertEqual(summary["acked"], 2000, said)
            self.assertGreater(summary["acks_per_s"], 0, said)
            self.assertGreater(summary["ack_p99_ms"], 0, said)

    def test_after_a_storm_with_publishers_outside_everybody_has_everything(self):
        _, summary, said = load(self.url, "storm20k", "--room-prefix", "storm20k-", "--connections", "200", "--ramp",
                                "burst 0s:200", "--rooms", "10", "--rate", "1000", "--hold", "2s")
        self.assertEqual(summary["received"], summary["sent"] * 20, said)
        self.expect_clean(summary, said)
        self.assertGreater(summary["recovered_s"], 0)
        self.assertEqual(summary["not_recovered"], 0, said)

    def test_after_a_storm_everything_is_made_good(self):
        _, summary, said = load(self.url, "storm", "--room-prefix", "storm-", "--connections", "100", "--ramp",
                                "burst 0s:100", "--rooms", "10", "--rate", "1000", "--hold", "2s")
        self.assertEqual(summary["received"], summary["sent"] * 10, said)
        self.expect_clean(summary, said)
        self.assertGreater(summary["recovered_s"], 0)
        self.assertEqual(summary["not_recovered"], 0, said)

    def test_a_storm_that_nobody_recovers_from_is_told(self):
        """Of a room that keeps nothing, whoever was cut gets nothing of what was sent meanwhile."""
        with Server("--cores", "1", "--send-rate", "0", "--command-rate", "0", "--history-messages", "0") as server:
            status, summary, said = load(f"ws://127.0.0.1:{server.port}/ws", "storm", "--connections", "50", "--ramp",
                                         "burst 0s:50", "--rooms", "1", "--rate", "2000", "--hold", "2s",
                                         "--connects-in-flight", "1", "--threshold", "not_recovered = 0")
        self.assertIn(status, (1, INVALID), said)
        self.assertIn(summary["not_recovered"], range(1, 50), said)
        self.assertGreater(summary["excused"], 0, said)
        self.assertGreaterEqual(summary["expected"], summary["sent"] * 50, said)
        self.assertEqual(summary["lost"], 0, said)

    def test_what_is_missing_beyond_a_notice_is_lost(self):
        """A notice speaks of the room, whoever of its publishers' messages are left out."""
        with Meddler(self.server.port, "understate", 50) as meddler:
            status, summary, said = load(f"ws://127.0.0.1:{meddler.port}/ws", "fanout", "--room-prefix", "lag-",
                                         "--connections", "10", "--ramp", "burst 0s:10", "--traffic", "open", "--rate",
                                         "200", "--hold", "1s", "--outside-publisher", "false",
                                         "--publishers-per-room", "2", "--threshold", "excused = 0")
        notices = meddler.passed // 50
        self.assertGreater(notices, 10, said)
        self.assertEqual(summary["excused"], notices, said)
        self.assertEqual(summary["lost"], meddler.done - notices, said)
        self.assertEqual(status, 1, said)

    def test_a_notice_is_over_for_who_was_cut(self):
        with Meddler(self.server.port, "promise", 10) as meddler:
            _, summary, said = load(f"ws://127.0.0.1:{meddler.port}/ws", "storm", "--room-prefix", "promise-",
                                    "--connections", "10", "--ramp", "burst 0s:10", "--rooms", "1", "--rate", "100",
                                    "--hold", "2s")
        self.assertEqual((meddler.opened, meddler.done, summary["not_recovered"]), (19, 9, 0), said)
        self.assertEqual((summary["lost"], summary["excused"]), (9, 0), said)

    def test_who_comes_and_goes_loses_nothing(self):
        _, summary, said = load(self.url, "fanout", "--room-prefix", "churn-", "--connections", "50", "--ramp",
                                "burst 0s:50", "--traffic", "open", "--rate", "500", "--hold", "2s", "--churn", "100")
        self.expect_clean(summary, said)
        self.assertGreater(summary["received"], summary["sent"] * 45, said)


    def test_closed_traffic_does_not_wait_for_who_has_gone(self):
        _, summary, said = load(self.url, "fanout", "--room-prefix", "gone-", "--connections", "50", "--ramp",
                                "burst 0s:50", "--hold", "10s", "--churn", "100", "--messages", "500")
        self.expect_clean(summary, said)
        self.assertEqual(summary["sent"], 500, said)


class Stopped(unittest.TestCase):
    """The worker, from the first second of the hold until it is over."""

    def stopped(self, interrupted):
        with Server("--cores", "1", "--send-rate", "0", "--command-rate", "0") as server, \
                tempfile.TemporaryDirectory() as out:
            command = [LOAD, "run", "fanout", "--url", f"ws://127.0.0.1:{server.port}/ws", "--out", out,
                       "--connections", "5", "--ramp", "burst 0s:5", "--traffic", "open", "--rate", "200", "--warmup",
                       "0s", "--hold", "3s", "--server-pid", "none"]
            with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as run:
                said = self.until(run, " hold ")
                with open(f"/proc/{run.pid}/task/{run.pid}/children", encoding="ascii") as file:
                    worker = int(file.read())
                os.kill(worker, signal.SIGSTOP)
                said += self.until(run, " drain ")
                if interrupted:
                    run.send_signal(signal.SIGINT)
                    said += self.until(run, " end ")
                os.kill(worker, signal.SIGCONT)
                said += run.stdout.read()
            with open(os.path.join(out, "results.json"), encoding="utf-8") as file:
                results = json.load(file)
        self.assertEqual(run.returncode, INVALID, said)
        return "\n".join(results["verdict"]["invalid_reasons"]), results["summary"], said

    def test_what_it_never_sent_is_late(self):
        why, summary, said = self.stopped(interrupted=False)
        self.assertIn("ms late", why, said)
        self.assertEqual(summary["lost"], 0, said)

    def test_a_run_that_is_interrupted_in_the_drain_says_nothing_either(self):
        why, _, said = self.stopped(interrupted=True)
        self.assertIn("ended early by a signal", why, said)

    @staticmethod
    def until(run, word):
        said = ""
        for line in run.stdout:
            said += line
            if word in line:
                return said
        raise AssertionError(said)


class KeepsOnly(unittest.TestCase):
    """A Redis that answers each connection's n-th command with answer(n)."""

    def serve(self, answer):
        listener = socket.create_server(("127.0.0.1", 0))
        self.addCleanup(listener.close)

        def talk(connection):
            count = 0
            with connection, connection.makefile("rb") as file:
                while file.readline()[:1] == b"*":
                    words = [file.read(int(file.readline()[1:]) + 2) for _ in range(1)]
                    if words[0] == b"PING\r\n":
                        connection.sendall(b"+PONG\r\n")
                        continue
                    for _ in range(4):
                        file.read(int(file.readline()[1:]) + 2)
                    count += 1
                    connection.sendall(answer(count))

        def accept():
            while True:
                try:
                    connection, _ = listener.accept()
                except OSError:
                    return
                threading.Thread(target=talk, args=(connection,), daemon=True).start()

        threading.Thread(target=accept, daemon=True).start()
        return listener.getsockname()[1]

    def test_answers_are_counted_and_refusals_told(self):
        port = self.serve(lambda count: b"$3\r\n1-1\r\n" if count % 10 else b"-MISCONF full\r\n")
        _, summary, said = load(f"tcp://127.0.0.1:{port}", "durable", "--dialect", "redis", "--connections",
                                "4", "--ramp", "burst 0s:4", "--rooms", "2", "--publishers-per-room", "2",
                                "--messages", "400")
        self.assertEqual((summary["sent"], summary["acked"] + summary["refused"]), (400, 400), said)
        self.assertIn(summary["refused"], range(36, 41), "every tenth of each connection: " + said)
        self.assertEqual((summary["received"], summary["expected"]), (0, 0), said)

    def test_what_is_never_answered_fails_it(self):
        port = self.serve(lambda count: b"$3\r\n1-1\r\n" if count < 10 else b"")
        status, summary, said = load(f"tcp://127.0.0.1:{port}", "durable", "--dialect", "redis", "--connections", "2",
                                     "--ramp", "burst 0s:2", "--rooms", "1", "--publishers-per-room", "2",
                                     "--messages", "22", "--hold", "20s", "--drain", "0s")
        self.assertIn(status, (1, INVALID), said)
        self.assertRegex(said, r"MISSED +unanswered +4 ")
        self.assertEqual((summary["sent"], summary["acked"], summary["unanswered"]), (22, 18, 4), said)
        self.assertGreaterEqual(summary["ack_max_ms"], 5000, "those that were given up: " + said)


class Broadcasts:
    """For a TestCase: a server that sends each message to all, or in its place those that spoil(number, message) gives."""

    def serve(self, spoil=lambda number, message: [message], **options):
        started = threading.Event()
        clients = set()
        count = 0

        async def talk(socket, *_):
            nonlocal count
            clients.add(socket)
            try:
                async for message in socket:
                    count += 1
                    for text in spoil(count, message):
                        for client in list(clients):
                            with contextlib.suppress(websockets.ConnectionClosed):
                                await client.send(text)
            except websockets.ConnectionClosed:
                pass
            finally:
                clients.discard(socket)

        async def main():
            self.over = asyncio.Event()
            self.loop = asyncio.get_running_loop()
            async with websockets.serve(talk, "127.0.0.1", 0, **options) as server:
                self.port = server.sockets[0].getsockname()[1]
                started.set()
                await self.over.wait()

        thread = threading.Thread(target=asyncio.run, args=(main(),), daemon=True)
        thread.start()
        self.assertTrue(started.wait(60))
        self.addCleanup(thread.join, 10)
        self.addCleanup(lambda: self.loop.call_soon_threadsafe(self.over.set))


class Slow(Broadcasts, unittest.TestCase):
    def test_what_the_server_does_not_read_is_late_by_the_server(self):
        self.serve(lambda number, message: time.sleep(2.5 if number == 20 else 0) or [message], compression=None)
        _, summary, said = load(f"ws://127.0.0.1:{self.port}/", "fanout", "--dialect", "raw", "--connections", "2",
                                "--ramp", "burst 0s:2", "--traffic", "open", "--rate", "200", "--sizes", "60000",
                                "--hold", "4s")
        self.assertGreater(summary["latency_max_ms"], 2000, said)
        self.assertLess(summary["lag_max_ms"], 1000, said)
        self.assertEqual((summary["received"], summary["lost"]), (summary["sent"] * 2, 0), said)
        self.assertEqual(summary["dropped"], 0, said)

    def test_who_waits_with_too_much_for_a_server_that_does_not_read_is_given_up(self):
        over = threading.Event()
        self.serve(lambda number, message: [message] if over.wait(60) else [], compression=None, max_size=None)
        self.addCleanup(over.set)
        _, summary, said = load(f"ws://127.0.0.1:{self.port}/", "fanout", "--dialect", "raw", "--connections", "1",
                                "--ramp", "burst 0s:1", "--traffic", "open", "--rate", "100", "--sizes", "1000000",
                                "--hold", "1.5s")
        self.assertEqual(summary["dropped"], 1, said)
        self.assertIn("the server does not read: 64 MiB wait to be sent", said)


class Wrong(Broadcasts, unittest.TestCase):
    """A server of raw broadcast that spoils its fifth message."""

    def run_with(self, spoil):
        self.serve(lambda number, message: spoil(message) if number == 5 else [message], compression=None)
        return load(f"ws://127.0.0.1:{self.port}/", "fanout", "--dialect", "raw", "--connections", "3", "--ramp",
                    "burst 0s:3", "--traffic", "open", "--rate", "50", "--hold", "0.5s", "--drain", "2s")

    def test_right_is_right(self):
        status, summary, said = self.run_with(lambda message: [message])
        self.assertIn(status, (0, INVALID), said)
        self.assertEqual(summary["received"], summary["sent"] * 3)
        self.assertEqual([summary[wrong] for wrong in ("lost", "duplicated", "corrupted", "foreign")], [0] * 4, said)

    def test_what_comes_late_is_awaited_as_long_as_the_drain_says(self):
        """The server stops in the last message of all, for longer than the generator can have waited in vain before."""
        def stall(number, message):
            if number == 20:
                time.sleep(2.5)
            return [message]

        self.serve(stall, compression=None)
        status, summary, said = load(f"ws://127.0.0.1:{self.port}/", "fanout", "--dialect", "raw", "--connections", "3",
                                     "--ramp", "burst 0s:3", "--traffic", "open", "--rate", "100", "--messages", "20",
                                     "--workers", "2", "--drain", "30s")
        self.assertIn(status, (0, INVALID), said)
        self.assertEqual((summary["sent"], summary["received"], summary["lost"]), (20, 60, 0), said)

    def test_who_comes_back_to_a_server_without_joins_is_in_its_room_at_once(self):
        self.serve(compression=None)
        _, summary, said = load(f"ws://127.0.0.1:{self.port}/", "fanout", "--dialect", "raw", "--connections", "30",
                                "--ramp", "burst 0s:30", "--traffic", "open", "--rate", "300", "--hold", "2s",
                                "--churn", "200")
        self.assertGreater(summary["received"], summary["sent"] * 10, said)
        self.assertEqual([summary[wrong] for wrong in ("lost", "duplicated", "corrupted", "foreign")], [0] * 4, said)

    def test_a_lost_one_is_missed(self):
        status, summary, said = self.run_with(lambda message: [])
        self.assertIn(status, (1, INVALID), said)
        self.assertEqual(summary["lost"], 3, said)

    def test_one_given_twice_is_seen(self):
        status, summary, said = self.run_with(lambda message: [message, message])
        self.assertIn(status, (1, INVALID), said)
        self.assertEqual(summary["duplicated"], 3, said)

    def test_a_damaged_one_is_seen_and_missed(self):
        status, summary, said = self.run_with(lambda message: [message[:-1] + ("#" if message[-1] != "#" else "$")])
        self.assertIn(status, (1, INVALID), said)
        self.assertEqual((summary["corrupted"], summary["lost"]), (3, 3), said)

    def test_nobody_there(self):
        status, _, said = load("ws://127.0.0.1:1/", "fanout", "--connections", "3", "--ramp", "burst 0s:3",
                               "--hold", "0.5s")
        self.assertIn(status, (1, 4), said)


if __name__ == "__main__":
    unittest.main()
