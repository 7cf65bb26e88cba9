"""uproar-cli where the server refuses, or the connection is lost in the middle: nothing goes astray, nothing is silent."""
import os
import threading
import time
import unittest

from harness import wait_until
from test_cli import Running, Staged, Typed, cli, message


class Rooms(Typed, Staged):
    def test_what_was_meant_for_a_refused_room_goes_to_no_other(self):
        heard = []

        def play(peer, number):
            peer.greet()
            peer.refuse(peer.hear("join"), "forbidden")
            while True:
                command = peer.hear()
                heard.append(command["op"])
                peer.take(command, 1)

        stage = self.stage(play)
        for stdin, status in (("/join private\nsecret plan\n", 75), ("/join private\n", 69)):
            done = cli(stage.port, "join", "general", stdin=stdin)
            self.assertEqual((done[0], heard), (status, []), done)
            self.assertIn("private: join was refused: forbidden", done[2])

    def test_a_room_that_is_refused_when_one_comes_back(self):
        heard = []

        def play(peer, number):
            peer.welcome()
            for _ in range(2):
                join = peer.hear("join")
                if number == 1 or join["room"] == "b":
                    peer.let_in(join, recovered=True)
                else:
                    peer.refuse(join, "forbidden")
            if number == 1:
                peer.hear("send")
                return
            while True:
                heard.append(peer.hear()["op"])

        stage = self.stage(play)
        status, _, err = cli(stage.port, "join", "a", "b", stdin="meant for a\n/leave\nsecret\n")
        self.assertEqual((status, heard), (75, []), err)
        self.assertIn("a: not all that was said there is acknowledged", err)

    def test_a_join_that_is_refused_for_now(self):
        def play(peer, number):
            peer.welcome()
            for n in range(3):
                join = peer.hear("join")
                if n < 2:
                    peer.refuse(join, "unavailable", retry_ms=200)
            peer.let_in(join, seq=1, events=[message(1, "here")])
            peer.hear()

        status, out, err = cli(self.stage(play).port, "read", "r")
        self.assertEqual((status, len(out)), (0, 1), err)
        self.assertEqual(err, "uproar-cli: r: join was refused for now: unavailable; said again in 0.2 s\n")

    def test_a_join_that_is_refused_for_longer_than_one_waits(self):
        def play(peer, number):
            peer.welcome()
            while True:
                peer.refuse(peer.hear("join"), *self.refusal[:1], retry_ms=self.refusal[1])

        port = self.stage(play).port
        for self.refusal, words in ((("banned", 7200000), ("join", "r")), (("banned", 100), ("read", "r", "--follow")),
                                    (("unavailable", 30000), ("read", "r")), (("unavailable", 100), ("read", "r"))):
            status, _, err = cli(port, "--timeout", "2", *words, timeout=20)
            self.assertEqual(status, 69)
            self.assertIn(f"r: join was refused: {self.refusal[0]}, no", err)

    def test_a_person_is_told_where_lines_go(self):
        sends = []

        def play(peer, number):
            peer.greet()
            peer.refuse(peer.hear("join"), "forbidden")
            sends.append(peer.hear("send"))
            peer.take(sends[0], 1)
            peer.hear()

        self.stage(play)
        self.open("join", "general")
        self.assertTrue(self.shows("> "))
        os.write(self.tty, b"/join private\r")
        self.assertTrue(self.shows("private: join was refused: forbidden"))
        self.assertTrue(self.shows("-- lines go to general now"))
        os.write(self.tty, b"hello\r")
        self.assertTrue(wait_until(lambda: sends))
        self.assertEqual(sends[0]["room"], "general")
        os.write(self.tty, b"\x04")
        self.assertEqual(self.ended(), 0)


class Held(Staged):
    """Who is muted in a room, or too fast for it."""

    def joined(self, play, *words):
        """A pipe that is in a and b, where it has said "one"; play goes on from there."""
        def begin(peer, number):
            peer.welcome()
            for _ in range(2):
                peer.let_in(peer.hear("join"))
            play(peer)

        return Running(self, self.stage(begin).port, *words, "join", "a", "b")

    def test_the_other_rooms_go_on_and_it_is_told_once(self):
        heard = []

        def play(peer):
            for seq, code in enumerate(("slow_mode", None, "muted", None)):
                command, begin = peer.hear("send"), time.monotonic()
                if code:
                    peer.refuse(command, code, retry_ms=1500)
                else:
                    peer.take(command, seq)
                heard.append((begin, command["room"]))
            peer.hear()

        chat = self.joined(play, "--timeout", "2")
        chat.say("one\n")
        self.assertTrue(wait_until(lambda: heard))
        chat.say("/join b\ntwo\n")
        self.assertEqual(chat.ended(), 0, chat.err)
        self.assertEqual([room for _, room in heard], ["a", "b", "a", "a"])
        self.assertGreaterEqual(heard[2][0] - heard[0][0], 1.5)
        self.assertGreaterEqual(heard[3][0] - heard[2][0], 1.5)
        self.assertEqual(chat.err, ["uproar-cli: a: refused for now: slow_mode; said again in 1.5 s"])

    def test_longer_than_one_would_wait_is_for_good(self):
        heard = []

        def play(peer):
            heard.append(peer.hear("send"))
            peer.refuse(heard[0], "muted", retry_ms=3000)
            heard.append(peer.hear("send"))
            peer.take(heard[1], 1)
            peer.hear()

        chat = self.joined(play, "--timeout", "2")
        chat.say("one\n")
        self.assertTrue(chat.complains("a: what was said was refused: muted, no"), chat.err)
        chat.say("/join b\ntwo\n")
        self.assertEqual((chat.ended(), len(chat.err)), (75, 1), chat.err)
        self.assertEqual(heard[1]["room"], "b")


class Asks(Typed, Staged):
    """What is no line in the room: acts of moderation and questions."""

    def test_an_act_whose_answer_was_lost_is_not_done(self):
        def play(peer, number):
            peer.greet(recovered=True)
            if number == 1:
                peer.hear("mod")
            else:
                peer.hear()

        status, _, err = cli(self.stage(play).port, "join", "r", stdin="/ban Bob\n")
        self.assertEqual(status, 75, err)
        self.assertIn("r: the act was not answered before the connection was lost: whether it was done is not known", err)

    def test_a_question_whose_answer_was_lost_is_asked_again(self):
        def play(peer, number):
            peer.greet(recovered=True)
            history = peer.hear("history")
            if number == 1:
                return
            peer.tell(re=history["id"], ok={"room": "r", "events": [message(1, "here")], "more": False})
            peer.hear()

        status, out, err = cli(self.stage(play).port, "join", "r", stdin="/history 5\n")
        self.assertEqual((status, len(out)), (0, 1), err)

    def test_a_pipes_act_that_is_refused_for_now_is_done_before_the_next(self):
        heard = []

        def play(peer, number):
            peer.greet()
            for n in range(3):
                act = peer.hear("mod")
                heard.append((time.monotonic(), act["user"]))
                if n == 0:
                    peer.refuse(act, "rate_limited", retry_ms=700)
                else:
                    peer.tell(re=act["id"], ok={"room": "r", "seq": n, "ts": 1, "epoch": "e1", "class": "memory"})
                    peer.tell(ev="mod", room="r", seq=n, ts=1, act="ban", user=act["user"], **{"from": "Ann"})
            peer.hear()

        done = cli(self.stage(play).port, "join", "r", stdin="/ban Bob\n/ban Cem\n")
        self.assertEqual((done[0], done[2]), (0, ""))
        self.assertEqual([user for _, user in heard], ["Bob", "Bob", "Cem"])
        self.assertGreaterEqual(heard[1][0] - heard[0][0], 0.7)

    def test_a_pipe_gives_up_what_is_refused_for_now_again_and_again(self):
        def play(peer, number):
            peer.greet()
            while True:
                peer.refuse(peer.hear("mod"), "unavailable", retry_ms=100)

        status, _, err = cli(self.stage(play).port, "--timeout", "1", "join", "r", stdin="/ban Bob\n")
        self.assertEqual((status, err), (75, "uproar-cli: r: the act was refused: unavailable, no\n"))

    def test_each_line_is_said_again_for_as_long(self):
        def play(peer, number):
            peer.greet(recovered=True)
            if number == 1:
                peer.refuse(peer.hear("mod"), "unavailable", retry_ms=100)
                peer.hear("mod")
                return
            peer.refuse(peer.hear("history"), "unavailable", retry_ms=3600)
            history = peer.hear("history")
            peer.tell(re=history["id"], ok={"room": "r", "events": [message(1, "here")], "more": False})
            peer.hear()

        status, out, err = cli(self.stage(play).port, "--timeout", "4", "join", "r", stdin="/ban Bob\n/history\n")
        self.assertEqual((status, len(out)), (75, 1), err)
        self.assertNotIn("history was refused", err)

    def test_a_pipes_acts_keep_to_the_limits_of_hello(self):
        times = []

        def play(peer, number):
            times.append(time.monotonic())  # nothing is sent before it was greeted
            peer.greet(sends=10)
            for n in range(35):
                act = peer.hear("mod")
                times.append(time.monotonic())
                peer.tell(re=act["id"], ok={})
            peer.hear()

        stdin = "".join(f"/ban user{n}\n" for n in range(35))
        self.assertEqual(cli(self.stage(play).port, "join", "r", stdin=stdin), (0, [], ""))
        self.assertEqual(len(times), 36)
        for n, at in enumerate(times[1:]):  # ten a second, and a burst of twice that
            self.assertLessEqual(n + 1, 20 + 10 * (at - times[0]))

    def test_a_person_who_asks_too_much_is_told(self):
        told = threading.Event()

        def play(peer, number):
            peer.greet()
            asked = [peer.hear() for _ in range(256)]
            told.wait(20)
            for command in asked:
                peer.tell(re=command["id"], ok={})
            peer.hear()

        self.stage(play)
        self.open("join", "r")
        self.assertTrue(self.shows("> "))
        os.write(self.tty, b"/who\r" * 257)
        self.assertTrue(self.shows("not now: there is no connection, or too much is not answered yet"))
        told.set()
        os.write(self.tty, b"\x04")
        self.assertEqual(self.ended(), 0)

    def type_and_end(self, answer, *words, line=b"/ban Bob\r\x04"):
        """Types the line, at whose end is Ctrl-D, and has answer(peer, command) a moment later."""
        def play(peer, number):
            peer.greet(users=[])
            command = peer.hear()
            peer.tell(ev="ping")
            self.assertEqual(peer.hear(), {"op": "pong"}, "it is still there")
            answer(peer, command)
            peer.hear()

        self.stage(play)
        self.open(*words, "join", "r")
        self.assertTrue(self.shows("> "))
        self.assertTrue(self.shows("1 connection in r"))
        os.write(self.tty, line)

    def test_a_person_who_leaves_at_once_is_told_what_was_refused(self):
        for line, name in ((b"/ban Bob\r\x04", "the act"), (b"/ban Bob\r/quit\r", "the act"), (b"/history\r\x04", "history")):
            with self.subTest(line):
                self.type_and_end(lambda peer, command: peer.refuse(command, "forbidden"), line=line)
                self.assertTrue(self.shows(f"r: {name} was refused: forbidden, no"), self.screen)
                self.assertEqual(self.ended(), 0)

    def test_a_person_who_leaves_at_once_sees_what_was_done(self):
        def do(peer, command):
            peer.take(command, 1)
            peer.tell(ev="mod", room="r", seq=1, ts=1000, **{"from": "Ann"}, act="ban", user="Bob")

        self.type_and_end(do)
        self.assertTrue(self.shows("Ann banned Bob"), self.screen)
        self.assertEqual(self.ended(), 0)

    def test_a_person_who_leaves_waits_no_longer_than_they_say(self):
        self.type_and_end(lambda peer, command: None, "--timeout", "2")
        self.assertTrue(self.shows("the act was not answered: whether it was done is not known"), self.screen)
        self.assertTrue(self.shows("no answer for too long"), self.screen)
        self.assertEqual(self.ended(), 69)


class Search(Staged):
    def test_why_nothing_was_found(self):
        for code, said in (("bad_request", "r: the search was refused: bad_request, no\n"
                                           "uproar-cli: there is no word to search for\n"),
                           ("unsupported", "r: the search was refused: unsupported, no\n"
                                           "uproar-cli: nothing can be searched here\n"),
                           ("forbidden", "r: the search was refused: forbidden, no\nuproar-cli: nothing was searched\n")):
            with self.subTest(code):
                def play(peer, number):
                    peer.greet()
                    peer.refuse(peer.hear("search"), code)
                    peer.hear()

                status, _, err = cli(self.stage(play).port, "search", "r", '"', timeout=30)
                self.assertEqual((status, err), (69, "uproar-cli: " + said))


class Back(Staged):
    def read(self, firsts):
        """What `read --limit 850` does where of 900 those below the next of firsts are dropped before each join."""
        since = []

        def play(peer, number):
            peer.welcome()
            peer.let_in(peer.hear("join"), seq=900, first=101)
            for first in firsts:
                peer.hear("leave")
                join = peer.hear("join")
                since.append(join["since"]["seq"])
                kept = since[-1] >= first - 1
                peer.let_in(join, seq=900, first=first, events=[message(900, "last")],
                            **({"recovered": True} if kept else {"recovered": False, "reason": "gap"}))
            peer.hear()

        return cli(self.stage(play).port, "read", "r", "--limit", "850"), since

    def test_what_is_dropped_while_one_goes_back_is_no_gap(self):
        (status, out, err), since = self.read((111, 121))
        self.assertEqual((status, len(out), since), (0, 1, [100, 130]), (out, err))

    def test_what_is_dropped_as_fast_as_it_is_asked_for(self):
        (status, out, err), since = self.read(range(111, 500, 30))
        self.assertEqual((status, len(out), since), (0, 2, list(range(100, 350, 30))), (out, err))
        self.assertIn("gap: more was said", out[0])


class Hello(Staged):
    def test_a_hello_that_is_never_answered_is_given_up(self):
        def once():
            stage = self.stage(lambda peer, number: peer.hear("hello"))
            begin = time.monotonic()
            status, _, err = cli(stage.port, "--timeout", "3", "read", "r")
            self.assertEqual((status, err.splitlines()[-1]), (69, "uproar-cli: hello was not answered"))
            return time.monotonic() - begin

        waited = self.shortest(once, 3.5)  # the next attempt is 0.5 s later at least: it must not begin the time anew
        self.assertTrue(3 <= waited < 3.5, waited)

    def test_a_hello_that_is_refused_for_now_is_said_again(self):
        def refusing(code, close):
            def play(peer, number):
                if number > 1:
                    peer.greet(events=[message(1, "here")], seq=1)
                    peer.hear()
                peer.refuse(peer.hear("hello"), code, retry_ms=100)
                peer.refuse(peer.hear("join"), "unauthorized")
                peer.close(close, "later")
                peer.hear()

            stage = self.stage(play)
            return code, close, stage, Running(self, stage.port, "read", "r")

        cases = (("rate_limited", 4513), ("unavailable", 4513), ("limit", 4414))
        for code, close, stage, reader in [refusing(*case) for case in cases]:  # each waits for up to 20 s
            status, err = reader.ended(), "\n".join(reader.err)
            self.assertEqual((status, len(reader.out), stage.count), (0, 1, 2), err)
            self.assertIn(f"the server: hello was refused: {code}, no", err)
            self.assertIn(f"closed the connection: {close} later; the next attempt is in", err)

    def test_a_hello_that_is_refused_for_good(self):
        def play(peer, number):
            peer.refuse(peer.hear("hello"), "forbidden", retry_ms=100)
            peer.close(4412, "banned")
            peer.hear()

        stage = self.stage(play)
        status, _, err = cli(stage.port, "read", "r")
        self.assertEqual((status, stage.count), (69, 1))
        self.assertIn("the server: hello was refused: forbidden, no", err)


if __name__ == "__main__":
    unittest.main()
