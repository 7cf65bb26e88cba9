"""The commands of docs/operate/api.md, run as they stand there."""
import json
import os
import re
import subprocess
import tempfile
import unittest

from harness import ROOT, Server

# A command that is refused ends the test; each answer is on a line of its own.
CURL = "set -eu\ncurl() { command curl --fail-with-body \"$@\"; echo; }\n"


class Commands(unittest.TestCase):
    def run_them(self, folder, script, **variables):
        ended = subprocess.run(["bash", "-c", CURL + script], cwd=folder, capture_output=True, text=True, timeout=120,
                               env=dict(os.environ, **variables))
        self.assertEqual(ended.returncode, 0, ended.stdout + ended.stderr)
        return ended.stdout

    def test_each_does_what_is_said_of_it(self):
        with open(os.path.join(ROOT, "docs/operate/api.md")) as file:
            blocks = re.findall(r"<!-- run -->\n```sh\n(.*?)```\n", file.read(), re.S)
        self.assertGreater(len(blocks), 6)
        with tempfile.TemporaryDirectory(prefix="uproar-test-") as folder:
            self.run_them(folder, blocks[0] + 'printf %s "$KEY" > key\n')
            with open(os.path.join(folder, "key")) as file:
                key = file.read()
            with Server("--api-keys", os.path.join(folder, "keys"), data=os.path.join(folder, "data")) as server:
                said = self.run_them(folder, "".join(blocks[1:]), KEY=key, URL=f"http://127.0.0.1:{server.port}",
                                     UPROAR_PID=str(server.process.pid))
                answers = [json.loads(line) for line in said.splitlines() if line]
        self.assertEqual(answers[0]["api"], "v1")
        self.assertEqual((answers[1]["room"], answers[1]["seq"], answers[1]["class"]), ("lobby", 1, "disk"))
        self.assertEqual((answers[2]["seq"], answers[3]["seq"], answers[3]["dup"]), (1, 1, True))
        self.assertEqual([one.get("error") for one in answers[4]["results"]], [None] * 3)
        self.assertIn("rooms", answers[5])
        self.assertEqual((answers[6]["room"], answers[6]["seq"]), ("lobby", 3))
        self.assertEqual(answers[-1], {"level": "info"})


if __name__ == "__main__":
    unittest.main()
