#!/usr/bin/env python3
"""A PostgreSQL server of the test's own, with Debian's programs, in a directory that goes away with it.

As a module: `with Postgres() as server: server.url()`. As a program: `postgres.py COMMAND...` runs the command with the
server's address in UPROAR_TEST_POSTGRES and ends with its status. The server never runs as root, and syncs as a real one."""
import glob
import os
import pwd
import shutil
import signal
import subprocess
import sys
import tempfile
import time

sys.path.insert(1, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
from ports import free_port  # noqa: E402

MEMORY = "/dev/shm"
SETTINGS = """
listen_addresses = '127.0.0.1'
fsync = on
shared_buffers = 64MB
max_connections = 60
max_wal_size = 256MB
log_line_prefix = '%m [%p] %a '
log_min_messages = warning
restart_after_crash = on
"""


def programs():
    """The directory of the newest server here, or None."""
    found = glob.glob("/usr/lib/postgresql/*/bin/initdb")
    if found:
        return os.path.dirname(max(found, key=lambda path: int(path.split("/")[4])))
    path = shutil.which("initdb")
    return os.path.dirname(path) if path else None


def roomy(path):
    try:
        found = os.statvfs(path)
    except OSError:
        return False
    return os.access(path, os.W_OK) and found.f_bavail * found.f_frsize >= 1 << 30


class Postgres:
    def __init__(self, settings="", in_memory=False):
        """in_memory: where there is a file system of that kind. It is for tests that kill processes and never the
        machine: a recovery syncs 1,500 files first, which takes half a minute on a busy disk."""
        self.bin = programs()
        if not self.bin:
            raise RuntimeError("no PostgreSQL server here (Debian: apt install postgresql)")
        self.settings = settings
        self.parent = MEMORY if in_memory and roomy(MEMORY) else None
        self.made = 0

    def __enter__(self):
        return self.start()

    def __exit__(self, *_):
        self.close()

    def as_user(self):
        """What makes a program run as somebody who is not root: the server refuses to be."""
        if os.geteuid() != 0:
            return {}
        for name in ("postgres", "nobody"):
            try:
                user = pwd.getpwnam(name)
                return {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": []}
            except KeyError:
                continue
        raise RuntimeError("neither a user postgres nor nobody")

    def start(self, of=None):
        """Of another server that runs: as its standby."""
        self.directory = tempfile.mkdtemp(prefix="uproar-postgres-", dir=self.parent)
        self.data = os.path.join(self.directory, "data")
        self.port = free_port()
        who = self.as_user()
        if who:
            os.chown(self.directory, who["user"], who["group"])
        os.chmod(self.directory, 0o711)  # for the socket; who serves has no capability to pass by without
        command = ["initdb", "-D", self.data, "-U", "uproar", "-A", "trust", "-E", "UTF8", "--locale=C.UTF-8", "--no-sync"]
        if of:
            command = ["pg_basebackup", "-D", self.data, "-d", of.url() + "&application_name=standby", "-R",
                       "--checkpoint=fast", "--no-sync"]
        made = subprocess.run(
            [os.path.join(self.bin, command[0]), *command[1:]], stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
            stdin=subprocess.DEVNULL, cwd=self.directory, timeout=120, text=True, **who)
        if made.returncode != 0:
            raise RuntimeError(f"{command[0]}: {made.stdout}")
        with open(os.path.join(self.data, "postgresql.conf"), "a") as file:
            file.write(SETTINGS + f"port = {self.port}\nunix_socket_directories = '{self.directory}'\n" + self.settings)
        self.run()
        return self

    def run(self):
        """Starts the server, also again."""
        self.log = open(os.path.join(self.directory, "log"), "ab")
        self.process = subprocess.Popen([os.path.join(self.bin, "postgres"), "-D", self.data], stdout=self.log,
                                        stderr=self.log, stdin=subprocess.DEVNULL, cwd=self.directory,
                                        start_new_session=True, **self.as_user())
        self.wait()

    def wait(self, seconds=60):
        """Until it takes connections."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            if self.process.poll() is not None:
                raise RuntimeError("the PostgreSQL server ended: " + self.lines())
            if subprocess.run([os.path.join(self.bin, "pg_isready"), "-q", "-h", self.directory, "-p", str(self.port)],
                              timeout=20).returncode == 0:
                return self
            time.sleep(0.1)
        raise RuntimeError("the PostgreSQL server does not answer: " + self.lines())

    def lines(self):
        with open(os.path.join(self.directory, "log"), errors="replace") as file:
            return "".join(file.readlines()[-20:])

    def url(self, database="postgres", tcp=False):
        if tcp:
            return f"postgres://uproar@127.0.0.1:{self.port}/{database}"
        return f"postgres:///{database}?host={self.directory}&port={self.port}&user=uproar"

    def database(self):
        """The address of a new, empty database."""
        self.made += 1
        name = f"test_{self.made}"
        self.ask(f"CREATE DATABASE {name} TEMPLATE template0")
        return self.url(name)

    def ask(self, query, url=None, check=True):
        """Lines of tab-separated columns."""
        done = subprocess.run([os.path.join(self.bin, "psql"), "-XAtq", "-F", "\t", "-v", "ON_ERROR_STOP=1", "-d",
                               url or self.url(), "-c", query],
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE, stdin=subprocess.DEVNULL, timeout=60,
                              text=True)
        if check and done.returncode != 0:
            raise RuntimeError(done.stderr)
        return done.stdout.splitlines()

    def backends(self, session, url=None):
        """Process ids of the server's processes for sessions of this name, as `uproar writer`."""
        query = f"SELECT pid FROM pg_stat_activity WHERE application_name = '{session}'"
        return [int(line) for line in self.ask(query, url, check=False)]

    def stop(self, number=signal.SIGINT, timeout=60):
        """SIGINT: fast shutdown; SIGQUIT: as a crash."""
        if self.process.poll() is None:
            self.process.send_signal(number)
            try:
                self.process.wait(timeout)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
        self.log.close()

    def close(self):
        self.stop()
        shutil.rmtree(self.directory, ignore_errors=True)


class WithPostgres:
    """Of a TestCase: one server for all its tests, and a database of its own for each, self.url."""

    @classmethod
    def setUpClass(cls):
        cls.postgres = Postgres(in_memory=True).start()

    @classmethod
    def tearDownClass(cls):
        cls.postgres.close()

    def setUp(self):
        super().setUp()
        self.url = self.postgres.database()


def main():
    if len(sys.argv) < 2:
        print("usage: postgres.py COMMAND...", file=sys.stderr)
        return 64
    with Postgres(in_memory=True) as server:
        def end(number, _):
            raise SystemExit(128 + number)

        signal.signal(signal.SIGTERM, end)
        return subprocess.call(sys.argv[1:], env=dict(os.environ, UPROAR_TEST_POSTGRES=server.url()))


if __name__ == "__main__":
    sys.exit(main())
