"""jetstream_streams.py PORT COUNT - makes file streams for rooms r0 to r99: COUNT of 100 makes one for each room, 1 one
for all of them."""
import json
import socket
import sys

ROOMS = 100


def answer(file):
    """The next message's data; what else the server says is passed over."""
    while line := file.readline():
        words = line.split()
        if words and words[0] == b"MSG":
            return json.loads(file.read(int(words[-1]) + 2))
        if words and words[0] == b"-ERR":
            sys.exit(line.decode())
    sys.exit("the server ended the connection")


def main():
    port, count = int(sys.argv[1]), int(sys.argv[2])
    with socket.create_connection(("127.0.0.1", port), timeout=20) as connection, connection.makefile("rb") as file:
        connection.sendall(b'CONNECT {"verbose":false}\r\nSUB made 1\r\n')
        for stream in range(count):
            config = json.dumps({"name": f"s{stream}", "subjects": [f"r{room}" for room in range(stream, ROOMS, count)],
                                 "storage": "file", "retention": "limits", "num_replicas": 1}).encode()
            connection.sendall(b"PUB $JS.API.STREAM.CREATE.s%d made %d\r\n%s\r\n" % (stream, len(config), config))
            if "error" in (made := answer(file)):
                sys.exit(str(made["error"]))


if __name__ == "__main__":
    main()
