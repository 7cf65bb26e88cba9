"""Search over real sockets: what is found, how it looks now, who may ask, and that a crash forgets none of it."""
import json
import signal
import time
import unittest

from harness import Client, Server, temporary, wait_until
from test_chat import until_refused
from test_cli import cli


class Search(unittest.TestCase):
    def setUp(self):
        self.folder = temporary()
        self.addCleanup(self.folder.cleanup)
        self.server = Server("--cores", "2", "--send-rate", "0", data=self.folder.name).start()
        self.addCleanup(self.stop)
        self.ann = self.member("Ann")

    def stop(self):
        if self.server.process.poll() is None:
            self.assertEqual(self.server.stop(), 0)

    def member(self, name, room="r"):
        client = Client(self.server.port, name)
        self.addCleanup(client.close)
        self.assertIn("ok", client.ask(op="join", room=room, limit=0))
        return client

    def say(self, text, **more):
        return self.ann.ask(op="send", room="r", data={"text": text}, **more)["ok"]["seq"]

    def found(self, query, client=None, **more):
        return (client or self.ann).ask(op="search", room="r", query=query, **more)["ok"]["events"]

    def seqs(self, query, **more):
        return [event["seq"] for event in self.found(query, **more)]

    def comes(self, query, seqs, **more):
        """The index is behind the log by a moment."""
        wait_until(lambda: self.seqs(query, **more) == seqs)
        self.assertEqual(self.seqs(query, **more), seqs, query)

    def test_words_in_any_order_case_and_accent(self):
        for text in ("red eggs", "Green EGGS and ham", "Grüne Äpfel", "eggs, red; and nothing else", "eggsalad"):
            self.say(text)
        self.comes("eggs", [1, 2, 4])
        self.comes("EGGS Red", [1, 4])
        self.comes("apfel grune", [3])
        self.comes("egg", [])
        self.comes("ham red", [])
        event = self.found("äpfel")[0]
        self.assertEqual({**event, "ts": 0}, {"ev": "msg", "room": "r", "seq": 3, "ts": 0, "from": "Ann",
                                              "data": {"text": "Grüne Äpfel"}})

    def test_pages_go_back_from_the_newest(self):
        for n in range(130):
            self.say(f"line {n}")
        self.comes("line", list(range(111, 131)))
        seen, before = [], {}
        while True:
            answer = self.ann.ask(op="search", room="r", query="line", limit=50, **before)["ok"]
            numbers = [event["seq"] for event in answer["events"]]
            self.assertEqual(numbers, sorted(numbers))
            seen = numbers + seen
            if not answer["more"]:
                break
            before = {"before": numbers[0]}
        self.assertEqual(seen, list(range(1, 131)))
        self.assertEqual(len(self.found("line", limit=1000)), 100, "clamped")
        self.assertEqual(self.seqs("line", before=1), [])

    def test_messages_are_as_they_look_now(self):
        for text in ("first words", "second words", "third words"):
            self.say(text)
        self.ann.ask(op="edit", room="r", target=1, data={"text": "other matters"})
        self.ann.ask(op="edit", room="r", target=1, data={"text": "quite other matters"})
        self.ann.ask(op="del", room="r", target=2)
        self.comes("words", [3])
        self.comes("first", [])
        self.comes("matters", [1])
        event = self.found("quite")[0]
        self.assertEqual((event["ev"], event["rev"], event["data"]), ("msg", 2, {"text": "quite other matters"}))
        self.assertNotIn("rev", self.found("third")[0])

    def test_members_only_and_of_this_room_only(self):
        self.say("secret plan")
        stranger = self.member("Eve", "elsewhere")
        self.assertEqual(stranger.ask(op="search", room="r", query="plan")["err"]["code"], "not_joined")
        self.assertEqual(stranger.ask(op="search", room="elsewhere", query="plan")["ok"]["events"], [])
        self.comes("plan", [1])

    def test_what_cannot_be_asked(self):
        self.member("Ann", "mem:a")

        def refused(client=self.ann, **asked):
            return client.ask(op="search", **asked)["err"]["code"]

        memory = self.member("Bob", "mem:a")
        self.assertEqual(refused(memory, room="mem:a", query="x"), "unsupported")
        for query in ("", "...", "x" * 257, 5):
            self.assertEqual(refused(room="r", query=query), "bad_request", query)
        self.assertEqual(refused(room="r", query="x", limit=0), "bad_request")
        self.assertEqual(refused(room="r", query="x", before=0), "bad_request")
        for query in ("x" * 256, '"unclosed', "a OR b*", "NEAR(a, 2)", "col:a", "'; DROP TABLE events --"):
            self.assertIsInstance(self.found(query), list, query)

    def test_nothing_is_forgotten_by_a_crash(self):
        for n in range(60):
            self.say(f"line {n}", cid=f"p:{n + 1}")
        self.ann.ask(op="edit", room="r", target=7, data={"text": "mended"})
        self.assertEqual(self.server.stop(signal.SIGKILL), -signal.SIGKILL)
        self.server = Server("--cores", "2", "--send-rate", "0", port=self.server.port, data=self.folder.name).start()
        self.ann = self.member("Ann")
        self.comes("mended", [7])
        self.comes("line", [seq for seq in range(1, 61) if seq != 7], limit=100)

    def test_a_search_costs_five_commands(self):
        with temporary() as folder:
            with Server("--command-rate", "1", "--command-burst", "11", data=folder) as server:
                client, began = Client(server.port, "Ann"), time.monotonic()
                client.ask(op="join", room="r")
                found, refusal, _ = until_refused(lambda _: client.ask(op="search", room="r", query="x"))
                # One more where a command has regrown meanwhile, and then one for five of them.
                self.assertTrue(2 <= found <= 2 + (time.monotonic() - began + 4) // 5, found)
                self.assertEqual(refusal["code"], "rate_limited")
                self.assertTrue(0 < refusal["retry_ms"] <= (1000 if found == 2 else 5000), refusal)
                client.close()

    def test_uproar_cli(self):
        port = self.server.port
        for text in ("red eggs", "green eggs", "no such thing"):
            self.say(text)
        self.ann.ask(op="edit", room="r", target=2, data={"text": "blue \x1b[31m eggs"})
        self.comes("blue", [2])
        status, out, err = cli(port, "search", "r", "EGGS")
        self.assertEqual((status, err), (0, ""))
        self.assertRegex("\n".join(out), r"\A#1 \d{4}-\d\d-\d\d \d\d:\d\d:\d\d Ann: red eggs\n"
                                         r"#2 \S+ \S+ Ann: blue \\u\{1b\}\[31m eggs\Z")
        status, out, _ = cli(port, "--json", "search", "r", "eggs", "--before", "2", "--limit", "1")
        self.assertEqual((status, [json.loads(line)["seq"] for line in out]), (0, [1]))
        self.assertEqual(cli(port, "search", "r", "red", "thing"), (1, [], ""))
        status, out, err = cli(port, "search", "mem:r", "x")
        self.assertEqual((status, out), (69, []))
        self.assertIn("unsupported", err)
        status, out, err = cli(port, "join", "r", stdin="/search eggs red\n/search nowhere\n/search\n")
        self.assertEqual(status, 75, "the third is no command")
        self.assertTrue(any(line.startswith("#1 2") and line.endswith("Ann: red eggs") for line in out), out)
        self.assertIn("-- nothing was found", out)
        self.assertIn("/search WORDS", err)
        for words in (["r"], ["r", ""], ["r", "x" * 257], ["r", "x", "--limit", "0"], ["r", "x", "--limit", "101"],
                      ["r", "x", "--before", "0"], ["r", "x", "--follow"], []):
            self.assertEqual(cli(port, "search", *words)[0], 64, words)
        self.assertEqual(cli(port, "read", "r", "--before", "3")[0], 64)


if __name__ == "__main__":
    unittest.main()
