"""lossyfs itself: what was synced survives a power cut, what was not may not, and what a test orders to fail fails."""
import errno
import mmap
import os
import sqlite3
import subprocess
import sys
import threading
import time
import unittest

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from disk import Disk

SECTOR = 512


def pattern(tag, sectors):
    """Each sector says what it is and which it is."""
    return b"".join((f"{tag}{n:08d}".encode() * SECTOR)[:SECTOR] for n in range(sectors))


class Lossyfs(unittest.TestCase):
    options = ()

    def setUp(self):
        self.disk = Disk(*self.options)
        self.disk.__enter__()
        self.addCleanup(self.disk.close)
        self.fds = []
        self.addCleanup(lambda: [os.close(fd) for fd in self.fds])

    def open(self, name="a", flags=os.O_RDWR | os.O_CREAT):
        fd = os.open(self.disk.file(name), flags, 0o600)
        self.fds.append(fd)
        return fd

    def sync_names(self):
        fd = os.open(self.disk.path, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(fd)
        finally:
            os.close(fd)

    def cut(self, loss, seed=1):
        self.disk.order("cut", loss, seed)
        self.disk.order("up")

    def fails(self, number, call, *arguments):
        with self.assertRaises(OSError) as caught:
            call(*arguments)
        self.assertEqual(errno.errorcode[caught.exception.errno], errno.errorcode[number])

    def bytes_of(self, name="a"):
        with open(self.disk.file(name), "rb") as file:
            return file.read()

    def kept(self, name="a", content=b"kept"):
        """A file that is durable with its name."""
        fd = self.open(name)
        os.write(fd, content)
        os.fsync(fd)
        self.sync_names()
        return fd


class Cuts(Lossyfs):
    def test_what_was_synced_survives_every_loss(self):
        content = pattern("s", 40)
        for seed, loss in enumerate(["drop", "keep", "tear", "scatter", "any"] * 4):
            name = f"f{seed}"
            fd = self.kept(name, content)
            os.write(self.open("other"), b"x")
            self.cut(loss, seed)
            self.assertEqual(self.bytes_of(name), content)
            self.fails(errno.EIO, os.pread, fd, 1, 0)

    def test_what_was_not_synced_is_dropped(self):
        fd = self.kept(content=b"old")
        os.pwrite(fd, b"new and longer", 0)
        self.assertEqual(self.bytes_of(), b"new and longer")
        self.cut("drop")
        self.assertEqual(self.bytes_of(), b"old")

    def test_where_only_the_process_dies_all_survives(self):
        fd = self.kept(content=b"old")
        os.pwrite(fd, b"new", 0)
        self.open("b")
        self.cut("keep")
        self.assertEqual(self.bytes_of(), b"new")
        self.assertEqual(sorted(os.listdir(self.disk.path)), ["a", "b"])

    def test_fdatasync_keeps_the_size(self):
        fd = self.kept()
        os.pwrite(fd, b"x" * 1000, 5000)
        os.fdatasync(fd)
        self.cut("drop")
        self.assertEqual(len(self.bytes_of()), 6000)

    def test_the_last_write_is_torn_between_sectors(self):
        old, new = pattern("o", 64), pattern("n", 64)
        fd = self.kept(content=old)
        seen = set()
        for seed in range(8):
            os.pwrite(fd, b"first", 63 * SECTOR)
            os.pwrite(fd, new[: 63 * SECTOR], 0)
            self.cut("tear", seed)
            found = self.bytes_of()
            self.assertEqual(len(found), 64 * SECTOR)
            self.assertEqual(found[63 * SECTOR :][:5], b"first")
            which = []
            for at in range(0, 63 * SECTOR, SECTOR):
                self.assertIn(found[at : at + SECTOR], (old[at : at + SECTOR], new[at : at + SECTOR]))
                which.append(found[at : at + SECTOR] == new[at : at + SECTOR])
            self.assertIn(True, which)
            self.assertIn(False, which)
            seen.add(tuple(which))
            fd = self.open()
            os.pwrite(fd, old, 0)
            os.fsync(fd)
        self.assertGreater(len(seen), 6)

    def test_scattered_sectors_survive_in_any_order_but_no_newer_without_the_older(self):
        versions = [pattern(tag, 32) for tag in "abcd"]
        fd = self.kept(content=versions[0])
        mixed = older = 0
        for seed in range(30):
            for version in versions[1:]:
                os.pwrite(fd, version, 0)
            os.pwrite(fd, b"tail", 100 * SECTOR)
            self.cut("scatter", seed)
            found = self.bytes_of()
            which = []
            for at in range(0, 32 * SECTOR, SECTOR):
                self.assertIn(found[at : at + SECTOR], [version[at : at + SECTOR] for version in versions])
                which.append([version[at : at + SECTOR] for version in versions].index(found[at : at + SECTOR]))
            mixed += len(set(which)) > 1
            older += which != sorted(which)
            self.assertIn(len(found), (32 * SECTOR, 100 * SECTOR + 4))
            fd = self.open()
            os.pwrite(fd, versions[0], 0)
            os.ftruncate(fd, len(versions[0]))
            os.fsync(fd)
        self.assertGreater(mixed, 15)
        self.assertGreater(older, 10)

    def test_small_writes_of_one_sector_survive_as_a_first_part(self):
        fd = self.kept(content=b"\0" * SECTOR)
        seen = set()
        for seed in range(30):
            for n in range(8):
                os.pwrite(fd, b"\1", n)
            self.cut("scatter", seed)
            found = self.bytes_of()[:8]
            self.assertNotIn(b"\0\1", found)
            seen.add(found.count(b"\1"))
            fd = self.open()
            os.pwrite(fd, b"\0" * SECTOR, 0)
            os.fsync(fd)
        self.assertGreater(len(seen), 3)

    def test_the_same_seed_tears_the_same(self):
        found = []
        for _ in range(2):
            fd = self.kept(content=pattern("o", 32))
            os.pwrite(fd, pattern("n", 32), 0)
            self.cut("scatter", 77)
            found.append(self.bytes_of())
        self.assertEqual(found[0], found[1])

    def test_a_truncation_that_was_not_synced(self):
        fd = self.kept(content=b"x" * 3000)
        os.ftruncate(fd, 10)
        self.assertEqual(len(self.bytes_of()), 10)
        self.cut("drop")
        self.assertEqual(len(self.bytes_of()), 3000)

    def test_nothing_survives_after_a_truncation_that_did_not(self):
        lengths = set()
        for seed in range(60):
            fd = self.kept(content=b"o" * 3000)
            os.ftruncate(fd, 0)
            os.pwrite(fd, b"n" * 600, 0)
            self.cut("scatter", seed)
            found = self.bytes_of()
            self.assertTrue(found == b"o" * 3000 or b"o" not in found, found)
            lengths.add(len(found))
            os.unlink(self.disk.file("a"))
        self.assertTrue({0, 600, 3000} <= lengths, lengths)

    def test_while_it_is_down_nothing_works(self):
        fd = self.kept()
        folder = os.open(self.disk.path, os.O_RDONLY | os.O_DIRECTORY)
        self.fds.append(folder)
        self.disk.order("cut", "drop", 1)
        self.assertEqual(self.disk.state()["down"], 1)
        for call in [lambda: os.write(fd, b"x"), lambda: os.fsync(fd), lambda: os.listdir(self.disk.path),
                     lambda: self.open("b"), lambda: self.open("a", os.O_RDONLY)]:
            self.fails(errno.EIO, call)
        self.disk.order("up")
        for call in [lambda: os.write(fd, b"x"), lambda: os.fsync(fd), lambda: os.fsync(folder), lambda: os.fstat(fd)]:
            self.fails(errno.EIO, call)
        self.assertEqual(self.bytes_of(), b"kept")


class Names(Lossyfs):
    def test_a_new_name_is_lost_without_a_sync_of_the_directory(self):
        fd = self.open()
        os.write(fd, b"x")
        os.fsync(fd)
        self.cut("drop")
        self.assertEqual(os.listdir(self.disk.path), [])

    def test_a_removal_is_undone(self):
        self.kept()
        os.unlink(self.disk.file("a"))
        self.assertEqual(os.listdir(self.disk.path), [])
        self.cut("drop")
        self.assertEqual(self.bytes_of(), b"kept")

    def test_a_rename_over_another_is_all_or_nothing(self):
        results = set()
        for seed in range(20):
            self.kept("a", b"one")
            self.kept("b", b"two")
            os.rename(self.disk.file("a"), self.disk.file("b"))
            self.assertEqual(self.bytes_of("b"), b"one")
            self.cut("scatter", seed)
            names = sorted(os.listdir(self.disk.path))
            results.add((tuple(names), self.bytes_of("b")))
        self.assertEqual(results, {(("a", "b"), b"two"), (("b",), b"one")})

    def test_a_file_without_a_name_is_still_written(self):
        fd = self.kept()
        os.unlink(self.disk.file("a"))
        os.pwrite(fd, b"more", 4)
        self.assertEqual(os.pread(fd, 100, 0), b"keptmore")


class Ordered(Lossyfs):
    options = ("--ordered",)

    def test_a_sync_of_a_file_keeps_its_name(self):
        fd = self.open()
        os.write(fd, b"x")
        os.fsync(fd)
        self.open("b")
        self.cut("drop")
        self.assertEqual(os.listdir(self.disk.path), ["a"])


class Borders(Lossyfs):
    def scenario(self):
        fd = self.open()
        os.write(fd, b"one")
        os.fsync(fd)
        self.sync_names()
        os.write(fd, b"two")
        os.ftruncate(fd, 4)
        os.fsync(fd)
        os.rename(self.disk.file("a"), self.disk.file("b"))
        os.unlink(self.disk.file("b"))

    def test_each_is_traced(self):
        path = os.path.join(self.disk.folder, "trace")
        self.disk.order("trace", path)
        self.scenario()
        self.disk.order("trace", "-")
        with open(path) as file:
            self.assertEqual([line.split()[1] for line in file],
                             "create write fsync fsyncdir write truncate fsync rename remove".split())
        self.assertEqual(self.disk.state()["borders"], 9)

    def test_the_cut_comes_at_the_border(self):
        expected = {1: None, 2: None, 3: None, 4: None, 5: b"one", 6: b"one", 7: b"one", 8: b"onet", 9: b"onet"}
        for border, content in expected.items():
            self.disk.order("cut-at", border, "drop", border)
            self.fails(errno.EIO, self.scenario)
            self.assertEqual(self.disk.state()["down"], 1)
            self.disk.order("up")
            self.assertEqual(self.bytes_of() if content else os.listdir(self.disk.path), content or [])
            if content:
                os.unlink(self.disk.file("a"))
                self.sync_names()

    def test_the_call_at_the_border_may_have_been_done(self):
        self.disk.order("cut-at", 2, "keep", 1)
        self.fails(errno.EIO, self.scenario)
        self.disk.order("up")
        self.assertEqual(self.bytes_of(), b"one")

    def test_who_waits_is_told(self):
        seen = []
        waiter = threading.Thread(target=lambda: seen.append(self.disk.order("wait")))
        self.disk.order("cut-at", 1, "drop", 1)
        waiter.start()
        time.sleep(0.05)
        self.assertEqual(seen, [])
        self.fails(errno.EIO, self.open, "x")
        waiter.join(5)
        self.assertIn("down=1", seen[0])

    def test_what_was_saved_is_there_again(self):
        self.kept(content=b"one")
        self.disk.order("save", 3)
        fd = self.kept(content=b"two")
        self.disk.order("load", 3)
        self.assertEqual(self.bytes_of(), b"one")
        self.fails(errno.EIO, os.fsync, fd)


class Faults(Lossyfs):
    def test_the_nth_call_fails_once(self):
        fd = self.kept()
        self.disk.order("fail", "write", "EIO", 3, "once", "a")
        os.write(fd, b"1")
        os.write(fd, b"2")
        self.fails(errno.EIO, os.write, fd, b"3")
        os.write(fd, b"4")
        self.assertEqual(self.bytes_of(), b"kept124")
        self.assertEqual(self.disk.state()["struck"], 1)

    def test_the_call_at_the_nth_border(self):
        fd = self.kept()
        self.disk.order("fail", "border", "EIO", 3, "once")
        os.write(fd, b"1")
        os.fsync(fd)
        self.assertEqual(os.pread(fd, 5, 0), b"kept1")
        self.fails(errno.EIO, os.ftruncate, fd, 3)
        os.ftruncate(fd, 4)

    def test_from_then_on_until_healed(self):
        fd = self.kept()
        other = self.open("b")
        self.disk.order("fail", "fsync", "ENOSPC", 1, "on", "a")
        for _ in range(3):
            self.fails(errno.ENOSPC, os.fsync, fd)
        os.fsync(other)
        self.disk.order("heal")
        os.fsync(fd)

    def test_a_failed_fsync_loses_what_a_second_one_claims(self):
        fd = self.kept(content=b"old")
        os.pwrite(fd, b"new", 0)
        self.disk.order("fail", "fsync", "EIO", 1, "once")
        self.fails(errno.EIO, os.fsync, fd)
        os.fsync(fd)
        self.assertEqual(self.bytes_of(), b"new")
        self.cut("drop")
        self.assertEqual(self.bytes_of(), b"old")

    def test_some_bytes_cannot_be_read(self):
        fd = self.kept(content=bytes(20000))
        self.disk.order("fail", "read", "EIO", 1, "on", "a", 8192, 4096)
        os.pread(fd, 8192, 0)
        self.fails(errno.EIO, os.pread, fd, 1, 8192)
        self.fails(errno.EIO, os.pread, fd, 4097, 8191)
        os.pread(fd, 100, 12288)

    def test_space_ends_and_comes_back(self):
        fd = self.kept(content=b"x" * 100)
        self.disk.order("space", 50)
        self.assertEqual(os.write(fd, b"y" * 80), 50)
        self.fails(errno.ENOSPC, os.write, fd, b"z")
        self.assertEqual(os.pwrite(fd, b"w" * 150, 0), 150)
        self.assertEqual(os.statvfs(self.disk.path).f_bavail, 0)
        self.disk.order("heal")
        self.assertEqual(os.write(fd, b"z" * 10000), 10000)

    def test_read_only(self):
        fd = self.kept()
        self.disk.order("read-only", "on")
        self.fails(errno.EROFS, os.write, fd, b"x")
        self.fails(errno.EROFS, self.open, "a")
        self.fails(errno.EROFS, self.open, "new")
        self.fails(errno.EROFS, os.unlink, self.disk.file("a"))
        self.assertFalse(os.access(self.disk.path, os.W_OK))
        self.assertEqual(self.bytes_of(), b"kept")

    def test_a_slow_fsync_holds_up_nobody_else(self):
        fd, other = self.kept(), self.kept("b")
        self.disk.order("fsync-ms", 2000)
        ended = []
        started = time.monotonic()
        thread = threading.Thread(target=lambda: (os.fsync(fd), ended.append(time.monotonic())))
        thread.start()
        os.pwrite(other, b"x", 0)
        self.assertLess(time.monotonic() - started, 1.5)
        thread.join()
        self.assertGreater(ended[0] - started, 1.99)

    def test_orders_that_are_none(self):
        for words in ["cut", "cut drop", "cut drop x", "cut-at 1 flat 1", "fail write", "fail write EIO 0 once",
                      "fail wright EIO 1 once", "space", "save 8", "load x", "fsync-ms -", "nonsense"]:
            with self.assertRaisesRegex(RuntimeError, "error: "):
                self.disk.order(*words.split())


WRITER = """
import sqlite3, sys
db = sqlite3.connect(sys.argv[1], isolation_level=None)
db.execute("PRAGMA journal_mode=WAL"); db.execute("PRAGMA synchronous=" + sys.argv[2])
db.execute("PRAGMA wal_autocheckpoint=20")
db.execute("CREATE TABLE IF NOT EXISTS t(n INTEGER PRIMARY KEY, x TEXT)")
n = db.execute("SELECT coalesce(max(n), 0) FROM t").fetchone()[0]
while True:
    n += 1
    db.execute("INSERT INTO t VALUES(?, ?)", (n, "x" * (n * 37 % 3000)))
    print(n, flush=True)
"""


class Sqlite(Lossyfs):
    def run_until_cut(self, synchronous, border, loss, seed):
        self.disk.order("cut-at", border, loss, seed)
        writer = subprocess.run([sys.executable, "-c", WRITER, self.disk.file("t.db"), synchronous],
                                stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, timeout=60, text=True)
        self.disk.order("up")
        return int((writer.stdout.split() or ["0"])[-1])

    def found(self):
        db = sqlite3.connect(self.disk.file("t.db"))
        try:
            self.assertEqual(db.execute("PRAGMA integrity_check").fetchone()[0], "ok")
            if not db.execute("SELECT 1 FROM sqlite_master").fetchone():
                return []
            return [row[0] for row in db.execute("SELECT n FROM t ORDER BY n")]
        finally:
            db.close()

    def test_full_loses_nothing_that_was_committed(self):
        told = 0
        for round_ in range(12):
            told = max(told, self.run_until_cut("FULL", 40 + 37 * round_, "any", round_))
            found = self.found()
            self.assertEqual(found, list(range(1, len(found) + 1)))
            self.assertGreaterEqual(len(found), told)
        self.assertGreater(told, 100)

    def test_off_loses_what_it_committed(self):
        """The rig can see what it is there to see."""
        lost = 0
        for round_ in range(6):
            told = self.run_until_cut("OFF", 300, "scatter", round_)
            try:
                lost += len(self.found()) < told
            except (sqlite3.DatabaseError, AssertionError):
                lost += 1
            for name in os.listdir(self.disk.path):
                os.unlink(self.disk.file(name))
            self.disk.order("sync")
        self.assertGreater(lost, 3)

    def test_readers_share_the_map_of_the_log(self):
        writer = sqlite3.connect(self.disk.file("t.db"), isolation_level=None)
        writer.execute("PRAGMA journal_mode=WAL")
        writer.execute("CREATE TABLE t(n)")
        reader = subprocess.Popen(
            [sys.executable, "-c",
             "import sqlite3, sys\ndb = sqlite3.connect(sys.argv[1])\n"
             "for line in sys.stdin: print(db.execute('SELECT count(*) FROM t').fetchone()[0], flush=True)",
             self.disk.file("t.db")], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        try:
            for n in range(1, 50):
                writer.execute("INSERT INTO t VALUES(1)")
                reader.stdin.write("\n")
                reader.stdin.flush()
                self.assertEqual(int(reader.stdout.readline()), n)
        finally:
            reader.communicate()
            writer.close()
        self.assertIn("t.db", os.listdir(self.disk.path))

    def test_scratch_can_be_mapped(self):
        fd = self.open("x-shm")
        os.ftruncate(fd, 8192)
        with mmap.mmap(fd, 8192) as one, mmap.mmap(self.open("x-shm"), 8192) as two:
            one[5000:5004] = b"here"
            self.assertEqual(two[5000:5004], b"here")
        self.assertEqual(self.disk.state()["borders"], 0)


if __name__ == "__main__":
    unittest.main()
