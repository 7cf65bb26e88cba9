"""The store's file against the wire: a file made from a clean story, then bent in one place."""
import json
import os
import sqlite3
import tempfile
import unittest

from judge import Judge
from sqlite_file import compare
from test_rules import R, evening


class File(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.addCleanup(self.folder.cleanup)
        self.path = os.path.join(self.folder.name, "uproar.db")
        self.story = evening()
        db = sqlite3.connect(self.path)
        db.execute("CREATE TABLE rooms (id INTEGER PRIMARY KEY, name, epoch, first, last)")
        db.execute("CREATE TABLE events (id INTEGER PRIMARY KEY, kind, ts, sender, producer, n, data, target, key, shown, "
                   "rev, deleted)")
        db.execute("INSERT INTO rooms VALUES (3, ?, 'e1', 1, 11)", (R,))
        for event in self.story.events[R]:
            producer, _, n = event.get("cid", "").partition(":")
            data = json.dumps(event["data"]) if event.get("data") is not None else None
            db.execute("INSERT INTO events VALUES (?,?,?,?,?,?,?,?,?,?,?,?)", (
                3 << 32 | event["seq"], event["ev"], event["ts"], event["from"], producer or None, int(n) if n else None,
                data, event.get("target"), event.get("key"), event.get("on"), event.get("rev", 0),
                event.get("deleted", False)))
        db.commit()
        db.close()

    def verdict(self, sql=None):
        if sql:
            with sqlite3.connect(self.path) as db:
                self.assertEqual(db.execute(sql).rowcount, 1)
            db.close()
        judge = Judge(["load", "final", "faults"])
        for line, (file, at, who, what, body, _) in enumerate(self.story.records, 1):
            judge.feed(file, line, [at, who, what, body])
        verdict = judge.finish()
        compare(self.path, judge)
        return verdict

    def test_clean(self):
        verdict = self.verdict()
        self.assertEqual(verdict.counts, {}, verdict.text())
        self.assertEqual(verdict.judged["rows in the file"], 11)

    def test_each_difference(self):
        for number, sql in enumerate((
            "UPDATE events SET data = '{}' WHERE id & 4294967295 = 4",
            "UPDATE events SET ts = 1 WHERE id & 4294967295 = 4",
            "UPDATE events SET sender = 'u2' WHERE id & 4294967295 = 4",
            "UPDATE events SET n = 99 WHERE id & 4294967295 = 4",
            "UPDATE events SET producer = NULL WHERE id & 4294967295 = 4",
            "UPDATE events SET rev = 2 WHERE kind = 'edit'",
            "UPDATE events SET shown = 0 WHERE kind = 'react'",
            "UPDATE events SET key = '-' WHERE kind = 'react'",
            "UPDATE events SET target = 2 WHERE kind = 'del'",
            "UPDATE events SET data = '1' WHERE deleted",
            "UPDATE events SET deleted = 1, data = NULL WHERE id & 4294967295 = 4",
            "DELETE FROM events WHERE id & 4294967295 = 4",
            "DELETE FROM events WHERE id & 4294967295 = 11",
            "UPDATE rooms SET last = 12",
            "UPDATE rooms SET first = 2",
            "UPDATE rooms SET epoch = 'e2'",
            "UPDATE rooms SET name = 'r9'",
            "INSERT INTO rooms VALUES (4, 'mem:r1', 'e1', 1, 0)",
        )):
            with self.subTest(sql):
                if number:
                    self.setUp()
                verdict = self.verdict(sql)
                self.assertEqual(list(verdict.counts), ["store"], verdict.text())

    def test_no_file(self):
        with open(self.path, "wb") as file:
            file.write(b"SQLite format 3\0" + b"garbage" * 1000)
        self.assertEqual(list(self.verdict().counts), ["store"])


if __name__ == "__main__":
    unittest.main()
