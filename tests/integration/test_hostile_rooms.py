"""Attacks with commands: rooms without end, floods, deep JSON, names that are paths, pages upon pages."""
import json
import time
import unittest

from harness import Client, Server, wait_until
from hostile import Hostile
from test_chat import until_refused


def answers(client, count):
    """So many answers, and the code if the connection is closed before."""
    seen = []
    try:
        while len(seen) < count:
            message = client.read()
            if "re" in message:
                seen.append(message)
    except ConnectionError:
        return seen, client.closed[0] if client.closed else None
    return seen, None


class Names(Hostile):
    BAD = ["", "*", ">", "a b", "{a}", "a\r\nPING", "../../etc/passwd", "a/b", "a\\b", "a'; drop table rooms; --",
           "a\u202eb", "\u2028", "ä", "a\u0000b", "x" * 129, "%s%n", "$(id)", "a;b", "a,b", "a\"b"]
    GOOD = ["..", ".", "a:b@c~d-e_f.g", "x" * 128, "-rf", "CON", "null"]

    def test_a_room_s_name_keeps_to_its_grammar(self):
        client = Client(self.server.port, "m")
        for name in self.BAD:
            self.assertEqual(client.ask(op="join", room=name)["err"]["code"], "bad_room", repr(name))
        for name in self.GOOD:
            self.assertIn("ok", client.ask(op="join", room=name), name)
        self.assertEqual(client.ask(op="join", room=7)["err"]["code"], "bad_request")

    def test_the_log_has_one_object_a_line_whatever_a_name_holds(self):
        for name in ("a\u2028b", "\u202egnp", 'q"},{"event":"forged"', "\u2066x", "back\\slash", "\u061c"):
            client = Client(self.server.port)
            client.ask(op="hello", name=name)
            client.close()
        self.assert_serves()
        self.assertTrue(wait_until(lambda: len(self.lines("closed")) >= 6), "a line for each")
        for line in self.server.lines:
            if line.startswith("{"):
                self.assertNotEqual(json.loads(line)["event"], "forged")
                self.assertTrue(all(ord(c) < 0x2000 for c in line), line)

    options = ("--log-level", "debug")


class Rooms(Hostile):
    def test_one_more_than_a_connection_may_be_in(self):
        client = Client(self.server.port, "m")
        for n in range(128):
            self.assertIn("ok", client.ask(op="join", room=f"r{n}"))
        self.assertEqual(client.ask(op="join", room="one-more")["err"]["code"], "limit")
        self.assertIn("ok", client.ask(op="leave", room="r5"))
        self.assertIn("ok", client.ask(op="join", room="one-more"))
        self.assert_told("join_limit", "joins_refused")

    def test_a_room_that_all_have_left_is_forgotten(self):
        client = Client(self.server.port, "m")
        for n in range(100):
            client.ask(op="join", room=f"r{n}")
            client.ask(op="leave", room=f"r{n}")
        self.assertEqual(self.server.metric("rooms"), 0)

    def test_rooms_without_end(self):
        def attack():
            client = Client(self.server.port, "m")
            for n in range(20000):
                try:
                    client.say(op="join", id=2 * n + 1, room=f"r{n}")
                    client.say(op="leave", id=2 * n + 2, room=f"r{n}")
                except OSError:
                    break
            self.assertEqual(answers(client, 40000)[1], 4429, "went on although it was refused")

        self.assert_bystander_served(attack)
        self.assert_told("flood", "floods")


class RoomRate(Hostile):
    options = ("--command-rate", "0", "--room-rate", "10", "--room-burst", "20")

    def test_the_burst_one_more_and_what_regrows(self):
        client = Client(self.server.port, "m")
        joined, refused, seconds = until_refused(lambda n: client.ask(op="join", room=f"r{n}"))
        begin = time.monotonic()
        self.assertTrue(20 <= joined <= 20 + 10 * seconds, f"{joined} in {seconds:.3f} s")
        self.assertEqual(refused["code"], "limit")
        self.assertGreater(refused["retry_ms"], 0)
        self.assertLessEqual(refused["retry_ms"], 100)
        self.assertIn("ok", client.ask(op="send", room="r3", data=1), "all else goes on")
        time.sleep(max(0, begin + refused["retry_ms"] / 1000 - time.monotonic()))
        self.assertIn("ok", client.ask(op="join", room=f"r{joined}"))
        self.assert_told("room_rate", "rooms_limited")

    def test_who_goes_on_is_ended(self):
        client = Client(self.server.port, "m")
        for n in range(400):
            client.say(op="join", id=n + 1, room=f"r{n}")
        self.assertEqual(answers(client, 400)[1], 4429)

    def test_rooms_that_are_there_cost_nothing(self):
        other = Client(self.server.port, "o")
        for n in range(20):
            other.ask(op="join", room=f"r{n}")
        joined = 0
        for _ in range(3):  # on the other core, if it is that, only the first time
            client = Client(self.server.port, "m")
            for n in range(20):
                joined += "ok" in client.ask(op="join", room=f"r{n}")
                client.ask(op="leave", room=f"r{n}")
            client.close()
        self.assertEqual(joined, 60)


class RoomsAll(Hostile):
    options = ("--rooms", "50", "--command-rate", "0", "--history-messages", "0")

    def test_as_many_rooms_as_there_may_be(self):
        # Shares of two cores are uneven by their hashes: 50 / 2 + a quarter + 64 each.
        client = [Client(self.server.port, f"m{n}") for n in range(3)]
        codes = [client[n // 100].ask(op="join", room=f"r{n}").get("err", {}) for n in range(300)]
        refused = [code for code in codes if code]
        self.assertGreater(len(refused), 50)
        self.assertTrue(all(code["code"] == "limit" and code["retry_ms"] > 0 for code in refused))
        self.assertLessEqual(self.server.metric("rooms"), 2 * (25 + 6 + 64))
        self.assert_told("join_limit", "joins_refused", len(refused))
        for n in range(3):
            client[n].close()
        self.assertTrue(wait_until(lambda: self.server.metric("rooms") == 0))
        self.assert_serves()


class Commands(Hostile):
    def test_deep_json_is_an_error_and_then_the_end(self):
        client = Client(self.server.port, "m")
        client.ask(op="join", room="r")
        deep = b'{"op":"send","id":5,"room":"r","data":' + b"[" * 32 + b"]" * 32 + b"}"
        self.assertIn("ok", client.ask(op="send", room="r", data=json.loads("[" * 31 + "]" * 31)))
        client.frame(1, deep)
        message = client.read()
        while "re" not in message:
            message = client.read()
        self.assertEqual((message["re"], message["err"]["code"]), (0, "bad_request"))
        for _ in range(300):
            client.frame(1, deep)
        seen, code = answers(client, 301)
        self.assertEqual(code, 4429)
        self.assertEqual(len(seen), 200)
        self.assert_told("flood", "floods")

    def test_deep_json_of_the_largest_size(self):
        for text in (b"[" * 65536, b'{"a":' * 13000, b'{"op":"ping","x":' + b"[" * 65000):
            client = Client(self.server.port, "m")
            client.frame(1, text)
            self.assertEqual(client.read()["err"]["code"], "bad_request")
            self.assertIn("ok", client.ask(op="ping"))

    def test_what_is_not_well_formed_has_a_rate(self):
        client = Client(self.server.port, "m")
        for n in range(1000):
            client.say(op="nothing", id=n + 1)
        seen, code = answers(client, 1001)
        self.assertEqual(code, 4429)
        self.assertEqual(seen[0]["err"]["code"], "bad_request")
        self.assertLessEqual(len(seen), 201)
        self.assertGreater(seen[-1]["err"]["retry_ms"], 0)


class Publish(Hostile):
    options = ("--send-rate", "20")

    def test_a_publish_flood(self):
        client = Client(self.server.port, "m")
        client.ask(op="join", room="r")
        sent = 0
        while "ok" in (answer := client.ask(op="send", room="r", data=sent)):
            sent += 1
        self.assertGreaterEqual(sent, 40)
        self.assertEqual(answer["err"]["code"], "rate_limited")
        self.assertLessEqual(answer["err"]["retry_ms"], 50)
        try:
            for n in range(20000):
                client.say(op="send", id=1000 + n, room="r", data="x")
        except OSError:
            pass
        self.assertEqual(answers(client, 20000)[1], 4429)
        self.assert_told("rate_limited", "rate_limited", 200)
        self.assert_told("flood", "floods")


class Pages(Hostile):
    options = ("--command-rate", "10", "--command-burst", "20")

    def test_a_page_costs_what_it_may_hold(self):
        client = Client(self.server.port, "m")
        client.ask(op="join", room="r", limit=0)
        asked, refused, seconds = until_refused(lambda n: client.ask(op="history", room="r", limit=200))
        self.assertTrue(5 <= asked <= 6 + 10 / 4 * seconds, f"{asked}; 19 commands are left; a page of 200 is four")
        self.assertEqual(refused["code"], "rate_limited")
        self.assertGreater(refused["retry_ms"], 0)
        other = Client(self.server.port, "o")
        other.ask(op="join", room="r", limit=50)
        small, _, seconds = until_refused(lambda n: other.ask(op="history", room="r", limit=50))
        self.assertTrue(19 <= small <= 20 + 10 * seconds, f"{small} in {seconds:.3f} s")
        self.assert_told("rate_limited", "rate_limited", 2)


class HotRoom(Hostile):
    options = ("--command-rate", "0", "--room-traffic", "4M")

    def test_a_hot_room_has_its_share_and_others_are_served(self):
        members = [Client(self.server.port, f"m{n}") for n in range(40)]
        for member in members:
            member.ask(op="join", room="hot", echo=False)

        def attack():
            begin = time.monotonic()
            told = 0
            while time.monotonic() - begin < 3:
                for n in range(20):
                    members[0].say(op="send", id=1000 + n, room="hot", data="x" * 16000)
                seen, code = answers(members[0], 20)
                self.assertIsNone(code)
                told += sum("ok" in answer for answer in seen)
            # 40 members times 16 KiB are 640 KiB: six of them a second, and the burst.
            self.assertLessEqual(told, (time.monotonic() - begin + 1) * 4096 / 630 + 2)
            self.assertGreater(told, 10)

        self.assert_bystander_served(attack)
        self.assert_told("room_limited", "room_limited")


if __name__ == "__main__":
    unittest.main()
