"""cage.py - a bound on the server's memory: a cgroup of either version below our own, or none, and it says which."""
import os
from pathlib import Path


def own(controller):
    """The path of our cgroup in the hierarchy of this controller ("" is version 2's)."""
    for line in Path("/proc/self/cgroup").read_text().splitlines():
        _, names, path = line.split(":", 2)
        if controller in names.split(","):
            return path
    return None


def mounted(kind, option=None):
    for line in Path("/proc/mounts").read_text().splitlines():
        _, where, what, options = line.split()[:4]
        if what == kind and (option is None or option in options.split(",")):
            return Path(where)
    return None


class Cage:
    """`kind` is "cgroup v1", "cgroup v2" or "measured": then nothing but our look at the resident size bounds it."""

    def __init__(self):
        self.kind, self.path, self.why = "measured", None, "no memory controller in /proc/mounts"
        for kind, root, below in (("cgroup v2", mounted("cgroup2"), own("")),
                                  ("cgroup v1", mounted("cgroup", "memory"), own("memory"))):
            if root and below is not None and self.make(kind, Path(f"{root}{below}")):
                return

    def make(self, kind, parent):
        path = parent / f"uproar-attack-{os.getpid()}"
        try:
            path.mkdir()
        except OSError as error:
            self.why = f"{kind}: {error.strerror}"
            return False
        limit = "memory.max" if kind == "cgroup v2" else "memory.limit_in_bytes"
        if not (path / limit).exists():  # version 2 without the controller given to children
            self.why = f"{kind}: its memory controller is not given to {parent}"
            path.rmdir()
            return False
        self.kind, self.path, self.limit = kind, path, limit
        return True

    def bound(self, size):
        if self.path:
            (self.path / self.limit).write_text(str(size))

    def entering(self):
        """What a command line begins with to run inside."""
        if not self.path:
            return []
        return ["sh", "-c", f'echo $$ >"{self.path}/cgroup.procs" && exec "$@"', "cage"]

    def peak(self):
        names = {"cgroup v2": "memory.peak", "cgroup v1": "memory.max_usage_in_bytes"}
        try:
            return int((self.path / names[self.kind]).read_text())
        except (OSError, KeyError, TypeError, ValueError):
            return None

    def killed(self):
        """How many processes the kernel has ended here for want of memory."""
        name = "memory.events" if self.kind == "cgroup v2" else "memory.oom_control"
        try:
            for line in (self.path / name).read_text().splitlines():
                if line.startswith("oom_kill "):
                    return int(line.split()[1])
        except (OSError, TypeError):
            pass
        return 0

    def close(self):
        if self.path:
            self.path.rmdir()
            self.path = None
