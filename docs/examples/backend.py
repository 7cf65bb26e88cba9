"""A back end in 30 lines: gives tokens (POST /login) and speaks in rooms itself (POST /say). See README.md beside it."""
import base64, hashlib, hmac, http.server, json, os, time, urllib.request

SECRET = open(os.environ["SECRET_FILE"], "rb").read().strip()  # the same file as in uproar --token-keys HS256:FILE
UPROAR, API_KEY = os.environ["UPROAR_URL"], os.environ["API_KEY"]

def letters(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=")

def token(user, seconds=3600):
    claims = {"sub": user, "exp": int(time.time()) + seconds, "rooms": {"news": ["read", "history"], "*": "member"}}
    text = letters(b'{"alg":"HS256","typ":"JWT"}') + b"." + letters(json.dumps(claims).encode())
    return (text + b"." + letters(hmac.digest(SECRET, text, hashlib.sha256))).decode()

def publish(room, data):
    fields = {"Authorization": "Bearer " + API_KEY, "Content-Type": "application/json"}
    body = json.dumps({"room": room, "data": data, "user": "newsroom"}).encode()
    with urllib.request.urlopen(urllib.request.Request(UPROAR + "/api/v1/publish", body, fields), timeout=5) as answer:
        return json.load(answer)

class Handler(http.server.BaseHTTPRequestHandler):
    def do_POST(self):
        asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        # Here you look at your session cookie or password: whoever reaches this line gets the token of that user.
        given = {"token": token(asked["user"])} if self.path == "/login" else publish(asked["room"], asked["data"])
        self.send_response(200)
        self.end_headers()
        self.wfile.write(json.dumps(given).encode())

http.server.ThreadingHTTPServer(("127.0.0.1", int(os.environ["PORT"])), Handler).serve_forever()
