"""journal - what happened, one JSON array a line: [time, who, what, body].

time   microseconds of CLOCK_MONOTONIC, the same clock in every process of the machine, ascending in a file
who    a number: the client, or -1 for the run itself
what   body
">"    the frame that the client sends next, as it stands on the wire. Written before it is sent
"<"    a frame that was received, as it stood on the wire. Written after it was received
"api>" a request to the HTTP API that is sent next: {"id", "method", "path", "body"}, body as it stands on the wire, or null
"api<" an answer that was received: {"re", "status", "body"}; body null where it is no JSON
"+"    a connection's WebSocket handshake is done, or a back end has connected: the connection's number
"-"    it is over: {"code", "reason", "mine": the client ended it}
"~"    {"room", "cid"}: the client gives up on it and will not send it again
"!"    what the server did against RFC 6455 or JSON, a text
"run"  {"role": "load" or "final", "disk": whether rooms are on disk, ...}. The first line of a file
"stop" no publish is begun from here on; what is unacknowledged is sent again until it is answered
"end"  {"settled": true or false}: whether all was answered and everybody caught up. All connections still stand here
"fault" {"kind", "until": time when the server was ready again}. Written by a rig to a file of its own

So a journal holds no opinion of the driver's: whoever reads it decodes the protocol anew.
"""
import heapq
import json
import time

FLUSH_BYTES = 1 << 18


def now_us():
    return time.monotonic_ns() // 1000


class Journal:
    def __init__(self, path):
        self.file = open(path, "wb")
        self.lines, self.bytes, self.last = [], 0, 0

    def add(self, line):
        self.lines.append(line)
        self.bytes += len(line)
        if self.bytes > FLUSH_BYTES:
            self.flush()

    def wire(self, at, who, what, text):
        """`text` is one frame's bytes, which are JSON; at is now_us() of the moment."""
        self.add(b'[%d,%d,"%b",%b]\n' % (at, who, what, text))

    def note(self, who, what, body):
        self.add(json.dumps([now_us(), who, what, body], separators=(",", ":")).encode() + b"\n")

    def flush(self):
        self.file.write(b"".join(self.lines))
        self.lines, self.bytes = [], 0
        self.file.flush()

    def close(self):
        self.flush()
        self.file.close()


def lines_of(path, number):
    with open(path, "rb") as file:
        for at, line in enumerate(file, 1):
            if not line.endswith(b"\n"):
                return  # the writer was killed in the middle of it
            record = json.loads(line)
            yield record[0], number, at, record


def merged(paths):
    """Every record of all files by time: (time, file's number, line's number, record)."""
    streams = [lines_of(path, number) for number, path in enumerate(paths)]
    return streams[0] if len(streams) == 1 else heapq.merge(*streams)
