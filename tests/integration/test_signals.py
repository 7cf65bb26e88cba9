"""How a process ends, and what of the rooms is there when it begins again."""
import fcntl
import os
import re
import resource
import signal
import socket
import subprocess
import time
import unittest
import urllib.request

from harness import BUILD, ROOT, Client, Server, temporary, wait_until


def snapshot(directory, name="rooms.snapshot"):
    return os.path.join(directory, name)


def filled(server, room="r", count=10, size=10):
    """A client in a room in which it has said so much; and the epoch."""
    client = Client(server.port, "Ann")
    client.ask(op="join", room=room)
    for n in range(1, count + 1):
        epoch = client.ask(op="send", room=room, cid=f"p:{n}", data={"n": n, "x": "x" * size})["ok"]["epoch"]
    return client, epoch


class Signals(unittest.TestCase):
    def test_either_signal_ends_it_in_good_order(self):
        for number in (signal.SIGTERM, signal.SIGINT):
            for cores in ("1", "2"):
                with self.subTest(f"{number.name}, {cores}"):
                    server = Server("--cores", cores, "--drain", "0").start()
                    client, _ = filled(server)
                    began = time.monotonic()
                    self.assertEqual(server.stop(number), 0)
                    self.assertLess(time.monotonic() - began, 20)
                    client.close()

    def test_a_signal_at_once(self):
        for _ in range(5):
            self.assertEqual(Server("--cores", "2").start().stop(), 0)

    def test_hangup_is_not_the_end(self):
        with Server() as server:
            client, _ = filled(server)
            server.process.send_signal(signal.SIGHUP)
            server.process.send_signal(signal.SIGPIPE)
            server.process.send_signal(signal.SIGUSR1)
            self.assertTrue(wait_until(lambda: any('reloaded by="SIGHUP" options=0' in line for line in server.lines)))
            self.assertIn("ok", client.ask(op="send", room="r", data=1))
            self.assertEqual(server.stop(), 0)

    def test_nobody_new_while_it_drains(self):
        with Server("--drain", "60s", "--cores", "2") as server:
            client, _ = filled(server)
            server.process.send_signal(signal.SIGTERM)
            self.assertEqual(client.event("notice")["code"], "reconnect")

            def refused():
                try:
                    socket.create_connection(("127.0.0.1", server.port), timeout=1).close()
                except ConnectionRefusedError:
                    return True
                except OSError:
                    pass
                return False

            self.assertTrue(wait_until(refused), "a new connection waits in vain")
            if server.process.poll() is None:
                with Server("--cores", "2", port=server.port) as next_one:
                    self.assertIn("ok", Client(next_one.port, "Bob").hello)
            client.close()
            self.assertEqual(server.ended(), 0)

    def test_a_second_signal_ends_it_now(self):
        with temporary() as data:
            server = Server("--drain", "5m", "--cores", "2", data=data).start()
            client, _ = filled(server)
            server.process.send_signal(signal.SIGTERM)
            self.assertEqual(client.event("notice")["code"], "reconnect")
            began = time.monotonic()
            self.assertEqual(server.stop(), 1)
            self.assertLess(time.monotonic() - began, 20, "--drain is five minutes")
            self.assertFalse(os.path.exists(snapshot(data)), "a connection was still open: nothing is kept")

    def test_a_log_that_nobody_reads(self):
        reader, writer = os.pipe()
        process = subprocess.Popen([os.path.join(ROOT, BUILD, "uproar"), "--listen", "127.0.0.1:0", "--log-level", "debug",
                                    "--data", ""],
                                   stdout=subprocess.PIPE, stderr=writer, text=True)
        os.close(writer)
        try:
            port = int(re.search(r":(\d+)/", process.stdout.readline()).group(1))
            process.stdout.close()
            os.close(reader)
            for name in ("Ann", "Bob"):
                Client(port, name).close()
            process.send_signal(signal.SIGTERM)
            self.assertEqual(process.wait(20), 0)
        finally:
            process.kill()
            process.wait()

    def test_a_log_that_is_open_and_not_read_stops_nobody(self):
        pipe, pair = os.pipe(), socket.socketpair()
        fcntl.fcntl(pipe[1], fcntl.F_SETPIPE_SZ, 4096)
        pair[1].setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 4096)
        with self.subTest("a pipe"):
            self.serves_without_its_log(pipe[1])
        with self.subTest("a socket, as systemd gives it"):
            self.serves_without_its_log(pair[1].fileno())
        for end in pipe:
            os.close(end)
        for end in pair:
            end.close()

    def serves_without_its_log(self, log):
        process = subprocess.Popen([os.path.join(ROOT, BUILD, "uproar"), "--listen", "127.0.0.1:0", "--log-level", "debug",
                                    "--log-format", "json", "--cores", "1", "--data", ""], stdout=subprocess.PIPE, stderr=log, text=True)
        try:
            port = int(re.search(r":(\d+)/", process.stdout.readline()).group(1))

            def lost():
                for _ in range(10):
                    Client(port, "Ann").close()  # each is worth a line
                with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=20) as answer:
                    return int(re.search(rb"(?m)^uproar_log_lines_lost_total (\d+)$", answer.read()).group(1))

            self.assertTrue(wait_until(lambda: lost() > 10))
            process.send_signal(signal.SIGTERM)
            self.assertEqual(process.wait(20), 0)
        finally:
            process.stdout.close()
            process.kill()
            process.wait()


class Kept(unittest.TestCase):
    def run_once(self, data, *options, **fill):
        server = Server("--drain", "0", "--send-rate", "0", *options, "--store", "none", data=data).start()
        client, epoch = filled(server, **fill)
        client.close()
        self.assertEqual(server.stop(), 0)
        self.assertTrue(os.path.exists(snapshot(data)))
        return epoch

    def resumed(self, server, epoch, seq):
        return Client(server.port, "Bob").ask(op="join", room="r", since={"seq": seq, "epoch": epoch})["ok"]

    def test_over_any_number_of_cores_and_once(self):
        with temporary() as data:
            epoch = self.run_once(data, "--cores", "3")
            mode = os.stat(data).st_mode & 0o777
            for cores in ("1", "2"):
                server = Server("--drain", "0", "--linger", "200ms", "--cores", cores, "--store", "none", data=data).start()
                self.assertFalse(os.path.exists(snapshot(data)), "gone before anybody is served")
                join = self.resumed(server, epoch, 3)
                self.assertEqual([event["seq"] for event in join["events"]], list(range(4, 11)))
                client = Client(server.port, "Ann")
                client.ask(op="join", room="r")
                again = client.ask(op="send", room="r", cid="p:10", data=0)["ok"]
                self.assertEqual((again["seq"], again.get("dup")), (10, True), "a retry over the restart")
                self.assertEqual(server.stop(), 0)
            self.assertEqual(os.stat(data).st_mode & 0o777, mode)

    def test_the_directory_is_for_us_alone(self):
        with temporary() as parent:
            data = os.path.join(parent, "made")
            self.run_once(data)
            self.assertEqual(os.stat(data).st_mode & 0o777, 0o700)
            self.assertEqual(os.stat(snapshot(data)).st_mode & 0o777, 0o600)

    def test_less_memory_keeps_the_newest(self):
        with temporary() as data:
            epoch = self.run_once(data, "--cores", "1", count=600, size=200)
            with Server("--cores", "1", "--history-memory", "64K", "--store", "none", data=data) as server:
                join = self.resumed(server, epoch, 590)
                self.assertTrue(join["recovered"])
                self.assertEqual([event["seq"] for event in join["events"]], list(range(591, 601)))
                self.assertGreater(join["first"], 1)
                self.assertLessEqual(server.metric("history_bytes"), 65536)
                self.assertGreater(server.metric("history_bytes"), 60000)
                client = Client(server.port, "Ann")
                client.ask(op="join", room="r")
                self.assertEqual(client.ask(op="send", room="r", data=1)["ok"]["seq"], 601)

    def test_what_is_too_old_does_not_come_back(self):
        with temporary() as data:
            epoch = self.run_once(data)
            time.sleep(1.1)
            with Server("--history-age", "1s", "--store", "none", data=data) as server:
                self.assertEqual(self.resumed(server, epoch, 3)["reason"], "epoch")
        with temporary() as data:
            epoch = self.run_once(data)
            time.sleep(2)
            with Server("--history-age", "9s", "--store", "none", data=data) as server:
                client = Client(server.port, "Cat")  # without anybody the room would be forgotten with its last event
                self.assertTrue(client.ask(op="join", room="r", since={"seq": 3, "epoch": epoch})["ok"]["recovered"])
                time.sleep(7.6)
                client.ask(op="send", room="r", data=1)
                self.assertEqual(client.ask(op="history", room="r")["ok"]["first"], 11, "ages go on over a restart")

    def test_a_damaged_snapshot_is_put_aside(self):
        with temporary() as data:
            epoch = self.run_once(data)
            with open(snapshot(data), "r+b") as file:
                file.seek(100)
                byte = file.read(1)[0]
                file.seek(100)
                file.write(bytes([byte ^ 1]))
            with Server("--store", "none", data=data) as server:
                self.assertTrue(any("snapshot_damaged" in line for line in server.lines), server.lines)
                self.assertEqual(self.resumed(server, epoch, 3)["reason"], "epoch")
            self.assertTrue(os.path.exists(snapshot(data, "rooms.snapshot.damaged")))

    def test_a_full_disk_is_told(self):
        with temporary() as data:
            server = Server("--drain", "0", "--linger", "200ms", "--send-rate", "0", "--cores", "1", "--store", "none", data=data).start()
            client, _ = filled(server, count=50, size=1000)
            resource.prlimit(server.process.pid, resource.RLIMIT_FSIZE, (10000, 10000))
            status = server.stop()
            client.close()
            self.assertEqual(status, 73, server.lines)
            self.assertFalse(os.path.exists(snapshot(data)))
            self.assertTrue(any("File too large" in line for line in server.lines), server.lines)


if __name__ == "__main__":
    unittest.main()
