"""Configurations that are wrong, before a start and while the server runs: each is refused with its file, line, option and
what that takes, and nothing of it holds."""
import os
import subprocess
import time
import unittest
from concurrent.futures import ThreadPoolExecutor

from harness import BUILD, ROOT, Client, Server, temporary
from test_reload import Configured

KEY = "shop  publish,read  sha256:" + "9f" * 32 + "\n"

# (line, what is said of it, the text from line 2 on)
WRONG = [
    (2, "option 'send-rate' is 'x', but takes a whole number from 0 to 1000000", "send-rate = x;"),
    (2, "option 'send-rate' is '-1', but takes a whole number", "send-rate = -1;"),
    (2, "option 'send-rate' is '1000001', but takes", "send-rate = 1000001;"),
    (3, "option 'send-burst' is '0', but takes a whole number from 1", "\nsend-burst = 0;"),
    (2, "option 'send-burst' is '', but takes a whole number", 'send-burst = "";'),
    (2, "option 'cores' is '65', but takes a whole number from 0 to 64", "cores = 65;"),
    (2, "option 'command-rate' is '1.5', but takes a whole number", "command-rate = 1.5;"),
    (2, "option 'room-rate' is '0x10', but takes a whole number", "room-rate = 0x10;"),
    (2, "option 'receive-buffers' is '100', but takes a power of two from 16 to 32768", "receive-buffers = 100;"),
    (2, "option 'members-per-room' is '10000001', but takes", "members-per-room = 10000001;"),
    (2, "option 'history-size' is '2T', but takes bytes (K, M, G or T may follow) from 0 to 1G", "history-size = 2T;"),
    (2, "option 'history-size' is '1MB', but takes bytes", "history-size = 1MB;"),
    (2, "option 'queue-size' is '1K', but takes bytes (K, M, G or T may follow) from 128K", "queue-size = 1K;"),
    (2, "option 'data-size' is '17K', but takes bytes", "data-size = 17K;"),
    (2, "option 'memory' is 'all', but takes bytes", "memory = all;"),
    (2, "option 'send-memory' is '5000000000000', but takes bytes", "send-memory = 5000000000000;"),
    (2, "option 'ping' is '25', but takes a time (ms, s, m, h or d must follow) from 1s to 1h", "ping = 25;"),
    (2, "option 'ping' is '2h', but takes a time", "ping = 2h;"),
    (2, "option 'pong' is '8sec', but takes a time", "pong = 8sec;"),
    (2, "option 'linger' is '2m', but takes a time", "linger = 2m;"),
    (2, "option 'drain' is '11m', but takes a time", "drain = 11m;"),
    (2, "option 'history-age' is '0', but takes a time", "history-age = 0;"),
    (2, "option 'log-level' is 'verbose', but takes one of debug|info|warn|error|off", "log-level = verbose;"),
    (2, "option 'log-level' is 'INFO', but takes one of", "log-level = INFO;"),
    (2, "option 'log-format' is 'xml', but takes one of text|json", "log-format = xml;"),
    (2, "option 'page' is 'yes', but takes one of on|off", "page = yes;"),
    (2, "option 'compress' is 'true', but takes one of", "compress = true;"),
    (2, "option 'sandbox' is 'maybe', but takes one of", "sandbox = maybe;"),
    (2, "option 'guests' is 'all', but takes one of auto|named|anonymous|none", "guests = all;"),
    (2, "option 'listen' is '8080', but takes HOST:PORT", "listen = 8080;"),
    (2, "option 'listen' is '127.0.0.1:65536', but takes HOST:PORT", "listen = 127.0.0.1:65536;"),
    (2, "option 'origins' is 'null', but takes same, * or origins", "origins = null;"),
    (2, "option 'origins' is 'https://a.example/', but takes same, *", 'origins = "https://a.example/";'),
    (2, "option 'address-exempt' is '10.0.0.0/33', but takes at most 32 networks", "address-exempt = 10.0.0.0/33;"),
    (2, "option 'address-exempt' is 'localhost', but takes at most", "address-exempt = localhost;"),
    (2, "option 'rights': ", 'rights = "*: fly";'),
    (2, "option 'rights': ", 'rights = "no colon here";'),
    (2, "option 'room-classes': class 'b': 'age' is '5', but takes", 'room-classes = "b age=5";'),
    (4, "option 'room-classes': class 'b': 'page' is '201', but takes a whole number from 1 to 200",
     "room-classes = (\n{ prefix = a; },\n{ prefix = b; page = 201; });"),
    (2, "option 'room-classes': class 'a': there is no key 'colour'; the keys are", 'room-classes = "a colour=red";'),
    (2, "option 'room-classes': class 'a' is there twice", 'room-classes = "a age=1d; a age=2d";'),
    (2, "option 'room-classes': class 'a': 'age' is said twice", 'room-classes = "a age=1d age=2d";'),
    (2, "option 'room-classes': 'a/b' is no prefix", 'room-classes = "a/b age=1d";'),
    (2, "option 'room-classes': class 'a' says class=disk, but there is no store", 'room-classes = "a class=disk";'),
    (3, "option 'room-classes' takes a list of groups with a prefix each", "room-classes = (\n{ class = memory; });"),
    (2, "there is no option 'send-rat'; did you mean 'send-rate'?", "send-rat = 5;"),
    (2, "there is no option 'nonsense'; --help lists them all", "nonsense = 5;"),
    (2, "option 'pong' is a group or a list, but takes one value", "pong = { a = 1; };"),
    (2, "syntax error; a line is: name = value;", "this is no setting"),
    (3, "duplicate setting name; a line is: name = value;", "ping = 20s;\nping = 21s;"),
    (3, "the text or comment that begins here does not end", "ping = 20s;\n/* for ever"),
    (2, "@include is not supported", '@include "/etc/passwd"'),
    (2, "a zero byte; the file must be text", "ping = 20s;\0"),
]

# Where there is no file of API keys.
WRONG_WITHOUT_KEYS = [(2, "option 'metrics': key needs api-keys, or nobody could read them", "metrics = key;")]

# Of the file of API keys, whose first line is right.
WRONG_KEYS = [
    (2, "option 'api-keys': ", "shop2 publish\n"),
    (2, "option 'api-keys': ", "shop2 publish,fly sha256:" + "00" * 32 + "\n"),
    (3, "option 'api-keys': ", "# ours\nshop2 read sha256:" + "0" * 63 + "\n"),
    (2, "option 'api-keys': ", "shop read sha256:" + "00" * 32 + "\n"),
]


def check(path, *words):
    binary = os.path.join(BUILD if os.path.isabs(BUILD) else os.path.join(ROOT, BUILD), "uproar")
    ran = subprocess.run([binary, "--check-config", "-c", path, *words], capture_output=True, text=True, timeout=60)
    return ran.returncode, ran.stdout, ran.stderr


def first_line(text):
    """What is right, and must not be taken for that."""
    return "# a rate\n" if "send-rate" in text else "send-rate = 77;\n"


class Refused(unittest.TestCase):
    def test_there_are_enough(self):
        self.assertGreaterEqual(len(WRONG) + len(WRONG_KEYS), 50)

    def test_before_a_start(self):
        with temporary() as folder, ThreadPoolExecutor(2) as pool:
            rows = []
            for n, (line, said, text) in enumerate(WRONG + WRONG_WITHOUT_KEYS):
                path = os.path.join(folder, f"{n}.conf")
                with open(path, "w") as file:
                    file.write(first_line(text) + text + "\n")
                rows.append((path, line, said, pool.submit(check, path, "--data", "")))
            for path, line, said, ran in rows:
                with self.subTest(said):
                    status, out, err = ran.result()
                    self.assertEqual((status, out, err.count("\n")), (78, "", 1), err)
                    self.assertIn(f"uproar: {path}:{line}: {said}", err)

    def test_while_it_runs(self):
        base = "send-burst = 50;\n"
        with temporary() as folder:
            keys = os.path.join(folder, "keys")
            with open(keys, "w") as file:
                file.write(KEY)
            with Configured(base, "--cores", "2", "--api-keys", keys) as it:
                client = Client(it.server.port, "Ann")
                client.ask(op="join", room="r")
                for line, said, text in WRONG:
                    with self.subTest(said):
                        self.refused(it, it.path, line, said, it.reload(first_line(text) + text + "\n"))
                it.write("send-rate = 77;\n")
                for line, said, text in WRONG_KEYS:
                    with self.subTest(text):
                        with open(keys, "w") as file:
                            file.write(KEY + text)
                        self.refused(it, keys, line, said, it.hangup())
                self.assertIn("ok", client.ask(op="send", room="r", data="still here"))
                with open(keys, "w") as file:
                    file.write(KEY)
                self.assertIn("options=2", it.reload("send-rate = 77;\n")[-1])
                self.assertEqual(Client(it.server.port, "Bob").hello["ok"]["limits"]["sends"], 77)

    def refused(self, it, path, line, said, lines):
        self.assertEqual(len(lines), 1, lines)
        self.assertIn("reload_refused", lines[0])
        self.assertIn(f"{path}:{line}: {said}", lines[0])
        self.assertEqual(Client(it.server.port, "Bob").hello["ok"]["limits"]["sends"], 20)
        time.sleep(0.06)  # the log has at most 20 lines of a kind in a second


if __name__ == "__main__":
    unittest.main()
