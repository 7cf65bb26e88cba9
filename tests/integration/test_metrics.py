"""What /metrics says of a server that is used, and to whom; and that its page of the documentation lists it all."""
import hashlib
import os
import re
import socket
import subprocess
import unittest
import urllib.error
import urllib.request

import harness
from harness import BUILD, ROOT, Client, Server, wait_until


def scrape(server):
    """{(name, labels): value}, and the kinds of the metrics."""
    values, kinds = {}, {}
    with urllib.request.urlopen(f"http://127.0.0.1:{server.port}/metrics", timeout=60) as answer:
        text = answer.read().decode()
    for line in text.splitlines():
        kind = re.fullmatch(r"# TYPE (\w+) (\w+)", line)
        found = re.fullmatch(r"(\w+)(?:\{(.*)\})? (\S+)", line)
        if kind:
            kinds[kind.group(1)] = kind.group(2)
        elif found:
            values[found.group(1), found.group(2) or ""] = float(found.group(3))
    return values, kinds


def sum_of(values, name, *labels):
    return sum(value for (of, says), value in values.items() if of == name and all(label in says for label in labels))


class Metrics(unittest.TestCase):
    def test_the_page_of_the_documentation(self):
        binary = os.path.join(BUILD if os.path.isabs(BUILD) else os.path.join(ROOT, BUILD), "uproar")
        out = subprocess.run([binary, "--print-metrics-doc"], capture_output=True, text=True, timeout=20, check=True)
        with open(os.path.join(ROOT, "docs/operate/metrics.md")) as file:
            self.assertEqual(out.stdout, file.read(), "uproar --print-metrics-doc > docs/operate/metrics.md")

    def test_what_was_done_is_told(self):
        with harness.temporary() as data, Server("--cores", "2", data=data) as server:
            ann, bob = Client(server.port, "ann"), Client(server.port, "bob")
            for client in (ann, bob):
                client.ask(op="join", room="r")
                client.ask(op="join", room="mem:r")
            for number in range(5):
                ann.ask(op="send", room="r", data=number)
            ann.ask(op="send", room="mem:r", data=0)
            ann.ask(op="send", room="elsewhere", data=0)
            for client in (ann, bob):
                for _ in range(6):
                    client.event("msg")
            ann.frame(8, b"\x03\xe8")
            with self.assertRaises(ConnectionError):
                while True:
                    ann.read()
            bob.close()

            def over():
                return sum_of(scrape(server)[0], "uproar_closes_total") == 2

            self.assertTrue(wait_until(over))
            values, kinds = scrape(server)
            self.assertEqual(sum_of(values, "uproar_messages_total", 'class="*"'), 5)
            self.assertEqual(sum_of(values, "uproar_messages_total", 'class="mem:"'), 1)
            self.assertEqual(sum_of(values, "uproar_command_errors_total", 'code="not_joined"'), 1)
            self.assertEqual(sum_of(values, "uproar_auth_total", 'result="guest"'), 2)
            self.assertEqual(sum_of(values, "uproar_closes_total", 'reason="normal"'), 1)
            self.assertEqual(sum_of(values, "uproar_closes_total", 'reason="lost"'), 1)
            self.assertEqual(sum_of(values, "uproar_ack_seconds_count"), 6)
            self.assertEqual(sum_of(values, "uproar_publish_to_deliver_seconds_count"), 12, "once a member")
            self.assertGreater(sum_of(values, "uproar_publish_to_deliver_seconds_sum"), 0)
            self.assertLess(sum_of(values, "uproar_publish_to_deliver_seconds_sum"), 60 * 12)
            self.assertGreater(sum_of(values, "uproar_turn_seconds_count"), 20)
            self.assertGreater(sum_of(values, "uproar_core_cpu_seconds_total", 'core="1"'), 0)
            self.assertGreater(values["process_resident_memory_bytes", ""], 1 << 20)
            self.assertGreater(values["process_cpu_seconds_total", ""], 0)
            self.assertEqual(kinds["uproar_ack_seconds"], "histogram")

    def test_of_many_cores(self):
        """Far more than a sixteenth of what a core may have waiting; and then more than one connection may."""
        with Server("--cores", "12", "--send-memory", "4M") as server:
            values, _ = scrape(server)
            self.assertIn(("uproar_turns_total", 'core="11"'), values)
        with Server("--cores", "12", "--queue-size", "128K") as server:
            with self.assertRaises(urllib.error.HTTPError) as refused:
                scrape(server)
            self.assertEqual(refused.exception.code, 503)
            self.assertIn(b"queue-size", refused.exception.read())
            self.assertIsNotNone(refused.exception.headers["Retry-After"])
            self.assertTrue(wait_until(lambda: any(" http_answer " in line for line in server.lines)))

    def test_with_a_key(self):
        with harness.temporary() as folder:
            path = os.path.join(folder, "keys")
            with open(path, "w") as file:
                for scope in ("metrics", "admin", "publish,read,moderate,manage"):
                    word = hashlib.sha256(scope.encode()).hexdigest()
                    file.write(f"{scope.split(',')[0]} {scope} sha256:{word}\n")
            with Server("--metrics", "key", "--api-keys", path) as server:
                def status(key=None, path="/metrics"):
                    fields = {"Authorization": f"Bearer {key}"} if key else {}
                    request = urllib.request.Request(f"http://127.0.0.1:{server.port}{path}", headers=fields)
                    try:
                        with urllib.request.urlopen(request, timeout=60) as answer:
                            return answer.status if b"uproar_turns_total" in answer.read() else None
                    except urllib.error.HTTPError as error:
                        self.assertEqual(error.headers["WWW-Authenticate"], "Bearer")
                        return error.code

                self.assertEqual([status("metrics"), status("admin")], [200, 200])
                self.assertEqual([status(), status("metricz"), status("publish,read,moderate,manage")], [401] * 3)
                self.assertEqual(status(path="/metrics?x=1"), 401)
                self.assertIsNone(status(path="/healthz"), "health is told to everybody")
                with socket.create_connection(("127.0.0.1", server.port), 60) as wire:
                    wire.sendall(b"HEAD /metrics HTTP/1.1\r\nHost: test\r\n\r\n")
                    with wire.makefile("rb") as answer:
                        heard = answer.read()
                self.assertTrue(heard.startswith(b"HTTP/1.1 401 ") and heard.endswith(b"\r\n\r\n"), heard)


if __name__ == "__main__":
    unittest.main()
