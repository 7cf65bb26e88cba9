"""Options that change while the server runs: taken by open connections and new ones, refused whole on any error."""
import collections
import os
import re
import signal
import threading
import time
import unittest
import urllib.request

from harness import Client, Server, temporary, wait_until
from test_api import Http, write_keys
from test_chat import until_refused


class Configured:
    """A server that was started with a file, which can be written anew."""

    def __init__(self, text, *options, **more):
        self.folder = temporary()
        self.path = os.path.join(self.folder.name, "uproar.conf")
        self.write(text)
        self.server = Server("-c", self.path, "--drain", "0", "--linger", "100ms", *options, **more)

    def write(self, text):
        with open(self.path + ".new", "w") as file:
            file.write(text)
        os.rename(self.path + ".new", self.path)

    def hangup(self):
        """Asks for a reload; gives the lines that came of it, and none that a busy machine makes the server say."""
        before = len(self.server.lines)
        self.server.process.send_signal(signal.SIGHUP)
        if not wait_until(lambda: any(word in line and "SIGHUP" in line for line in self.server.lines[before:]
                                      for word in ("reloaded", "reload_refused")), 30):
            raise AssertionError("\n".join(self.server.lines[-20:]))
        return [line for line in self.server.lines[before:] if "reload" in line]

    def reload(self, text):
        self.write(text)
        return self.hangup()

    def __enter__(self):
        self.server.start()
        return self

    def __exit__(self, *_):
        self.server.__exit__()
        self.folder.cleanup()


class Reload(unittest.TestCase):
    def test_who_is_connected_goes_on_under_the_new_options(self):
        for words in (("--cores", "1"), ("--cores", "2", "--sandbox", "on")):
            with self.subTest(words), Configured("send-rate = 1; send-burst = 5;\n", *words) as it:
                client = Client(it.server.port, "Ann")
                client.ask(op="join", room="r")
                sent, _, seconds = until_refused(lambda n: client.ask(op="send", room="r", data=n))
                self.assertTrue(5 <= sent <= 5 + seconds, f"{sent} in {seconds:.3f} s")
                lines = it.reload("send-rate = 1000; send-burst = 2000; data-size = 64; rooms-per-connection = 1;\n")
                said = "\n".join(lines)
                self.assertIn('send-rate="1 -> 1000"', said)
                self.assertIn('rooms-per-connection="128 -> 1"', said)
                self.assertIn('reloaded by="SIGHUP" options=4', said)
                self.assertTrue(wait_until(lambda: "ok" in client.ask(op="send", room="r", data=0)))
                self.assertEqual(until_refused(lambda n: client.ask(op="send", room="r", data=n), 50)[0], 50)
                self.assertEqual(client.ask(op="send", room="r", data="x" * 65)["err"]["code"], "too_large")
                self.assertEqual(client.ask(op="join", room="s")["err"]["code"], "limit")
                self.assertEqual(Client(it.server.port, "Bob").hello["ok"]["limits"]["data"], 64)

    def test_origins_of_those_to_come(self):
        field = b"Origin: https://other.example\r\n"
        with Configured("origins = same;\n") as it:
            with self.assertRaises(ConnectionError):
                Client(it.server.port, fields=field)
            it.reload('origins = "same https://other.example";\n')
            self.assertIn("ok", Client(it.server.port, "Ann", fields=field).hello)
            it.reload("")
            with self.assertRaises(ConnectionError):
                Client(it.server.port, fields=field)

    def test_limits_of_an_address(self):
        none = 'address-exempt = ""; connections-per-address = 0; connect-rate = 0;\n'
        with Configured(none, "--cores", "1") as it:
            early = [Client(it.server.port, f"e{n}") for n in range(3)]
            it.reload('address-exempt = ""; connections-per-address = 4;\n')
            late = [Client(it.server.port, "fourth")]
            self.assertTrue(wait_until(lambda: refused(it.server.port, late)))
            it.reload("connections-per-address = 2; address-exempt = 127.0.0.0/8;\n")
            late.append(Client(it.server.port, "exempt"))
            it.reload('address-exempt = ""; connections-per-address = 0; connect-rate = 1; connect-burst = 1;\n')
            self.assertTrue(wait_until(lambda: refused(it.server.port, late)))
            it.reload(none)
            for client in early + late:
                self.assertIn("ok", client.ask(op="join", room="r"))
                client.close()

    def test_a_room_finds_its_class_again(self):
        with Configured('room-classes = "a class=memory; a:b class=memory page=10";\n', "--cores", "2") as it:
            client = Client(it.server.port, "Ann")
            client.ask(op="join", room="a:b")
            for n in range(30):
                client.ask(op="send", room="a:b", data=n)
            self.assertEqual(len(client.ask(op="history", room="a:b", limit=100)["ok"]["events"]), 10)
            it.reload('room-classes = "a class=memory; x class=memory; a:b class=memory messages=20";\n')
            client.ask(op="send", room="a:b", data=30)
            self.assertEqual(len(client.ask(op="history", room="a:b", limit=100)["ok"]["events"]), 20)
            it.reload("history-messages = 5;\n")
            client.ask(op="send", room="a:b", data=31)
            self.assertEqual([e["data"] for e in client.ask(op="history", room="a:b")["ok"]["events"]],
                             list(range(27, 32)))

    def test_what_was_counted_of_a_class_stays_with_its_name(self):
        with Configured('room-classes = "a: class=memory; b: class=memory";\n', "--cores", "2") as it:
            def counted():
                text = urllib.request.urlopen(f"http://127.0.0.1:{it.server.port}/metrics", timeout=30).read().decode()
                sums = collections.Counter()
                for prefix, n in re.findall(r'uproar_messages_total\{core="\d+",class="([^"]*)"\} (\d+)', text):
                    sums[prefix] += int(n)
                return dict(sums)

            client = Client(it.server.port, "Ann")
            rooms = {"a:1": 7, "a:2": 6, "b:1": 5, "b:2": 4, "c:1": 3, "other": 2}
            for room, times in rooms.items():
                client.ask(op="join", room=room)
                for n in range(times):
                    client.ask(op="send", room=room, data=n)
            self.assertEqual(counted(), {"*": 5, "a:": 13, "b:": 9})
            it.reload('room-classes = "c: class=memory; b: class=memory";\n')
            client.ask(op="send", room="b:1", data=1)
            client.ask(op="send", room="c:1", data=1)
            self.assertTrue(wait_until(lambda: counted() == {"*": 5, "c:": 1, "b:": 10}), counted())
            it.reload('room-classes = "a: class=memory; b: class=memory; c: class=memory";\n')
            self.assertTrue(wait_until(lambda: counted() == {"*": 5, "a:": 0, "b:": 10, "c:": 1}), counted())

    def test_who_loses_presence_is_told_no_more_of_the_others(self):
        for words in (("--cores", "1"), ("--cores", "2")):
            with self.subTest(words), Configured('rights = "*: member";\n', *words) as it:
                ann, bob = Client(it.server.port, "Ann"), Client(it.server.port, "Bob")
                self.assertIn("users", ann.ask(op="join", room="r", presence=True)["ok"])
                bob.ask(op="join", room="r")
                self.assertEqual(ann.event("in")["user"], "Bob")
                it.reload('rights = "*: read send history";\n')
                eve = Client(it.server.port, "Eve")
                self.assertNotIn("users", eve.ask(op="join", room="r", presence=True)["ok"])
                eve.say(op="typing", room="r")
                eve.ask(op="leave", room="r")
                bob.ask(op="send", room="r", data=1)
                ann.ask(op="ping")
                event = ann.event()
                self.assertEqual((event["ev"], event.get("seq")), ("msg", 1), "she is in, and hears of nobody else")
                self.assertEqual(ann.ask(op="presence", room="r")["err"]["code"], "forbidden")
                self.assertEqual(ann.events, [])

    def test_the_log(self):
        with Configured("log-level = info;\n") as it:
            self.assertIn("reload_changed", it.reload("log-level = debug; log-format = json;\n")[0] + it.server.lines[-2])
            self.assertTrue(it.hangup()[-1].startswith("{"))
            it.reload("log-level = info; log-format = text;\n")
            self.assertIn(" info ", it.hangup()[-1])

    def test_the_page_comes_and_goes(self):
        def status(path):
            try:
                return urllib.request.urlopen(f"http://127.0.0.1:{it.server.port}{path}", timeout=10).status
            except urllib.error.HTTPError as error:
                return error.code

        with Configured("page = on;\n") as it:
            self.assertEqual(status("/"), 200)
            it.reload("page = off;\n")
            self.assertTrue(wait_until(lambda: status("/") == 404))
            self.assertEqual(status("/healthz"), 200)

    def test_what_needs_a_restart_is_told(self):
        with Configured("connections = 100;\n") as it:
            lines = it.reload("connections = 200; pong = 9s;\n")
            self.assertTrue(any("reload_needs_restart" in line and 'connections="100 -> 200"' in line for line in lines))
            self.assertTrue(any('reload_changed pong="8s -> 9s"' in line for line in lines))

    def test_a_file_that_is_gone_and_comes_back(self):
        with Configured("send-rate = 7;\n", "--sandbox", "on") as it:
            os.unlink(it.path)
            self.assertIn(f"{it.path}: cannot be read: No such file", it.hangup()[-1])
            self.assertIn("options=1", it.reload("send-rate = 8;\n")[-1])
            with open(it.path, "a") as file:
                file.write("# in place\nsend-rat = 1;\n")
            self.assertIn("did you mean 'send-rate'?", it.hangup()[-1])

    def test_without_a_file_there_is_no_reader(self):
        with Server() as server:
            children = f"/proc/{server.process.pid}/task/{server.process.pid}/children"
            with open(children) as file:
                self.assertEqual(file.read(), "")
        with Configured("") as it:
            with open(f"/proc/{it.server.process.pid}/task/{it.server.process.pid}/children") as file:
                reader = file.read().strip()
            self.assertTrue(os.path.exists(f"/proc/{reader}"))
            it.server.process.kill()
            it.server.process.wait()
            self.assertTrue(wait_until(lambda: not os.path.exists(f"/proc/{reader}") or zombie(reader)))

    def test_many_at_once_end_as_the_last(self):
        with Configured("send-rate = 1;\n", "--cores", "2") as it:
            client = Client(it.server.port, "Ann")
            for n in range(2, 60):
                it.write(f"send-rate = {n};\n")
                it.server.process.send_signal(signal.SIGHUP)
            self.assertIn("ok", client.ask(op="join", room="r"))
            self.assertTrue(wait_until(
                lambda: Client(it.server.port, "Bob").hello["ok"]["limits"]["sends"] == 59, 30))
            self.assertEqual(it.server.stop(), 0)

    def test_while_it_ends_nothing_changes(self):
        with Configured("send-rate = 1;\n", "--drain", "1s") as it:
            client = Client(it.server.port, "Ann")
            it.server.process.send_signal(signal.SIGTERM)
            self.assertEqual(client.event("notice")["code"], "reconnect")
            it.server.process.send_signal(signal.SIGHUP)
            self.assertEqual(it.server.ended(), 0)
            self.assertFalse(any("reload" in line for line in it.server.lines))


def refused(port, others):
    """Whether one more is; who is not stays."""
    try:
        others.append(Client(port, "again"))
        return False
    except (ConnectionError, OSError):
        return True


def zombie(pid):
    try:
        with open(f"/proc/{pid}/stat") as file:
            return file.read().rsplit(")", 1)[1].split()[0] == "Z"
    except OSError:
        return True


class ByApi(unittest.TestCase):
    def test_the_same_by_the_api(self):
        with temporary() as folder:
            keys = write_keys(os.path.join(folder, "keys"))
            with Configured("send-rate = 1;\n", "--api-keys", keys, "--cores", "2") as it:
                http = Http(it.server.port)
                reload = lambda: http.ask("POST", "/api/v1/reload")[::2]
                self.assertEqual(reload(), (200, {"changed": [], "needs_restart": []}))
                it.write('send-rate = 5; connections = 1000; room-classes = "a page=7";\n')
                status, said = reload()
                self.assertEqual((status, said["needs_restart"]),
                                 (200, [{"option": "connections", "from": "20000", "to": "1000"}]))
                self.assertEqual(said["changed"][0], {"option": "send-rate", "from": "1", "to": "5"})
                self.assertEqual(said["changed"][1]["to"], "a page=7")
                self.assertEqual(Client(it.server.port, "Bob").hello["ok"]["limits"]["sends"], 5)
                it.write("send-rate = 6;\nsend-burst = x;\n")
                status, said = reload()
                self.assertEqual(status // 100, 4)
                self.assertIn(f"{it.path}:2: option 'send-burst' is 'x', but takes", said["error"]["message"])
                self.assertEqual(Client(it.server.port, "Bob").hello["ok"]["limits"]["sends"], 5)
                self.assertTrue(wait_until(lambda: any('audit act="reload" by="@all" options=3' in line
                                                       for line in it.server.lines)))

    def test_keys_that_change(self):
        with temporary() as folder:
            keys = write_keys(os.path.join(folder, "keys"), {"all": "admin"})
            with Configured("", "--api-keys", keys, "--sandbox", "on") as it:
                http = Http(it.server.port)
                self.assertEqual(http.ask("GET", "/api/v1/info", key="shop")[0], 401)
                write_keys(keys + ".new", {"all": "admin", "shop": "read"})
                os.rename(keys + ".new", keys)
                it.hangup()
                self.assertEqual(http.ask("GET", "/api/v1/info", key="shop")[0], 200)
                write_keys(keys, {"shop": "read"})
                it.hangup()
                self.assertEqual(http.ask("GET", "/api/v1/info", key="all")[0], 401)

    def test_the_level_of_the_log(self):
        with temporary() as folder:
            keys = write_keys(os.path.join(folder, "keys"))
            with Configured("log-level = error;\n", "--api-keys", keys) as it:
                http = Http(it.server.port)
                self.assertEqual(http.ask("GET", "/api/v1/log-level")[2], {"level": "error"})
                self.assertEqual(http.ask("PUT", "/api/v1/log-level", {"level": "debug"})[0], 200)
                it.hangup()  # says so, for the level was debug until then
                self.assertTrue(wait_until(lambda: http.ask("GET", "/api/v1/log-level")[2] == {"level": "error"}))


class UnderLoad(unittest.TestCase):
    def test_no_connection_ends_and_no_message_is_lost(self):
        texts = ("send-rate = 0; command-rate = 0;\n",
                 'send-rate = 0; command-rate = 0; origins = "*"; ping = 5s; address-exempt = 10.0.0.0/8;\n',
                 'send-rate = 0; command-rate = 0; room-classes = "load: class=memory page=50"; queue-size = 512K;\n',
                 "send-rate = 0; command-rate = 0; no-such-option = 1;\n")
        with Configured(texts[0], "--cores", "2", "--room-classes", "* class=memory") as it:
            over = threading.Event()
            told, failed = [], []

            def chat(number):
                try:
                    client = Client(it.server.port, f"u{number}", timeout=60)
                    room = f"load:{number % 4}"
                    client.ask(op="join", room=room)
                    sent, n = 0, 0
                    while not over.is_set() or n < 50:
                        n += 1
                        answer = client.ask(op="send", room=room, cid=f"p{number}:{n}", data=n)
                        if "ok" not in answer:
                            raise AssertionError(answer)
                    client.ask(op="leave", room=room)
                    mine = [e["data"] for e in client.events if e.get("ev") == "msg" and e["from"] == f"u{number}"]
                    if mine != list(range(1, n + 1)):
                        raise AssertionError(f"u{number}: sent {n}, got {len(mine)}")
                    told.append(n)
                    client.close()
                except Exception as error:  # noqa: the thread's end is judged below
                    failed.append(repr(error))

            threads = [threading.Thread(target=chat, args=(n,)) for n in range(12)]
            for thread in threads:
                thread.start()
            for turn in range(24):
                lines = it.reload(texts[turn % 4])
                self.assertIn("refused" if turn % 4 == 3 else "reloaded", lines[-1])
            over.set()
            for thread in threads:
                thread.join(60)
            self.assertEqual((failed, len(told)), ([], 12))
            self.assertGreater(sum(told), 24)
            self.assertEqual(it.server.stop(), 0)


if __name__ == "__main__":
    unittest.main()
