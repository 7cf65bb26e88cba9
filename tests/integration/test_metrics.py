"""What /metrics says of a server that is used, and that its page of the documentation lists it all."""
import os
import re
import subprocess
import unittest
import urllib.request

import harness
from harness import BUILD, ROOT, Client, Server, wait_until


def scrape(server):
    """{(name, labels): value}, and the kinds of the metrics."""
    values, kinds = {}, {}
    with urllib.request.urlopen(f"http://127.0.0.1:{server.port}/metrics", timeout=10) as answer:
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


if __name__ == "__main__":
    unittest.main()
