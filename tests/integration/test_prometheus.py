"""The metrics, the alerts and the dashboard against a real Prometheus: it reads them all, and finds what it should."""
import json
import os
import re
import shutil
import subprocess
import time
import unittest
import urllib.error
import urllib.parse
import urllib.request

import harness
from harness import ROOT, Client, Server, free_port, wait_until

HERE = os.path.join(ROOT, "docs/operate/prometheus")
RULES = os.path.join(HERE, "uproar.rules.yml")
EVERY = "1s"    # between two scrapes
WINDOW = "60s"  # of rates: as much as there is
PATIENCE = 60   # seconds: a scrape that comes late on a busy machine leaves a gap


def promtool(*words, text=None):
    return subprocess.run(["promtool", *words], input=text, capture_output=True, text=True, timeout=60)


def alerts():
    """{name: expression}, from the file as it stands."""
    found, name, lines = {}, None, open(RULES).read().splitlines()
    for number, line in enumerate(lines):
        alert = re.fullmatch(r"\s+- alert: (\w+)", line)
        expr = re.fullmatch(r"\s+expr: (.*)", line)
        if alert:
            name = alert.group(1)
        elif expr and expr.group(1) == ">-":
            folded = []
            for further in lines[number + 1 :]:
                if not further.startswith(" " * 10):
                    break
                folded.append(further.strip())
            found[name] = " ".join(folded)
        elif expr:
            found[name] = expr.group(1)
    return found


def dashboard():
    """[(panel, expression)]"""
    with open(os.path.join(HERE, "uproar-dashboard.json")) as file:
        panels = json.load(file)["panels"]
    return [(panel["title"], target["expr"]) for panel in panels for target in panel.get("targets", [])]


def filled(expr):
    """With what Grafana puts in place of its variables."""
    return expr.replace("$__rate_interval", WINDOW).replace("$job", ".*").replace("$instance", ".*")


class Files(unittest.TestCase):
    def test_rules(self):
        checked = promtool("check", "rules", RULES)
        self.assertEqual(checked.returncode, 0, checked.stdout + checked.stderr)
        tested = promtool("test", "rules", os.path.join(HERE, "uproar.rules.test.yml"))
        self.assertEqual(tested.returncode, 0, tested.stdout + tested.stderr)

    def test_every_alert_has_a_test_and_a_section(self):
        with open(os.path.join(HERE, "uproar.rules.test.yml")) as file:
            tests = file.read()
        with open(os.path.join(ROOT, "docs/operate/monitoring.md")) as file:
            page = file.read()
        self.assertGreater(len(alerts()), 10)
        for name in alerts():
            self.assertEqual(len(re.findall(rf"alertname: {name}\n", tests)), 2, f"{name}: once it fires, once not")
            self.assertIn(f"`{name}`", page)

    def test_the_example(self):
        checked = promtool("check", "config", os.path.join(HERE, "prometheus.yml"))
        self.assertEqual(checked.returncode, 0, checked.stdout + checked.stderr)


class Prometheus:
    """One that asks a server every second."""

    def __init__(self, folder, server_port):
        self.port = free_port()
        config = os.path.join(folder, "prometheus.yml")
        with open(config, "w") as file:
            file.write(f"global: {{ scrape_interval: {EVERY}, scrape_timeout: {EVERY}, evaluation_interval: {EVERY} }}\n"
                       f"rule_files: [ {json.dumps(RULES)} ]\n"
                       "scrape_configs: [ { job_name: uproar, static_configs: [ { targets: "
                       f'[ "127.0.0.1:{server_port}" ] }} ] }} ]\n')
        self.log = open(os.path.join(folder, "log"), "w+")
        self.process = subprocess.Popen(
            ["prometheus", f"--config.file={config}", f"--storage.tsdb.path={folder}/data",
             f"--web.listen-address=127.0.0.1:{self.port}"], stdout=self.log, stderr=subprocess.STDOUT)

    def get(self, path, **asked):
        url = f"http://127.0.0.1:{self.port}/api/v1/{path}?" + urllib.parse.urlencode(asked)
        try:
            with urllib.request.urlopen(url, timeout=20) as answer:
                return json.load(answer)
        except urllib.error.HTTPError as error:
            return json.load(error)

    def query(self, expr):
        """What it comes to now; raises with Prometheus' own words."""
        answer = self.get("query", query=expr)
        if answer["status"] != "success":
            raise AssertionError(f"{expr}\n{answer['error']}")
        if answer.get("warnings"):
            raise AssertionError(f"{expr}\n{answer['warnings']}")
        return answer["data"]["result"]

    def found(self, expr):
        """The same once there is something, each of it a number; empty: there was not within a minute."""
        found = []

        def look():
            found[:] = self.query(expr)
            return found and all(one["value"][1] != "NaN" for one in found)

        return found if wait_until(look, PATIENCE) else []

    def ready(self):
        try:
            return bool(self.query("up"))
        except (OSError, ValueError): # it says in plain text that it is not ready
            return False

    def scrapes(self):
        """So many of the server are in; 0 until all of its metrics are."""
        found = self.query('count_over_time(uproar_store_turns_total{worker="writer"}[1h])')
        return int(found[0]["value"][1]) if found else 0

    def close(self):
        self.process.terminate()
        self.process.wait(20)
        self.log.close()


class Talk:
    """Two members and a stranger, so that there is something of everything that people do."""

    def __init__(self, port):
        self.port = port
        self.people = [Client(port, name) for name in ("ann", "bob")]
        for client in self.people:
            for room in ("r", "mem:r"):
                client.ask(op="join", room=room)

    def go_on(self):
        ann, bob = self.people
        for room in ("r", "mem:r"):
            ann.ask(op="send", room=room, data="x")
        ann.ask(op="send", room="elsewhere", data="x")
        bob.ask(op="history", room="r", limit=10)
        Client(self.port, "carl").close()
        try:
            Client(self.port, fields=b"Origin: http://elsewhere.example\r\n").close()
        except ConnectionError:
            pass

    def close(self):
        for client in self.people:
            client.close()


class Scraped(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        if not shutil.which("prometheus") or not shutil.which("promtool"):
            raise AssertionError("no prometheus here; `make check` installs it (Debian: apt install prometheus)")
        cls.folder = harness.temporary()
        cls.addClassCleanup(cls.folder.cleanup)
        os.mkdir(os.path.join(cls.folder.name, "uproar"))
        cls.server = Server("--cores", "2", "--memory", "4G", data=os.path.join(cls.folder.name, "uproar"))
        cls.server.start()
        cls.addClassCleanup(cls.server.__exit__)
        cls.prometheus = Prometheus(cls.folder.name, cls.server.port)
        cls.addClassCleanup(cls.prometheus.close)
        assert wait_until(cls.prometheus.ready, 60), "Prometheus did not start"
        cls.talk = Talk(cls.server.port)
        cls.addClassCleanup(cls.talk.close)
        # Rates need two of them while something happens, and each label's first value is no change of it.
        end = time.monotonic() + 90
        while cls.prometheus.scrapes() < 4:
            assert time.monotonic() < end, "Prometheus did not read the metrics"
            cls.talk.go_on()
            time.sleep(0.2)

    def test_text(self):
        with urllib.request.urlopen(f"http://127.0.0.1:{self.server.port}/metrics", timeout=60) as answer:
            text = answer.read().decode()
        checked = promtool("check", "metrics", text=text)
        self.assertEqual((checked.returncode, checked.stdout + checked.stderr), (0, ""))

    def test_it_is_read_whole(self):
        def target():
            return self.prometheus.get("targets")["data"]["activeTargets"][0]

        self.assertTrue(wait_until(lambda: target()["health"] == "up", PATIENCE), target())
        with urllib.request.urlopen(f"http://127.0.0.1:{self.server.port}/metrics", timeout=60) as answer:
            lines = [line for line in answer.read().decode().splitlines() if not line.startswith("#")]
        self.assertTrue(self.prometheus.found(f"scrape_samples_scraped == {len(lines)}"), "every line is a sample")

    def test_dashboard(self):
        queries = dashboard()
        self.assertGreater(len(queries), 40)
        for panel, expr in queries:
            with self.subTest(panel=panel, expr=expr):
                self.assertTrue(self.prometheus.found(filled(expr)), f"{panel}: no data for {filled(expr)}")

    def test_alerts(self):
        def rules():
            groups = self.prometheus.get("rules")["data"]["groups"]
            return {rule["name"]: rule for group in groups for rule in group["rules"]}

        self.assertEqual(set(rules()), set(alerts()))
        self.assertTrue(wait_until(lambda: all(rule["health"] == "ok" for rule in rules().values()), PATIENCE),
                        [rule for rule in rules().values() if rule["health"] != "ok"])
        for name, expr in alerts().items():
            with self.subTest(alert=name):
                self.prometheus.query(expr)
                if "uproar_fetch_" in expr:
                    continue  # only a server with hooks has these figures
                judged = re.fullmatch(r"(.*) (>|==) [\d.]+", expr).group(1)
                self.assertTrue(self.prometheus.found(judged), f"{name} has nothing to judge: {judged}")


if __name__ == "__main__":
    unittest.main()
