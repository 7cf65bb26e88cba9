"""Each rule broken once, in a story that is clean without it: exactly that rule must fire."""
import unittest

from judge import Judge
from story import FAULTS, FINAL, LOAD, Story

R, M = "r0", "mem:r1"


def verdict_of(story, **options):
    judge = Judge(["load", "final", "faults"], **options)
    for line, (file, at, who, what, body, _) in enumerate(story.records, 1):
        judge.feed(file, line, [at, who, what, body])
    return judge.finish()


def evening():
    """Three clients, a room on disk and one in memory, a kill, everybody back."""
    story = Story()
    for who in (0, 1, 2):
        story.connect(who)
        story.join(who, R, f"join {who}")
    for who in (0, 1):
        story.join(who, M, f"join mem {who}")
    story.publish(0, R, "a:1", (0, 1, 2), label="a1")
    story.publish(1, R, "b:1", (0, 1, 2), label="b1")
    story.publish(0, R, "a:2", (0, 1, 2), label="a2")
    story.leave(2, R, "leave 2")
    story.publish(0, R, "a:3", (0, 1), label="a3")
    story.join(2, R, "rejoin 2", since=("e1", 3))
    story.publish(0, R, "a:4", (0, 1, 2), op="edit", label="a4", target=1, data={"u": "edited"})
    story.publish(0, R, "a:5", (0, 1, 2), op="del", label="a5", target=3)
    story.publish(2, R, "c:1", (0, 1, 2), op="react", label="c1", target=2, key="+", on=True)
    story.publish(1, M, "b:1", (0, 1), label="m1")
    story.publish(1, R, None, (0, 1, 2), label="plain")
    crash(story)
    story.history(1, R, "page", after=0)
    story.publish(1, R, "b:4", (0, 1, 2), label="b4")
    story.stop()
    story.end((R, M))
    return story


def crash(story):
    """b:2 is kept and not acknowledged, a:6 is lost on its way, b:3 as well and its sender gives it up."""
    kept = story.command(1, R, "send", "b:2", data={"u": "b:2"})
    lost = story.command(0, R, "send", "a:6", data={"u": "a:6"})
    story.say(1, "b2", **kept)
    story.say(1, "b3", **story.command(1, R, "send", "b:3", data={"u": "b:3"}))
    story.say(0, "a6", **lost)
    event = story.commit(1, R, kept)
    story.fault()
    for who in (0, 1, 2):
        story.cut(who, label=f"cut {who}")
    story.put(LOAD, 1, "~", {"room": R, "cid": "b:3"}, "give up")
    story.events[M], story.epochs[M] = [], "e2"
    for who in (0, 1, 2):
        story.connect(who)
        story.join(who, R, f"back {who}", since=("e1", 8))
    for who in (0, 1):
        story.join(who, M, f"back mem {who}", since=("e1", 1))
    again = story.say(1, "b2 again", **kept)
    story.ack(1, again, event, "b2", dup=True)
    again = story.say(0, "a6 again", **lost)
    event = story.commit(0, R, lost)
    story.deliver(event, (0, 1, 2), "a6")
    story.ack(0, again, event, "a6")
    story.publish(0, M, "a:1", (0, 1), label="m2")


class Rules(unittest.TestCase):
    def fires(self, story, *rules, **options):
        verdict = verdict_of(story, **options)
        self.assertEqual(sorted(verdict.counts), sorted(rules), verdict.text())
        return verdict

    def test_clean(self):
        verdict = self.fires(evening())
        self.assertEqual(verdict.judged["acked, class disk"], 11)
        self.assertEqual(verdict.judged["acked, class memory"], 2)
        self.assertEqual(verdict.judged["faults in traffic"], 1)
        self.assertEqual(verdict.judged["deliveries"], 33)
        self.assertEqual(verdict.judged["entries in the store"], 12)

    # --- lost ---

    def test_lost_at_the_end_of_the_store(self):
        story = evening()
        story.body("ok final r0")["ok"].update(seq=10)
        story.body("ok final r0")["ok"].update(events=story.events[R][9:10])
        page = story.body("ok final page r0")["ok"]
        page["seq"] = 10
        page["events"].pop()
        self.fires(story, "lost")

    def test_lost_what_somebody_had_seen(self):
        story = Story()
        for who in (0, 1):
            story.connect(who)
            story.join(who, R)
        command = story.command(0, R, "send", "a:1", data=1)
        re = story.say(0, **command)
        event = story.commit(0, R, command)
        story.deliver(event, (1,))
        story.fault()
        for who in (0, 1):
            story.cut(who)
            story.connect(who)
        story.events[R].clear()
        story.join(0, R, since=("e1", 0))
        story.join(1, R, "back", since=("e1", 1))
        story.body("ok back")["ok"].update(recovered=False, reason="gap", events=[])
        story.put(LOAD, 0, "~", {"room": R, "cid": "a:1"})
        story.end((R,))
        self.assertEqual(re, 5)
        self.fires(story, "lost", overlap=0)

    def test_lost_in_a_memory_room_that_keeps_its_epoch(self):
        story = Story()
        story.connect(0)
        story.join(0, M)
        story.publish(0, M, "a:1", (0,))
        story.fault()
        story.cut(0)
        story.events[M].clear()
        story.connect(0)
        story.join(0, M, "back")
        story.end((M,))
        self.fires(story, "lost", overlap=0)

    def test_lost_beginning_of_a_disk_room(self):
        story = evening()
        for label in ("ok final r0", "ok final page r0"):
            story.body(label)["ok"]["first"] = 3
        page = story.body("ok final page r0")["ok"]
        del page["events"][:2]
        story.body("say final page r0")["after"] = 2
        self.fires(story, "lost")
        self.fires(story, trimmed=True)

    # --- phantom ---

    def test_phantom_content(self):
        for member, value in (("data", {"u": "other"}), ("from", "u1"), ("ev", "react")):
            story = evening()
            event = story.events[R][3]
            event[member] = value
            # Of another author it is not what was acknowledged either.
            self.fires(story, *(["divergence"] if member == "from" else []), "phantom")

    def test_phantom_cid(self):
        story = evening()
        command = story.command(0, R, "send", "z:1", data=1)
        event = story.commit(0, R, command)
        story.records.pop()
        del story.records[story.at("stop") :]
        story.deliver(event, (0, 1, 2))
        story.stop()
        story.end((R, M))
        self.fires(story, "phantom")

    def test_phantom_without_a_cid(self):
        story = evening()
        story.events[R][7]["data"] = "nobody said this"
        story.body("ok plain")["ok"]["seq"] = 8
        self.assertIn("phantom", verdict_of(story).counts)

    # --- duplicate ---

    def test_duplicate_delivery(self):
        story = evening()
        story.again("b1 to 2")
        self.fires(story, "duplicate")

    def test_duplicate_in_the_log(self):
        story = evening()
        del story.records[story.at("stop") :]
        event = story.commit(0, R, story.command(0, R, "send", "a:6", data={"u": "a:6"}))
        story.deliver(event, (0, 1, 2))
        story.stop()
        story.end((R, M))
        self.fires(story, "duplicate")

    def test_a_cid_that_another_one_has_taken(self):
        for op, more in (("send", {}), ("react", {"target": 2, "key": "+", "on": True})):
            story = evening()
            del story.records[story.at("stop") :]
            event = story.publish(0, R, "b:5", (0, 1, 2), op, **more)
            story.publish(1, R, "b:5", (0, 1, 2), label="kept")
            again = story.command(0, R, op, "b:5", **{key: event[key] for key in ("data", "target", "key", "on") if key in event})
            story.ack(0, story.say(0, **again), event, dup=True)
            story.stop()
            story.end((R, M))
            verdict = verdict_of(story)
            self.assertTrue(verdict.clean, verdict.text())
            story.body("ok kept")["ok"].update(seq=event["seq"], ts=event["ts"])  # as if it were the other's
            self.fires(story, "divergence", "duplicate")

    def test_duplicate_without_a_first(self):
        story = evening()
        story.body("ok a1")["ok"]["dup"] = True
        self.fires(story, "duplicate")

    # --- hole ---

    def test_hole_in_a_delivery(self):
        story = evening()
        story.drop("b1 to 2")
        self.fires(story, "hole")

    def test_hole_in_a_page(self):
        for number in (0, 4, -1):
            story = evening()
            story.body("ok page")["ok"]["events"].pop(number)
            self.fires(story, "hole")

    def test_hole_around(self):
        for seqs, rules in (((2, 3, 4), []), ((4, 5), ["hole"]), ((2, 4), ["hole"])):
            story = evening()
            body = story.body("say page")
            body.pop("after")
            body["around"] = 3
            events = {event["seq"]: event for event in story.events[R]}
            story.body("ok page")["ok"]["events"] = [events[seq] for seq in seqs]
            self.fires(story, *rules)

    def test_hole_in_a_resume(self):
        story = evening()
        story.body("ok rejoin 2")["ok"]["events"].clear()
        self.fires(story, "hole")

    def test_a_page_and_its_seq_may_be_of_two_instants(self):
        """Known before the question: 10. An 11th was kept meanwhile."""
        for last, rules in ((10, []), (9, ["hole"])):
            story = evening()
            story.move("say page", "ok a6")
            story.move("ok page", "ok b4")
            ok = story.body("ok page")["ok"]
            ok.update(events=story.events[R][:last], seq=11)
            self.fires(story, *rules)

    def test_hole_of_what_more_promises(self):
        for label in ("ok final page r0", "ok rejoin 2", "ok back mem 0", "ok join 0"):
            story = evening()
            ok = story.body(label)["ok"]
            ok["more"] = True
            self.fires(story, *(["hole"] if ok["events"] or "recovered" in ok and ok["recovered"] else []))

    def test_hole_in_the_store(self):
        """A seq that nobody ever saw, left out where the history skips it."""
        story = Story()
        story.connect(0)
        story.join(0, R)
        story.publish(0, R, "a:1", (0,))
        story.commit(0, R, story.command(0, R, "send", "a:2", data=2))
        story.publish(0, R, "a:3", (), label="a3")
        story.put(LOAD, 0, "<", {"ev": "notice", "code": "lagged", "room": R, "after": 1, "next": 3, "n": 1}, "lag")
        story.deliver(story.events[R][2], (0,))
        del story.events[R][1]
        story.end((R,))
        for label in ("ok final r0", "ok final page r0"):
            story.body(label)["ok"]["seq"] = 3
        self.fires(story, "hole", "gap")

    def test_hole_of_a_notice(self):
        story = self.lagging()
        story.body("lag")["n"] = 3
        self.fires(story, "hole")

    def lagging(self):
        story = Story()
        for who in (0, 1):
            story.connect(who)
            story.join(who, M)
        for number in range(1, 5):
            story.publish(0, M, f"a:{number}", (0, 1) if number in (1, 4) else (0,), label=f"a{number}")
        story.put(LOAD, 1, "<", {"ev": "notice", "code": "lagged", "room": M, "after": 1, "next": 4, "n": 2}, "lag")
        story.move("lag", "ok a3")
        story.end((M,))
        return story

    def test_lagged_in_memory_is_clean(self):
        self.fires(self.lagging())

    def quiet(self):
        story = Story()
        for who in (0, 1):
            story.connect(who)
            story.join(who, R, echo=who != 0)
        story.publish(0, R, "a:1", (1,), label="a1")
        story.publish(1, R, "b:1", (0, 1), label="b1")
        story.publish(1, R, "b:2", (0, 1), label="b2")
        story.publish(0, R, "a:2", (1,), label="a2")
        story.end((R,))
        return story

    def test_own_events_without_echo_are_clean(self):
        self.fires(self.quiet())

    def test_hole_of_another_without_echo(self):
        story = self.quiet()
        story.drop("b1 to 0")
        self.fires(story, "hole")

    def test_gap_without_echo(self):
        story = self.quiet()
        story.drop("b2 to 0")
        self.fires(story, "gap")

    # --- divergence ---

    def test_divergence(self):
        for member, value in (("data", {"u": "other"}), ("ts", 1), ("from", "u0"), ("cid", "a:9")):
            story = evening()
            story.body("b1 to 2")[member] = value
            self.fires(story, "divergence")

    def test_divergence_of_an_ack(self):
        story = evening()
        story.body("ok b4")["ok"]["ts"] += 1
        self.fires(story, "divergence")

    def test_divergence_of_a_dup(self):
        story = evening()
        story.body("ok b2")["ok"]["ts"] += 1
        self.fires(story, "divergence")

    # --- gap ---

    def test_gap_at_the_end(self):
        story = evening()
        story.drop("b4 to 1")
        self.fires(story, "gap")

    def test_gap_not_resumed(self):
        story = evening()
        story.body("ok rejoin 2")["ok"].update(recovered=False, reason="gap", more=True)
        self.fires(story, "gap")

    def test_gap_lagged_on_disk(self):
        story = evening()
        story.drop("b1 to 2")
        story.again("a1 to 2").update(ev="notice", code="lagged", after=1, next=3, n=1)
        self.fires(story, "gap")

    # --- order ---

    def test_realtime(self):
        story = Story()
        for who in (0, 1):
            story.connect(who)
            story.join(who, R)
        first = story.command(0, R, "send", "a:1", data=1)
        second = story.command(1, R, "send", "b:1", data=2)
        a = story.say(0, "a", **first)
        two = story.commit(1, R, second)
        one = story.commit(0, R, first)
        story.ack(0, a, one, "a")
        b = story.say(1, "b", **second)
        story.ack(1, b, two, "b")
        for event in (two, one):
            story.deliver(event, (0, 1))
        story.end((R,))
        self.fires(story, "realtime")
        story.move("say b", "say a")
        self.fires(story)

    def test_producer(self):
        story = Story()
        story.connect(0)
        story.join(0, R)
        commands = [story.command(0, R, "send", f"a:{n}", data=n) for n in (1, 2)]
        ids = [story.say(0, **command) for command in commands]
        second, first = story.commit(0, R, commands[1]), story.commit(0, R, commands[0])
        story.deliver(second, (0,))
        story.deliver(first, (0,))
        story.ack(0, ids[0], first)
        story.ack(0, ids[1], second)
        story.end((R,))
        self.fires(story, "producer")

    # --- membership ---

    def test_membership_after_leave(self):
        story = evening()
        story.drop("ok rejoin 2", "say rejoin 2")
        self.assertIn("membership", verdict_of(story).counts)
        story = evening()
        story.again("a3 to 1")
        story.records[story.at("a3 to 1 again")][2] = 2
        self.fires(story, "membership")

    def test_membership_before_join(self):
        story = evening()
        story.move("m1 to 0", "connect 2.1")
        story.records[story.at("m1 to 0")][2] = 2
        story.again("m1 to 1")
        story.records[story.at("m1 to 1 again")][2] = 0
        self.fires(story, "membership")

    # --- unknown ---

    def test_unknown(self):
        story = evening()
        body = story.body("ok b1")
        del body["ok"]
        body["err"] = {"code": "rate_limited"}
        self.fires(story, "unknown")
        story.body("ok b1")["err"]["code"] = "internal"  # which promises nothing, so it must be settled
        self.fires(story, "liveness")

    # --- class ---

    def test_class(self):
        for label, word in (("ok a1", "memory"), ("ok m1", "disk"), ("ok join 0", "memory"), ("ok join mem 0", "disk")):
            story = evening()
            story.body(label)["ok"]["class"] = word
            self.fires(story, "class")

    # --- epoch ---

    def disk_room_anew(self, said):
        story = Story()
        story.connect(0)
        story.join(0, R)
        if said:
            story.publish(0, R, "a:1", (0,))
        story.fault()
        story.cut(0)
        story.epochs[R], story.events[R] = "e2", []
        story.connect(0)
        story.join(0, R, since=("e1", int(said)))
        story.end((R,))
        return story

    def test_epoch_of_a_disk_room(self):
        self.assertIn("epoch", verdict_of(self.disk_room_anew(True), overlap=0).counts)

    def test_epoch_of_a_disk_room_in_which_nothing_was_said(self):
        self.fires(self.disk_room_anew(False), overlap=0)

    def memory_room_anew(self, said):
        story = Story()
        story.connect(0)
        story.join(0, M)
        if said:
            story.publish(0, M, "a:1", (0,))
        story.leave(0, M)
        story.epochs[M], story.events[M] = "e2", []
        story.join(0, M)
        story.end((M,))
        return story

    def test_epoch_without_a_fault(self):
        self.assertIn("epoch", verdict_of(self.memory_room_anew(True)).counts)

    def test_epoch_without_a_fault_of_a_room_in_which_nothing_was_said(self):
        self.fires(self.memory_room_anew(False))

    def test_epoch_between_two_faults(self):
        """The old epoch still answered after the only fault; but an answer at the fault's very beginning is none such."""
        for late, rules in ((False, []), (True, ["epoch"])):
            story = Story()
            story.connect(0)
            story.join(0, M)
            story.fault()
            if not late:
                story.now -= 99 * 1000  # the kill has not been made yet
            story.publish(0, M, "a:1", (0,))
            story.now += 0 if late else 99 * 1000
            story.cut(0)
            story.events[M], story.epochs[M] = [], "e2"
            story.connect(0)
            story.join(0, M)
            story.end((M,))
            self.fires(story, *rules, overlap=0)

    def test_before_the_first(self):
        story = evening()
        body = story.body("say page")
        body.pop("after")
        body["before"] = 0
        story.body("ok page")["ok"].update(events=[], more=False)
        self.fires(story)

    def test_epoch_that_goes_back(self):
        story = evening()
        story.leave(0, M)
        story.epochs[M], story.events[M] = "e1", story.events[M]
        story.events[M].clear()
        story.join(0, M, "again")
        story.body("ok again")["ok"]["seq"] = 1
        story.body("ok again")["ok"]["first"] = 2
        for record in story.records[-4:]:
            story.records.remove(record)
            story.records.insert(story.at("stop"), record)
        self.fires(story, "epoch")

    def test_epoch_of_an_ack(self):
        story = Story()
        story.connect(0)
        story.join(0, M)
        story.fault()
        story.publish(0, M, "a:1", (0,), label="a1")
        story.body("ok a1")["ok"]["epoch"] = "e2"
        story.end((M,))
        self.assertIn("epoch", verdict_of(story, overlap=0).counts)

    # --- fold, denied ---

    def test_fold_a_deletion_without_effect(self):
        story = evening()
        event = story.body("ok page")["ok"]["events"][2]
        event.pop("deleted")
        event["data"] = {"u": "a:2", "x": "text"}
        self.fires(story, "fold")

    def test_fold_deleted_by_nobody(self):
        story = evening()
        story.body("ok page")["ok"]["events"][1].update(deleted=True, data=None)
        self.fires(story, "fold")

    def test_fold_revisions(self):
        story = evening()
        story.events[R][4]["rev"] = 2
        self.fires(story, "fold")

    def test_denied(self):
        for code in ("gone", "forbidden"):
            story = evening()
            del story.records[story.at("stop") :]
            story.err(0, story.say(0, **story.command(0, R, "edit", "a:7", target=4, data=1)), code)
            story.err(0, story.say(0, **story.command(0, R, "edit", "a:8", target=3, data=1)), code)  # it is deleted
            story.stop()
            story.end((R, M))
            verdict = self.fires(story, "denied")
            self.assertEqual(verdict.counts["denied"], 1)

    # --- answers ---

    def test_answers_twice(self):
        story = evening()
        story.again("ok a1")
        self.fires(story, "answers")

    def test_answers_out_of_order(self):
        story = evening()
        del story.records[story.at("stop") :]
        one, two = (story.command(0, R, "send", f"a:{n}", data=n) for n in (7, 8))
        first, second = story.say(0, **one), story.say(0, **two)
        events = [story.commit(0, R, one), story.commit(0, R, two)]
        for event in events:
            story.deliver(event, (0, 1, 2))
        story.ack(0, second, events[1])
        story.ack(0, first, events[0])
        story.stop()
        story.end((R, M))
        self.fires(story, "answers")

    def overtaken(self, room):
        """The answer to a history command, before that to the send it was asked after."""
        story = evening()
        del story.records[story.at("stop") :]
        send = story.command(0, room, "send", "a:7", data=7)
        first = story.say(0, **send)
        story.history(0, room)
        event = story.commit(0, room, send)
        story.deliver(event, (0, 1, 2) if room == R else (0, 1))
        story.ack(0, first, event)
        story.stop()
        story.end((R, M))
        return story

    def test_a_disk_may_be_overtaken(self):
        self.fires(self.overtaken(R))

    # --- liveness ---

    def test_liveness_not_connected(self):
        story = evening()
        where = story.at("connect 2.2")
        story.records[where:] = [record for record in story.records[where:] if record[2] != 2]
        self.fires(story, "liveness")

    def test_liveness_not_back_in_a_room(self):
        story = evening()
        where = story.at("say back 2")
        story.records[where:] = [record for record in story.records[where:] if record[2] != 2]
        self.fires(story, "liveness")

    def test_liveness_not_acknowledged(self):
        story = evening()
        story.drop("ok b4")
        self.fires(story, "liveness")

    def test_liveness_late(self):
        story = evening()
        story.late("ok a6", 31)
        self.fires(story, "liveness")
        story = evening()
        story.late("ok a6", 29)
        self.fires(story)

    def test_liveness_not_settled(self):
        story = evening()
        story.body("end")["settled"] = False
        self.fires(story, "liveness")

    def test_liveness_slow_end(self):
        for seconds, rules in ((31, ["liveness"]), (29, [])):
            story = evening()
            story.late("end", seconds)
            self.fires(story, *rules)

    def test_a_journal_without_an_end(self):
        story = evening()
        del story.records[-1]
        self.fires(story, "liveness")

    # --- overlap ---

    def test_overlap_nothing_in_flight(self):
        story = Story()
        story.connect(0)
        story.join(0, R)
        story.publish(0, R, "a:1", (0,))
        story.fault()
        story.end((R,))
        self.fires(story, "overlap")

    def test_overlap_nothing_acknowledged(self):
        story = evening()
        story.late("say b2", 2)
        self.fires(story, "overlap")
        self.fires(story, overlap=0)

    def test_a_cold_kill_needs_no_traffic(self):
        story = evening()
        story.fault("cold")
        self.fires(story)

    # --- protocol, server ---

    def test_protocol(self):
        story = evening()
        story.put(LOAD, 0, "!", "a masked frame")
        self.fires(story, "protocol")

    def test_protocol_a_close_without_a_fault(self):
        story = evening()
        del story.records[story.at("stop") :]
        story.now += 60 * 1000000
        story.cut(2, 4500)
        story.connect(2)
        story.join(2, R, since=("e1", 11))
        story.stop()
        story.end((R, M))
        self.fires(story, "protocol")

    def test_server(self):
        story = evening()
        story.fault("exit", why="status 134")
        self.fires(story, "server")

    def test_places(self):
        self.assertEqual((LOAD, FINAL, FAULTS), (0, 1, 2))


if __name__ == "__main__":
    unittest.main()
