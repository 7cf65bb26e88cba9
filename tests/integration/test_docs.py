"""Every command line in README and docs runs: each against a fresh server, or it stands below with why it cannot.

A block under `<!-- run -->` runs as it stands, after the blocks before it on its page: it finds $URL, $UPROAR_PID and
the server's file `keys`, which the server reads again behind each block. Elsewhere a command is a line behind `$ ` in
an indented or console block, or a line of an sh block; what follows a `$ ` line until the block ends is what it prints,
of which lines that the server says ("uproar: ...") must be the same.

And what docs/internals/faults.md names in its tables is there: options, errors, metrics, rules of the log, tests."""
import glob
import os
import re
import shlex
import signal
import subprocess
import threading
import unittest

from harness import BUILD, ROOT, Client, Server, temporary, wait_until
from test_api import key_of, write_keys

PROGRAMS = BUILD if os.path.isabs(BUILD) else os.path.join(ROOT, BUILD)

# Not run: (document, what the command begins with, why).
NOT_RUN = [
    ("README.md", "make ", "this is one of its tests"),
    ("README.md", "uproar-load run ", "measures for minutes; test_load.py runs it"),
    ("docs/operate/load.md", "uproar-load run ", "measures for minutes; test_load.py runs it"),
    ("docs/operate/compression.md", "uproar-load run ", "measures for minutes; test_load_compress.py runs it"),
    ("docs/operate/postgres.md", "sudo -u postgres ", "makes a user of the machine's PostgreSQL; test_postgres.py has its own"),
    ("docs/operate/postgres.md", "psql ", "needs that server"),
    ("docs/operate/reload.md", "kill -HUP ", "of whichever server runs on the machine; test_reload.py does it"),
    ("docs/operate/store.md", 'sqlite3 uproar.db "UPDATE ', "while no server runs"),
    ("docs/examples/README.md", "", "tests of their own"),
    ("docs/operate/prometheus", "", "tests of their own"),
]

# Run, with something in its place that ends, or that is there: (document, from, to).
INSTEAD = [
    ("README.md", "/tmp/fanout/results.json", "run/results.json --md -o run"),
    ("README.md", "docs/examples/", os.path.join(ROOT, "docs/examples/")),
    ("docs/operate/report.md", "run/results.json", "run/results.json --md -o run"),
    ("docs/operate/cli.md", "tail -f app.log", "echo a line"),
    ("docs/operate/cli.md", " --follow", ""),
    ("docs/operate/cli.md", "UPROAR_API_KEY=...", f"UPROAR_API_KEY={key_of('all')}"),
    ("docs/operate/store.md", "/backup/", "backup/"),
    ("docs/operate/identity.md", "/etc/uproar/", "run/"),
]

CONFIG = 'data = "data";\nroom-classes = (\n  { prefix = "mem:"; class = memory; },\n' \
         '  { prefix = "game."; class = memory; presence = of; slow = latest; page = 20; }\n);\n'


def whole(command):
    """Whether a shell would not wait for more of it."""
    try:
        shlex.split(command, comments=True)
        return not command.endswith("\\")
    except ValueError:
        return False


def blocks(text):
    """(kind, lines) of each block of code; kind is a fence's word, "indented", or "run" where the page says so."""
    kind, lines, marked = None, [], False
    for line in text.split("\n"):
        fence = re.match(r"^ {0,3}```(\w*)$", line)
        if fence:
            if kind not in (None, "indented"):
                yield kind, lines
                kind = None
                continue
            if kind == "indented":
                yield kind, lines
            kind, lines = "run" if marked else fence.group(1) or "text", []
        elif kind not in (None, "indented"):
            lines.append(line)
        elif line.startswith("    "):
            if kind is None:
                kind, lines = "indented", []
            lines.append(line[4:])
        elif kind == "indented" and line.strip():
            yield kind, lines
            kind = None
        if line.strip():
            marked = line == "<!-- run -->"
    if kind == "indented":
        yield kind, lines


def commands(text):
    """[command, [lines that it prints]] of a document, in order."""
    found = []
    for kind, lines in blocks(text):
        if kind not in ("indented", "console", "sh"):
            continue
        pending = None
        for line in lines:
            if pending is not None:
                pending += "\n" + line
            elif kind == "sh" and line.strip() and not line.startswith("#"):
                pending = line
            elif line.startswith("$ "):
                pending = line[2:]
            elif kind != "sh" and found and found[-1][2] is lines:
                found[-1][1].append(line)
            if pending is not None and whole(pending):
                found.append([pending, [], lines])
                pending = None
        if pending is not None:
            raise AssertionError(f"a command without an end: {pending}")
    return [(command, said) for command, said, _ in found]


def pages():
    for path in sorted([os.path.join(ROOT, "README.md"), *glob.glob(os.path.join(ROOT, "docs/**/*.md"), recursive=True)]):
        with open(path) as file:
            yield os.path.relpath(path, ROOT), file.read()


def documents():
    for document, text in pages():
        found = commands(text)
        if found:
            yield document, found


def why_not(document, command):
    return next((why for place, begins, why in NOT_RUN if document.startswith(place) and command.startswith(begins)), None)


def prepared(document, command, port):
    """The command as it is run here."""
    command = re.sub(r"(^|[ |])build/(uproar)", r"\1\2", command)
    for place, before, after in INSTEAD:
        if document == place:
            command = command.replace(before, after)
    bare = re.sub(r"\s+#.*$", "", command)
    starts = re.match(r"^uproar( |$)", bare) and not re.search(r"--(check-config|help|version|print)", bare)
    if starts:  # one runs already; whether it would start is what is asked
        bare = bare.rstrip("& ") + " --check-config"
    if not re.search(r"--help|--version", bare):
        bare = re.sub(r"(^|[ |])uproar-cli (?!admin)", rf"\1uproar-cli --url ws://127.0.0.1:{port}/ws ", bare)
    return bare.replace("127.0.0.1:8080", f"127.0.0.1:{port}")


class Documents(unittest.TestCase):
    def folder(self, path):
        """Where the commands are run: what they name is there."""
        results = sorted(glob.glob(os.path.join(ROOT, "perf/reports/*/*/results.json")))
        for name in ("run", "backup", "data"):
            os.mkdir(os.path.join(path, name))
        if results:
            with open(results[0], "rb") as source, open(os.path.join(path, "run/results.json"), "wb") as copy:
                copy.write(source.read())
        return write_keys(os.path.join(path, "keys"))

    def seed(self, port):
        client = Client(port, "app")
        for room in ("general", "ops"):
            client.ask(op="join", room=room)
            for text in ("hello", "deploy of web failed: no space left", "rollback of web"):
                client.ask(op="send", room=room, data={"text": text})
        self.assertTrue(wait_until(lambda: "ok" in client.ask(op="search", room="ops", query="rollback"), 30))
        client.close()

    def run_one(self, document, command, said, path, port):
        environment = {**os.environ, "PATH": PROGRAMS + ":" + os.environ["PATH"], "UPROAR_API_KEY": key_of("all"),
                       "UPROAR_URL": f"http://127.0.0.1:{port}", "USER": "reader"}
        words = prepared(document, command, port)
        with open(os.path.join(path, "uproar.conf"), "w") as file:
            file.write(CONFIG if document == "docs/operate/rooms.md" else CONFIG.replace("= of;", "= off;"))
        ran = subprocess.run(["bash", "-c", words], cwd=path, env=environment, stdin=subprocess.DEVNULL, timeout=60,
                             stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        promised = [line for line in said if line.startswith("uproar: ")]
        if promised:
            # A line of the document may end before the server's does.
            self.assertTrue(all(line in ran.stdout for line in promised), f"{words}\n{ran.stdout}")
        else:
            self.assertEqual(ran.returncode, 0, f"{document}: {words}\n{ran.stdout}")

    def test_each_command_runs(self):
        ran = 0
        with temporary() as path:
            keys = self.folder(path)
            data = os.path.join(path, "kept")
            with Server("--api-keys", keys, "--drain", "0", "--linger", "100ms", data=data) as server:
                self.seed(server.port)
                os.symlink(os.path.join(data, "uproar.db"), os.path.join(path, "uproar.db"))
                for document, found in documents():
                    for command, said in found:
                        if why_not(document, command.replace("build/", "")) is not None:
                            continue
                        with self.subTest(f"{document}: {command}"):
                            self.run_one(document, command, said, path, server.port)
                        ran += 1
        self.assertGreater(ran, 15)

    def run_block(self, block, path, server):
        """With what the blocks before it have set; a request that is refused is a failure. Who sleeps waits for a reload."""
        environment = {**os.environ, "PATH": PROGRAMS + ":" + os.environ["PATH"], "UPROAR_PID": str(server.process.pid),
                       "URL": f"http://127.0.0.1:{server.port}"}
        script = 'source state 2> /dev/null\nset -e\ncurl() { command curl --fail-with-body "$@"; }\n' \
                 f"rm -f reloaded\nsleep() {{ until [ -e reloaded ]; do command sleep 0.05; done; }}\n{block}\n" \
                 "declare -p > state\n"
        before, over = len(server.lines), threading.Event()

        def watch():
            while not over.wait(0.05):
                if any(" reloaded " in line for line in server.lines[before:]):
                    open(os.path.join(path, "reloaded"), "w").close()
                    return

        watcher = threading.Thread(target=watch, daemon=True)
        watcher.start()
        ran = subprocess.run(["bash", "-c", script], cwd=path, env=environment, stdin=subprocess.DEVNULL, timeout=60,
                             stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        over.set()
        watcher.join()
        self.assertEqual(ran.returncode, 0, f"{block}\n{ran.stdout}")
        before = len(server.lines)
        server.process.send_signal(signal.SIGHUP)
        self.assertTrue(wait_until(lambda: any(" reloaded " in line for line in server.lines[before:]), 30),
                        server.lines[before:])

    def test_each_marked_block_runs(self):
        ran = 0
        for document, text in pages():
            found = ["\n".join(lines) for kind, lines in blocks(text) if kind == "run"]
            if not found:
                continue
            with self.subTest(document), temporary() as path:
                keys = write_keys(os.path.join(path, "keys"), {"first": "admin"})
                with Server("--api-keys", keys, "--drain", "0", "--linger", "100ms",
                            data=os.path.join(path, "kept")) as server:
                    for block in found:
                        self.run_block(block, path, server)
                        ran += 1
        self.assertGreater(ran, 0)

    def test_no_exception_is_for_nothing(self):
        there = [(document, command.replace("build/", "")) for document, found in documents() for command, _ in found]
        for place, begins, why in NOT_RUN:
            self.assertTrue(not begins or any(document.startswith(place) and command.startswith(begins)
                                              for document, command in there), (place, begins, why))
        for place, before, _ in INSTEAD:
            self.assertTrue(not os.path.exists(os.path.join(ROOT, place)) or
                            any(document == place and before in command for document, command in there), (place, before))


def read(*paths):
    """The files of these names and patterns, one behind the other."""
    text = ""
    for path in sorted(sum((glob.glob(os.path.join(ROOT, each), recursive=True) for each in paths), [])):
        with open(path) as file:
            text += file.read()
    return text


class Faults(unittest.TestCase):
    """The tables of faults: what each cell names in backticks, by its column."""

    COLUMNS = ["fault", "what it comes to", "metric", "log", "tests", "others"]
    FIELDS = {"same", "retry_ms", "lagged"}  # words of an outcome that are no errors

    @classmethod
    def setUpClass(cls):
        cls.options = set(re.findall(r'OPTION\(\w+, "([\w-]+)"', read("engine/ops/tbl/options.h")))
        cls.errors = set(re.findall(r"CHAT_ERROR\((\w+),", read("proto/chat/tbl/errors.h")))
        cls.closes = set(re.findall(r'CHAT_CLOSE\(\w+, \d+, "(\w+)"', read("proto/chat/tbl/closes.h")))
        cls.metrics = set(re.findall(r"^\| `uproar_(\w+?)(?:_total)?` \|", read("docs/operate/metrics.md"), re.M))
        logs = " ".join(re.findall(r"\bLOG\(.*?\);", read("engine/**/*.c"), re.S))
        cls.events = set(re.findall(r'"(\w+)"', logs)) | \
            set(re.findall(r"^OFFENCE\((\w+),", read("engine/gate/tbl/offences.h"), re.M)) | \
            {f"http_{name}" for name in re.findall(r"^REFUSAL\((\w+),", read("engine/gate/tbl/refusals.h"), re.M)} | \
            {f"head_{name}" for name in re.findall(r"^HTTP_REFUSAL\((\w+),", read("proto/http/tbl/*.h"), re.M)}
        cls.attacks = set(re.findall(r'^@attack\("(\w+)"', read("tests/attack/attacks_*.py"), re.M))

    def rows(self):
        for line in read("docs/internals/faults.md").split("\n"):
            cells = [cell.strip() for cell in line.strip("|").split(" | ")]
            if line.startswith("| ") and cells != self.COLUMNS:
                yield cells

    def outcome(self, word):
        return word[2:] in self.options if word.startswith("--") else \
            not re.fullmatch(r"[a-z_]+", word) or word in self.errors | self.FIELDS

    def metric(self, word):
        name, label, value = re.fullmatch(r'(\w+|/api/)(?:{(\w+)="(\w+)"})?', word).groups()
        known = {None: {None}, "reason": self.closes, "code": self.errors}[label]
        return value in known and name in self.metrics | {"/api/"}

    def event(self, word):
        return word in self.events | {"/api/"}

    def proof(self, word):
        if "/" in word:
            return os.path.exists(os.path.join(ROOT, word))
        if "." not in word:
            return word in self.attacks
        file, name = word.split(".")
        text = read(f"tests/unit/**/{file}.c", f"tests/integration/{file}.py", f"tests/lossyfs/{file}.py")
        return re.search(rf"^ *(?:class|def) {name}\b|^Test\(\w+, {name}[,)]", text, re.M)

    def test_all_that_is_named_is_there(self):
        count = 0
        for cells in self.rows():
            self.assertEqual(len(cells), len(self.COLUMNS), cells)
            self.assertTrue(all(cells), cells)
            self.assertIn(re.split(r"\W", cells[-1])[0], ("check", "attack", "no"))
            for cell, is_there in zip(cells[1:], (self.outcome, self.metric, self.event, self.proof)):
                for word in re.findall(r"`([^`]+)`", cell):
                    self.assertTrue(is_there(word), f"{cells[0]}: there is no {word}")
            count += 1
        self.assertGreater(count, 40)


if __name__ == "__main__":
    unittest.main()
