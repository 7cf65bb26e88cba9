"""uproar-cli as people and scripts run it: against the real server, and against one that plays the rare parts."""
import base64
import collections
import fcntl
import hashlib
import json
import os
import pty
import re
import select
import signal
import socket
import struct
import subprocess
import termios
import threading
import time
import unittest

from harness import BUILD, ROOT, Client, Server, free_port, temporary, wait_until
from test_moderation import SECRET, token

CLI = os.path.join(ROOT, BUILD, "uproar-cli") if not os.path.isabs(BUILD) else os.path.join(BUILD, "uproar-cli")
TEXT = r"\d\d:\d\d:\d\d "


def command(port, *words, name="Ann"):
    return [CLI, "--url", f"ws://127.0.0.1:{port}/ws", "--name", name, *words]


def cli(port, *words, name="Ann", stdin="", timeout=60):
    """(status, lines of stdout, stderr)"""
    done = subprocess.run(command(port, *words, name=name), input=stdin.encode() if isinstance(stdin, str) else stdin,
                          capture_output=True, timeout=timeout)
    return done.returncode, done.stdout.decode().splitlines(), done.stderr.decode()


class Running:
    """A uproar-cli that goes on while the test does other things; it must end by itself."""

    def __init__(self, test, port, *words, name="Ann"):
        self.process = subprocess.Popen(command(port, *words, name=name), stdin=subprocess.PIPE,
                                        stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        self.out, self.err = [], []
        self.threads = [threading.Thread(target=self.read, args=pair, daemon=True)
                        for pair in ((self.process.stdout, self.out), (self.process.stderr, self.err))]
        for thread in self.threads:
            thread.start()
        test.addCleanup(self.kill)

    @staticmethod
    def read(stream, lines):
        for line in stream:
            lines.append(line.decode().rstrip("\n"))
        stream.close()

    def say(self, text):
        self.process.stdin.write(text.encode())
        self.process.stdin.flush()

    def ended(self, timeout=60):
        if not self.process.stdin.closed:
            self.process.stdin.close()
        status = self.process.wait(timeout)
        for thread in self.threads:
            thread.join(10)
        return status

    def kill(self):
        if self.process.poll() is None:
            self.process.kill()
        self.ended()

    def shows(self, pattern, seconds=20):
        return wait_until(lambda: any(re.search(pattern, line) for line in list(self.out)), seconds)

    def complains(self, text):
        return wait_until(lambda: any(text in line for line in list(self.err)))


class WithServer(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.server = Server("--cores", "2", "--send-rate", "0").start()
        cls.port = cls.server.port

    @classmethod
    def tearDownClass(cls):
        assert cls.server.stop() == 0

    def setUp(self):
        self.room = "room." + self.id().split(".")[-1]

    def member(self, name="Bob", **options):
        client = Client(self.port, name)
        self.addCleanup(client.close)
        self.assertIn("ok", client.ask(op="join", room=self.room, **options))
        return client


class Send(WithServer):
    def test_words_are_one_message(self):
        bob = self.member()
        self.assertEqual(cli(self.port, "send", self.room, "hello", "wörld", "--", "-x"), (0, [], ""))
        event = bob.event("msg")
        self.assertEqual((event["from"], event["data"]), ("Ann", {"text": "hello wörld -x"}))

    def test_data_is_as_deep_as_a_command_can_hold(self):
        bob = self.member()
        self.assertEqual(cli(self.port, "send", self.room, "--data", "[" * 31 + "]" * 31)[0], 0)
        self.assertEqual(json.dumps(bob.event("msg")["data"]), "[" * 31 + "]" * 31)
        status, _, err = cli(self.port, "send", self.room, "--data", "[" * 32 + "]" * 32)
        self.assertEqual(status, 64)
        self.assertIn("--data is nested too deep: at most 31", err)
        self.assertIn("too deep", cli(self.port, "send", self.room, "--data", "[" * 64 + "]" * 64)[2])

    def test_data_goes_as_it_is(self):
        bob = self.member()
        self.assertEqual(cli(self.port, "send", self.room, "--data", '[1, {"a":null}]')[0], 0)
        self.assertEqual(bob.event("msg")["data"], [1, {"a": None}])

    def test_lines_in_order_and_their_numbers(self):
        bob = self.member()
        lines = [f"line {n}" for n in range(300)]
        status, out, err = cli(self.port, "--json", "send", self.room, stdin="\n".join(lines[:150]) + "\n\n" +
                               "\n".join(lines[150:]))
        self.assertEqual((status, err), (0, ""))
        acks = [json.loads(line) for line in out]
        self.assertEqual([ack["seq"] for ack in acks], list(range(1, 301)))
        self.assertEqual({ack["class"] for ack in acks}, {"memory"})
        self.assertEqual([bob.event("msg")["data"]["text"] for _ in lines], lines)

    def test_nothing_to_send_is_done(self):
        self.assertEqual(cli(self.port, "send", self.room), (0, [], ""))

    def test_what_cannot_be_sent_is_said_and_the_rest_goes(self):
        bob = self.member()
        fits, over = "x" * (16384 - 11), "x" * (16384 - 10)
        stdin = b"one\n\xff\xfe\n" + fits.encode() + b"\n" + over.encode() + b"\n" + b"y" * 1200000 + b"\ntwo\n"
        status, _, err = cli(self.port, "send", self.room, stdin=stdin)
        self.assertEqual(status, 75)
        self.assertIn("line 2 is not UTF-8", err)
        self.assertIn("too_large", err)
        self.assertIn("megabyte", err)
        self.assertEqual([bob.event("msg")["data"]["text"] for _ in range(3)], ["one", fits, "two"])

    def test_a_server_with_few_sends_a_second_is_waited_for(self):
        with Server("--send-rate", "40", "--send-burst", "10") as server:
            status, out, _ = cli(server.port, "--json", "send", "r", stdin="".join(f"{n}\n" for n in range(100)))
            self.assertEqual((status, len(out)), (0, 100))
            reader = Client(server.port, "r")
            page = reader.ask(op="join", room="r", limit=200)["ok"]["events"]
            reader.close()
            self.assertEqual(sorted(int(e["data"]["text"]) for e in page), list(range(100)))

    def test_a_server_with_few_bytes_a_second_is_waited_for(self):
        lines = [f"{n} " + "x" * 4000 for n in range(150)]
        with Server("--send-rate", "1000", "--send-burst", "2000", "--byte-rate", "128K", "--byte-burst", "64K") as server:
            status, out, err = cli(server.port, "--json", "send", "r", stdin="\n".join(lines))
            self.assertEqual((status, len(out), err), (0, 150, ""))
            # The first flight, and each line once.
            self.assertLess(server.metric("rate_limited"), 64 + 150)

    def test_the_pace_keeps_the_order(self):
        with Server("--send-rate", "40", "--send-burst", "80") as server:
            status, out, _ = cli(server.port, "--json", "send", "r", stdin="".join(f"{n}\n" for n in range(150)))
            self.assertEqual((status, len(out)), (0, 150))
            page = cli(server.port, "read", "r", "--limit", "200")[1]
            self.assertEqual([int(line.split()[-1]) for line in page], list(range(150)))


class Read(WithServer):
    def test_the_latest(self):
        bob = self.member()
        for n in range(5):
            bob.ask(op="send", room=self.room, data={"text": f"n{n}", "x": ['"],}\\', [[], {"}": "]"}]]})
        status, out, err = cli(self.port, "read", self.room)
        self.assertEqual((status, err, len(out)), (0, "", 5))
        self.assertRegex(out[0], f"^{TEXT}Bob: n0$")
        self.assertEqual([line[-2:] for line in cli(self.port, "read", self.room, "--limit", "2")[1]], ["n3", "n4"])
        self.assertEqual(cli(self.port, "read", self.room, "--limit", "0")[1], [])

    def test_more_than_a_page(self):
        bob = self.member()
        for n in range(450):
            bob.say(op="send", room=self.room, data=n)
        for n in range(450):
            bob.event("msg")
        for limit, first in (("200", 250), ("201", 249), ("449", 1), ("450", 0), ("9000", 0)):
            status, out, _ = cli(self.port, "--json", "read", self.room, "--limit", limit)
            self.assertEqual((status, [json.loads(line)["data"] for line in out]), (0, list(range(first, 450))))

    def test_since_and_the_gap(self):
        bob = self.member()
        epoch = [bob.ask(op="send", room=self.room, data=n)["ok"]["epoch"] for n in range(300)][0]
        status, out, err = cli(self.port, "--json", "read", self.room, "--since", f"{epoch}:3")
        self.assertEqual((status, err), (0, ""))
        self.assertEqual([json.loads(line)["seq"] for line in out], list(range(4, 301)))
        self.assertEqual(cli(self.port, "read", self.room, "--since", f"{epoch}:300"), (0, [], ""))
        status, out, _ = cli(self.port, "read", self.room, "--since", "another1:3", "--limit", "1")
        self.assertEqual((status, len(out)), (0, 2))
        self.assertIn("gap", out[0])
        status, out, err = cli(self.port, "--json", "read", self.room, "--since", "another1:3", "--limit", "1")
        self.assertEqual([json.loads(line)["seq"] for line in out], [300])
        self.assertIn("gap", err)

    def test_follow(self):
        bob = self.member()
        bob.ask(op="send", room=self.room, data={"text": "before"})
        reader = Running(self, self.port, "read", self.room, "--follow")
        self.assertTrue(reader.shows("Bob: before"))
        bob.ask(op="send", room=self.room, data={"text": "after"})
        self.assertTrue(reader.shows("Bob: after"))
        self.assertIsNone(reader.process.poll())

    def test_json_is_what_the_server_sent_a_line_each(self):
        bob = self.member()
        bob.frame(1, b'{"op":"send","room":"' + self.room.encode() + b'","cid":"p:1","data":{"a":\r\n [1.50,\t"\\u0041"]}}')
        raw = bob.event("msg")
        out = cli(self.port, "--json", "read", self.room)[1]
        self.assertEqual(len(out), 1)
        self.assertEqual(json.loads(out[0]), raw)
        self.assertIn('"data":{"a":   [1.50,\t"\\u0041"]}', out[0])

    def test_data_as_deep_as_may_be(self):
        bob = self.member()
        deep = "[" * 31 + "]" * 31
        self.assertIn("ok", bob.ask(op="send", room=self.room, data=json.loads(deep)))
        status, out, err = cli(self.port, "--json", "--timeout", "5", "read", self.room, timeout=20)
        self.assertEqual((status, err, len(out)), (0, "", 1))
        self.assertIn(deep, out[0])
        status, out, err = cli(self.port, "join", self.room, stdin="/history\n", timeout=20)
        self.assertEqual((status, err, len([line for line in out if deep in line])), (0, "", 2), out)

    def test_hostile_text_is_harmless(self):
        bob = self.member()
        for text in ("\x1b]0;title\x07\x1b[2J", "a\r\nb\tc\u0000", "\u202eevil\u2066 \u009b31m\u2028", "👩‍👩‍👧 שלום é"):
            bob.ask(op="send", room=self.room, data={"text": text})
        bob.ask(op="send", room=self.room, data={"x": "\u202e\u009b"})
        bob.frame(1, b'{"op":"send","room":"' + self.room.encode() + b'","data":{"text":"\\ud800\\u001b"}}')
        wait_until(lambda: len(cli(self.port, "read", self.room)[1]) == 6)
        out = cli(self.port, "read", self.room)[1]
        self.assertEqual([line[9:] for line in out], [
            "Bob: \\u{1b}]0;title\\u{7}\\u{1b}[2J",
            'Bob: "a\\r\\nb\\tc\\u0000"',
            "Bob: \\u{202e}evil\\u{2066} \\u{9b}31m\\u{2028}",
            "Bob: 👩‍👩‍👧 שלום é",
            'Bob: {"x": "\\u202e\\u009b"}',
            'Bob: "\\ud800\\u001b"',
        ])


class Join(WithServer):
    def test_a_pipe_is_said_and_its_echo_seen(self):
        bob = self.member()
        status, out, err = cli(self.port, "join", self.room, stdin="one\ntwo\n\n//three")
        self.assertEqual((status, err), (0, ""))
        self.assertEqual([line[9:] for line in out], ["Ann: one", "Ann: two", "Ann: /three"])
        self.assertEqual([bob.event("msg")["data"]["text"] for _ in range(3)], ["one", "two", "/three"])

    def test_two_of_them_chat(self):
        ann, bob = (Running(self, self.port, "join", self.room, name=name) for name in ("Ann", "Bob"))
        self.assertTrue(ann.shows("-- Bob came in, 2 here") or bob.shows("-- Ann came in, 2 here"))
        self.assertTrue(wait_until(lambda: self.server.metric("members") == 2))
        ann.say("hello Bob\n")
        self.assertTrue(bob.shows(f"^{TEXT}Ann: hello Bob$"))
        bob.say("hello Ann\n")
        self.assertTrue(ann.shows(f"^{TEXT}Bob: hello Ann$"))
        self.assertEqual(bob.ended(), 0)
        self.assertTrue(ann.shows("-- Bob left, 1 here"))
        self.assertEqual((ann.ended(), ann.err, bob.err), (0, [], []))
        self.assertEqual(len([line for line in ann.out if "hello" in line]), 2)

    def test_commands(self):
        other = self.room + ".other"
        stdin = (f"first\n/edit 1 better\n/react 1 👍\n/unreact 1 👍\n/who\n/join {other}\nthere\n/history 1\n/del 1\n"
                 f"/leave\nback\n/history 2\n")
        status, out, err = cli(self.port, "join", self.room, stdin=stdin)
        self.assertEqual((status, err), (0, ""))
        out = [re.sub(r"\d\d:\d\d:\d\d", "T", line) for line in out]
        for line in ("T Ann: first", "T Ann edited 1: better", "T Ann reacted to 1: 👍",
                     "T Ann took a reaction back from 1: 👍", f"-- 1 connection in {self.room}: Ann",
                     f"[{other}] T Ann: there", f"[{other}] #1 T Ann: there", f"[{other}] T Ann deleted 1",
                     f"-- you left {other}", f"-- lines go to {self.room} now", f"[{self.room}] T Ann: back",
                     f"[{self.room}] #4 T Ann took a reaction back from 1: 👍", f"[{self.room}] #5 T Ann: back"):
            self.assertTrue(any(line in found for found in out), f"{line} is not in {out}")

    def test_commands_that_are_wrong(self):
        stdin = "/edit x y\n/edit 1\n/del 1 2\n/react 1\n/history 201\n/history 0\n/nope\n/join a/b\n/edit 77 x\n/leave\nx\n"
        status, _, err = cli(self.port, "join", self.room, stdin=stdin)
        self.assertEqual(status, 75)
        for word in ("/edit SEQ TEXT", "/del SEQ", "/react SEQ KEY", "/history N", "there is /join", "/join ROOM",
                     "was refused: gone", "you are in no room"):
            self.assertIn(word, err)
        self.assertEqual(cli(self.port, "join", self.room, stdin="/quit\nnever\n"), (0, [], ""))
        self.assertEqual(cli(self.port, "read", self.room)[1], [])

    def test_several_rooms_are_named(self):
        bob = self.member()
        bob.ask(op="send", room=self.room, data={"text": "x"})
        out = cli(self.port, "join", self.room, self.room + ".2", stdin="")[1]
        self.assertRegex(out[0], rf"^\[{self.room}\] {TEXT}Bob: x$")

    def test_left_and_joined_again_says_new_things(self):
        bob = self.member()
        ann = Running(self, self.port, "join", self.room)
        ann.say("one\n")
        self.assertEqual(bob.event("msg")["data"]["text"], "one")
        self.assertTrue(ann.shows("Ann: one"))
        time.sleep(0.2)
        ann.say(f"/leave\n/join {self.room}\ntwo\n")
        self.assertEqual(bob.event("msg")["data"]["text"], "two")
        self.assertEqual((ann.ended(), ann.err), (0, []))


class Streams(WithServer):
    """What cannot be read or written is no success."""

    def shell(self, words):
        """(status, stderr) of uproar-cli with these words, and what they do to the streams."""
        done = subprocess.run(["sh", "-c", f'exec "$0" --url "$1" --name Ann {words}', CLI,
                               f"ws://127.0.0.1:{self.port}/ws"], stdin=subprocess.DEVNULL, capture_output=True,
                              timeout=60)
        return done.returncode, done.stderr.decode()

    def test_output_that_is_full(self):
        bob = self.member()
        bob.ask(op="send", room=self.room, data={"text": "x"})
        full = (75, "uproar-cli: standard output: No space left on device\n")
        for words in ("--json read", "read", "read --follow", "--json send --data 1", "join"):
            self.assertEqual(self.shell(f"{words} {self.room} >/dev/full"), full, words)
        self.assertEqual(self.shell("--help >/dev/full"), full)
        self.assertEqual(self.shell(f"read {self.room} >&-"), (75, "uproar-cli: standard output: Bad file descriptor\n"))
        self.assertEqual(self.shell(f"send {self.room} y >&-"), (0, ""))

    def test_input_that_cannot_be_read(self):
        bob = self.member()
        for words, error in (("send {} </tmp", "Is a directory"), ("join {} </tmp", "Is a directory"),
                             ("send {} <&-", "Bad file descriptor")):
            status, err = self.shell(words.format(self.room))
            self.assertEqual((status, err), (75, f"uproar-cli: standard input: {error}\n"), words)
        self.assertEqual(self.shell(f"send {self.room} --data 1 <&-"), (0, ""))
        self.assertEqual(bob.event("msg")["data"], 1)


class Usage(unittest.TestCase):
    def test_wrong_arguments(self):
        for words in ((), ("shout",), ("join",), ("read",), ("send",), ("read", "a", "b"), ("join", "a", "a"),
                      ("join", "a b"), ("join", ""), ("join", "x" * 129), ("--nope", "join", "a"), ("--url",),
                      ("--url", "ftp://a/ws", "read", "a"), ("--url", "ws://", "read", "a"),
                      ("--url", "ws://a:0/", "read", "a"), ("--url", "ws://a:65536/", "read", "a"),
                      ("--url", "ws://a b/", "read", "a"), ("--url", "ws://a/b c", "read", "a"),
                      ("--url", "ws://a/[b]", "read", "a"), ("--url", "ws://a/%4", "read", "a"),
                      ("--url", "ws://a/#b", "read", "a"), ("--url", "ws://u@a/", "read", "a"),
                      ("--name", "", "read", "a"), ("--name", "x" * 65, "read", "a"), ("--name", "  ", "read", "a"),
                      ("--name", "a\nb", "read", "a"), ("--timeout", "x", "read", "a"),
                      ("--timeout", "86401", "read", "a"), ("read", "a", "--limit", "100001"),
                      ("read", "a", "--since", "x"), ("read", "a", "--since", ":1"), ("read", "a", "--since", "E:1"),
                      ("join", "a", "--limit", "201"), ("join", "a", "--follow"), ("send", "a", "--limit", "1"),
                      ("read", "a", "--data", "1"), ("send", "a", "b", "--data", "1"), ("send", "a", "--data", "{")):
            done = subprocess.run([CLI, *words], capture_output=True, timeout=20, stdin=subprocess.DEVNULL)
            self.assertEqual((done.returncode, done.stdout), (64, b""), words)
            self.assertTrue(done.stderr.startswith(b"uproar-cli: ") or b"unrecognized" in done.stderr or
                            b"requires" in done.stderr, words)

    def test_options_before_admin(self):
        done = subprocess.run([CLI, "--json", "admin", "info"], capture_output=True, text=True, timeout=20)
        self.assertEqual(done.returncode, 64)
        self.assertIn("admin stands before its options: uproar-cli admin [OPTION...] COMMAND ...", done.stderr)

    def test_a_text_that_begins_with_a_dash(self):
        done = subprocess.run([CLI, "send", "a", "-1"], capture_output=True, text=True, timeout=20)
        self.assertEqual(done.returncode, 64)
        self.assertIn("behind -- there are only words", done.stderr)

    def test_a_name_that_no_server_takes(self):
        for name in ("@shop", "a\u202eb", "\u200b", "a\x85b"):
            done = subprocess.run([CLI, "--name", name, "--timeout", "1", "read", "a"], capture_output=True, text=True,
                                  timeout=20)
            self.assertEqual((done.returncode, done.stderr.splitlines()[0]), (64, "uproar-cli: a name is 1 to 64 bytes of "
                             "UTF-8, not all blank, without control characters or an @ in front"), name)

    def test_tls_is_a_proxys(self):
        for url in ("wss://a/ws", "https://a"):
            done = subprocess.run([CLI, "--url", url, "read", "a"], capture_output=True, timeout=20)
            self.assertEqual(done.returncode, 64)
            self.assertIn(b"wss:// and https:// are a proxy's: TLS is not spoken here", done.stderr)

    def test_help_and_version(self):
        done = subprocess.run([CLI, "--help"], capture_output=True, timeout=20)
        self.assertEqual((done.returncode, done.stderr), (0, b""))
        for status in (b"64", b"69", b"75"):
            self.assertIn(status, done.stdout)
        self.assertEqual(subprocess.run([CLI, "--version"], capture_output=True, timeout=20).returncode, 0)

    def test_nobody_there(self):
        port = free_port()
        for words in (("read", "a"), ("send", "a", "b"), ("join", "a")):
            status, out, err = cli(port, "--timeout", "1", *words)
            self.assertEqual((status, out), (69, []))
            self.assertIn("Connection refused", err)
        self.assertEqual(cli(port, "--url", "ws://no.such.host.invalid/", "--timeout", "20", "read", "a")[0], 69)

    def test_no_such_path(self):
        with Server() as server:
            status, _, err = cli(server.port, "--url", f"ws://127.0.0.1:{server.port}/nope", "read", "a")
            self.assertEqual(status, 69)
            self.assertIn("HTTP status 404", err)

    def test_what_the_environment_has_counts_where_no_option_says_it(self):
        with Server("--cores", "1") as server:
            url = f"http://127.0.0.1:{server.port}"
            for name, value, words in (("UPROAR_URL", "https://a", ("--help",)), ("UPROAR_TOKEN", "x" * 9000, ("--help",)),
                                       ("UPROAR_URL", "https://a", ("--url", url, "read", "r")),
                                       ("UPROAR_URL", "https://a", ("admin", "--help")),
                                       ("UPROAR_URL", "https://a", ("admin", "--url", url, "openapi")),
                                       ("UPROAR_URL", "https://a", ("admin", "new-key", "shop", "read"))):
                with self.subTest((name, words)):
                    done = subprocess.run([CLI, *words], capture_output=True, text=True, timeout=20,
                                          env={**os.environ, name: value})
                    self.assertEqual((done.returncode, done.stderr), (0, ""))

    def test_the_address_of_the_environment(self):
        def read(url, *words):
            done = subprocess.run([CLI, *words, "--timeout", "10", "read", "a"], capture_output=True, timeout=60,
                                  env={**os.environ, "UPROAR_URL": url})
            return done.returncode, done.stderr.decode()

        with Server() as server:
            at = f"127.0.0.1:{server.port}"
            for url in (f"ws://{at}/ws", f"ws://{at}", f"http://{at}", f"HTTP://{at}/", at):
                self.assertEqual(read(url), (0, ""), url)
            for url, said in ((f"ws://{at}/", 200), (f"http://{at}/nope", 404), (f"{at}/nope?a=://b", 404)):
                status, err = read(url)
                self.assertEqual(status, 69)
                self.assertIn(f"HTTP status {said}", err)
            self.assertEqual(read(f"ws://{at}/nope", "--url", f"http://{at}")[0], 0, "the option comes first")
            for url, why in (("ftp://a", "begins with ws:// or http://"), ("http://", "not the name of a host")):
                status, err = read(url)
                self.assertEqual(status, 64, url)
                self.assertIn(why, err)


class Again(Server):
    def __enter__(self):
        return self


def again_on(port, *options, seconds=40):
    """A started server on a port whose last owner was killed: the kernel takes a ring's sockets back a moment later."""
    end = time.monotonic() + seconds
    while True:
        try:
            return Again(*options, port=port).start()
        except RuntimeError:
            if time.monotonic() > end:
                raise
            time.sleep(0.05)


class Restart(unittest.TestCase):
    def test_a_killed_server_costs_no_line(self):
        """1000 lines from a pipe; the server is killed in the middle and comes back empty on the same port."""
        lines = [f"line {n}" for n in range(1000)]
        server = Server("--send-rate", "150", "--send-burst", "300").start()
        self.addCleanup(lambda: server.process.poll() is None and server.stop(signal.SIGKILL))
        watcher = Client(server.port, "watcher")
        old_epoch = watcher.ask(op="join", room="r")["ok"]["epoch"]
        sender = Running(self, server.port, "--json", "send", "r")
        sender.say("".join(line + "\n" for line in lines))
        sender.process.stdin.close()
        old = [watcher.event("msg") for _ in range(260)]
        server.stop(signal.SIGKILL)
        try:
            while True:
                old.append(watcher.event("msg"))
        except OSError:
            watcher.close()
        self.assertIsNone(sender.process.poll(), "all was sent before the server was killed: the test shows nothing")
        server = again_on(server.port, "--send-rate", "150", "--send-burst", "300")
        self.addCleanup(server.stop)
        self.assertEqual(sender.ended(), 0, sender.err)
        acks = [json.loads(line) for line in sender.out]
        self.assertEqual(len(acks), 1000)
        reader = Client(server.port, "reader")
        joined = reader.ask(op="join", room="r", limit=0)["ok"]
        new, at = [], 0
        while at < joined["seq"]:
            page = reader.ask(op="history", room="r", after=at, limit=200)["ok"]["events"]
            new, at = new + page, page[-1]["seq"]
        reader.close()
        self.assertNotEqual(joined["epoch"], old_epoch)
        acked = {(ack["epoch"], ack["seq"]) for ack in acks}
        self.assertEqual(len(acked), 1000, "an acknowledgement was counted twice")
        self.assertGreater(len([1 for epoch, _ in acked if epoch == old_epoch]), 0)
        # Acknowledged in the old log, or in the new one; once in each; every line in one of them.
        said = [e["data"]["text"] for e in old if (old_epoch, e["seq"]) in acked]
        said += [e["data"]["text"] for e in new if (joined["epoch"], e["seq"]) in acked]
        self.assertEqual({epoch for epoch, _ in acked}, {old_epoch, joined["epoch"]})
        # An acknowledgement may have come out of a dying server when its event did not.
        unseen = 1000 - len(said)
        self.assertEqual(len(set(said)), len(said))
        self.assertLessEqual(unseen, max(0, max(s for e, s in acked if e == old_epoch) - len(old)))
        self.assertEqual([n for n, count in collections.Counter(e["data"]["text"] for e in new).items() if count > 1], [])
        self.assertEqual(len(new), len([1 for epoch, _ in acked if epoch == joined["epoch"]]))
        order = [int(e["data"]["text"].split()[1]) for e in new]
        self.assertEqual(order, sorted(order))

    def test_a_follower_hears_of_the_gap(self):
        server = Server().start()
        client = Client(server.port, "Bob")
        client.ask(op="join", room="r")
        client.ask(op="send", room="r", data={"text": "before"})
        reader = Running(self, server.port, "read", "r", "--follow")
        self.assertTrue(reader.shows("Bob: before"))
        server.stop(signal.SIGKILL)
        with again_on(server.port) as again:
            client = Client(again.port, "Bob")
            client.ask(op="join", room="r")
            client.ask(op="send", room="r", data={"text": "after"})
            self.assertTrue(reader.shows("gap: the room has begun anew"))
            self.assertTrue(reader.shows("Bob: after"))
            self.assertIn("connection was lost", " ".join(reader.err))
            client.close()


class Stage:
    """A server that says what the test tells it to: play(connection, number of the connection)."""

    LIMITS = {"frame": 65536, "data": 16384, "rooms": 128, "page": 200, "sends": 0}

    def __init__(self, test, play, host="127.0.0.1"):
        self.listener = socket.create_server((host, 0))
        self.port = self.listener.getsockname()[1]
        self.play = play
        self.count = 0
        self.times = []
        self.failed = []
        threading.Thread(target=self.run, daemon=True).start()
        test.addCleanup(self.listener.close)
        test.addCleanup(self.listener.shutdown, socket.SHUT_RDWR)  # wakes the thread

    def run(self):
        while True:
            try:
                peer, _ = self.listener.accept()
            except OSError:
                return
            self.count += 1
            self.times.append(time.monotonic())
            with peer:
                peer.settimeout(20)
                try:
                    self.play(Peer(peer), self.count)
                except (ConnectionError, TimeoutError):
                    pass
                except Exception as error:  # the test must hear of it
                    self.failed.append(repr(error))


class Peer:
    """The server's side of one connection."""

    def __init__(self, peer):
        self.peer = peer
        self.stream = peer.makefile("rb")
        head = b""
        while not head.endswith(b"\r\n\r\n"):
            line = self.stream.readline()
            if not line:
                raise ConnectionError("gone")
            head += line
        key = re.search(rb"Sec-WebSocket-Key: (\S+)", head).group(1)
        accept = base64.b64encode(hashlib.sha1(key + b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11").digest())
        self.head = head
        peer.sendall(b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                     b"Sec-WebSocket-Protocol: uproar.v1\r\nSec-WebSocket-Accept: " + accept + b"\r\n\r\n")

    def frame(self):
        """(opcode, payload), which must be masked"""
        head = self.stream.read(2)
        if len(head) < 2:
            raise ConnectionError("gone")
        assert head[1] & 0x80, "a client masks"
        size = head[1] & 127
        if size == 126:
            size = struct.unpack("!H", self.stream.read(2))[0]
        mask = self.stream.read(4)
        payload = bytes(byte ^ mask[i % 4] for i, byte in enumerate(self.stream.read(size)))
        return head[0] & 15, payload

    def hear(self, op=None):
        """The next command (of that op)."""
        while True:
            opcode, payload = self.frame()
            if opcode == 8:
                raise ConnectionError("closed")
            if opcode == 1:
                said = json.loads(payload)
                if op in (None, said["op"]):
                    return said

    def tell(self, **message):
        self.raw(1, json.dumps(message).encode())

    def raw(self, opcode, payload, fin=True):
        head = bytes([opcode | (0x80 if fin else 0)])
        head += bytes([len(payload)]) if len(payload) < 126 else b"\x7e" + struct.pack("!H", len(payload))
        self.peer.sendall(head + payload)

    def close(self, code, reason=""):
        self.raw(8, struct.pack("!H", code) + reason.encode())

    def greet(self, seq=0, epoch="e1", events=(), sends=0, **more):
        """Answers hello and one join; returns the join."""
        self.welcome(sends)
        join = self.hear("join")
        self.let_in(join, seq, epoch, events, **more)
        return join

    def welcome(self, sends=0):
        hello = self.hear("hello")
        self.tell(re=hello["id"], ok={"conn": "1", "user": hello["name"], "time": 1, "ping": 25, "server": "0",
                                      "limits": {**Stage.LIMITS, "sends": sends}})

    def let_in(self, join, seq=0, epoch="e1", events=(), **more):
        self.tell(re=join["id"], ok={"room": join["room"], "epoch": epoch, "seq": seq, "first": 1, "n": 1,
                                     "class": "memory", "more": False, "events": list(events), **more})

    def refuse(self, command, code, **more):
        self.tell(re=command["id"], err={"code": code, "msg": "no", **more})

    def take(self, send, seq, **more):
        self.tell(re=send["id"], ok={"room": send["room"], "seq": seq, "ts": 1, "epoch": "e1", "class": "memory",
                                     **more})


def message(seq, text):
    return {"ev": "msg", "room": "r", "seq": seq, "ts": 1000 * seq, "from": "Bob", "data": {"text": text}}


class Staged(unittest.TestCase):
    def stage(self, play):
        stage = Stage(self, play)
        self.addCleanup(lambda: self.assertEqual(stage.failed, []))
        self.port = stage.port
        return stage

    @staticmethod
    def shortest(attempt, most):
        """The least of what five attempts give at most: a wait of `most` may be a busy machine's, if not the next one."""
        waits = [attempt()]
        while waits[-1] >= most and len(waits) < 5:
            waits.append(attempt())
        return min(waits)


class RareParts(Staged):
    def test_unacknowledged_is_said_again_with_its_cid(self):
        waited = self.shortest(self.say_again, 2.8)
        self.assertTrue(0.5 <= waited < 2.8, waited)

    def say_again(self):
        heard = []

        def play(peer, number):
            join = peer.greet(seq=3 if number == 1 else 5, recovered=True)
            if number == 2:
                self.assertEqual(join["since"], {"seq": 3, "epoch": "e1"})
            heard.append([peer.hear("send") for _ in range(3 if number == 1 else 2)])
            if number == 1:
                peer.take(heard[0][0], 4)
                return
            for n, send in enumerate(heard[1]):
                peer.take(send, 5 + n, dup=True)
            peer.hear()

        stage = self.stage(play)
        status, out, _ = cli(stage.port, "--json", "send", "r", stdin="a\nb\nc\n")
        self.assertEqual((status, [json.loads(line)["seq"] for line in out]), (0, [4, 5, 6]))
        cids = [[send["cid"] for send in sends] for sends in heard]
        self.assertEqual(cids[1], cids[0][1:])
        self.assertEqual([cid.split(":")[1] for cid in cids[0]], ["1", "2", "3"])
        self.assertRegex(cids[0][0].split(":")[0], r"^[A-Za-z0-9_-]{16,32}$")
        self.assertEqual([send["data"]["text"] for send in heard[1]], ["b", "c"])
        return stage.times[1] - stage.times[0]

    def test_at_most_64_are_under_way(self):
        under_way = []

        def play(peer, number):
            peer.greet()
            sends = [peer.hear("send") for _ in range(64)]
            peer.peer.settimeout(0.5)
            try:
                peer.stream.peek(1)
                under_way.append("more")
            except TimeoutError:
                under_way.append("64")
            peer.peer.settimeout(20)
            peer.stream = peer.peer.makefile("rb")
            for seq, send in enumerate(sends):
                peer.take(send, seq + 1)
            peer.take(peer.hear("send"), 65)
            peer.hear()

        stage = self.stage(play)
        self.assertEqual(cli(stage.port, "send", "r", stdin="".join(f"{n}\n" for n in range(65)))[0], 0)
        self.assertEqual(under_way, ["64"])

    def test_never_above_the_limits_of_hello(self):
        times = []

        def play(peer, number):
            times.append(time.monotonic())  # nothing is sent before it was greeted, however late we hear of it
            peer.greet(sends=10)
            for n in range(30):
                send = peer.hear("send")
                times.append(time.monotonic())
                peer.take(send, n + 1)
            peer.hear()

        stage = self.stage(play)
        self.assertEqual(cli(stage.port, "send", "r", stdin="".join(f"{n}\n" for n in range(30)))[0], 0)
        self.assertEqual(len(times), 31)
        for n, at in enumerate(times[1:]):  # ten a second, and a burst of twice that
            self.assertLessEqual(n + 1, 20 + 10 * (at - times[0]))

    def test_refusals(self):
        waited = []

        def play(peer, number):
            peer.greet()
            for seq, (code, retry) in enumerate((("rate_limited", 700), ("unavailable", 300), ("internal", None))):
                send = peer.hear("send")
                begin = time.monotonic()
                peer.tell(re=send["id"], err={"code": code, "msg": "wait", **({"retry_ms": retry} if retry else {})})
                again = peer.hear("send")
                waited.append(time.monotonic() - begin)
                self.assertEqual((again["cid"], again["data"]), (send["cid"], send["data"]))
                peer.take(again, seq + 1)
            send = peer.hear("send")
            peer.tell(re=send["id"], err={"code": "conflict", "msg": "no \x1b[2J"})
            peer.hear()

        stage = self.stage(play)
        sender = Running(self, stage.port, "--json", "send", "r")
        for n, text in enumerate("abcd"):  # one by one: what is in flight would go ahead
            sender.say(text + "\n")
            self.assertTrue(n == 3 or sender.shows(f'"seq":.?{n + 1},'))
        self.assertEqual(sender.ended(), 75)
        self.assertGreaterEqual(waited[0], 0.7)
        self.assertGreaterEqual(waited[1], 0.3)
        self.assertIn("was refused: conflict", "\n".join(sender.err))
        self.assertNotIn("\x1b", "\n".join(sender.err))

    def test_after_a_refusal_one_at_a_time_and_in_order(self):
        taken = []

        def flight(peer, size):
            sends = [peer.hear("send") for _ in range(size)]
            peer.tell(ev="ping")
            self.assertEqual(peer.hear()["op"], "pong", "one more was under way")
            return sends

        def take(peer, sends):
            for send in sends:
                taken.append(send["data"]["text"])
                peer.take(send, len(taken))

        def refuse(peer, sends):
            for send in sends:
                peer.tell(re=send["id"], err={"code": "rate_limited", "msg": "wait", "retry_ms": 1})

        def play(peer, number):
            peer.greet()
            refuse(peer, flight(peer, 12))
            take(peer, flight(peer, 1))
            take(peer, flight(peer, 1))
            take(peer, flight(peer, 2))
            refuse(peer, flight(peer, 2))
            while len(taken) < 12:
                take(peer, flight(peer, 1) if len(taken) < 6 else [peer.hear("send")])
            peer.hear()

        stage = self.stage(play)
        lines = [str(n) for n in range(12)]
        self.assertEqual(cli(stage.port, "--timeout", "10", "send", "r", stdin="\n".join(lines))[0], 0)
        self.assertEqual(taken, lines)

    def test_pings_of_both_kinds_are_answered(self):
        heard = []

        def play(peer, number):
            peer.greet()
            peer.tell(ev="ping")
            heard.append(peer.hear("pong"))
            peer.raw(9, b"are you there")
            heard.append(peer.frame())
            peer.raw(1, json.dumps(message(1, "x" * 300)).encode()[:100], fin=False)
            peer.raw(9, b"")
            heard.append(peer.frame())
            peer.raw(0, json.dumps(message(1, "x" * 300)).encode()[100:])
            peer.hear()

        stage = self.stage(play)
        reader = Running(self, stage.port, "read", "r", "--follow")
        self.assertTrue(reader.shows("Bob: " + "x" * 300))
        self.assertEqual(heard, [{"op": "pong"}, (10, b"are you there"), (10, b"")])

    def test_codes_that_say_do_not_come_back(self):
        for code in (1000, 1002, 1003, 1007, 1008, 1009, 4400, 4401, 4403, 4409, 4412, 4413, 4429):
            stage = self.stage(lambda peer, number: (peer.greet(), peer.close(code, "so \x1b"), peer.hear()))
            reader = Running(self, stage.port, "read", "r", "--follow")
            self.assertEqual(reader.ended(), 69)
            self.assertIn(f"closed the connection: {code} so \\u{{1b}}", reader.err[-1])
            self.assertEqual(stage.count, 1)
        stage = self.stage(lambda peer, number: (peer.greet(), peer.hear("send"), peer.close(4400), peer.hear()))
        self.assertEqual(cli(stage.port, "send", "r", "x")[0], 75)

    def test_codes_after_which_one_comes_back(self):
        def play(peer, number):
            peer.greet(seq=number - 1, recovered=True)
            if number == 1:
                peer.close(self.code)
                peer.hear()
            peer.tell(**message(1, "again"))
            peer.hear()

        def once():
            stage = self.stage(play)
            reader = Running(self, stage.port, "read", "r", "--follow")
            self.assertTrue(wait_until(lambda: stage.count == 2), self.code)
            reader.kill()
            return stage.times[1] - stage.times[0]

        for self.code in (1001, 4408, 4500, 4503, 4504, 4508, 4999):
            least, most = (0, 0.4) if self.code == 4503 else (0.5, 2.5)
            waited = self.shortest(once, most)
            self.assertTrue(least <= waited < most, (self.code, waited))

    def test_the_notice_to_come_back_later(self):
        def play(peer, number):
            join = peer.greet(seq=2 if number == 2 else 1, recovered=True,
                              events=[message(2, "two")] if number == 2 else [message(1, "one")])
            if number == 1:
                peer.tell(ev="notice", code="reconnect", after_ms=800, reason="restart")
            else:
                self.assertEqual(join["since"], {"seq": 1, "epoch": "e1"})
            peer.hear()

        def once():
            stage = self.stage(play)
            reader = Running(self, stage.port, "read", "r", "--follow")
            self.assertTrue(reader.shows("two"))
            self.assertEqual([line[9:] for line in reader.out], ["Bob: one", "Bob: two"])
            return stage.times[1] - stage.times[0]

        waited = self.shortest(once, 1.6)
        self.assertTrue(0.8 <= waited < 1.6, waited)

    def test_closed_before_the_time_of_the_notice(self):
        def play(peer, number):
            peer.greet()
            if number == 1:
                peer.tell(ev="notice", code="reconnect", after_ms=900, reason="restart")
                peer.close(4503, "restart")
            peer.hear()

        def once():
            stage = self.stage(play)
            Running(self, stage.port, "read", "r", "--follow")
            self.assertTrue(wait_until(lambda: stage.count == 2))
            return stage.times[1] - stage.times[0]

        waited = self.shortest(once, 1.6)
        self.assertTrue(0.9 <= waited < 1.6, waited)

    def test_nothing_is_shown_twice_and_what_is_missing_is_said(self):
        def play(peer, number):
            if number == 1:
                peer.greet(seq=2, events=[message(1, "one"), message(2, "two")])
                peer.tell(**message(2, "two again"))
                peer.tell(**message(3, "three"))
                peer.tell(ev="notice", code="lagged", room="r", after=3, next=8, n=4)
                peer.tell(**message(7, "seven, which was announced as missing"))
                peer.tell(**message(8, "eight"))
                return
            join = peer.greet(seq=90, reason="gap", recovered=False, events=[message(90, "ninety")])
            self.assertEqual(join["since"], {"seq": 8, "epoch": "e1"})
            peer.hear()

        stage = self.stage(play)
        reader = Running(self, stage.port, "read", "r", "--follow")
        self.assertTrue(reader.shows("ninety"))
        shown = [re.sub(TEXT, "", line) for line in reader.out]
        self.assertEqual(shown, ["Bob: one", "Bob: two", "Bob: three",
                                 "-- the room went too fast: 4 messages are missing before number 8", "Bob: eight",
                                 "-- gap: more was said meanwhile than is kept; it goes on with", "Bob: ninety"])

    def test_a_refused_room(self):
        def play(peer, number):
            peer.hear("hello")
            join = peer.hear("join")
            peer.tell(re=1, ok={"conn": "1", "user": "Ann", "limits": Stage.LIMITS})
            peer.tell(re=join["id"], err={"code": "limit", "msg": "full"})
            peer.hear()

        stage = self.stage(play)
        for words, status in ((("read", "r"), 69), (("join", "r"), 69), (("send", "r", "x"), 75)):
            done = cli(stage.port, *words)
            self.assertEqual(done[0], status)
            self.assertIn("r: join was refused: limit, full", done[2])

    def test_a_server_that_never_acknowledges(self):
        stage = self.stage(lambda peer, number: (peer.greet(), peer.hear("none")))
        status, _, err = cli(stage.port, "--timeout", "1", "send", "r", "x")
        self.assertEqual(status, 75)
        self.assertIn("no acknowledgement", err)

    def test_an_error_that_says_not_of_what_is_shown(self):
        def play(peer, number):
            peer.greet()
            peer.tell(re=0, err={"code": "bad_request", "msg": "no \x1b"})
            peer.take(peer.hear("send"), 1)
            peer.hear()

        status, _, err = cli(self.stage(play).port, "send", "r", "x")
        self.assertEqual(status, 0)
        self.assertIn("the server refused a command that it could not read: bad_request, ", err)

    def test_a_dead_address_of_the_host_leaves_time_for_the_next(self):
        with temporary() as folder:
            hosts = os.path.join(folder, "hosts")
            with open(hosts, "w") as file:
                file.write("127.0.0.1 two.test\n127.0.0.2 two.test\n")
            within = ["unshare", "--map-root-user", "--mount", "sh", "-c", 'mount --bind "$0" /etc/hosts && exec "$@"', hosts]
            found = subprocess.run([*within, "getent", "ahostsv4", "two.test"], capture_output=True, text=True, timeout=60)
            order = re.findall(r"(\S+) +STREAM", found.stdout)
            if len(order) != 2:
                self.skipTest("needs a name with two addresses: unshare --map-root-user --mount")
            stage = Stage(self, lambda peer, number: (peer.greet(), peer.take(peer.hear("send"), 1), peer.hear()), order[1])
            with socket.socket() as dead, socket.socket() as filler:
                dead.bind((order[0], stage.port))
                dead.listen(0)  # one that nobody accepts, and what follows has no answer
                filler.connect((order[0], stage.port))
                done = subprocess.run([*within, CLI, "--url", f"ws://two.test:{stage.port}/ws", "--timeout", "4", "send",
                                       "r", "x"], capture_output=True, text=True, timeout=60)
            self.assertEqual((done.returncode, done.stderr), (0, ""))

    def test_nonsense_does_no_harm(self):
        def play(peer, number):
            peer.greet()
            for text in (b"", b"[]", b"{}", b'{"re":"x"}', b'{"re":99,"ok":{}}', b'{"re":2}', b'{"ev":7}',
                         b'{"ev":"msg","room":"other","seq":1}', b'{"ev":"new","room":"r"}', b'{"ev":"notice"}',
                         b'{"ev":"notice","code":"future"}', b'{"ev":"msg","room":"r","seq":1}',
                         b'{"ev":"react","room":"r","seq":2,"from":7,"key":null}', b'{"ev":"in","room":"r","user":[1]}'):
                peer.raw(1, text)
            peer.raw(2, b"binary")
            peer.tell(**{**message(3, "name"), "from": "B\u202eob\x1b"})
            peer.tell(**message(4, "sense"))
            peer.hear()

        stage = self.stage(play)
        reader = Running(self, stage.port, "read", "r", "--follow")
        self.assertTrue(reader.shows("Bob: sense"), reader.err)
        self.assertTrue(reader.shows(r"B\\u\{202e\}ob\\u\{1b\}: name"))
        self.assertEqual(len([line for line in reader.err if "cannot be read" in line]), 1, reader.err)


class Typed:
    """Of a test: a uproar-cli at a terminal of its own, to the server of self.port."""

    def open(self, *words, name="Ann"):
        pid, self.tty = pty.fork()
        if pid == 0:
            os.environ["TERM"] = "xterm"
            os.execv(CLI, command(self.port, *words, name=name))
        self.addCleanup(os.close, self.tty)
        fcntl.ioctl(self.tty, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 60, 0, 0))
        self.screen = ""
        self.pid = pid

    def shows(self, text, seconds=30):
        end = time.monotonic() + seconds
        while text not in self.screen and time.monotonic() < end:
            if select.select([self.tty], [], [], 0.1)[0]:
                try:
                    self.screen += os.read(self.tty, 65536).decode(errors="replace")
                except OSError:
                    break
        return text in self.screen

    def ended(self):
        self.shows("nothing of the kind", 0.5)
        return os.waitstatus_to_exitcode(os.waitpid(self.pid, 0)[1])


class Terminal(Typed, WithServer):
    def test_a_person_types(self):
        bob = self.member(presence=True)
        self.open("join", self.room)
        self.assertEqual(bob.event("in")["user"], "Ann")
        self.assertTrue(self.shows(f"2 connections in {self.room}"), "she knows it as well")
        os.write(self.tty, b"\x1b[2Jhellx\x7fo \xc3\xa9x\xc3\xa9\x7f\x7f wrong\x17world")
        self.assertEqual(bob.event("typing")["from"], "Ann")
        self.assertTrue(self.shows("> hello é world"))
        bob.ask(op="send", room=self.room, data={"text": "in \x1b[31mbetween"})
        self.assertTrue(self.shows("Bob: in \\u{1b}[31mbetween"))
        self.screen = ""
        os.write(self.tty, b"\r")
        self.assertEqual(bob.event("msg")["from"], "Bob")
        self.assertEqual(bob.event("msg")["data"]["text"], "hello é world")
        self.assertTrue(self.shows("Ann: hello é world"))
        bob.say(op="typing", room=self.room)
        self.assertTrue(self.shows("\x1b[2m-- Bob is typing\x1b[m"))
        os.write(self.tty, b"\x04")
        self.assertEqual(self.ended(), 0)
        self.assertTrue(termios.tcgetattr(self.tty)[3] & termios.ICANON, "the terminal is as it was")

    def test_json_is_harmless_on_a_terminal(self):
        bob = self.member()
        bob.ask(op="send", room=self.room, data={"text": "\u009b31m\u202e"})
        self.open("--json", "read", self.room)
        self.assertTrue(self.shows("\\u009b31m\\u202e"))
        self.assertEqual(self.ended(), 0)

    def test_a_signal_gives_the_terminal_back(self):
        self.open("join", self.room)
        self.assertTrue(self.shows("> "))
        os.kill(self.pid, signal.SIGTERM)
        self.assertEqual(self.ended(), -signal.SIGTERM)
        self.assertTrue(termios.tcgetattr(self.tty)[3] & termios.ECHO)


class Moderate(unittest.TestCase):
    """Where tokens say who may moderate: what they do, and what those they do it to are shown."""

    @classmethod
    def setUpClass(cls):
        cls.directory = temporary()
        cls.addClassCleanup(cls.directory.cleanup)
        secret = os.path.join(cls.directory.name, "secret")
        with open(secret, "wb") as file:
            file.write(SECRET)
        cls.server = Server("--cores", "2", "--token-keys", f"HS256:{secret}", "--token-leeway", "0").start()
        cls.addClassCleanup(cls.server.__exit__)
        cls.port = cls.server.port

    def join(self, user, *words, roles=(), seconds=3600):
        return Running(self, self.port, "--token", token(user, list(roles), seconds), *words)

    def test_what_a_moderator_does_is_told_to_all(self):
        bob = self.join("Bob B", "join", "acts", "acts.2")
        cem = self.join("Cem", "join", "acts")
        cem.say("here\n")
        self.assertTrue(bob.shows("Cem: here"))
        said = ("/mute Cem 10m 3 times too loud\n/unmute Cem\n/slow 30 easy\n/slow 0\n/lock\n/unlock done\n/kick Cem out\n"
                "/ban \"Bob B\" 2h spam\n/unban \"Bob B\"\n")
        status, out, err = self.run_as("Ann", ["admin"], said, "join", "acts")
        self.assertEqual((status, err), (0, ""))
        self.assertTrue(bob.shows("-- you were banned from acts"))
        day = r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d"
        expected = [f"muted Cem until {day}: 3 times too loud", "let speak again Cem",
                    "made the room slow: one message a user in 30 s: easy", "made the room as fast as ever",
                    "locked the room", "unlocked the room: done", "kicked Cem: out", f"banned Bob B until {day}: spam"]
        for lines in (out, bob.out):
            acts = [line for line in lines if " Ann " in line and "--" not in line]
            for wanted, line in zip(expected, acts):
                self.assertRegex(line, rf"{TEXT}Ann {wanted}$")
            self.assertGreaterEqual(len(acts), len(expected))
        self.assertTrue(any("took the ban back from Bob B" in line for line in out))
        self.assertTrue(any(re.fullmatch(rf"(\[acts\] )?-- you were banned from acts until {day}: spam", line)
                            for line in bob.out), bob.out)
        self.assertTrue(cem.shows("-- you were kicked out of acts: out"))
        self.assertEqual(cem.ended(), 69)
        self.assertIn("uproar-cli: there is no room left to be in", cem.err)
        bob.say("meant for acts\n/join acts.2\nstill there\n")
        self.assertTrue(bob.shows(r"\[acts.2\] .*Bob B: still there"), bob.out)
        self.assertEqual(bob.ended(), 75)
        self.assertFalse([line for line in bob.out if "meant for acts" in line])
        self.assertIn("uproar-cli: you are in no room: /join ROOM", bob.err)

    def run_as(self, user, roles, stdin, *words):
        done = subprocess.run(command(self.port, *words), input=stdin.encode(), capture_output=True, timeout=60,
                              env={**os.environ, "UPROAR_TOKEN": token(user, roles)})
        return done.returncode, done.stdout.decode().splitlines(), done.stderr.decode()

    def test_what_cannot_be_done_is_said(self):
        wrong = "/kick\n/ban\n/ban x 0s\n/slow\n/slow never\n/slow 86401\n/kick \"\" x\n/lock " + "x" * 257 + "\n"
        status, _, err = self.run_as("Ann", ["admin"], wrong, "join", "wrong")
        self.assertEqual(status, 75)
        for usage, times in (("/kick USER [REASON]", 2), ("/ban USER [30s|10m|2h|7d] [REASON]", 2),
                             ("/slow SECONDS [REASON]", 3), ("/lock [REASON]", 1)):
            self.assertEqual(err.count(usage), times, err)
        status, _, err = self.run_as("Bob", [], "/lock\n", "join", "wrong")
        self.assertEqual(status, 75)
        self.assertIn("wrong: the act was refused: forbidden", err)

    def test_a_token_that_ends(self):
        ann = self.join("Ann", "join", "ends", seconds=3)
        self.assertTrue(ann.shows(r"^-- your token ends in [0-3] s$"))
        self.assertTrue(wait_until(lambda: ann.process.poll() is not None))
        self.assertEqual(ann.ended(), 69)
        self.assertIn("uproar-cli: the server closed the connection: 4410 token_expired", ann.err)
        status, _, err = self.run_as("Ann", [], "", "join", "ends")
        self.assertEqual((status, err), (0, ""))

    def test_no_token(self):
        self.assertEqual(cli(self.port, "--token", "", "join", "r")[0], 64)
        self.assertEqual(cli(self.port, "--token", "x" * 8193, "join", "r")[0], 64)
        status, _, err = cli(self.port, "--token", "x.y.z", "join", "r")
        self.assertEqual(status, 69)
        self.assertIn("unauthorized", err)


if __name__ == "__main__":
    unittest.main()
