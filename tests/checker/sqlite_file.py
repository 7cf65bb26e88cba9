"""sqlite_file - the store's file itself, by Python's sqlite3, against what the wire said is in it.

The layout: rooms (id, name, epoch, first, last) and events (id = room << 32 | seq, kind, ts, sender, producer, n, data,
target, key, shown, rev, deleted).
"""
import json
import sqlite3

from entries import cid_of
from logbook import content_of

COLUMNS = "id, kind, ts, sender, producer, n, data, target, key, shown, rev, deleted"


def event_of(row):
    """A row as the event that the wire would give."""
    number, kind, ts, sender, producer, n, data, target, key, shown, rev, deleted = row
    event = {"ev": kind, "seq": number & 0xFFFFFFFF, "ts": ts, "from": sender}
    if producer is not None:
        event["cid"] = f"{producer}:{n}"
    if kind == "mod":
        event.update(json.loads(data))
        return event, data
    if kind != "msg":
        event["target"] = target
    if kind == "edit":
        event["rev"] = rev
    if kind == "react":
        event.update(key=key, on=bool(shown))
    if deleted:
        event["deleted"] = True
    elif data is not None:
        event["data"] = json.loads(data)
    return event, data


def compare(path, judge):
    """After a good stop: what the file has and what the last reading gave must be the same."""
    verdict = judge.verdict
    try:
        db = sqlite3.connect(f"file:{path}?mode=ro", uri=True)
        sound = [row[0] for row in db.execute("PRAGMA integrity_check")]
        if sound != ["ok"]:
            verdict.broken("store", f"{path} is damaged: {sound[:3]}")
        rooms = {row[1]: row for row in db.execute("SELECT id, name, epoch, first, last FROM rooms")}
        for logs in judge.rooms.values():
            log = logs[-1]
            if log.disk and log.read:
                room = rooms.pop(log.room, None)
                compare_room(db, room, log, verdict)
        for name in rooms:
            if judge.newest(name) is None or not judge.newest(name).disk:
                verdict.broken("store", f"the file has the room {name}, which is not one on disk, or nobody's")
        db.close()
    except sqlite3.Error as error:
        verdict.broken("store", f"{path}: {error}")


def compare_room(db, room, log, verdict):
    if room is None:
        if log.last:
            verdict.broken("store", f"{log} is not in the file, and is {log.first}..{log.last} on the wire")
        return
    number, _, epoch, first, last = room
    if (epoch, first, last) != (log.epoch, log.first, log.last):
        verdict.broken("store", f"{log} is {log.first}..{log.last} on the wire, in the file epoch {epoch}, {first}..{last}")
        return
    seqs = set()
    for row in db.execute(f"SELECT {COLUMNS} FROM events WHERE id BETWEEN ? AND ? ORDER BY id",
                          (number << 32 | first, number << 32 | 0xFFFFFFFF)):
        event, raw = event_of(row)
        compare_event(event, raw, log, verdict)
        seqs.add(event["seq"])
    verdict.add("rows in the file", len(seqs))
    if seqs != log.stored:
        odd = sorted(seqs ^ log.stored)
        verdict.broken("store", f"{log}: the file and the wire have other seqs, as {odd[:5]}")


def compare_event(event, raw, log, verdict):
    seq = event["seq"]
    known = log.entries.get(seq)
    if known is None:
        return  # the sets of seqs differ, which is said
    content, data = content_of(event)
    rest = hash((content, event["from"], event.get("rev")))
    gone = log.deleted_seen.keys() & {event["target"] if event["ev"] == "edit" else seq}
    if event.get("deleted"):
        if raw is not None:
            verdict.broken("store", f"{log} seq {seq} is deleted, and its data is in the file still")
        if not gone:
            verdict.broken("store", f"{log} seq {seq} is deleted in the file, and not on the wire")
    elif known[3] != data and not gone:
        verdict.broken("store", f"{log} seq {seq} has other data in the file: {event}")
    if known[:3] != (event["ts"], cid_of(event), rest):
        verdict.broken("store", f"{log} seq {seq} is another in the file: {event}")
