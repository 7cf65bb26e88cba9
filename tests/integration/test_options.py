"""The command line, the file and the environment, and what a process says and returns when it cannot start."""
import ctypes
import os
import re
import signal
import socket
import struct
import subprocess
import unittest

from harness import BUILD, ROOT, Client, Server, free_port, temporary, wait_until
from test_api import write_keys

BINARY = os.path.join(ROOT, BUILD, "uproar")
NOBODY = 65534


def run(*words, timeout=20, env=None, before=None):
    """(exit status, standard output, standard error); a server that starts is a failure of the test."""
    variables = {name: value for name, value in os.environ.items() if not name.startswith("UPROAR_")}
    done = subprocess.run([BINARY, *words], capture_output=True, text=True, timeout=timeout,
                          env={**variables, **(env or {})}, preexec_fn=before)
    return done.returncode, done.stdout, done.stderr


def slice_of(task):
    """(policy, nice, nanoseconds) of a thread, as sched_getattr(2) tells them."""
    libc = ctypes.CDLL(None, use_errno=True)
    told = ctypes.create_string_buffer(48)
    numbers = {"x86_64": 315, "aarch64": 275}
    assert libc.syscall(numbers[os.uname().machine], task, told, len(told), 0) == 0, os.strerror(ctypes.get_errno())
    _, policy, _, nice, _, runtime = struct.unpack("IIQiIQ", told.raw[:32])
    return policy, nice, runtime


def refuse_io_uring(number, entries=None):
    """A seccomp filter as containers have it: io_uring_setup returns this errno, of rings of so many entries if said."""
    def before():
        load, equal, give = 0x20, 0x15, 0x06
        first = ((load, 0, 0, 16), (equal, 0, 3, entries)) if entries is not None else ()
        program = b"".join(struct.pack("HBBI", *step) for step in (
            *first, (load, 0, 0, 0), (equal, 0, 1, 425), (give, 0, 0, 0x00050000 | number), (give, 0, 0, 0x7FFF0000)))
        code = ctypes.create_string_buffer(program)
        head = struct.pack("HxxxxxxP", len(program) // 8, ctypes.addressof(code))
        libc = ctypes.CDLL(None, use_errno=True)
        assert libc.prctl(38, 1, 0, 0, 0) == 0  # PR_SET_NO_NEW_PRIVS
        assert libc.prctl(22, 2, head, 0, 0) == 0  # PR_SET_SECCOMP, SECCOMP_MODE_FILTER
    return before


def read(path):
    with open(path) as file:
        return file.read()


def serves(port):
    try:
        socket.create_connection(("127.0.0.1", port), 5).close()
        return True
    except ConnectionRefusedError:
        return False


class Words(unittest.TestCase):
    def test_help_lists_every_option(self):
        with open(os.path.join(ROOT, "engine/ops/tbl/options.h")) as file:
            names = re.findall(r'^OPTION\(\w+, "([a-z-]+)"', file.read(), re.M)
        self.assertGreater(len(names), 30)
        for word in ("-h", "--help"):
            status, out, err = run(word)
            self.assertEqual((status, err), (0, ""))
            for name in [*names, "check-config", "version", "print-options-doc", "config FILE"]:
                self.assertIn(f"--{name}", out)

    def test_the_document_is_the_one_of_this_program(self):
        status, out, _ = run("--print-options-doc")
        with open(os.path.join(ROOT, "docs/operate/options.md")) as file:
            self.assertEqual((status, out), (0, file.read()), "uproar --print-options-doc > docs/operate/options.md")

    def test_version(self):
        status, out, _ = run("--version")
        self.assertEqual(status, 0)
        self.assertRegex(out, r"^uproar \d+\.\d+\.\d+\n$")

    def wrong(self, status, said, *words, lines=1, **more):
        got, out, err = run(*words, **more)
        self.assertEqual((got, out), (status, ""), err)
        self.assertEqual(err.count("\n"), lines, err)
        self.assertIn(said, err)

    def test_mistakes_of_the_command_line(self):
        for said, words in (
            ("command line: there is no option 'send-burts'; did you mean 'send-burst'?", ["--send-burts", "3"]),
            ("there is no option 'nonsense'; --help lists them all", ["--nonsense", "3"]),
            ("option 'cores' is 'two', but takes a whole number from 0 to 64", ["--cores", "two"]),
            ("option 'cores' is '65'", ["--cores=65"]),
            ("option 'cores' is ''", ["--cores"]),
            ("option 'listen' is '8080', but takes HOST:PORT", ["--listen", "8080"]),
            ("option 'listen' is '127.0.0.1:65536'", ["--listen", "127.0.0.1:65536"]),
            ("command line: option 'room-classes': class 'x': 'page' is '201', but takes a whole number from 1 to 200",
             ["--room-classes", "x page=201"]),
            ("command line: option 'room-classes': class 'x' says class=disk, but there is no store",
             ["--room-classes", "x class=disk", "--data", ""]),
            ("command line: option 'store': takes sqlite, postgres://..., memory or none", ["--store", "mysql://db/uproar"]),
            ("command line: option 'store': this is no address of a PostgreSQL database",
             ["--check-config", "--store", "postgres://me:secret@[db/uproar"]),
            ("'serve' is not an option", ["serve"]),
            ("'-x' is not an option", ["-x"]),
            ("-c needs a file", ["-c"]),
        ):
            with self.subTest(words):
                self.wrong(64, said, *words)

    def test_mistakes_of_the_environment(self):
        self.wrong(64, "environment, UPROAR_PING: option 'ping' is '5'", "--check-config", env={"UPROAR_PING": "5"})
        self.wrong(64, "did you mean UPROAR_SEND_RATE?", "--check-config", env={"UPROAR_SENDRATE": "5"})
        self.assertEqual(run("--check-config", env={"UPROAR_PORT": "tcp://10.0.0.1:8080"})[0], 0)
        self.assertEqual(run("--check-config", env={"UPROAR_API_KEY": "of uproar-cli admin"})[0], 0)

    def test_mistakes_of_a_file(self):
        with temporary() as directory:
            path = os.path.join(directory, "uproar.conf")
            for line, text, said in (
                (3, "# ours\nlisten = 127.0.0.1:0;\ncores = two;\n", "option 'cores' is 'two'"),
                (2, "cores = 1;\nhistroy-age = 2h;\n", "did you mean 'history-age'?"),
                (2, "cores = 1;\nsend-memory = 5000000000000;\n", "option 'send-memory' is '5000000000000'"),
                (2, "cores = 1;\nthis is no setting\n", "a line is: name = value;"),
                (3, "room-classes = (\n{ prefix = a; },\n{ prefix = b; age = 5; });\n", "class 'b': 'age' is '5'"),
                (2, "cores = 1;\nstore = nonsense;\n", "option 'store': takes sqlite"),
                (2, "data = \"\";\nroom-classes = \"a class=disk\";\n", "there is no store"),
            ):
                with self.subTest(said), open(path, "w") as file:
                    file.write(text)
                    file.flush()
                    self.wrong(78, f"{path}:{line}: ", "-c", path)
                    self.wrong(78, said, "--config", path, "--check-config")
            self.wrong(78, "No such file", "-c", path + ".not")

    def test_the_example_is_right(self):
        """As it stands, and with all that it offers taken."""
        example = os.path.join(ROOT, "docs/examples/uproar.conf")
        with open(example) as file:
            text = file.read()
        with temporary() as directory:
            write_keys(os.path.join(directory, "api.keys"))
            with open(os.path.join(directory, "token.secret"), "w") as file:
                file.write("0123456789abcdef" * 4)
            whole, taken = re.subn(r"^# ([a-z-]+ = .*;)$", r"\1", text, flags=re.M)
            self.assertGreater(taken, 3)
            path = os.path.join(directory, "uproar.conf")
            with open(path, "w") as file:
                file.write(whole.replace("/etc/uproar/", directory + "/"))
            for path in (example, path):
                status, out, err = run("-c", path, "--check-config")
                self.assertEqual((status, err), (0, ""), path)
                self.assertIn("right", out)

    def test_who_wins(self):
        with temporary() as directory:
            path = os.path.join(directory, "uproar.conf")
            with open(path, "w") as file:
                file.write("cores = 1; ping = 11s; send-rate = 12;\n")
            os.environ["UPROAR_PING"] = "21s"
            os.environ["UPROAR_SEND_RATE"] = "22"
            try:
                with Server("-c", path, "--send-rate", "33") as server:
                    limits = Client(server.port, "Ann").hello["ok"]
                    self.assertEqual((limits["ping"], limits["limits"]["sends"]), (21, 33))
                    self.assertTrue(any("(1 core" in line for line in server.lines), server.lines)
            finally:
                del os.environ["UPROAR_PING"], os.environ["UPROAR_SEND_RATE"]

    def test_a_ring_of_no_power_of_two(self):
        for size in ("100K", "3M"):
            self.assertEqual(run("--check-config", "--core-ring-size", size)[0], 0)
            with Server("--cores", "2", "--core-ring-size", size) as server:
                self.assertIn("ok", Client(server.port, "Ann").hello)

    def test_check_config_starts_nothing(self):
        with temporary() as directory:
            data = os.path.join(directory, "data")
            status, out, err = run("--check-config", "--data", data, "--cores", "2")
            self.assertEqual((status, err), (0, ""))
            self.assertIn("right", out)
            self.assertFalse(os.path.exists(data))


class CannotStart(unittest.TestCase):
    wrong = Words.wrong

    def quiet(self, *words):
        return ("--log-level", "error", "--cores", "1", "--listen", "127.0.0.1:0", "--data", "", *words)

    def test_a_taken_port(self):
        with socket.socket() as other:
            other.bind(("127.0.0.1", 0))
            other.listen()
            address = f"127.0.0.1:{other.getsockname()[1]}"
            self.wrong(69, f"{address} is in use by another", *self.quiet("--listen", address), lines=2)
        with Server("--cores", "2") as server:
            self.wrong(69, "is in use by another", *self.quiet("--listen", f"127.0.0.1:{server.port}"), lines=2)

    def test_a_port_that_is_free_in_a_while(self):
        with socket.socket() as other:
            other.bind(("127.0.0.1", free_port()))
            other.listen()
            address = f"127.0.0.1:{other.getsockname()[1]}"
            late = subprocess.Popen([BINARY, "--cores", "1", "--listen", address, "--data", ""], text=True,
                                    stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
            said = [late.stdout.readline()]
        with late:
            while said[-1] and "http://" not in said[-1]:
                said.append(late.stdout.readline())
            late.terminate()
            late.stdout.read()
        self.assertIn(f"{address} is in use; waiting up to 5 s for it", said[0])
        self.assertIn(f"http://{address}/", said[-1])
        self.assertEqual(late.returncode, 0)

    def test_an_address_of_another_machine(self):
        self.wrong(69, "192.0.2.1:8080", *self.quiet("--listen", "192.0.2.1:8080"))

    def test_no_right_to_a_port(self):
        with open("/proc/sys/net/ipv4/ip_unprivileged_port_start") as file:
            first = int(file.read())
        if os.getuid() != 0 or first <= 1:
            self.skipTest("needs root, and ports that need it")
        def before():
            os.setgroups([])
            os.setgid(NOBODY)
            os.setuid(NOBODY)
        if subprocess.run(["test", "-x", BINARY], preexec_fn=before).returncode != 0:
            self.skipTest("others may not run the program")
        self.wrong(77, "CAP_NET_BIND_SERVICE", *self.quiet("--listen", "127.0.0.1:1"), before=before)

    def test_io_uring_refused(self):
        self.wrong(78, "seccomp", *self.quiet(), before=refuse_io_uring(1))
        self.wrong(78, "io_uring", *self.quiet(), before=refuse_io_uring(38))

    def test_no_ring_for_the_main_thread(self):
        """It has one of one entry, for words to the cores; opened later, the sandbox would end the process for it."""
        self.wrong(71, "the ring of the main thread: Cannot allocate memory", *self.quiet(),
                   before=refuse_io_uring(12, entries=1))

    def test_a_data_directory_that_is_none(self):
        with temporary() as directory:
            file = os.path.join(directory, "file")
            open(file, "w").close()
            for path, said in (
                (file, "Not a directory"),
                (os.path.join(file, "below"), "Not a directory"),
                (os.path.join(directory, "no", "parent"), "No such file or directory"),
                ("/proc/uproar", "No such file or directory"),
                ("/proc", "Permission denied"),
            ):
                with self.subTest(path):
                    self.wrong(73, f"data directory '{path}'", *self.quiet("--data", path))
                    if path != "/proc":
                        self.wrong(73, said, *self.quiet("--data", path))

    def test_a_snapshot_that_cannot_be_read(self):
        with temporary() as directory:
            os.mkdir(os.path.join(directory, "rooms.snapshot"))
            self.wrong(73, "Is a directory", *self.quiet("--data", directory))

    def test_a_second_process_on_the_data(self):
        with temporary() as directory, Server(data=directory):
            self.wrong(73, "another process uses it", *self.quiet("--data", directory))


class Starts(unittest.TestCase):
    def test_every_option_at_its_least(self):
        with open(os.path.join(ROOT, "engine/ops/tbl/options.h")) as file:
            rows = re.findall(r'^OPTION\(\w+, "([a-z-]+)", (\w+), "([^"]*)", "([^"]*)"', file.read(), re.M)
        words = []
        for name, kind, _, least in rows:
            if kind in ("COUNT", "POWER", "BYTES", "TIME") and name not in ("cores", "frame-size", "command-burst"):
                words += [f"--{name}", least]
        with Server("--cores", "2", *words) as server:
            client = Client(server.port, "A")
            self.assertIn("ok", client.ask(op="join", room="r"))
            self.assertIn("ok", client.ask(op="send", room="r", data=1))
            self.assertEqual(client.event("msg")["data"], 1)

    def test_the_backlog_is_what_the_kernel_allows(self):
        with open("/proc/sys/net/core/somaxconn") as file:
            allowed = int(file.read())
        if allowed >= 65535:
            self.skipTest("this kernel allows all that may be asked")
        with Server("--backlog", "65535") as server:
            line = next(line for line in server.lines if "backlog_lowered" in line)
            self.assertIn("asked=65535", line)
            self.assertLessEqual(int(re.search(r"given=(\d+)", line).group(1)), allowed)

    def test_threads_have_names_and_processors(self):
        with Server("--cores", "2") as server:
            tasks = f"/proc/{server.process.pid}/task"
            names = {}
            for task in os.listdir(tasks):
                with open(f"{tasks}/{task}/comm") as file:
                    names[file.read().strip()] = os.sched_getaffinity(int(task))
            self.assertIn("uproar/0", names)
            if len(os.sched_getaffinity(0)) >= 2:
                self.assertEqual((len(names["uproar/0"]), len(names["uproar/1"])), (1, 1))
                self.assertNotEqual(names["uproar/0"], names["uproar/1"])

    def test_cores_ask_for_short_slices_and_for_no_more_of_the_processor(self):
        release = tuple(int(number) for number in re.match(r"(\d+)\.(\d+)", os.uname().release).groups())
        slices = {}
        with temporary() as data, Server("--cores", "1", data=data) as server:
            tasks = f"/proc/{server.process.pid}/task"
            for task in os.listdir(tasks):
                with open(f"{tasks}/{task}/comm") as file:
                    slices[file.read().strip()] = slice_of(int(task))
        self.assertEqual({policy for policy, _, _ in slices.values()}, {os.SCHED_OTHER})
        self.assertEqual({nice for _, nice, _ in slices.values()}, {os.getpriority(os.PRIO_PROCESS, 0)})
        if release >= (6, 12):
            self.assertEqual(slices["uproar/0"][2], 100000)
            self.assertGreater(slices["uproar/writer"][2], 100000)

    def test_only_the_processors_it_may_use(self):
        mine = os.sched_getaffinity(0)
        last = max(mine)
        os.sched_setaffinity(0, {last})
        try:
            with Server() as server:
                self.assertTrue(any("(1 core" in line for line in server.lines), server.lines)
                for task in os.listdir(f"/proc/{server.process.pid}/task"):
                    self.assertEqual(os.sched_getaffinity(int(task)), {last})
        finally:
            os.sched_setaffinity(0, mine)

    def test_standard_descriptors_that_are_closed(self):
        """Nothing that is opened later takes their place: not the pipes to who reads the file, not what is in the data."""
        for closed in ("<&- >&-", "2>&-"):
            with temporary() as folder:
                path, said, port = os.path.join(folder, "conf"), os.path.join(folder, "said"), free_port()
                with open(path, "w") as file:
                    file.write("send-rate = 50;\n")
                words = [BINARY, "--listen", f"127.0.0.1:{port}", "--data", folder, "-c", path, "--cores", "1"]
                with open(said, "w") as log:
                    process = subprocess.Popen(["sh", "-c", f'exec "$@" {closed}', "sh", *words], stderr=log)
                try:
                    self.assertTrue(wait_until(lambda: serves(port)))
                    process.send_signal(signal.SIGHUP)
                    if "2>&-" not in closed:
                        self.assertTrue(wait_until(lambda: re.search("reload(ed|_refused) ", read(said))))
                        self.assertIn(" reloaded ", read(said))
                finally:
                    process.terminate()
                    self.assertEqual(process.wait(20), 0)
                self.assertEqual(read(os.path.join(folder, "lock")), "")

    def test_json_logs_are_json_alone(self):
        import json
        with Server("--log-format", "json", "--cores", "1") as server:
            self.assertEqual(server.stop(), 0)
            lines = [line for line in server.lines if not line.startswith("uproar ")]
            events = [json.loads(line) for line in lines]
            sums = [event["bytes"] for event in events if event["event"] == "memory_most" and event["what"] != "sum"]
            total = next(event["bytes"] for event in events if event.get("what") == "sum")
            self.assertGreater(len(sums), 5)
            self.assertEqual(sum(sums), total)


if __name__ == "__main__":
    unittest.main()
