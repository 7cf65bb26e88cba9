"""bearer - the tokens that the fleet's clients come with: HS256, by a secret that the server was given, too."""
import base64
import hashlib
import hmac
import json
import time

LIFE_SECONDS = 86400


def text_of(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=")


def token(secret, user, roles=()):
    claims = {"sub": user, "exp": int(time.time()) + LIFE_SECONDS, "roles": list(roles)}
    signed = text_of(b'{"alg":"HS256"}') + b"." + text_of(json.dumps(claims).encode())
    return (signed + b"." + text_of(hmac.new(secret, signed, hashlib.sha256).digest())).decode()
