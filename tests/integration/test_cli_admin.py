"""uproar-cli admin: a command for each route of the HTTP API, tables for people, JSON for programs, and how it ends."""
import json
import os
import pty
import re
import resource
import socket
import subprocess
import threading
import unittest

from harness import BUILD, ROOT, Client, Server, temporary, wait_until
from test_api import key_of, write_keys

PROGRAM = os.path.join(BUILD if os.path.isabs(BUILD) else os.path.join(ROOT, BUILD), "uproar-cli")


def table(path, pattern):
    with open(os.path.join(ROOT, path)) as file:
        return re.findall(pattern, file.read(), re.M)


def answering(test, body, status="200 OK", version="1.1"):
    """The URL of a server that has this one answer."""
    listener = socket.create_server(("127.0.0.1", 0))
    test.addCleanup(listener.close)

    def serve():
        peer, _ = listener.accept()
        with peer:
            request = peer.recv(65536)
            size = int((re.search(rb"Content-Length: (\d+)", request) or [0, 0])[1])
            while len(request.partition(b"\r\n\r\n")[2]) < size:
                request += peer.recv(65536)
            peer.sendall(f"HTTP/{version} {status}\r\nContent-Length: {len(body)}\r\n\r\n{body}".encode())

    threading.Thread(target=serve, daemon=True).start()
    return f"http://127.0.0.1:{listener.getsockname()[1]}"


class Admin(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = temporary()
        keys = write_keys(os.path.join(cls.folder.name, "keys"))
        cls.server = Server("--api-keys", keys, "--cores", "2", "--drain", "0", "--linger", "100ms").start()

    @classmethod
    def tearDownClass(cls):
        status = cls.server.stop()
        cls.folder.cleanup()
        assert status == 0

    def admin(self, *words, key="all", stdin="", status=0, url=None):
        """Its output, having ended with that status."""
        environment = {**os.environ, "UPROAR_URL": url or f"http://127.0.0.1:{self.server.port}"}
        if key:
            environment["UPROAR_API_KEY"] = key_of(key)
        ran = subprocess.run([PROGRAM, "admin", *words], input=stdin, capture_output=True, text=True, timeout=60,
                             env=environment)
        self.assertEqual(ran.returncode, status, (words, ran.stdout, ran.stderr))
        self.assertEqual(ran.stderr == "", status == 0, ran.stderr)
        return ran.stdout if status == 0 else ran.stderr

    def test_each_route_has_a_command(self):
        routes = set(table("engine/api/tbl/api_routes.h", r'^API_ROUTE\(\w+, (\w+), "([^"]+)"'))
        commands = set(table("tools/cli/tbl/admin.h", r'^ADMIN\("[\w-]+", (\w+), "([^"]+)"'))
        self.assertGreater(len(routes), 20)
        self.assertEqual(routes - commands, set())

    def test_each_value_of_a_row_is_in_the_table(self):
        values = set(table("tools/cli/tbl/admin_values.h", r"^ADMIN_VALUE\((\w+),"))
        used = set()
        for row in table("tools/cli/tbl/admin.h", r'^ADMIN\("[\w-]+", \w+, "[^"]+", "([^"]*)", "([^"]*)", "([^"]*)"'):
            for words in row:
                used |= set(words.replace("...", "").split())
        self.assertEqual(used, values)

    def test_rooms(self):
        said = self.admin("publish", "cli.rooms", "hello", "wörld", "--user", "Ann")
        self.assertRegex(said, r"(?m)^room: cli.rooms\nseq: 1\nts: 20\d\d-")
        self.admin("publish", "cli.rooms", "--data", '{"a":[1,"]"]}', "--cid", "p:1")
        again = json.loads(self.admin("publish", "cli.rooms", "--data", "2", "--cid", "p:1", "--json"))
        self.assertEqual((again["seq"], again["dup"]), (2, True))
        lines = self.admin("history", "cli.rooms").splitlines()
        heads = next(line for line in lines if line.startswith("ev "))
        self.assertEqual(heads.split(), ["ev", "room", "seq", "ts", "from", "data", "cid"])
        row = next(line for line in lines if "wörld" in line)
        self.assertEqual(row[heads.index("data"):heads.index("cid")].rstrip(), '{"text":"hello wörld"}')
        self.assertEqual(row[heads.index("from"):].split()[0], "Ann")
        page = json.loads(self.admin("history", "cli.rooms", "--limit", "1", "--json"))
        self.assertEqual([event["data"] for event in page["events"]], [{"a": [1, "]"]}])
        self.assertIn("seq: 2\n", self.admin("room", "cli.rooms"))
        self.assertIn("cli.rooms", self.admin("rooms", "--prefix", "cli.r"))
        self.assertNotIn("cli.rooms", self.admin("rooms", "--prefix", "cli.x"))
        ann = Client(self.server.port, "Ann")
        ann.ask(op="join", room="cli.rooms")
        self.assertIn("Ann", self.admin("members", "cli.rooms"))
        self.assertIn("n: 1\n", self.admin("presence", "cli.rooms"))
        self.assertIn("cli.rooms", self.admin("connections", "Ann", "--json") + self.admin("rooms"))
        self.admin("delete", "cli.rooms", "2")
        self.assertEqual(ann.event("del")["target"], 2)
        self.admin("disconnect", "Ann")
        with self.assertRaises(ConnectionError):
            ann.event("none such")

    def test_data_as_deep_as_may_be(self):
        deep = "[" * 31 + "]" * 31
        self.admin("publish", "deep", "--data", deep)
        self.assertIn("[" * 31, self.admin("history", "deep"))
        self.assertIn(deep, self.admin("--json", "history", "deep"))

    def test_a_batch(self):
        commands = [{"op": "publish", "room": "cli.batch", "data": n} for n in range(3)]
        said = json.loads(self.admin("batch", "--json", stdin="\n".join(map(json.dumps, commands)) + "\n\n"))
        self.assertEqual([result["seq"] for result in said["results"]], [1, 2, 3])
        self.assertIn("line 2 is not JSON", self.admin("batch", stdin="{}\n{\n", status=64))

    def test_a_batch_of_which_some_is_refused(self):
        stdin = '{"op":"publish","room":"cli.part","data":1}\n\n{"op":"delete","room":"cli.part","seq":9}\n{"op":"fly"}\n'
        said = self.admin("batch", stdin=stdin, status=1).splitlines()
        self.assertEqual([line.split(": ")[1:3] for line in said], [["line 3", "gone"], ["line 4", "bad_request"]])
        self.assertIn("cli.part", self.admin("rooms", "--prefix", "cli.part"))

    def test_a_batch_that_may_be_tried_again(self):
        def error(code):
            return {"error": {"code": code, "message": "m"}}

        for results, status, said in (
            ([{"seq": 1}, error("rate_limited"), None, error("timeout")], 75,
             "line 2: rate_limited: m\nline 3: no answer to it; whether it was done is not known\nline 4: timeout: m\n"),
            ([error("limit"), error("forbidden"), {}, error("unavailable")], 1,
             "line 1: limit: m\nline 2: forbidden: m\nline 4: unavailable: m\n"),
        ):
            url = answering(self, json.dumps({"results": results}))
            err = self.admin("batch", stdin="{}\n" * 4, status=status, url=url)
            self.assertEqual(err.replace("uproar-cli admin: ", ""), said)

    def test_a_batch_that_is_not_answered_whole(self):
        unknown = "uproar-cli admin: line 2: no answer to it; whether it was done is not known\n"
        for body, said in (('{"results":[{"seq":1}]}', unknown), ("{}", unknown.replace("2", "1") + unknown)):
            self.assertEqual(self.admin("batch", stdin="{}\n{}\n", url=answering(self, body), status=75), said)

    def test_what_may_be_tried_again_is_the_servers_429_and_5xx(self):
        statuses = dict(table("engine/api/tbl/api_statuses.h", r"^API_STATUS\((\w+), (\d+)\)") +
                        table("engine/api/tbl/api_errors.h", r"^API_ERROR\((\w+), (\d+),"))
        with open(os.path.join(ROOT, "tools/cli/admin_tell.c")) as file:
            listed = re.search(r"passing\[\] = \{([^}]*)\}", file.read()).group(1)
        self.assertEqual(sorted(re.findall(r'"(\w+)"', listed)),
                         sorted(name for name, status in statuses.items() if status == "429" or status[0] == "5"))

    def test_what_is_said_cannot_move_a_terminals_cursor(self):
        self.admin("publish", "cli.escape", "\x1b[2J\u202e")
        said = self.admin("history", "cli.escape")
        self.assertNotRegex(said, "[\x00-\x09\x0b-\x1f\x7f\u202e]")
        self.assertIn("u001b", said)

    def test_nor_can_json_on_a_terminal(self):
        self.admin("publish", "cli.json", "--data", '{"text":"\u009b31m\u202e","n":1}')
        terminal, stdout = pty.openpty()
        ran = subprocess.run([PROGRAM, "admin", "--json", "--key", key_of("all"), "--url",
                              f"http://127.0.0.1:{self.server.port}", "history", "cli.json"], stdout=stdout, timeout=60)
        os.close(stdout)
        said = b""
        while b"\n" not in said:
            said += os.read(terminal, 65536)
        os.close(terminal)
        self.assertEqual(ran.returncode, 0)
        self.assertNotRegex(said.decode(), "[\u009b\u202e]")
        self.assertEqual(json.loads(said)["events"][0]["data"], {"text": "\u009b31m\u202e", "n": 1})
        self.assertIn('"\u009b31m\u202e"', self.admin("--json", "history", "cli.json"), "a pipe gets it as it came")

    def test_a_head_that_is_wider_than_it_was_sent(self):
        url = answering(self, '{"rows":[{"\\u202e\\u202e":1,"b":2}]}')
        ran = subprocess.run([PROGRAM, "admin", "--url", url, "info"], capture_output=True, text=True, timeout=60,
                             preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_AS, (1 << 28, 1 << 28)))
        self.assertEqual((ran.returncode, ran.stderr), (0, ""))
        self.assertEqual(ran.stdout, "rows:\n\\u{202e}\\u{202e}  b\n1                 2\n")

    def test_the_server_itself(self):
        self.assertRegex(self.admin("info"), r"(?m)^api: v1$(.|\n)*^time: \d{4}-\d\d-\d\d \d\d:\d\d:\d\d$")
        self.assertIn("counters: {", self.admin("status"))
        self.admin("ban-user", "Eve", "--for", "60", "--reason", "spam")
        with self.assertRaises(ConnectionError):
            Client(self.server.port, "Eve").event()
        self.admin("unban-user", "Eve")

    def test_how_it_ends(self):
        for status, said, words, more in (
            (64, "which command?", (), {}),
            (64, "no such command: dance", ("dance",), {}),
            (64, "kick: which user?", ("kick", "r"), {}),
            (64, "room: that is more than it takes: s", ("room", "r", "s"), {}),
            (64, "--limit is not for info", ("info", "--limit", "3"), {}),
            (64, "limit takes a whole number: x", ("history", "r", "--limit", "x"), {}),
            (64, "data is not a JSON value", ("publish", "r", "--data", "{"), {}),
            (64, "publish takes a text or --data", ("publish", "r", "x", "--data", "1"), {}),
            (64, "publish: which text?", ("publish", "r"), {}),
            (64, "that is no option", ("--colour",), {}),
            (64, "wss:// and https:// are a proxy's: TLS is not spoken here", ("info",), {"url": "https://127.0.0.1"}),
            (64, "an address begins with ws:// or http://", ("info",), {"url": "ftp://127.0.0.1"}),
            (69, "Connection refused", ("info",), {"url": "http://127.0.0.1:1"}),
            (1, "a key is needed: $UPROAR_API_KEY, or --key\n", ("info",), {"key": None}),
            (1, "the server does not know this key; its option api-keys names the file of those it does\n", ("info",),
             {"key": "nobody"}),
            (1, "forbidden: ", ("rooms",), {"key": "shop"}),
            (1, "bad_request: ", ("history", "a b"), {}),
            (1, "gone: ", ("room", "cli.nowhere"), {}),
        ):
            with self.subTest((words, more)):
                self.assertIn(said, self.admin(*words, status=status, **more))

    def test_what_is_no_answer_of_uproar(self):
        for more in ((), ("--json",)):
            self.assertEqual(self.admin("info", *more, url=answering(self, "<p>It works!</p>"), status=69),
                             "uproar-cli admin: the answer is not JSON; is this Uproar's address?\n")
            self.assertEqual(self.admin("info", *more, url=answering(self, "<p>No.</p>", "404 Not Found"), status=1),
                             "uproar-cli admin: the server answers with HTTP status 404\n")
        self.assertEqual(self.admin("info", url=answering(self, "", "502 Bad Gateway", version="1.0"), status=75),
                         "uproar-cli admin: the server answers with HTTP status 502\n")

    @unittest.skipIf(os.uname().machine != "x86_64", "calls have other numbers")
    def test_without_a_limit_there_is_none(self):
        """A day is too long for a test: the kernel tells how long is waited for what comes."""
        with socket.create_server(("127.0.0.1", 0)) as silent:
            ran = subprocess.Popen([PROGRAM, "admin", "--url", f"http://127.0.0.1:{silent.getsockname()[1]}", "--timeout",
                                    "0", "info"], stderr=subprocess.DEVNULL)
            self.addCleanup(ran.wait)
            self.addCleanup(ran.kill)

            def waits_for_ever():
                with open(f"/proc/{ran.pid}/syscall") as file:
                    call = file.read().split()
                return call[0] == "7" and int(call[3], 16) & 0xFFFFFFFF == 0xFFFFFFFF  # poll, -1

            self.assertTrue(wait_until(waits_for_ever, 10))

    def test_json_of_a_refusal(self):
        ran = subprocess.run([PROGRAM, "admin", "--json", "--url", f"http://127.0.0.1:{self.server.port}", "info"],
                             capture_output=True, text=True, timeout=60)
        self.assertEqual((ran.returncode, json.loads(ran.stdout)["error"]["code"]), (1, "unauthorized"))

    def test_streams_that_fail(self):
        for words, said in (("info >/dev/full", "uproar-cli: standard output: No space left on device\n"),
                            ("new-key a read >/dev/full", "uproar-cli: standard output: No space left on device\n"),
                            ("batch </tmp", "uproar-cli admin: standard input: Is a directory\n")):
            ran = subprocess.run(["sh", "-c", f'exec "$0" admin --url "$1" --key "$2" {words}', PROGRAM,
                                  f"http://127.0.0.1:{self.server.port}", key_of("all")], capture_output=True, text=True,
                                 timeout=60)
            self.assertEqual((ran.returncode, ran.stderr), (75, said), words)

    def test_help(self):
        said = self.admin("--help")
        for name in table("tools/cli/tbl/admin.h", r'^ADMIN\("([\w-]+)"'):
            self.assertIn(f"\n  {name} ", said)


class NewKey(unittest.TestCase):
    def test_a_new_key_is_one(self):
        ran = subprocess.run([PROGRAM, "admin", "new-key", "shop", "publish,read"], capture_output=True, text=True,
                             timeout=60)
        key, line = ran.stdout.splitlines()
        self.assertRegex(key, r"^[A-Za-z0-9]{43}$")
        with temporary() as folder:
            path = os.path.join(folder, "keys")
            with open(path, "w") as file:
                file.write(line + "\n")
            with Server("--api-keys", path, "--drain", "0") as server:
                for words, status in ((("publish", "r", "x"), 0), (("reload",), 1)):
                    ran = subprocess.run([PROGRAM, "admin", "--url", f"http://127.0.0.1:{server.port}", "--key", key,
                                          *words], capture_output=True, text=True, timeout=60)
                    self.assertEqual(ran.returncode, status, ran.stderr)

    def test_two_are_not_the_same(self):
        made = {json.loads(subprocess.run([PROGRAM, "admin", "--json", "new-key", "a", "admin"], capture_output=True,
                                          text=True, timeout=60).stdout)["key"] for _ in range(5)}
        self.assertEqual(len(made), 5)

    def test_each_scope_is_known(self):
        scopes = table("engine/auth/tbl/scopes.h", r"^SCOPE\((\w+),")
        self.assertGreater(len(scopes), 4)
        for scope in (*scopes, ",".join(scopes)):
            ran = subprocess.run([PROGRAM, "admin", "new-key", "a", scope], capture_output=True, text=True, timeout=60)
            self.assertEqual(ran.returncode, 0, scope)
            self.assertIn(f"a  {scope}  sha256:", ran.stdout)

    def test_wrong_ones(self):
        for words in (("a b", "read"), ("", "read"), ("x" * 33, "read"), ("a", "fly"), ("a", ""), ("a", "read,"), ("a",)):
            ran = subprocess.run([PROGRAM, "admin", "new-key", *words], capture_output=True, text=True, timeout=60)
            self.assertEqual((ran.returncode, ran.stdout), (64, ""), words)


if __name__ == "__main__":
    unittest.main()
