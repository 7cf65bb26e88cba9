"""The rows of rows.h, for Python."""
import os
import re

HERE = os.path.dirname(os.path.abspath(__file__))
GOOD = b"GET /healthz HTTP/1.1\r\nHost: a\r\n"
SHAKE = (b"GET /ws HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
         b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n")
AROUND = {"BYTES": (b"", b""), "LINE": (b"", b"\r\nHost: a\r\n\r\n"), "FIELDS": (GOOD, b"\r\n"), "SHAKE": (SHAKE, b"\r\n")}
STRING = r'"((?:[^"\\]|\\.)*)"'


class Row:
    def __init__(self, kind, name, text, refusal, verdict, source):
        before, behind = AROUND[kind]
        self.name, self.refusal, self.source = name, refusal, source
        *statuses, self.end = verdict.split()
        self.statuses = [int(status) for status in statuses]
        self.verdict = verdict
        text = re.sub(rb"\{(.*?)\*(\d+)\}", lambda found: found[1] * int(found[2]), text, flags=re.S)
        self.bytes = before + text + behind


def plain(text):
    """What C makes of a string."""
    return text.encode("latin-1").decode("unicode_escape").encode("latin-1")


def rows():
    with open(os.path.join(HERE, "tbl", "rows.h")) as file:
        text = re.sub(r"/\*.*?\*/", "", file.read(), flags=re.S)
    pattern = rf'HTTP_(\w+)\((\w+),\s*((?:{STRING}\s*)+),\s*(\w+),\s*{STRING},\s*{STRING}\)'
    found = []
    for match in re.finditer(pattern, text):
        kind, name, strings = match[1], match[2], match[3]
        parts = b"".join(plain(part) for part in re.findall(STRING, strings))
        found.append(Row(kind, name, parts, match[5], match[6], match[7]))
    if len(found) != len(re.findall(r"^HTTP_", text, re.M)):
        raise ValueError("rows.h has rows that are not understood")
    if len({row.name for row in found}) != len(found):
        raise ValueError("rows.h has a name twice")
    return found
