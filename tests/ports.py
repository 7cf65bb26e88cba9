"""Ports for servers that tests start, each lent to one program of the tests at a time."""
import random
import socket

# Below the ports that the kernel lends to clients, so that none of them takes it while a server restarts.
FIRST, LAST = 20000, 31999

lent = []  # sockets whose names say whose a port is; they go with the process


def free_port(rng=random):
    """A port that nobody listens on, and that no other program gets from here while this one runs."""
    while True:
        port = rng.randint(FIRST, LAST)
        mark = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        try:
            mark.bind(f"\0uproar-test-port-{port}")
            with socket.socket() as probe:
                probe.bind(("127.0.0.1", port))
        except OSError:
            mark.close()
            continue
        lent.append(mark)
        return port
