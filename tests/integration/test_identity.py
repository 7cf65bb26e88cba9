"""Who is let in, and what they may do: tokens and guests, over real sockets. Every key is made by the test."""
import base64
import hashlib
import hmac
import json
import os
import signal
import socket
import subprocess
import tempfile
import time
import unittest

from backend import Backend
from harness import BUILD, ROOT, Client, Server, wait_until

HANDSHAKE = (
    "GET {target} HTTP/1.1\r\nHost: test\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n{fields}\r\n"
)


def letters(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def token(secret, sub="bob", life=600, head=None, **claims):
    body = {"sub": sub, "exp": time.time() + life, **claims}
    text = letters(json.dumps(head or {"alg": "HS256", "typ": "JWT"}).encode()) + "." + letters(json.dumps(body).encode())
    return text + "." + letters(hmac.new(secret, text.encode(), hashlib.sha256).digest())


def handshake(port, target="/ws", fields=""):
    """The status of the answer."""
    with socket.create_connection(("127.0.0.1", port), 20) as wire:
        wire.sendall(HANDSHAKE.format(target=target, fields=fields).encode())
        return int(wire.recv(65536).split(b" ")[1])


def ended(client):
    """The code that the server closes with."""
    try:
        while True:
            client.read()
    except ConnectionError:
        return client.closed and client.closed[0]


class WithKeys(unittest.TestCase):
    options = ()

    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.TemporaryDirectory()
        cls.secret = os.urandom(32).hex().encode()
        cls.path = cls.write("secret", cls.secret)
        cls.server = Server("--cores", "2", "--log-level", "debug", "--token-keys", "HS256:" + cls.path, *cls.options).start()
        cls.port = cls.server.port

    @classmethod
    def tearDownClass(cls):
        assert cls.server.stop() == 0
        cls.folder.cleanup()
        # A token, or what is left of it, is in no line of the log, at any level.
        said = "\n".join(cls.server.lines)
        assert "eyJ" not in said, said

    @classmethod
    def write(cls, name, data):
        path = os.path.join(cls.folder.name, name)
        with open(path + ".new", "wb") as file:
            file.write(data)
        os.rename(path + ".new", path)
        return path

    def token(self, *arguments, **claims):
        return token(self.secret, *arguments, **claims)

    def client(self, fields=b"", **hello):
        client = Client(self.port, fields=fields)
        self.addCleanup(client.close)
        client.hello = client.ask(op="hello", **hello)
        return client

    def refused(self, code="unauthorized", **hello):
        client = self.client(**hello)
        self.assertEqual(client.hello["err"]["code"], code)
        self.assertEqual(ended(client), 4401)


class Tokens(WithKeys):
    options = ("--rights", "*: member; private:*: none; dm:{user}:*: member; @mod *: member moderate",
               "--token-cookie", "chat", "--origins", "https://app.example")

    def test_in_hello(self):
        client = self.client(token=self.token("Ann"), name="ignored")
        self.assertEqual(client.hello["ok"]["user"], "Ann")
        self.assertEqual(self.client(token=self.token("ä b")).hello["ok"]["user"], "ä b")

    def test_what_is_not_genuine_is_refused(self):
        good = self.token()
        for wrong in ("", "x", good[:-1], good + "A", token(os.urandom(32)), self.token(life=-31), self.token(sub="~bob"),
                      self.token(aud="x"), self.token(nbf=time.time() + 60), self.token(head={"alg": "none"}),
                      self.token(head={"alg": "HS256", "crit": ["x"]})):
            self.refused(token=wrong)
        self.refused(token=wrong, name="bob")

    def test_without_one_nobody_is_let_in(self):
        self.refused(name="bob")
        self.refused()

    def test_by_header_subprotocol_and_cookie(self):
        ways = (f"Authorization: Bearer {self.token()}", f"authorization: bEARER  {self.token()}",
                f"Sec-WebSocket-Protocol: uproar.token.{self.token()}",
                f"Origin: https://app.example\r\nCookie: a=b; chat={self.token()};c=")
        for way in ways:
            client = self.client(fields=way.encode() + b"\r\n")
            self.assertEqual(client.hello["ok"]["user"], "bob", way)
            self.assertNotIn("token", client.head)
        client = self.client(fields=ways[0].encode() + b"\r\n", token=self.token("Eve"))
        self.assertEqual(client.hello["ok"]["user"], "Eve")

    def test_one_that_is_not_genuine_is_refused_before_there_is_a_websocket(self):
        good, bad = self.token(), token(os.urandom(32))
        for fields in (f"Authorization: Bearer {bad}", f"Authorization: Bearer {good}\r\nAuthorization: Bearer {good}",
                       f"Sec-WebSocket-Protocol: uproar.v1, uproar.token.{bad}",
                       f"Sec-WebSocket-Protocol: uproar.token.{good}, uproar.token.{good}",
                       f"Origin: https://app.example\r\nCookie: chat={bad}",
                       f"Origin: https://app.example\r\nCookie: chat={good}; chat={good}"):
            self.assertEqual(handshake(self.port, fields=fields + "\r\n"), 401, fields)
        self.assertEqual(handshake(self.port, fields="Authorization: Basic YTpi\r\n"), 101, "a proxy's")
        self.assertEqual(handshake(self.port, target="/ws?token=x"), 101, "which is not looked at")

    def test_a_cookie_is_taken_from_known_pages_alone(self):
        for origin in ("", "Origin: null\r\n", "Origin: https://evil.example\r\n", "Origin: https://app.example.evil.example\r\n"):
            self.assertEqual(handshake(self.port, fields=origin + f"Cookie: chat={self.token()}\r\n"), 403, origin)

    def test_rights_of_rooms(self):
        ann = self.client(token=self.token("Ann"))
        self.assertIn("ok", ann.ask(op="join", room="lobby"))
        self.assertIn("ok", ann.ask(op="join", room="dm:Ann:bob"))
        self.assertEqual(ann.ask(op="join", room="private:x")["err"]["code"], "forbidden")
        mod = self.client(token=self.token("Mod", roles=["mod", "unknown"]))
        self.assertIn("ok", mod.ask(op="join", room="private:x"))
        some = self.client(token=self.token("Sue", rooms={"private:*": "member", "read": ["read"]}))
        self.assertIn("ok", some.ask(op="join", room="private:x"))
        self.assertEqual(some.ask(op="join", room="lobby")["err"]["code"], "forbidden")
        self.assertIn("ok", some.ask(op="join", room="read"))
        self.assertEqual(some.ask(op="send", room="read", data=1)["err"]["code"], "forbidden")

    def test_refresh(self):
        client = self.client(token=self.token("Ann"))
        for room in ("lobby", "other"):
            self.assertIn("ok", client.ask(op="join", room=room))
        self.assertEqual(client.ask(op="refresh", token=self.token("Eve"))["err"]["code"], "forbidden")
        self.assertEqual(client.ask(op="refresh", token=self.token("Ann") + "A")["err"]["code"], "unauthorized")
        self.assertEqual(client.ask(op="refresh")["err"]["code"], "bad_request")
        self.assertIn("ok", client.ask(op="send", room="other", data=1))
        self.assertIn("ok", client.ask(op="refresh", token=self.token("Ann", rooms={"lobby": "member"})))
        removed = client.event("removed")
        self.assertEqual((removed["room"], removed["act"]), ("other", "rights"))
        self.assertEqual(client.ask(op="send", room="other", data=2)["err"]["code"], "not_joined")
        self.assertIn("ok", client.ask(op="send", room="lobby", data=2))
        self.assertEqual(client.ask(op="join", room="other")["err"]["code"], "forbidden")

    def test_the_end_is_told_and_comes(self):
        client = self.client(token=self.token(life=4))
        self.assertLessEqual(client.event("expiring")["in_ms"], 4000)
        self.assertEqual(ended(client), 4410)

    def test_a_refresh_puts_it_off(self):
        client = self.client(token=self.token(life=3))
        client.event("expiring")
        self.assertIn("ok", client.ask(op="refresh", token=self.token(life=61)))
        self.assertGreater(client.event("expiring")["in_ms"], 30000, "told again, of another end")
        self.assertIn("ok", client.ask(op="ping"))


class Vouched(WithKeys):
    """The back end was asked, too, and has said until when."""

    @classmethod
    def setUpClass(cls):
        cls.backend = Backend(lambda question: cls.answer(question))
        cls.backend.__enter__()
        cls.options = ("--connect-url", cls.backend.url, "--join-url", cls.backend.url, "--hook-timeout", "20s")
        super().setUpClass()

    @classmethod
    def tearDownClass(cls):
        super().tearDownClass()
        cls.backend.__exit__(None, None, None)

    @classmethod
    def answer(cls, question):
        return {"allow": True, **(cls.said if question["event"] == "connect" else {})}

    def come(self, life, **said):
        type(self).said = said
        client = self.client(token=self.token("Ann", life))
        self.assertIn("ok", client.hello)
        return client

    def test_no_refresh_puts_that_off_and_it_is_told_once(self):
        end = int(time.time()) + 5
        client = self.come(3600, exp=end)
        self.assertLessEqual(client.event("expiring")["in_ms"], 5000)
        for life in (3600, 7200):
            self.assertIn("ok", client.ask(op="refresh", token=self.token("Ann", life)))
        told = []
        with self.assertRaises(ConnectionError):
            while True:
                told.append(client.read())
        self.assertEqual((client.closed[0], client.events + told), (4410, []))
        self.assertLess(abs(time.time() - end), 2)

    def test_the_sooner_of_both_is_the_end(self):
        client = self.come(3, exp=int(time.time()) + 600)
        self.assertLessEqual(client.event("expiring")["in_ms"], 3000)
        self.assertIn("ok", client.ask(op="refresh", token=self.token("Ann", 50)))
        self.assertGreater(client.event("expiring")["in_ms"], 10000, "told again, of another end")
        self.assertEqual(ended(self.come(3, exp=int(time.time()) + 600)), 4410)

    def test_who_has_a_token_is_verified_until_the_end_and_by_another_name(self):
        client = self.come(3600, exp=int(time.time()) + 600, user="u42")
        self.assertIn("ok", client.ask(op="join", room="r"))
        asked = [(question["event"], question["user"], question["verified"]) for question in self.backend.questions[-2:]]
        self.assertEqual(asked, [("connect", "Ann", True), ("join", "u42", True)])


class Guests(WithKeys):
    options = ("--guests", "named", "--token-in-url", "on", "--token-issuer", "a b", "--token-audience", "chat")

    def test_they_are_marked(self):
        self.assertEqual(self.client(name="bob").hello["ok"]["user"], "~bob")
        self.assertEqual(self.client(name="~bob").hello["ok"]["user"], "~bob")
        self.refused("bad_request")
        guest = self.client(name="bob")
        self.assertEqual(guest.ask(op="refresh", token=self.token(iss="a", aud="chat"))["err"]["code"], "unauthorized")

    def test_a_token_that_is_wrong_makes_no_guest(self):
        self.refused(name="bob", token=self.token(iss="c", aud="chat"))
        self.refused(name="bob", token=self.token(iss="a"))

    def test_in_the_url(self):
        self.assertEqual(handshake(self.port, target="/ws?token=" + self.token(iss="b", aud=["x", "chat"])), 101)
        self.assertEqual(handshake(self.port, target="/ws?token=" + self.token()), 401)
        self.assertEqual(handshake(self.port, target="/ws?token="), 401)


class Keys(WithKeys):
    """Of other kinds, and others later."""

    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.TemporaryDirectory()
        cls.addClassCleanup(cls.folder.cleanup)

    @classmethod
    def tearDownClass(cls):
        pass

    def pair(self, name):
        """(private, public): files of a new RSA key."""
        private, public = (os.path.join(self.folder.name, f"{name}.{which}.pem") for which in ("private", "public"))
        for command in (["genpkey", "-quiet", "-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048", "-out", private],
                        ["pkey", "-in", private, "-pubout", "-out", public]):
            subprocess.run(["openssl", *command], check=True, stderr=subprocess.DEVNULL)
        return private, public

    def signed(self, private, life):
        claims = {"sub": "Ann", "exp": time.time() + life}
        text = letters(b'{"alg":"RS256"}') + "." + letters(json.dumps(claims).encode())
        signature = subprocess.run(["openssl", "dgst", "-sha256", "-sign", private], input=text.encode(), check=True,
                                   capture_output=True).stdout
        return text + "." + letters(signature)

    def test_rsa_by_its_pem(self):
        private, public = self.pair("rsa")
        with Server("--token-keys", public) as server:
            self.port = server.port
            self.assertEqual(self.client(token=self.signed(private, 60)).hello["ok"]["user"], "Ann")
            with open(public, "rb") as file:
                self.refused(token=token(file.read()))

    def test_who_comes_back_is_known_until_the_keys_change(self):
        private, public = self.pair("first")
        path = self.write("changing", open(public, "rb").read())
        known = self.signed(private, 3600)
        with Server("--token-keys", path, "--token-leeway", "0", "--cores", "1") as server:
            self.port = server.port

            def counted():
                return server.metric("token_cache_hits"), server.metric("token_cache_misses")

            for _ in range(3):
                self.assertEqual(self.client(token=known).hello["ok"]["user"], "Ann")
            self.assertEqual(counted(), (2, 1))
            changed = known[:-9] + ("A" if known[-9] != "A" else "B") + known[-8:]
            self.refused(token=changed)
            self.refused(token=changed)
            self.assertEqual(counted(), (2, 3), "what is refused is not remembered")
            short = self.signed(private, 5)
            deadline = time.monotonic() + 60
            while "ok" in self.client(token=short).hello:
                self.assertLess(time.monotonic(), deadline)
                time.sleep(0.5)
            self.refused(token=short)
            self.assertEqual(counted()[1], 4, "expired, though its signature is known")
            self.write("changing", open(self.pair("second")[1], "rb").read())
            server.process.send_signal(signal.SIGHUP)
            while "ok" in self.client(token=known).hello:
                self.assertLess(time.monotonic(), deadline)
                time.sleep(0.1)
        with Server("--token-keys", public, "--token-cache", "0", "--cores", "1") as server:
            self.port = server.port
            for _ in range(3):
                self.assertEqual(self.client(token=known).hello["ok"]["user"], "Ann")
            self.assertEqual(counted(), (0, 0))

    def test_other_keys_after_a_reload(self):
        jwk = lambda kid, secret: {"kty": "oct", "alg": "HS256", "kid": kid, "k": letters(secret)}
        first, second = os.urandom(32), os.urandom(32)
        path = self.write("jwks", json.dumps({"keys": [jwk("1", first)]}).encode())
        with Server("--token-keys", path, "--cores", "2") as server:
            self.port = server.port
            ann = self.client(token=token(first, "Ann", head={"alg": "HS256", "kid": "1"}))
            self.assertIn("ok", ann.ask(op="join", room="lobby"))
            self.refused(token=token(second))
            self.write("jwks", json.dumps({"keys": [jwk("2", second)]}).encode())
            server.process.send_signal(signal.SIGHUP)
            deadline = time.monotonic() + 60
            while "err" in self.client(token=token(second, head={"alg": "HS256", "kid": "2"})).hello:
                self.assertLess(time.monotonic(), deadline)
                time.sleep(0.1)
            self.assertIn("ok", ann.ask(op="send", room="lobby", data=1), "who is here stays")
            self.write("jwks", b"{}")
            server.process.send_signal(signal.SIGHUP)
            while not any("no array `keys`" in line for line in server.lines):
                self.assertLess(time.monotonic(), deadline)
                time.sleep(0.1)
            self.assertIn("ok", self.client(token=token(second)).hello, "those of before hold")

    def test_what_is_checked_is_what_is_started_with(self):
        """As many files as there may be, and one more; a name as long as it may be, and one byte more."""
        binary = os.path.join(BUILD if os.path.isabs(BUILD) else os.path.join(ROOT, BUILD), "uproar")
        secrets = [os.urandom(32).hex().encode() for _ in range(17)]
        paths = [self.write(f"secret-{number}", secret) for number, secret in enumerate(secrets)]
        config, keys = self.write("uproar.conf", b"pong = 9s;\n"), self.write("api-keys", b"")

        def options(count):
            return "-c", config, "--api-keys", keys, "--token-keys", " ".join("HS256:" + path for path in paths[:count])

        def said(*words):
            done = subprocess.run([binary, "--listen", "127.0.0.1:0", "--data", "", *words], capture_output=True, text=True,
                                  timeout=60)
            return done.returncode, done.stderr

        self.assertEqual(said("--check-config", *options(16))[0], 0)
        with Server(*options(16), "--cores", "1") as server:
            self.port = server.port
            last = {"kty": "oct", "alg": "HS256", "kid": "last", "k": letters(secrets[16])}
            shown = token(secrets[16], head={"alg": "HS256", "kid": "last"})
            self.refused(token=shown)
            self.write("secret-15", json.dumps(last).encode())
            server.process.send_signal(signal.SIGHUP)
            self.assertTrue(wait_until(lambda: "ok" in self.client(token=shown).hello), server.lines)
        long = os.path.join(self.folder.name, *["d" * 200] * 2, "")
        os.makedirs(long)
        name = os.path.relpath(long, self.folder.name) + "/" + "n" * (511 - len(long))
        path = self.write(name, secrets[0])
        self.assertEqual((len(path), said("--check-config", "--token-keys", "HS256:" + path)[0]), (511, 0))
        path = self.write(name + "n", secrets[0])
        for words, why in ((options(17), "more than 16 files"), (("--token-keys", "HS256:" + path), "File name too long")):
            self.assertIn("option 'token-keys': ", said(*words)[1])
            self.assertIn(why, said(*words)[1])
            self.assertEqual(said(*words), said("--check-config", *words))

    def test_options_that_are_wrong(self):
        binary = os.path.join(BUILD if os.path.isabs(BUILD) else os.path.join(ROOT, BUILD), "uproar")
        empty = self.write("empty", b"")
        for words, said in (
            (["--token-keys", "/nowhere/keys"], "option 'token-keys': /nowhere/keys: No such file"),
            (["--token-keys", empty], f"option 'token-keys': {empty}: neither a JWKS nor PEM"),
            (["--token-keys", "HS256:" + empty], "a secret has 32 bytes at least"),
            (["--token-keys", "XS256:" + empty], "'XS256' is no algorithm"),
            (["--token-jwks", "https://id.example/jwks"], "option 'token-jwks': needs token-issuer and token-audience"),
            (["--token-cookie", "chat", "--origins", "*"], "option 'token-cookie': needs origins that are named"),
            (["--rights", "*: reed"], "option 'rights': 'reed' is no right"),
            (["--guests", "all"], "option 'guests' is 'all'"),
        ):
            done = subprocess.run([binary, "--check-config", *words], capture_output=True, text=True, timeout=60)
            self.assertNotEqual(done.returncode, 0, words)
            self.assertIn(said, done.stderr)
            self.assertEqual(done.stderr.count("\n"), 1, done.stderr)


class Anonymous(unittest.TestCase):
    def test_a_name_is_given(self):
        with Server("--guests", "anonymous") as server:
            names = set()
            for hello in ({}, {"name": "Ann"}):
                client = Client(server.port)
                self.addCleanup(client.close)
                names.add(client.ask(op="hello", **hello)["ok"]["user"])
            self.assertEqual(len(names), 2)
            for name in names:
                self.assertRegex(name, r"^guest-[a-z2-9]{10}$")


if __name__ == "__main__":
    unittest.main()
