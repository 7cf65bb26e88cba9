"""connect-url and join-url: who decides outside, and every way in which they may fail to."""
import base64
import json
import os
import re
import signal
import subprocess
import threading
import time
import unittest
import urllib.request

from backend import ALLOW, CLOSE, HANG, REFUSE, Backend, tls
from harness import BUILD, ROOT, Client, Server, free_port, temporary, wait_until
from test_identity import token as secret_token


def serve(*options):
    """One that waits for whoever is asked, on a busy machine too, and at the end not for its clients."""
    return Server("--hook-timeout", "20s", *options, "--drain", "0", "--linger", "100ms")


def come(port, name="Ann"):
    """(the answer to hello, how it was closed or None, the client)"""
    client = Client(port)
    answer = client.ask(op="hello", name=name)
    if "err" not in answer:
        return answer, None, client
    try:
        client.read()
    except ConnectionError:
        pass
    return answer, client.closed, client


def figure(server, name):
    """One that is not a core's."""
    with urllib.request.urlopen(f"http://127.0.0.1:{server.port}/metrics", timeout=20) as answer:
        return int(re.search(rf"(?m)^uproar_{name} (\d+)$", answer.read().decode()).group(1))


def certificate(folder, name):
    """A certificate for 127.0.0.1 that signs itself: (its file, its key's)"""
    paths = [os.path.join(folder, f"{name}.{end}") for end in ("pem", "key")]
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days",
                    "2", "-subj", f"/CN={name}", "-addext", "subjectAltName=IP:127.0.0.1", "-out", paths[0], "-keyout",
                    paths[1]], check=True, capture_output=True, timeout=60)
    return paths


class Connect(unittest.TestCase):
    def test_what_is_asked_and_what_the_answer_means(self):
        with temporary() as folder:
            key = os.path.join(folder, "key")
            with open(key, "w") as file:
                file.write("s3cret-of-hooks\n")
            with Backend({"allow": True, "user": "u42"}) as backend, \
                    serve("--connect-url", backend.url, "--hook-key", key) as server:
                answer, _, _ = come(server.port)
                self.assertEqual(answer["ok"]["user"], "u42")
                self.assertEqual(backend.questions, [{"event": "connect", "connection": answer["ok"]["conn"],
                                                      "user": "Ann", "verified": False}])
                self.assertEqual(backend.fields[0]["Authorization"], "Bearer s3cret-of-hooks")
                self.assertEqual(backend.fields[0]["Content-Type"], "application/json")
                backend.answer = ALLOW
                self.assertEqual(come(server.port)[0]["ok"]["user"], "Ann")
                self.assertEqual(server.metric("hooks_allowed"), 2)
                self.assertFalse([line for line in server.lines if "s3cret" in line])

    def test_a_token_that_only_the_back_end_can_judge(self):
        def answer(question):
            user = {"session-of-7": "u7"}.get(question.get("token"))
            return {"allow": True, "user": user} if user else REFUSE
        with Backend(answer) as backend, serve("--connect-url", backend.url, "--guests", "named") as server:
            self.assertEqual(Client(server.port).ask(op="hello", token="session-of-7")["ok"]["user"], "u7")
            self.assertEqual(Client(server.port).ask(op="hello", token="session-of-8")["err"]["code"], "forbidden")
            self.assertEqual(Client(server.port).ask(op="hello", name="u7")["err"]["code"], "forbidden")
            self.assertEqual([(question["user"], question.get("token")) for question in backend.questions],
                             [("guest", "session-of-7"), ("guest", "session-of-8"), ("u7", None)])
            self.assertFalse([line for line in server.lines if "session-of" in line])
        with Backend(answer) as backend, serve("--connect-url", backend.url, "--guests", "none") as server:
            self.assertEqual(Client(server.port).ask(op="hello", token="session-of-7")["ok"]["user"], "u7")
            self.assertEqual(Client(server.port).ask(op="hello", name="u7")["err"]["code"], "unauthorized")
            self.assertEqual(len(backend.questions), 1)

    def test_nobody_has_a_name_of_the_api(self):
        """Whoever has one may change what its key has published."""
        with Backend() as backend, serve("--connect-url", backend.url, "--hook-failure", "allow") as server:
            for answer in (ALLOW, 500):
                backend.answer = answer
                for hello, code in (({"token": ""}, "unauthorized"), ({"token": "x"}, "unauthorized"), ({}, "bad_request")):
                    client = Client(server.port)
                    self.assertEqual(client.ask(op="hello", name="@shop", **hello)["err"]["code"], code)
            self.assertEqual(backend.questions, [])
            self.assertIn("ok", Client(server.port).ask(op="hello", token="", name="shop@home"))
        with Backend({"allow": True, "user": "@shop"}) as backend, serve("--connect-url", backend.url) as server:
            self.assertEqual(come(server.port)[0]["err"]["code"], "unavailable")

    def test_until_when(self):
        with Backend(lambda _: {"allow": True, "exp": int(time.time()) + 4}) as backend, \
                serve("--connect-url", backend.url) as server:
            client = Client(server.port)
            self.assertIn("ok", client.ask(op="hello", name="Ann"))
            self.assertEqual(client.event()["ev"], "expiring")
            with self.assertRaises(ConnectionError):
                client.event("never")
            self.assertEqual(client.closed, (4410, "token_expired"))

    def test_until_when_proves_nothing_of_who(self):
        """A guest stays one, and whoever decides about rooms is told so."""
        for answer, user in (({}, "alice"), ({"user": "u42"}, "u42")):
            answer = {"allow": True, "exp": int(time.time()) + 600, **answer}
            with Backend(answer) as backend, serve("--connect-url", backend.url, "--join-url", backend.url) as server:
                client = Client(server.port)
                self.assertEqual(client.ask(op="hello", name="alice")["ok"]["user"], user)
                self.assertIn("ok", client.ask(op="join", room="r"))
                self.assertEqual([(question["event"], question["user"], question["verified"])
                                  for question in backend.questions], [("connect", "alice", False), ("join", user, False)])

    def test_refused(self):
        with Backend() as backend, serve("--connect-url", backend.url) as server:
            for answer in (REFUSE, 401, 403):
                backend.answer = answer
                said, closed, _ = come(server.port)
                self.assertEqual((said["err"]["code"], closed), ("forbidden", (4403, "forbidden")), answer)
            self.assertEqual((server.metric("hooks_refused"), server.metric("hooks_failed")), (3, 0))

    def test_what_is_no_answer(self):
        """Nobody is let in by one, and it does not make the next one worse."""
        answers = [500, 404, 204, 302, CLOSE, b"", b"yes", b"[]", b'{"allow":1}', b'{"allow":true', b"\xff" * 100,
                   {"allow": True, "rights": "reed"}, {"allow": True, "user": "a\nb"},
                   b'{"allow":true,"pad":"' + b"x" * 17000 + b'"}',
                   (200, {f"X-{n}": "y" * 1000 for n in range(40)}, ALLOW), (200, {"Content-Length": "9" * 12}, ALLOW),
                   (200, {"Content-Encoding": "gzip"}, b"\x1f\x8b")]
        with Backend() as backend, serve("--connect-url", backend.url, "--hook-timeout", "10s") as server:
            for answer in answers:
                backend.answer = answer
                said, closed, _ = come(server.port)
                self.assertEqual((said.get("err", {}).get("code"), closed), ("unavailable", (4513, "try_later")), answer)
                self.assertGreaterEqual(said["err"]["retry_ms"], 1000)
                backend.answer = ALLOW
                self.assertIn("ok", come(server.port)[0], answer)
            self.assertEqual(server.metric("hooks_failed"), len(answers))

    def test_no_redirect_is_followed(self):
        # Confined, it could not connect to another port anyway.
        with Backend() as elsewhere, Backend() as backend, \
                serve("--connect-url", backend.url, "--sandbox", "off") as server:
            for status in (301, 302, 307, 308):
                backend.answer = (status, {"Location": elsewhere.url}, ALLOW)
                self.assertEqual(come(server.port)[0]["err"]["code"], "unavailable")
            self.assertEqual(elsewhere.questions, [])

    def test_late(self):
        with Backend(HANG) as backend, serve("--connect-url", backend.url, "--hook-timeout", "300ms") as server:
            said, closed, _ = come(server.port)
            self.assertEqual((said["err"]["code"], closed), ("unavailable", (4513, "try_later")))

    def test_later_than_hello_may_be(self):
        """It is not the client who is late."""
        def slow(_):
            time.sleep(3)
            return ALLOW
        with Backend(slow) as backend, \
                serve("--connect-url", backend.url, "--hello-timeout", "2s", "--hook-timeout", "20s") as server:
            self.assertIn("ok", come(server.port)[0])

    def test_allowed_where_nobody_answers(self):
        with Backend(500) as backend, serve("--connect-url", backend.url, "--hook-failure", "allow") as server:
            self.assertEqual(come(server.port)[0]["ok"]["user"], "Ann")
            backend.answer = REFUSE
            self.assertEqual(come(server.port)[0]["err"]["code"], "forbidden", "who answers is heeded")

    def test_by_name_and_over_tls(self):
        with temporary() as folder:
            ours, other = certificate(folder, "ours"), certificate(folder, "other")
            with Backend(context=tls(*ours)) as backend:
                with serve("--connect-url", backend.url, "--outbound-ca", ours[0], "--join-url",
                            backend.url.replace("127.0.0.1", "localhost")) as server:
                    answer, _, client = come(server.port)
                    self.assertIn("ok", answer, server.lines)
                    # The certificate is for the address, not for the name.
                    self.assertEqual(client.ask(op="join", room="r")["err"]["code"], "unavailable")
                with serve("--connect-url", backend.url, "--outbound-ca", other[0]) as server:
                    self.assertEqual(come(server.port)[0]["err"]["code"], "unavailable")
                asked = len(backend.questions)
                self.assertEqual(asked, 1, "nothing is told to whom we do not trust")
            with Backend() as backend, serve("--connect-url", backend.url.replace("127.0.0.1", "localhost")) as server:
                self.assertIn("ok", come(server.port)[0], server.lines)

    def test_options_that_are_wrong(self):
        with temporary() as folder:
            empty = os.path.join(folder, "empty")
            open(empty, "w").close()
            for options, said in ((["--connect-url", "ftp://a/"], "'connect-url' is 'ftp://a/', but takes"),
                                  (["--join-url", "http://u:p@a/"], "'join-url' is"),
                                  (["--connect-url", "http://a/", "--hook-key", empty], "'hook-key'"),
                                  (["--connect-url", "http://a/", "--hook-key", folder + "/none"], "'hook-key'"),
                                  (["--connect-url", "https://a/", "--outbound-ca", empty], "'outbound-ca'")):
                ran = subprocess.run([os.path.join(ROOT, BUILD, "uproar"), "--listen", "127.0.0.1:0", "--data", "", *options],
                                     capture_output=True, text=True, timeout=30)
                self.assertIn(ran.returncode, (64, 78), options)
                self.assertIn(said, ran.stderr)


class Join(unittest.TestCase):
    def test_each_room_is_asked_about(self):
        def answer(question):
            return REFUSE if question["room"] == "closed" else ALLOW
        with Backend(answer) as backend, serve("--join-url", backend.url) as server:
            ann = Client(server.port, "Ann")
            self.assertIn("ok", ann.ask(op="join", room="open"))
            self.assertEqual(ann.ask(op="join", room="closed")["err"]["code"], "forbidden")
            self.assertEqual(ann.ask(op="send", room="closed", data=1)["err"]["code"], "not_joined")
            self.assertEqual(ann.ask(op="join", room="open")["err"]["code"], "already_joined")
            self.assertEqual([question["room"] for question in backend.questions], ["open", "closed"])
            self.assertEqual(backend.questions[0]["event"], "join")
            self.assertEqual(backend.questions[0]["user"], "Ann")
            backend.answer = 500
            said = ann.ask(op="join", room="third")["err"]
            self.assertEqual(said["code"], "unavailable")
            self.assertGreaterEqual(said["retry_ms"], 1000)
            backend.answer = ALLOW
            self.assertIn("ok", ann.ask(op="join", room="third"))

    def test_with_the_rights_that_it_says(self):
        def answer(question):
            return {"allow": True, "rights": {"quiet": "read history", "none": [], "all": ["member"]}[question["room"]]}
        with Backend(answer) as backend, serve("--join-url", backend.url) as server:
            ann = Client(server.port, "Ann")
            self.assertEqual(ann.ask(op="join", room="none")["err"]["code"], "forbidden")
            self.assertIn("ok", ann.ask(op="join", room="quiet"))
            self.assertEqual(ann.ask(op="send", room="quiet", data=1)["err"]["code"], "forbidden")
            self.assertIn("ok", ann.ask(op="history", room="quiet"))
            self.assertEqual(ann.ask(op="presence", room="quiet")["err"]["code"], "forbidden")
            self.assertIn("ok", ann.ask(op="join", room="all"))
            self.assertIn("ok", ann.ask(op="send", room="all", data=1))

    def test_in_one_flight_and_in_order(self):
        """hello, joins and sends without waiting, while each answer takes its time."""
        def slow(question):
            time.sleep(0.1)
            return REFUSE if question.get("room") == "b" else ALLOW
        with Backend(slow) as backend, serve("--connect-url", backend.url, "--join-url", backend.url, "--cores", "2",
                                              "--hook-timeout", "20s") as server:
            client = Client(server.port)
            client.say(op="hello", id=1, name="Ann")
            client.say(op="join", id=2, room="a")
            client.say(op="send", id=3, room="a", data=1)
            client.say(op="join", id=4, room="b")
            client.say(op="send", id=5, room="b", data=2)
            client.say(op="join", id=6, room="c", since={"seq": 0, "epoch": "x"})
            client.say(op="ping", id=7)
            answers = {}
            while len(answers) < 7:
                message = client.read()
                if "re" in message:
                    answers[message["re"]] = message.get("err", {}).get("code", "ok")
            self.assertEqual(answers, {1: "ok", 2: "ok", 3: "ok", 4: "forbidden", 5: "not_joined", 6: "ok", 7: "ok"})
            self.assertEqual([question.get("room") for question in backend.questions], [None, "a", "b", "c"])

    def test_no_more_is_held_than_may_be(self):
        gate = threading.Event()

        def answer(question):
            if question["room"] == "slow":
                gate.wait(60)
            return ALLOW
        with Backend(answer) as backend, serve("--join-url", backend.url, "--hook-timeout", "30s") as server:
            ann = Client(server.port, "Ann")
            ann.say(op="join", id=100, room="slow")
            for number in range(64):
                ann.say(op="ping", id=200 + number)
            for number in range(3):
                ann.say(op="ping", id=300 + number)
            for number in range(3):
                said = ann.read()
                self.assertEqual((said["re"], said["err"]["code"]), (300 + number, "unavailable"))
                self.assertGreaterEqual(said["err"]["retry_ms"], 1000)
            gate.set()
            got = [ann.read() for _ in range(65)]
            self.assertEqual(sorted(said["re"] for said in got), [100] + list(range(200, 264)))
            self.assertTrue(all("ok" in said for said in got))
            pings = [said["re"] for said in got if said["re"] >= 200]
            self.assertEqual(pings, sorted(pings))
            self.assertIn("ok", ann.ask(op="ping"), "nothing is held any more")

    def test_who_goes_away_meanwhile(self):
        with Backend(HANG) as backend, serve("--connect-url", backend.url, "--hook-timeout", "30s") as server:
            clients = [Client(server.port) for _ in range(20)]
            for client in clients:
                client.say(op="hello", id=1, name="Ann")
                client.say(op="join", id=2, room="r")
            self.assertTrue(wait_until(lambda: server.metric("hooks_waiting") == 20, 30))
            for client in clients:
                client.close()
            self.assertTrue(wait_until(lambda: server.metric("connections") <= 1, 30))
            backend.released.set()
            self.assertTrue(wait_until(lambda: server.metric("hooks_waiting") == 0, 30))
            backend.answer = ALLOW
            self.assertTrue(wait_until(lambda: "ok" in come(server.port)[0], 60))

    def test_the_end_while_some_wait(self):
        with Backend(HANG) as backend, serve("--connect-url", backend.url, "--hook-timeout", "1s", "--cores", "2") as server:
            clients = [Client(server.port) for _ in range(10)]
            for client in clients:
                client.say(op="hello", id=1, name="Ann")
            self.assertTrue(wait_until(lambda: server.metric("hooks_waiting") == 10, 30))
            self.assertEqual(server.stop(), 0, server.lines)


class Away(unittest.TestCase):
    def test_no_more_requests_at_once_than_may_be(self):
        with Backend(HANG) as backend, serve("--connect-url", backend.url, "--hook-requests", "3", "--hook-queue", "4",
                                              "--hook-timeout", "30s") as server:
            clients = [Client(server.port) for _ in range(7)]
            for client in clients:
                client.say(op="hello", id=1, name="Ann")
            self.assertTrue(wait_until(lambda: server.metric("hooks_waiting") == 7, 30))
            self.assertTrue(wait_until(lambda: backend.at_once == 3, 30))
            said, closed, _ = come(server.port)
            self.assertEqual((said["err"]["code"], closed), ("unavailable", (4513, "try_later")), "the eighth")
            self.assertEqual(len(backend.questions), 3)
            backend.answer = ALLOW
            backend.released.set()
            answers = [client.read() for client in clients]
            self.assertEqual(backend.most_at_once, 3)
            self.assertEqual(len([1 for answer in answers if "ok" in answer]), 4, "those who waited for a request")

    def test_one_that_is_down_is_left_alone(self):
        with Backend(500) as backend, serve("--connect-url", backend.url) as server:
            for _ in range(60):
                self.assertEqual(come(server.port)[0]["err"]["code"], "unavailable")
            took = len(backend.questions)
            self.assertGreaterEqual(took, 5)
            self.assertLess(took, 20, "not one for each who comes")
            self.assertTrue(wait_until(lambda: any("hook_away" in line for line in server.lines)))
            self.assertEqual(figure(server, "fetch_connect_away"), 1)
            backend.answer = ALLOW
            self.assertTrue(wait_until(lambda: "ok" in come(server.port)[0], 60))
            self.assertTrue(wait_until(lambda: any("hook_back" in line for line in server.lines)))
            for _ in range(20):
                self.assertIn("ok", come(server.port)[0])
            self.assertEqual(figure(server, "fetch_connect_away"), 0)
            self.assertEqual(figure(server, "fetch_hook_requests_total"), len(backend.questions))

    def test_one_that_is_not_there_and_comes(self):
        port = free_port()
        with serve("--connect-url", f"http://127.0.0.1:{port}/hook") as server:
            for _ in range(10):
                self.assertEqual(come(server.port)[0]["err"]["code"], "unavailable")
            with Backend(port=port):
                self.assertTrue(wait_until(lambda: "ok" in come(server.port)[0], 60))
            self.assertEqual(come(server.port)[0]["err"]["code"], "unavailable")

    def test_one_whose_name_is_not_found(self):
        with serve("--connect-url", "http://nobody.invalid/") as server:
            said = 'hook_failed hook="connect" reason="its host is not found"'
            self.assertEqual(come(server.port)[0]["err"]["code"], "unavailable")
            self.assertTrue(wait_until(lambda: any(said in line for line in server.lines)), server.lines)
            for _ in range(10):
                self.assertEqual(come(server.port)[0]["err"]["code"], "unavailable")
            self.assertTrue(wait_until(lambda: any("hook_away" in line for line in server.lines)), server.lines)
            self.assertEqual(figure(server, "fetch_connect_away"), 1)
            self.assertEqual(figure(server, "fetch_hook_requests_total"), 0)

    def test_whose_turn_does_not_come(self):
        """The second waits for the first one's request; the server stands still until it is too late for both."""
        with Backend(HANG) as backend, serve("--connect-url", backend.url, "--hook-requests", "1", "--hook-timeout", "5s",
                                              "--cores", "1") as server:
            clients = [Client(server.port) for _ in range(2)]
            for client in clients:
                client.say(op="hello", name="Ann", id=1)
            self.assertTrue(wait_until(lambda: server.metric("hooks_waiting") == 2 and backend.at_once == 1))
            over = time.monotonic() + 5.1
            server.process.send_signal(signal.SIGSTOP)
            self.assertTrue(wait_until(lambda: time.monotonic() > over))
            server.process.send_signal(signal.SIGCONT)
            for client in clients:
                self.assertEqual(client.read()["err"]["code"], "unavailable")
            said = 'hook_failed hook="connect" reason="no request was free in time"'
            self.assertTrue(wait_until(lambda: any(said in line for line in server.lines)), server.lines)

    def test_one_that_flaps(self):
        """Every other answer is none; who is answered is let in, and the connection is not lost over it."""
        count = [0]

        def flap(_):
            count[0] += 1
            return ALLOW if count[0] % 2 else CLOSE
        with Backend(flap) as backend, serve("--connect-url", backend.url, "--hook-timeout", "10s") as server:
            said = ["ok" in come(server.port)[0] for _ in range(30)]
            self.assertGreaterEqual(sum(said), 10, said)
            self.assertFalse(any("hook_away" in line for line in server.lines))


def letters(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


class Signer:
    """An Ed25519 key pair that signs tokens."""

    def __init__(self, kid):
        self.kid = kid
        self.pem = subprocess.run(["openssl", "genpkey", "-algorithm", "ed25519"], check=True, capture_output=True,
                                  timeout=60).stdout
        public = subprocess.run(["openssl", "pkey", "-pubout", "-outform", "DER"], input=self.pem, check=True,
                                capture_output=True, timeout=60).stdout
        self.jwk = {"kty": "OKP", "crv": "Ed25519", "alg": "EdDSA", "use": "sig", "kid": kid, "x": letters(public[-32:])}

    def token(self, user="ann", **header):
        claims = {"sub": user, "iss": "https://id.example", "aud": "uproar", "exp": int(time.time()) + 3600}
        parts = [{"alg": "EdDSA", "kid": self.kid, **header}, claims]
        text = ".".join(letters(json.dumps(part).encode()) for part in parts)
        with temporary() as folder:
            for name, data in (("key", self.pem), ("text", text.encode())):
                with open(os.path.join(folder, name), "wb") as file:
                    file.write(data)
            signature = subprocess.run(["openssl", "pkeyutl", "-sign", "-rawin", "-inkey", "key", "-in", "text"], check=True,
                                       cwd=folder, capture_output=True, timeout=60).stdout
        return f"{text}.{letters(signature)}"


class KeySet(unittest.TestCase):
    """The key set that is fetched, and what tokens can and cannot bring about."""

    @classmethod
    def setUpClass(cls):
        cls.old, cls.new = Signer("old-1"), Signer("new-2")

    def server(self, backend, *options):
        return serve("--token-jwks", backend.url, "--token-issuer", "https://id.example", "--token-audience", "uproar",
                     "--token-jwks-pause", "1s", *options)

    @staticmethod
    def keys(*signers):
        return {"keys": [signer.jwk for signer in signers]}

    def comes(self, server, token):
        return "ok" in Client(server.port).ask(op="hello", token=token)

    def test_keys_that_change(self):
        old, new = self.old.token(), self.new.token("bob")
        with Backend(self.keys(self.old)) as backend, self.server(backend) as server:
            self.assertTrue(wait_until(lambda: self.comes(server, old), 60), server.lines)
            self.assertFalse(self.comes(server, new))
            backend.answer = self.keys(self.old, self.new)
            self.assertTrue(wait_until(lambda: self.comes(server, new), 60), "its key is looked for")
            self.assertTrue(self.comes(server, old))
            backend.answer = self.keys(self.new)
            unknown = Signer("another").token()
            self.assertTrue(wait_until(lambda: not self.comes(server, unknown) and not self.comes(server, old), 60))
            self.assertTrue(self.comes(server, new))
            backend.answer = 500
            asked = len(backend.questions)
            self.assertTrue(wait_until(lambda: not self.comes(server, unknown) and len(backend.questions) > asked, 60))
            self.assertTrue(self.comes(server, new), "what is known stays while there is nothing better")

    def test_fetched_again_and_only_what_is_new_is_handed_on(self):
        with Backend(self.keys(self.old)) as backend, self.server(backend, "--token-jwks-refresh", "1s") as server:
            def fetched():
                return len([line for line in server.lines if "keys_fetched" in line])
            self.assertTrue(wait_until(lambda: fetched() == 1 and len(backend.questions) >= 3, 60))
            backend.answer = self.keys(self.new)
            self.assertTrue(wait_until(lambda: fetched() == 2, 60))

    def test_any_number_of_unknown_keys_is_no_storm(self):
        """And what a token says of where its key is to be had is not heeded."""
        with Backend(self.keys(self.old)) as elsewhere, Backend(self.keys(self.old)) as backend, \
                self.server(backend, "--token-jwks-pause", "1h") as server:
            known = self.old.token()
            self.assertTrue(wait_until(lambda: self.comes(server, known), 60))
            signed = self.new.token(jku=elsewhere.url, x5u=elsewhere.url, iss=elsewhere.url)
            head, _, rest = signed.partition(".")
            began, number = time.monotonic(), 0
            while number < 200 or time.monotonic() < began + 1.5:  # the main thread looks now and then
                number += 1
                header = {"alg": "EdDSA", "kid": f"kid-{number}", "jku": elsewhere.url, "x5u": elsewhere.url}
                self.assertFalse(self.comes(server, f"{letters(json.dumps(header).encode())}.{rest}"))
            self.assertFalse(self.comes(server, signed))
            self.assertTrue(self.comes(server, known))
            self.assertEqual((len(backend.questions), len(elsewhere.questions)), (1, 0))

    def test_what_is_none_is_not_handed_on_and_asked_for_less_and_less(self):
        answers = [b"<html>", b'{"keys":1}', b'{"keys":[' + b"1," * 140000 + b"1]}", CLOSE]
        with Backend(lambda _: answers[len(backend.questions) % 4]) as backend, self.server(backend) as server:
            self.assertTrue(wait_until(lambda: len([1 for line in server.lines if "keys_failed" in line]) >= 3, 60))
            self.assertFalse([line for line in server.lines if "keys_fetched" in line])
            waits = [int(line.split("again_ms=")[1]) for line in server.lines if "again_ms=" in line]
            self.assertGreater(waits[2], waits[1])
            self.assertGreater(waits[1], waits[0])

    def test_a_set_without_a_usable_key_is_a_failure_and_those_of_before_hold(self):
        old, new = self.old.token(), self.new.token("bob")
        for useless in ([], [{**self.new.jwk, "crv": "X25519"}], [{**self.new.jwk, "use": "enc"}]):
            with Backend(self.keys(self.old)) as backend, \
                    self.server(backend, "--token-jwks-refresh", "1s", "--cores", "1") as server:
                self.assertTrue(wait_until(lambda: self.comes(server, old), 60), server.lines)
                backend.answer = {"keys": useless}
                self.assertTrue(wait_until(lambda: figure(server, "fetch_keys_failed_total") >= 2, 60), "each time it comes")
                self.assertTrue([line for line in server.lines if "jwks_refused" in line])
                self.assertFalse([line for line in server.lines if "/hook" in line], "nobody's address")
                self.assertTrue(self.comes(server, old))
                backend.answer = self.keys(self.new)
                self.assertTrue(wait_until(lambda: self.comes(server, new), 60))
                self.assertFalse(self.comes(server, old))

    def test_files_of_keys_are_read_again_by_a_reload_alone(self):
        old, new = self.old.token(), self.new.token("bob")
        secrets = [os.urandom(32).hex().encode() for _ in range(2)]
        first, second = (secret_token(secret, iss="https://id.example", aud="uproar") for secret in secrets)
        with temporary() as folder:
            path = os.path.join(folder, "secret")

            def write(data):
                with open(path, "wb") as file:
                    file.write(data)

            write(secrets[0])
            with Backend(self.keys(self.old)) as backend, \
                    self.server(backend, "--token-jwks-refresh", "1s", "--token-keys", "HS256:" + path, "--cores", "1") as server:
                self.assertTrue(wait_until(lambda: self.comes(server, old), 60), server.lines)
                self.assertTrue(self.comes(server, first))
                write(b"too short for a secret")
                backend.answer = self.keys(self.new)
                self.assertTrue(wait_until(lambda: self.comes(server, new), 60), server.lines)
                self.assertEqual([self.comes(server, token) for token in (old, first)], [False, True])
                write(secrets[1])
                backend.answer = self.keys(self.old)
                self.assertTrue(wait_until(lambda: self.comes(server, old), 60), server.lines)
                self.assertEqual([self.comes(server, token) for token in (first, second)], [True, False])
                server.process.send_signal(signal.SIGHUP)
                self.assertTrue(wait_until(lambda: self.comes(server, second), 60), server.lines)
                self.assertEqual([self.comes(server, token) for token in (first, old)], [False, True])


if __name__ == "__main__":
    unittest.main()
