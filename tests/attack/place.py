"""place.py - where it happens: loopback, or two network namespaces of our own with a link that can be cut."""
import json
import os
import subprocess

FETCH = "import sys, urllib.request; sys.stdout.write(urllib.request.urlopen(sys.argv[1], timeout=10).read().decode())"


def quiet(*command):
    return subprocess.run(command, check=True, capture_output=True, text=True, timeout=10)


class Loopback:
    listen = server = "127.0.0.1"

    def inside(self):
        """What a command line begins with to run where the server is; outside(): where the attackers are."""
        return []

    outside = inside

    def close(self):
        pass


class Namespaces:
    """The server and its people in one, the attackers in the other. Needs root, ip and nft."""

    listen, server = "0.0.0.0", "10.99.0.1"

    def __init__(self):
        self.names = [f"uproar-attack-{os.getpid()}-{side}" for side in "ab"]
        a, b = self.names
        made = []
        try:
            for name in self.names:
                quiet("ip", "netns", "add", name)
                made.append(name)
                quiet("ip", "-n", name, "link", "set", "lo", "up")
            quiet("ip", "-n", a, "link", "add", "veth0", "type", "veth", "peer", "name", "veth1", "netns", b)
            for name, link, address in ((a, "veth0", "10.99.0.1/24"), (b, "veth1", "10.99.0.2/24")):
                quiet("ip", "-n", name, "address", "add", address, "dev", link)
                quiet("ip", "-n", name, "link", "set", link, "up")
        except (OSError, subprocess.CalledProcessError) as error:
            self.names = made
            self.close()
            raise RuntimeError(getattr(error, "stderr", None) or str(error)) from error

    def inside(self):
        return ["ip", "netns", "exec", self.names[0]]

    def outside(self):
        return ["ip", "netns", "exec", self.names[1]]

    def cut(self):
        """Nothing passes any more, and nobody is told: no FIN, no RST, no carrier lost."""
        rules = "add table inet cut\n"
        for hook in ("input", "output"):
            rules += f"add chain inet cut {hook} {{ type filter hook {hook} priority 0; policy drop; }}\n"
        subprocess.run([*self.outside(), "nft", "-f", "-"], input=rules, text=True, check=True, capture_output=True,
                       timeout=10)

    def close(self):
        for name in self.names:
            subprocess.run(["ip", "netns", "del", name], capture_output=True, timeout=10, check=False)


def fetch(place, python, url):
    return subprocess.run([*place.inside(), python, "-c", FETCH, url], check=True, capture_output=True, text=True,
                          timeout=15).stdout


def numbers(text):
    """{name: sum over cores} of Prometheus' text."""
    values = {}
    for line in text.splitlines():
        if line.startswith("uproar_") and " " in line:
            name, value = line.rsplit(" ", 1)
            name = name.split("{")[0].removeprefix("uproar_").removesuffix("_total")
            values[name] = values.get(name, 0) + float(value)
    return values


def as_json(text):
    try:
        return json.loads(text)
    except ValueError:
        return None
