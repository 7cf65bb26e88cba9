"""A directory on lossyfs: mounts it, gives it orders (control.h), and takes it away again in any case."""
import atexit
import os
import shutil
import socket
import subprocess
import sys
import tempfile

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
BUILD = os.path.join(ROOT, os.environ.get("BUILD", "build"))

# Set where it is known that this machine lets nobody mount: the tests then say what they did not do, and pass.
EXCUSE = "UPROAR_WITHOUT_FUSE"


class NoFuse(RuntimeError):
    """Nothing can be mounted here."""


def excused(why):
    """Says loudly that nothing was tested. True where that is known and accepted."""
    known = bool(os.environ.get(EXCUSE))
    print("=" * 100, file=sys.stderr)
    print(f"lossyfs cannot be mounted: NOTHING WAS TESTED OF POWER CUTS. {why}", file=sys.stderr)
    if not known:
        print(f"Where this cannot be helped set {EXCUSE}=1.", file=sys.stderr)
    print("=" * 100, file=sys.stderr)
    return known


class Disk:
    """`with Disk() as disk:` files are in disk.path. Must be made by the main thread: the file system ends with the
    thread that started it."""

    def __init__(self, *options):
        self.options = options
        self.folder = None
        self.socket = None

    def __enter__(self):
        if not os.path.exists("/dev/fuse"):
            raise NoFuse("There is no /dev/fuse.")
        self.folder = tempfile.mkdtemp(prefix="lossyfs-")
        self.path = os.path.join(self.folder, "data")
        os.mkdir(self.path)
        control = os.path.join(self.folder, "control")
        program = os.path.join(BUILD, "lossyfs")
        self.process = subprocess.Popen(
            [program, "--control", control, *self.options, self.path],
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        atexit.register(self.close)
        if self.process.stdout.readline() != "mounted\n":
            self.process.wait()
            why = self.process.stderr.read().strip()
            self.close()
            raise NoFuse(why)
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.settimeout(30)
        self.socket.connect(control)
        self.answers = self.socket.makefile("r")
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        if self.folder is None:
            return
        if self.socket:
            self.answers.close()
            self.socket.close()
        if self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(10)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
        if os.path.ismount(self.path) or not os.path.isdir(self.path):
            subprocess.run(["umount", "-l", self.path], check=False)
        self.process.stdout.close()
        self.process.stderr.close()
        shutil.rmtree(self.folder, ignore_errors=True)
        self.folder = None
        atexit.unregister(self.close)

    def order(self, *words):
        """Returns what follows the ok."""
        self.socket.sendall((" ".join(str(word) for word in words) + "\n").encode())
        answer = self.answers.readline().rstrip("\n")
        if not answer.startswith("ok"):
            raise RuntimeError(f"{words}: {answer or 'lossyfs has gone'}")
        return answer[3:]

    def state(self):
        return {key: int(value) if value.isdigit() else value
                for key, value in (pair.split("=") for pair in self.order("state").split())}

    def file(self, name):
        return os.path.join(self.path, name)


if __name__ == "__main__":
    try:
        with Disk():
            pass
    except NoFuse as reason:
        sys.exit(77 if excused(str(reason)) else 1)
