"""The back ends of docs/examples, as they stand there: a token of theirs lets its user in, and what they say arrives."""
import hashlib
import json
import os
import shutil
import subprocess
import sys
import unittest
import urllib.error
import urllib.request

from harness import BUILD, ROOT, Client, Server, free_port, temporary, wait_until

EXAMPLES = os.path.join(ROOT, "docs", "examples")
API_KEY = "key-of-the-shop"


def ask(port, path, **body):
    request = urllib.request.Request(f"http://127.0.0.1:{port}{path}", json.dumps(body).encode())
    with urllib.request.urlopen(request, timeout=20) as answer:
        return json.load(answer)


class Examples(unittest.TestCase):
    def trial(self, command, program):
        with temporary() as folder:
            secret, keys = os.path.join(folder, "secret"), os.path.join(folder, "keys")
            with open(secret, "w") as file:
                file.write("0123456789abcdef0123456789abcdef-and-more\n")
            with open(keys, "w") as file:
                file.write(f"shop publish sha256:{hashlib.sha256(API_KEY.encode()).hexdigest()}\n")
            with Server("--token-keys", f"HS256:{secret}", "--api-keys", keys, "--drain", "0") as server:
                port = free_port()
                environment = {**os.environ, "SECRET_FILE": secret, "API_KEY": API_KEY, "PORT": str(port),
                               "UPROAR_URL": f"http://127.0.0.1:{server.port}"}
                process = subprocess.Popen([*command, program], cwd=EXAMPLES, env=environment, stderr=subprocess.DEVNULL)
                try:
                    self.speak(server, port)
                finally:
                    process.kill()
                    process.wait()

    def login(self, port):
        try:
            return ask(port, "/login", user="ann")["token"]
        except urllib.error.URLError:
            return None  # not there yet

    def speak(self, server, port):
        self.assertTrue(wait_until(lambda: self.login(port), 60))
        ann = Client(server.port)
        self.assertEqual(ann.ask(op="hello", token=self.login(port))["ok"]["user"], "ann")
        self.assertIn("ok", ann.ask(op="join", room="news"))
        said = ask(port, "/say", room="news", data={"text": "Grüße"})
        event = ann.event("msg")
        self.assertEqual((event["data"], event["from"], event["seq"]), ({"text": "Grüße"}, "newsroom", said["seq"]))
        self.assertIn("ok", ann.ask(op="join", room="lobby"))
        self.assertIn("ok", ann.ask(op="send", room="lobby", data=1))
        other = Client(server.port)
        forged = self.login(port)[:-4] + "AAAA"
        self.assertEqual(other.ask(op="hello", token=forged)["err"]["code"], "unauthorized")

    def test_python(self):
        self.trial([sys.executable], "backend.py")

    def test_node(self):
        self.trial(["node"], "backend.mjs")

    @unittest.skipIf(shutil.which("curl") is None, "no curl")
    def test_what_the_readme_says_to_do(self):
        with open(os.path.join(EXAMPLES, "README.md")) as file:
            lines = [line[4:].rstrip() for line in file if line.startswith("    ")]
        ports = {"8080": str(free_port()), "3000": str(free_port())}
        there = [f"until curl -so /dev/null 127.0.0.1:{port}/; do sleep 0.1; done" for port in ports]
        script = "\n".join(lines[:-2] + there + lines[-2:])
        script = script.replace("build/uproar", os.path.join(ROOT, BUILD, "uproar") + " --listen 127.0.0.1:8080")
        script = script.replace("docs/examples", EXAMPLES) + "\nkill $(jobs -p)\nwait\n"
        for usual, free in ports.items():
            script = script.replace(usual, free)
        with temporary() as folder:
            ran = subprocess.run(["bash", "-m", "-c", script], cwd=folder, capture_output=True, text=True, timeout=90)
        self.assertIn('"token": "eyJ', ran.stdout, ran.stderr)
        self.assertIn('"seq": 1', ran.stdout, ran.stderr)

    def test_both_are_short_and_need_nothing(self):
        for name in ("backend.py", "backend.mjs"):
            with open(os.path.join(EXAMPLES, name)) as file:
                self.assertLessEqual(len(file.readlines()), 36)


if __name__ == "__main__":
    unittest.main()
