"""Options change again and again, by SIGHUP and by the API, while uproar-load has thousands of connections talk: none of them
is dropped, and its audit finds every delivery once, in order and whole."""
import json
import os
import signal
import subprocess
import tempfile
import threading
import time
import unittest

from harness import wait_until
from test_api import Http, write_keys
from test_load import LOAD
from test_reload import Configured

RELOADS = 24
CONNECTIONS = 2000
# What every connection and room has to do with, low and high; none of them is to be in the way of 500 messages a second.
REFUSED = "send-rate = 5; ping = soon;\n"
LIVE = [
    "send-rate = 0; data-size = 4K; ping = 60s; pong = 60s; history-messages = 100;\n",
    'send-rate = 1000; send-burst = 2000; data-size = 16K; ping = 50s; queue-size = 2M; hot-log-size = 2M; '
    'rights = "*: member; @x y: all"; origins = *;\n',
    'user-rates = 0; network-rates = 0; command-rate = 500; room-classes = "r1 class=memory messages=50; mem: class=memory"; '
    "pong = 60s; history-age = 1h; slow-timeout = 60s; compress-from = 64; mail-memory = 32M;\n",
    REFUSED,  # nothing may change
    'connections-per-address = 100000; connect-rate = 100000; address-exempt = "127.0.0.0/8 10.0.0.0/8"; '
    "ping = 70s; message-timeout = 60s; room-traffic = 0; api-rate = 0; page = off;\n",
]
CLEAN = ("connect_failed", "join_failed", "dropped", "refused", "lost", "duplicated", "reordered", "corrupted", "foreign",
         "excused")


class UnderLoad(unittest.TestCase):
    def load(self, port, out):
        return subprocess.Popen(
            [LOAD, "run", "stress", "--url", f"ws://127.0.0.1:{port}/ws", "--no-progress", "--out", out, "--threshold", "none",
             "--server-pid", "none", "--traffic", "open", "--connections", str(CONNECTIONS), "--ramp", f"1s:{CONNECTIONS}",
             "--rooms", "200", "--rooms-per-connection", "1", "--rate", "500", "--warmup", "0s", "--hold", "10m",
             "--drain", "60s", "--connect-timeout", "60s", "--heartbeat", "2s"],
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)

    def reload(self, it, api, number, taken):
        """One of them by a signal, the next by the API, each with other options than before."""
        text = LIVE[number % len(LIVE)]
        it.write(text)
        if number % 2 == 0:
            said = "\n".join(it.hangup())
            refused = "reload_refused" in said
        else:
            status, _, said = api.ask("POST", "/api/v1/reload")
            refused = status != 200
        self.assertEqual(refused, text == REFUSED, said)
        taken[0 if number % 2 == 0 else 1] += 1

    def test_none_is_dropped_and_nothing_is_lost(self):
        with tempfile.TemporaryDirectory() as folder, Configured(LIVE[0], "--cores", "2", "--api-keys",
                                                                 write_keys(os.path.join(folder, "keys")), wait=60) as it:
            load = self.load(it.server.port, folder)
            self.addCleanup(load.kill)
            api, taken = Http(it.server.port), [0, 0]
            said = []
            reader = threading.Thread(target=lambda: said.append(load.communicate()[0]))
            reader.start()
            while it.server.metric("connections") < CONNECTIONS // 2 and load.poll() is None:
                time.sleep(0.05)
            for number in range(RELOADS):
                self.reload(it, api, number, taken)
                time.sleep(0.1)
            self.assertTrue(wait_until(lambda: it.server.metric("connections") >= CONNECTIONS, 120))
            self.assertTrue(wait_until(lambda: it.server.metric("delivered") > 15000, 120))
            self.assertIsNone(load.poll(), "the load goes on")
            load.send_signal(signal.SIGINT)
            reader.join(180)
            self.assertFalse(reader.is_alive())
            with open(os.path.join(folder, "results.json"), encoding="utf-8") as file:
                summary = json.load(file)["summary"]
            self.assertEqual({name: summary[name] for name in CLEAN}, dict.fromkeys(CLEAN, 0), said)
            self.assertEqual((summary["connected"], taken), (CONNECTIONS, [RELOADS // 2, RELOADS // 2]), said)
            self.assertGreater(summary["received"], 15000 - CONNECTIONS, said)
            self.assertEqual(summary["received"] % (CONNECTIONS // 200), 0, said)


if __name__ == "__main__":
    unittest.main()
