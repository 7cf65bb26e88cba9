"""50,000 connections in one process whose descriptor limit is 20,000; then each in a room of its own, and a scrape."""
import http.client
import multiprocessing
import os
import random
import re
import resource
import unittest

from harness import Client, Server

CONNECTIONS = int(os.environ.get("CONNECTIONS", "50000"))
WORKERS = 4
IDLE_BYTES_MAX = 310
ROOM_BYTES_MAX = 460 # more
SCRAPE_MS_MAX = 2


def work(port, index, count, pipe):
    """Holds its share of connections open and does what it is told."""
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    clients = [Client(port, f"w{index}.{n}", source=f"127.0.1.{index + 1}", timeout=60) for n in range(count)]
    pipe.send(len(clients))
    while True:
        order = pipe.recv()
        if order == "stop":
            return
        if order == "join":
            for n, client in enumerate(clients):
                assert "ok" in client.ask(op="join", room=f"own.{index}.{n}"), n
            pipe.send(count)
        elif order == "ask":
            for client in random.sample(clients, min(1000 // WORKERS, count)):
                assert "time" in client.ask(op="ping")["ok"]
            pipe.send(min(1000 // WORKERS, count))


def warm_up(port):
    """Touches what every server has once, however many are connected: receive buffers, the rings between cores."""
    clients = [Client(port, f"warm{n}") for n in range(8)]
    for n, client in enumerate(clients):
        client.ask(op="join", room=f"warm{n}", limit=0)
    for client_number, client in enumerate(clients):
        for _ in range(300):
            client.ask(op="send", room=f"warm{client_number}", data="x" * 4000)
    for client in clients:
        client.close()


class Connections(unittest.TestCase):
    def all(self, order):
        for pipe in self.pipes:
            pipe.send(order)
        done = 0
        for pipe in self.pipes:
            self.assertTrue(pipe.poll(300), order)
            done += pipe.recv()
        return done

    def scrapes(self, server):
        """CPU of the cores for a scrape, in ms: the least of some rounds, since others have the machine too."""
        asker = http.client.HTTPConnection("127.0.0.1", server.port, timeout=60)

        def scrape():
            asker.request("GET", "/metrics")
            text = asker.getresponse().read().decode()
            return len(text), sum(float(n) for n in re.findall(r"uproar_core_cpu_seconds_total\{.*\} (\S+)", text))

        costs = []
        for _ in range(8):
            _, before = scrape()
            for _ in range(50):
                size, after = scrape()
            costs.append((after - before) / 50 * 1000)
        asker.close()
        return min(costs), size

    def test_many_and_each_in_a_room(self):
        soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        resource.setrlimit(resource.RLIMIT_NOFILE, (min(20000, hard), min(20000, hard)))
        with Server("--cores", "2", "--connections", str(CONNECTIONS + 2000), "--ping", "10m",
                    "--command-rate", "0", "--send-rate", "0", "--history-messages", "0") as server:
            warm_up(server.port)
            before = server.rss()
            self.pipes, workers = [], []
            for index in range(WORKERS):
                ours, theirs = multiprocessing.Pipe()
                share = CONNECTIONS // WORKERS
                worker = multiprocessing.Process(target=work, args=(server.port, index, share, theirs), daemon=True)
                worker.start()
                workers.append(worker)
                self.pipes.append(ours)
            connected = 0
            for pipe in self.pipes:
                self.assertTrue(pipe.poll(300), "connecting")
                connected += pipe.recv()
            self.assertIn(server.metric("connections") - connected, (0, 1, 2), "ours, and that of the question")
            limit = resource.getrlimit(resource.RLIMIT_NOFILE)[0]
            with open(f"/proc/{server.process.pid}/limits") as file:
                line = next(line for line in file if line.startswith("Max open files"))
            self.assertLessEqual(int(line.split()[4]), limit)
            idle = (server.rss() - before) / connected
            self.assertEqual(self.all("ask"), 1000 // WORKERS * WORKERS)
            self.assertEqual(self.all("join"), connected)
            self.assertEqual(server.metric("rooms"), connected)
            joined = (server.rss() - before) / connected
            self.assertEqual(self.all("ask"), 1000 // WORKERS * WORKERS)
            scrape_ms, text_size = self.scrapes(server)
            for pipe in self.pipes:
                pipe.send("stop")
            for worker in workers:
                worker.join(60)
            print(f"{connected} connections under a limit of {line.split()[4]} descriptors: "
                  f"{idle:.0f} bytes each idle, {joined:.0f} each in a room of its own")
            print(f"a scrape of {text_size} bytes costs {scrape_ms:.3f} ms of a core")
            self.assertLess(scrape_ms, SCRAPE_MS_MAX)
            # What the process has comes in steps of a MiB: runs of one binary differ by two of them.
            steps = (2 << 20) / connected
            self.assertLessEqual(idle, IDLE_BYTES_MAX + steps)
            self.assertLessEqual(joined - idle, ROOM_BYTES_MAX + steps)
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


if __name__ == "__main__":
    unittest.main()
