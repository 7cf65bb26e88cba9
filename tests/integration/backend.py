"""The user's back end, as the server's hooks meet it: it answers as it is told to, and says what it was asked."""
import http.server
import json
import socket
import socketserver
import ssl
import threading

ALLOW = {"allow": True}
REFUSE = {"allow": False}
HANG, CLOSE = "hang", "close"  # without an answer; none, and the end


class Backend:
    """`with Backend(answer) as backend`. answer: what a question (a dict; None of a GET) is answered with: a dict, bytes,
    a status, (status, fields, bytes), HANG or CLOSE; or a function of the question that says so."""

    def __init__(self, answer=ALLOW, port=0, context=None):
        self.answer = answer
        self.questions, self.fields = [], []
        self.at_once = self.most_at_once = 0
        self.lock = threading.Lock()
        self.sockets = set()
        self.released = threading.Event()
        backend = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self):
                backend.meet(self, json.loads(self.rfile.read(int(self.headers["Content-Length"]))))

            def do_GET(self):
                backend.meet(self, None)

            def setup(self):
                super().setup()
                backend.sockets.add(self.connection)

            def log_message(self, *_):
                pass

        class Threads(socketserver.ThreadingMixIn, http.server.HTTPServer):
            daemon_threads = True
            request_queue_size = 256

            def handle_error(self, *_):
                pass

        self.http = Threads(("127.0.0.1", port), Handler)
        self.port = self.http.server_address[1]
        if context:
            self.http.socket = context.wrap_socket(self.http.socket, server_side=True)
        self.url = f"{'https' if context else 'http'}://127.0.0.1:{self.port}/hook"

    def meet(self, handler, question):
        with self.lock:
            self.questions.append(question)
            self.fields.append(handler.headers)
            self.at_once += 1
            self.most_at_once = max(self.most_at_once, self.at_once)
        try:
            self.speak(handler, self.answer(question) if callable(self.answer) else self.answer)
        except OSError:
            handler.close_connection = True
        finally:
            with self.lock:
                self.at_once -= 1

    def speak(self, handler, answer):
        if answer == HANG:
            self.released.wait(60)
        if answer in (HANG, CLOSE):
            handler.close_connection = True
            return
        status, fields, body = 200, {}, answer
        if isinstance(answer, int):
            status, body = answer, b""
        elif isinstance(answer, tuple):
            status, fields, body = answer
        if isinstance(body, dict):
            body = json.dumps(body).encode()
        handler.send_response(status)
        for name, value in {"Content-Length": str(len(body)), **fields}.items():
            handler.send_header(name, value)
        handler.end_headers()
        handler.wfile.write(body)

    def __enter__(self):
        self.thread = threading.Thread(target=self.http.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.released.set()
        self.http.shutdown()
        self.http.server_close()
        for connection in list(self.sockets):
            try:
                connection.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass


def tls(certificate, key):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    return context
