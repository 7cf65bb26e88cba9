"""nginx in front, as docs/operate/proxy.md has it: what is upgraded goes through, what is not is answered."""
import os
import shutil
import socket
import subprocess
import unittest
import urllib.error
import urllib.request

from harness import Client, Server, free_port, temporary, wait_until

NGINX = shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin")

CONFIGURATION = """
daemon off;
worker_processes 1;
pid {folder}/pid;
error_log {folder}/error.log warn;
events {{ worker_connections 256; }}
http {{
    access_log off;
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    map $http_upgrade $connection_upgrade {{ default upgrade; '' close; }}
    upstream uproar {{ server 127.0.0.1:{behind}; }}
    server {{
        listen 127.0.0.1:{front};
        location / {{
            proxy_pass http://uproar;
            proxy_http_version 1.1;
            proxy_set_header Host $http_host;
            proxy_set_header Upgrade $http_upgrade;
            proxy_set_header Connection $connection_upgrade;
            proxy_read_timeout 75s;
        }}
        location = /metrics {{ return 404; }}
    }}
}}
"""


@unittest.skipUnless(NGINX, "no nginx here (Debian: apt install nginx-light)")
class Proxy(unittest.TestCase):
    def setUp(self):
        self.server = Server("--cores", "2", "--send-rate", "0").start()
        self.addCleanup(self.server.__exit__)
        self.folder = temporary()
        self.addCleanup(self.folder.cleanup)
        os.chmod(self.folder.name, 0o755)
        self.port = free_port()
        path = os.path.join(self.folder.name, "nginx.conf")
        with open(path, "w") as file:
            file.write(CONFIGURATION.format(folder=self.folder.name, front=self.port, behind=self.server.port))
        self.nginx = subprocess.Popen([NGINX, "-p", self.folder.name, "-c", path], stdout=subprocess.DEVNULL,
                                      stderr=subprocess.PIPE, text=True)
        self.addCleanup(self.nginx.communicate, timeout=20)
        self.addCleanup(self.nginx.terminate)
        self.assertTrue(wait_until(self.listens), "nginx does not listen")

    def listens(self):
        try:
            socket.create_connection(("127.0.0.1", self.port), timeout=1).close()
            return True
        except OSError:
            return False

    def get(self, path, **headers):
        request = urllib.request.Request(f"http://127.0.0.1:{self.port}{path}", headers=headers)
        try:
            with urllib.request.urlopen(request, timeout=60) as answer:
                return answer.status, answer.headers, answer.read()
        except urllib.error.HTTPError as error:
            with error:
                return error.code, error.headers, error.read()

    def test_a_room_through_the_proxy(self):
        ann, bob = Client(self.port, "Ann"), Client(self.server.port, "Bob")
        for client in (ann, bob):
            self.assertIn("ok", client.ask(op="join", room="r"))
        for n in range(200):
            ann.say(op="send", room="r", data={"n": n, "x": "y" * (n * 70)})
            if n % 10 == 9:
                for client in (ann, bob):
                    for back in range(n - 9, n + 1):
                        self.assertEqual(client.event("msg")["data"]["n"], back)
        ann.frame(8, b"\x03\xe8")
        self.assertEqual(ann.read_frame()[0], 8)
        ann.close()
        self.assertTrue(wait_until(lambda: self.server.metric("connections") == 2), "Bob's, and the question's")
        bob.close()

    def test_a_page_of_the_proxys_own_port_may_connect(self):
        """Its origin names the port, so Host must still have it when it comes to the server."""
        for origin, status in (("http://test:8443", b"101"), ("http://test", b"403"), ("http://test:80", b"403")):
            with self.subTest(origin), socket.create_connection(("127.0.0.1", self.port), timeout=60) as stream:
                stream.sendall(b"GET /ws HTTP/1.1\r\nHost: test:8443\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                               b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n"
                               b"Origin: " + origin.encode() + b"\r\n\r\n")
                self.assertEqual(stream.recv(65536).split(b" ")[1], status)

    def test_who_goes_without_a_word(self):
        for _ in range(20):
            Client(self.port, "Ann").close()
        self.assertTrue(wait_until(lambda: self.server.metric("connections") == 1))

    def test_what_is_no_upgrade(self):
        status, _, body = self.get("/")
        self.assertEqual((status, b"<html" in body.lower()), (200, True))
        self.assertEqual(self.get("/healthz")[0], 200)
        self.assertEqual(self.get("/metrics")[0], 404, "the proxy keeps it inside")
        self.assertEqual(self.get("/nothing")[0], 404)
        self.assertIn(self.get("/ws")[0], (400, 426))

    def test_a_refused_upgrade_opens_no_tunnel(self):
        """A second request behind a refused upgrade is answered by the proxy's own rules, not by what it hides."""
        with socket.create_connection(("127.0.0.1", self.port), timeout=60) as stream:
            stream.sendall(b"GET /ws HTTP/1.1\r\nHost: test\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                           b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 12\r\n\r\n"
                           b"GET /metrics HTTP/1.1\r\nHost: test\r\nConnection: close\r\n\r\n")
            said = b""
            while True:
                more = stream.recv(65536)
                if not more:
                    break
                said += more
        self.assertTrue(said.startswith(b"HTTP/1.1 426 "), said[:100])
        self.assertNotIn(b"uproar_connections", said)


if __name__ == "__main__":
    unittest.main()
