"""uproar-cli where the server is there and does not answer, or not with what was asked for: it ends, and says why."""
import os
import subprocess
import sys
import threading
import time
import unittest

from harness import temporary, wait_until
from test_cli import CLI, Stage, Staged, Typed, cli, command, message


class Refused(Staged):
    def test_a_send_that_is_refused_for_now_again_and_again(self):
        def play(peer, number):
            peer.greet()
            while True:
                peer.refuse(peer.hear("send"), *self.refusal[:1], retry_ms=self.refusal[1])

        port = self.stage(play).port
        for self.refusal in (("unavailable", 100), ("storage_full", 60000)):
            status, _, err = cli(port, "--timeout", "2", "send", "r", "x", timeout=30)
            self.assertEqual((status, err), (75, "uproar-cli: no acknowledgement for too long; refused for now: "
                                             f"{self.refusal[0]}\n"))

    def test_a_send_that_is_not_answered_any_more(self):
        def play(peer, number):
            peer.greet()
            for said in range(3):
                send = peer.hear("send")
                if said == 0:
                    peer.refuse(send, "unavailable", retry_ms=100)
                elif said == 1:
                    peer.take(send, 1)
            peer.hear()

        status, _, err = cli(self.stage(play).port, "--timeout", "2", "send", "r", stdin="one\ntwo\n", timeout=30)
        self.assertEqual((status, err), (75, "uproar-cli: no acknowledgement for too long\n"))


class Removed(Staged):
    """Who is put out of a room while an act or a question of theirs is under way there."""

    def chat(self, op, stdin, answer):
        """In a and b, of which a is taken away before answer(peer, command): (status, heard after it, stdout, stderr)"""
        heard = []

        def play(peer, number):
            peer.welcome()
            for _ in range(2 if number == 1 else 1):
                peer.let_in(peer.hear("join"), recovered=number > 1)
            if number == 1:
                command = peer.hear(op)
                peer.tell(ev="removed", room="a", act="kick")
                answer(peer, command)
            while True:
                said = peer.hear()
                heard.append((said["op"], said["room"]))
                peer.take(said, 1)

        status, out, err = cli(self.stage(play).port, "--timeout", "3", "join", "a", "b", stdin=stdin, timeout=30)
        return status, heard, out, err

    def test_what_is_answered_with_an_error(self):
        for op, line, name in (("mod", "/ban Bob", "the act"), ("history", "/history", "history")):
            with self.subTest(op):
                status, heard, out, err = self.chat(op, f"{line}\nlost\n/join b\nsaid\n",
                                                    lambda peer, command: peer.refuse(command, "not_joined"))
                self.assertEqual((status, heard), (75, [("send", "b")]))
                self.assertEqual(err, f"uproar-cli: a: {name} was refused: not_joined, no\n"
                                      "uproar-cli: you are in no room: /join ROOM\n")
                self.assertIn("[a] -- you were kicked out of a", out)

    def test_what_is_done(self):
        status, heard, _, err = self.chat("mod", "/kick Ann\n/join b\nsaid\n", lambda peer, command: peer.take(command, 1))
        self.assertEqual((status, heard, err), (0, [("send", "b")], ""))

    def test_what_is_lost(self):
        def lose(peer, command):
            raise ConnectionError

        status, _, _, err = self.chat("mod", "/ban Bob\n", lose)
        self.assertEqual(status, 75)
        self.assertIn("a: the act was not answered before the connection was lost: whether it was done is not known", err)

    def test_what_is_never_answered(self):
        status, _, _, err = self.chat("mod", "/ban Bob\n", lambda peer, command: None)
        self.assertEqual((status, err), (75, "uproar-cli: a: the act was not answered: whether it was done is not known\n"
                                             "uproar-cli: no answer for too long\n"))


class NeverAnswered(Staged):
    def ends(self, op, *words, stdin=""):
        """How the program ends where the connection lives and that op is not answered: (status, stderr)."""
        def play(peer, number):
            if op == "join":
                peer.welcome()
            else:
                peer.greet()
            while True:
                peer.hear()

        status, _, err = cli(self.stage(play).port, "--timeout", "2", *words, stdin=stdin, timeout=30)
        return status, err

    def test_a_join(self):
        for status, words in ((69, ("read", "r")), (69, ("join", "r")), (75, ("send", "r")), (69, ("search", "r", "x"))):
            with self.subTest(words):
                self.assertEqual(self.ends("join", *words, stdin="one\n"),
                                 (status, "uproar-cli: no answer for too long\n"))

    def test_a_question(self):
        self.assertEqual(self.ends("search", "search", "r", "x"), (69, "uproar-cli: no answer for too long\n"))

    def test_who_could_not_print_meanwhile_looks_first(self):
        said = []

        def play(peer, number):
            peer.greet()
            send = peer.hear("send")
            said.append(time.monotonic())
            for seq in range(1, 301):  # more than a pipe holds
                peer.tell(**message(seq, "x" * 1000))
            peer.take(send, 300)
            peer.hear()

        chat = subprocess.Popen(command(self.stage(play).port, "--timeout", "3", "join", "r"), stdin=subprocess.PIPE,
                                stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        self.addCleanup(chat.kill)
        chat.stdin.write(b"hello\n")
        chat.stdin.flush()
        self.assertTrue(wait_until(lambda: said and time.monotonic() - said[0] > 4.5))
        out, err = chat.communicate(timeout=30)
        self.assertEqual((chat.returncode, len(out.splitlines()), err), (0, 300, b""))


class NameServer(unittest.TestCase):
    """One that takes questions and answers none; in a network, and with an /etc/resolv.conf, of its own."""

    SCRIPT = """
import fcntl, os, socket, struct, subprocess, sys
with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as silent:
    fcntl.ioctl(silent, 0x8914, struct.pack("16sh14x", b"lo", 1))  # SIOCSIFFLAGS, IFF_UP
    silent.bind(("127.0.0.1", 53))
    for name in os.listdir(sys.argv[1]):
        subprocess.run(["mount", "--bind", os.path.join(sys.argv[1], name), "/etc/" + name], check=True)
    print("ready", flush=True)
    sys.exit(subprocess.run(sys.argv[2:]).returncode)
"""

    def test_that_never_answers(self):
        with temporary() as folder:
            for name, text in (("resolv.conf", "nameserver 127.0.0.1\n"), ("nsswitch.conf", "hosts: dns\n")):
                with open(os.path.join(folder, name), "w") as file:
                    file.write(text)
            for words, status in ((["send", "r", "x"], 69), (["admin", "info"], 69)):
                ran = subprocess.run(["unshare", "--map-root-user", "--net", "--mount", sys.executable, "-c", self.SCRIPT,
                                      folder, CLI, *words, "--url", "http://chat.test:80", "--timeout", "2"],
                                     capture_output=True, text=True, timeout=120)
                if ran.stdout != "ready\n":
                    self.skipTest("needs a network and mounts of its own: unshare --map-root-user --net --mount")
                self.assertEqual(ran.returncode, status, ran.stderr)
                self.assertIn("chat.test: no name server has answered in time\n", ran.stderr)


class Rest(Staged):
    """A room that is resumed, of which the server has more than the first page."""

    def read(self, rest, *words, status, timeout="2"):
        """What is printed where rest(peer) is told after the join: (stdout, stderr)."""
        def play(peer, number):
            peer.greet(seq=5, events=[message(n, str(n)) for n in (1, 2)], recovered=True, more=True)
            rest(peer)
            peer.hear()

        ended, out, err = cli(self.stage(play).port, "--timeout", timeout, "read", "r", *words, timeout=30)
        self.assertEqual(ended, status, err)
        return [line.split()[-1] for line in out], err

    def test_never_comes(self):
        for rest, last in ((lambda peer: None, 2), (lambda peer: peer.tell(**message(3, "3")), 3)):
            shown, err = self.read(rest, "--since", "e1:0", status=69)
            self.assertEqual((shown, err), ([str(n) for n in range(1, last + 1)],
                                            f"uproar-cli: the rest of the room does not come; go on with --since e1:{last}\n"))

    def test_is_lost_with_its_server(self):
        def play(peer, number):
            if number == 1:
                peer.greet(seq=5, events=[message(n, str(n)) for n in (1, 2)], recovered=True, more=True)

        status, out, err = cli(self.stage(play).port, "--timeout", "2", "read", "r", "--since", "e1:0", timeout=30)
        self.assertEqual((status, len(out)), (69, 2))
        self.assertRegex(err.splitlines()[-1], r"^uproar-cli: .*; go on with --since e1:2$")

    def test_comes_in_time_each(self):
        def rest(peer):
            for seq in (3, 4, 5):
                time.sleep(2.5)
                peer.tell(**message(seq, str(seq)))

        self.assertEqual(self.read(rest, "--since", "e1:0", status=0, timeout="6"), (list("12345"), ""))


class Hello(Typed, Staged):
    def test_a_room_that_is_joined_before_hello_is_answered_waits(self):
        heard, answer = [], threading.Event()

        def play(peer, number):
            heard.append(peer.hear("hello"))
            answer.wait(20)
            peer.tell(re=heard[0]["id"], ok={"ping": 25, "limits": Stage.LIMITS})
            for _ in range(2):
                heard.append(peer.hear("join"))
                peer.let_in(heard[-1])
            peer.hear()

        def processor():
            with open(f"/proc/{self.pid}/stat") as file:
                return sum(map(int, file.read().rpartition(")")[2].split()[11:13])) / os.sysconf("SC_CLK_TCK")

        self.stage(play)
        self.open("join", "r")
        self.assertTrue(wait_until(lambda: heard))
        os.write(self.tty, b"/join b\r")
        before, begin = processor(), time.monotonic()
        self.assertTrue(wait_until(lambda: time.monotonic() - begin > 2))
        self.assertLess(processor() - before, 0.4)
        answer.set()
        self.assertTrue(wait_until(lambda: len(heard) == 3))
        os.write(self.tty, b"\x04")
        self.assertEqual(self.ended(), 0)


if __name__ == "__main__":
    unittest.main()
