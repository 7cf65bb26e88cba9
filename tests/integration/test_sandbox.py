"""What the server can no longer do once it serves. build/sandbox_prober is that server, and tries it from within."""
import errno
import os
import pathlib
import re
import resource
import shutil
import signal
import subprocess
import tempfile
import unittest

from backend import Backend
from harness import BUILD, ROOT, Client, Server, temporary, wait_until
from postgres import Postgres

PROBER = os.path.join(ROOT, BUILD, "sandbox_prober")
REFUSED = (errno.EPERM, errno.EACCES)
OUTSIDE = "/tmp/uproar-probe"

# io_uring's numbers, from its header and not from ours.
NOP, SENDMSG, ACCEPT, CANCEL, CONNECT, CLOSE, SEND, RECV, MSG_RING, URING_CMD, SEND_ZC = 0, 9, 13, 14, 16, 19, 26, 27, 40, 46, 47
SERVES = {NOP, SENDMSG, ACCEPT, CANCEL, CLOSE, SEND, RECV, MSG_RING, URING_CMD}
FIXED_FILE, BUFFER_SELECT = 0, 5
DATABASE = {"socket_unix", "socket_inet", "socket_inet6", "socket_route", "connect_call", "map_code", "data_to_code",
            "open_outside", "open_shadow", "list_outside", "connect_asked", "connect_elsewhere"}
# What asking somebody over HTTP needs, and looking their name up.
OUTBOUND = {"socket_inet", "socket_inet6", "connect_call", "connect_asked"}
NAMES = OUTBOUND | {"socket_unix", "socket_route", "open_outside", "open_shadow"}


def kernel():
    return tuple(int(part) for part in re.match(r"(\d+)\.(\d+)", os.uname().release).groups())


def sanitized():
    with open(os.path.join(ROOT, BUILD, "config.mk")) as file:
        return re.search(r"MODE := (asan|tsan)", file.read())


def probe(what, *options, data="", status=0, prefix=()):
    with open(OUTSIDE, "w"):
        pass
    ran = subprocess.run([*prefix, PROBER, what, "--listen", "127.0.0.1:0", "--drain", "0", "--data", data, *options],
                         capture_output=True, text=True, timeout=60, env={**os.environ, "HOME": "/nonexistent"})
    if status is not None and ran.returncode != status:
        raise AssertionError(f"{what}: status {ran.returncode}\n{ran.stdout[-500:]}{ran.stderr[-1000:]}")
    return ran


def attempts():
    said = subprocess.run([PROBER, "list"], capture_output=True, text=True, timeout=60, check=True).stdout
    return dict(line.split() for line in said.splitlines())


def results(ran):
    """{(thread, what, name): errno}"""
    found = {}
    for line in ran.stdout.splitlines():
        part = line.split()
        if len(part) == 4 and part[1] in ("op", "flag", "register", "call"):
            found[part[0], part[1], part[2]] = int(part[3])
    return found


def etc_of_its_own(folder, hosts=None):
    """A copy as /etc of the one process that the words which are returned come before, and its file of hosts, perhaps at
    the end of a link. Only that file is asked for names."""
    etc = os.path.join(folder, "etc")
    subprocess.run(["cp", "-a", "/etc", etc], check=True, timeout=60)
    path = os.path.join(etc, "hosts")
    os.unlink(path)
    if hosts:
        os.makedirs(os.path.dirname(hosts), exist_ok=True)
        os.symlink(hosts, path)
    with open(hosts or path, "w") as file:
        file.write("127.0.0.1 localhost\n")
    with open(os.path.join(etc, "nsswitch.conf"), "w") as file:
        file.write("hosts: files\n")
    return hosts or path, ["unshare", "--mount", "sh", "-c", 'mount --bind "$0" /etc && exec "$@"', etc]


def may_mount():
    return subprocess.run(["unshare", "--mount", "mount", "--bind", "/etc", "/etc"], capture_output=True).returncode == 0


def setUpModule():
    if not sanitized():
        subprocess.run(["make", "-s", "-C", ROOT, f"BUILD={BUILD}", "sandbox-build"], check=True, timeout=300)


@unittest.skipIf(sanitized(), "a sanitizer needs calls that the sandbox refuses")
class Sandbox(unittest.TestCase):
    def judge(self, found, allowed, operations=SERVES):
        """Nothing was done that is not allowed, on any thread; and what rings need is not refused."""
        threads = {thread for thread, _, _ in found}
        refused = 0
        for (thread, what, name), result in found.items():
            store = thread in ("uproar/writer", "uproar/reader", "uproar/search")
            if what == "op":
                may = int(name) in ({MSG_RING} if store else operations)
                # An operation that is refused never looks at its (wrong) arguments; EINVAL: the kernel has none such.
                self.assertEqual(result not in (errno.EACCES, errno.EINVAL), may, (thread, what, name, result))
            elif what == "flag":
                may = int(name) == FIXED_FILE and not store
                self.assertIn(result, (errno.EBADF, errno.EBADFD) if may else (errno.EACCES, errno.EOPNOTSUPP),
                              (thread, what, name))
            elif what == "register":
                self.assertIn(result, REFUSED + (errno.EINVAL,), (thread, what, name))
            elif name in allowed:
                self.assertNotIn(result, (errno.EPERM,), (thread, what, name))
                continue
            else:
                self.assertIn(result, REFUSED, (thread, what, name))
            refused += result in REFUSED
        return threads, refused

    def test_every_thread_and_ring(self):
        calls = [name for name, how in attempts().items() if how == "fails"]
        self.assertGreater(len(calls), 35)
        with temporary() as data:
            found = results(probe("all", "--cores", "2", data=data))
        threads, refused = self.judge(found, ())
        self.assertEqual(threads, {"main", "uproar/0", "uproar/1", "uproar/writer", "uproar/reader", "uproar/search"})
        self.assertEqual(len([1 for _, what, _ in found if what == "call"]), 6 * len(calls))
        self.assertEqual(len([1 for _, what, _ in found if what == "op"]), 5 * 64)
        self.assertGreater(refused, 6 * len(calls) + 5 * 40)

    def test_without_a_disk_nothing_is_opened(self):
        found = results(probe("all", "--cores", "1"))
        threads, _ = self.judge(found, ())
        self.assertEqual(threads, {"main", "uproar/0"})
        self.assertEqual(found["main", "call", "open_outside"], errno.EPERM)

    def test_zero_copy_has_two_more_operations(self):
        self.judge(results(probe("all", "--cores", "1", "--zero-copy-from", "64K")), (), SERVES | {SEND_ZC, CONNECT})

    def test_with_a_database(self):
        postgres = Postgres().start()
        try:
            found = results(probe("all", "--cores", "1", "--store", postgres.database()))
        finally:
            postgres.close()
        self.judge(found, DATABASE)
        self.assertEqual(found["main", "call", "create_outside"], errno.EACCES)
        self.assertEqual(found["uproar/writer", "call", "open_environment"], errno.EACCES)

    @unittest.skipIf(kernel() < (6, 7), "this kernel's Landlock knows no ports")
    def test_with_somebody_who_is_asked(self):
        for options, allowed in ((["--connect-url", "http://127.0.0.1:9/"], OUTBOUND),
                                 (["--join-url", "http://localhost:9/"], NAMES)):
            with self.subTest(options):
                found = results(probe("all", "--cores", "1", *options))
                self.judge(found, allowed)
                for thread in ("main", "uproar/0"):
                    self.assertEqual(found[thread, "call", "connect_asked"], 0)
                    self.assertEqual(found[thread, "call", "connect_elsewhere"], errno.EACCES)
                    self.assertEqual(found[thread, "call", "open_outside"] == 0, allowed == NAMES, "that is /etc/hostname")

    @unittest.skipUnless(may_mount(), "no mounts of one's own here: not root, or / is none, as in a chroot")
    def test_names_outlive_the_file_that_has_them(self):
        """Who changes /etc/hosts puts another in its place by rename, and so does who owns what it is a link to."""
        for linked in (False, True):
            with self.subTest(linked=linked), temporary() as folder, Backend() as backend:
                hosts, prefix = etc_of_its_own(folder, os.path.join(folder, "run", "hosts") if linked else None)
                with Server("--connect-url", f"http://back-end.test:{backend.port}/", "--hook-timeout", "500ms",
                            prefix=prefix) as server:
                    self.assertTrue(wait_until(lambda: any("name_not_found" in line for line in server.lines)))
                    with open(hosts + ".new", "w") as file:
                        file.write("127.0.0.1 back-end.test\n")
                    os.replace(hosts + ".new", hosts)
                    self.assertTrue(wait_until(lambda: "ok" in Client(server.port).ask(op="hello", name="Ann"), 60),
                                    server.lines)
                told = [line.split(" name_")[1] for line in server.lines if " name_" in line]
                self.assertEqual(told, ['not_found host="back-end.test" reason="Name or service not known"',
                                        'found host="back-end.test"'])

    @unittest.skipUnless(may_mount(), "no mounts of one's own here: not root, or / is none, as in a chroot")
    def test_where_a_link_leads_to_tmp_no_more_of_it_is_open(self):
        with temporary() as folder, tempfile.NamedTemporaryFile(dir="/tmp", prefix="uproar-hosts-") as hosts:
            _, prefix = etc_of_its_own(folder, hosts.name)
            os.unlink(os.path.join(folder, "etc", "hostname"))
            os.symlink(OUTSIDE, os.path.join(folder, "etc", "hostname"))
            found = results(probe("all", "--cores", "1", "--join-url", "http://localhost:9/", prefix=prefix))
            self.assertEqual(found["uproar/0", "call", "open_outside"], errno.EACCES)

    def test_the_database_by_its_name_and_again(self):
        with Postgres() as postgres:
            name = postgres.database().split("?")[0].rsplit("/", 1)[1]
            port = postgres.port
            url = f"postgres://uproar@nobody.invalid:{port},localhost:{port}/{name}?sslmode=prefer"
            with Server("--cores", "1", "--store", url) as server:
                ann = Client(server.port, "Ann")
                ann.ask(op="join", room="r")
                self.assertIn("ok", ann.ask(op="send", room="r", data=1))
                postgres.ask("SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                             " WHERE application_name LIKE 'uproar%'")
                self.assertTrue(wait_until(lambda: "ok" in ann.ask(op="send", room="r", data=2), 20), server.lines)

    def test_off(self):
        """Else it would prove nothing that the calls fail."""
        found = results(probe("all", "--cores", "1", "--sandbox", "off"))
        self.assertEqual(found["uproar/0", "call", "open_outside"], 0)
        self.assertEqual(found["uproar/0", "call", "socket_inet"], 0)
        self.assertEqual(found["main", "call", "new_process3"], errno.EINVAL)
        self.assertNotIn(found["uproar/0", "op", "18"], REFUSED)  # OPENAT
        self.assertEqual(found["uproar/0", "call", "data_to_code"], 0)
        for path in ("/tmp/uproar-was-here", OUTSIDE):
            if os.path.isdir(path):
                os.rmdir(path)
            elif os.path.lexists(path):
                os.unlink(path)

    def test_what_ends_the_process(self):
        ends = [name for name, how in attempts().items() if how == "ends"]
        self.assertGreater(len(ends), 20)
        for name in ends:
            with self.subTest(name):
                probe(name, "--cores", "1", status=-signal.SIGSYS)

    def test_only_logged(self):
        ran = probe("another_ring", "--cores", "1", "--sandbox", "log", status=98)
        self.assertIn("another_ring survived", ran.stdout)
        self.assertIn("sandbox_logs", ran.stderr)
        for name, how in (("open_outside", 0), ("socket_inet", 0)):
            self.assertEqual(results(probe("all", "--cores", "1", "--sandbox", "log"))["main", "call", name], how)

    def test_all_of_it_or_nothing(self):
        """Here all parts are there; where one is missing it says which and does not start."""
        with Server("--sandbox", "require") as server:
            self.assertIn("ok", Client(server.port, "Ann").hello)
        ran = subprocess.run([os.path.join(ROOT, BUILD, "uproar"), "--listen", "127.0.0.1:0", "--data", "",
                              "--sandbox", "require"], capture_output=True, text=True, timeout=20,
                             preexec_fn=lambda: refuse(444, errno.ENOSYS))  # landlock_create_ruleset
        self.assertEqual(ran.returncode, 78, ran.stderr)
        self.assertIn("landlock: Function not implemented", ran.stderr)

    def test_a_start_that_is_refused_late(self):
        """When all threads are there already, the one that asks outside too: they end before what they read does."""
        for options in (["--connect-url", "http://127.0.0.1:9/"], ["--join-url", "http://127.0.0.1:9/"]):
            ran = subprocess.run([os.path.join(ROOT, BUILD, "uproar"), "--listen", "127.0.0.1:0", "--data", "",
                                  "--sandbox", "require", *options], capture_output=True, text=True, timeout=20,
                                 preexec_fn=lambda: refuse(317, errno.ENOSYS))  # seccomp
            self.assertEqual(ran.returncode, 78, ran.stderr)
            self.assertIn("but seccomp: ", ran.stderr)

    def test_a_kernel_that_has_less(self):
        with Server("--sandbox", "on") as server:
            self.assertFalse(any("sandbox_without" in line for line in server.lines), server.lines)
        for number, part in ((444, "landlock"), (317, "seccomp")):
            process = subprocess.Popen([os.path.join(ROOT, BUILD, "uproar"), "--listen", "127.0.0.1:0", "--data", ""],
                                       stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                                       preexec_fn=lambda: refuse(number, errno.ENOSYS))
            try:
                port = int(re.search(r":(\d+)/", process.stdout.readline()).group(1))
                self.assertIn("ok", Client(port, "Ann").hello)
            finally:
                process.terminate()
                _, said = process.communicate(timeout=20)
            self.assertRegex(said, f'sandbox_without part="{part}"')

    def test_what_the_kernel_says_of_it(self):
        options = {"user": 65534, "group": 65534, "extra_groups": []} if os.getuid() == 0 else {}
        with tempfile.TemporaryDirectory(dir="/tmp") as folder:
            os.chmod(folder, 0o755)
            binary = shutil.copy(os.path.join(ROOT, BUILD, "uproar"), folder)
            process = subprocess.Popen([binary, "--listen", "127.0.0.1:0", "--data", "", "--cores", "2"], cwd="/",
                                       stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, **options)
            try:
                process.stdout.readline()
                tasks = os.listdir(f"/proc/{process.pid}/task")
                self.assertEqual(len(tasks), 3)
                for task in tasks:
                    with open(f"/proc/{process.pid}/task/{task}/status") as file:
                        status = dict(line.split(":\t", 1) for line in file.read().splitlines() if ":\t" in line)
                    for kind in ("CapInh", "CapPrm", "CapEff", "CapAmb"):
                        self.assertEqual(int(status[kind], 16), 0, kind)
                    self.assertEqual((status["NoNewPrivs"], status["Seccomp"]), ("1", "2"))
                self.assertEqual(os.stat(f"/proc/{process.pid}/environ").st_uid, 0, "it is not dumpable")
                with open(f"/proc/{process.pid}/limits") as file:
                    self.assertRegex(file.read(), r"Max core file size +0 +0 ")
            finally:
                process.terminate()
                process.communicate(timeout=20)

    @unittest.skipIf(os.getuid() != 0, "only root has capabilities to give up")
    def test_root_keeps_none(self):
        with temporary() as data, Server("--cores", "1", "--connect-url", "http://localhost:9/", data=data) as server:
            def said():
                """By the thread's name."""
                texts = [pathlib.Path(f"/proc/{server.process.pid}/task/{task}/status").read_text()
                         for task in os.listdir(f"/proc/{server.process.pid}/task")]
                return {re.match(r"Name:\t(.*)", text).group(1): text for text in texts}

            asked = {"uproar/0", "uproar/writer", "uproar/fetch", "uproar/names"}
            self.assertTrue(wait_until(lambda: asked <= said().keys()), "a thread has its name when it runs")
            for name, text in said().items():
                for kind in ("CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb"):
                    self.assertRegex(text, rf"(?m)^{kind}:\t0+$", name)

    @unittest.skipIf(os.getuid() != 0, "only root could write there")
    def test_a_directory_of_somebody_else(self):
        with temporary() as data:
            os.chown(data, 65534, 65534)
            os.chmod(data, 0o755)
            ran = subprocess.run([os.path.join(ROOT, BUILD, "uproar"), "--listen", "127.0.0.1:0", "--data", data],
                                 capture_output=True, text=True, timeout=20)
            self.assertEqual(ran.returncode, 73)
            self.assertIn("without capabilities", ran.stderr)


def refuse(number, error):
    """A seccomp filter under which this call returns that errno."""
    import ctypes
    import struct
    rules = struct.pack("HBBI" * 4, 0x20, 0, 0, 0, 0x15, 0, 1, number, 0x06, 0, 0, 0x00050000 | error, 0x06, 0, 0, 0x7FFF0000)
    buffer = ctypes.create_string_buffer(rules)
    program = struct.pack("HxxxxxxQ", 4, ctypes.addressof(buffer))
    libc = ctypes.CDLL(None)
    libc.prctl(38, 1, 0, 0, 0)
    if libc.prctl(22, 2, ctypes.c_char_p(program), 0, 0) != 0:
        raise OSError("no filter")


if __name__ == "__main__":
    unittest.main()
