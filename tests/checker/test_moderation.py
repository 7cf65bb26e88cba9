"""The rule of moderation: each way to break it, in a story that is clean without it."""
import unittest

from story import LOAD, Story
from test_rules import M, R, verdict_of

MANAGER = 9


class Moderated(unittest.TestCase):
    def fires(self, story, *rules, **options):
        verdict = verdict_of(story, overlap=0, **options)
        self.assertEqual(sorted(verdict.counts), sorted(rules), verdict.text())
        return verdict

    def begun(self, room=R):
        story = Story()
        for who in (0, 1, MANAGER):
            story.connect(who)
            story.join(who, room, f"join {who}")
        story.publish(0, room, "a:1", (0, 1, MANAGER), label="a1")
        return story

    def banned(self, room=R, **more):
        """User 0 is banned and told so."""
        story = self.begun(room)
        event = story.act(MANAGER, room, "ban", (0, 1, MANAGER), "ban", user="u0", **more)
        story.removed(0, event, "removed")
        return story

    def unbanned(self, room=R):
        story = self.banned(room)
        story.err(0, story.say(0, op="join", room=room, limit=0), "banned", "still banned")
        story.publish(1, room, "b:1", (1, MANAGER), label="b1")
        story.act(MANAGER, room, "unban", (1, MANAGER), "unban", user="u0")
        story.join(0, room, "again", since=(story.epochs[room], 2))
        return story

    def end(self, story, room=R):
        story.stop()
        story.end((room,))
        return story

    def crash(self, story, room=R):
        story.fault()
        for who in (0, 1, MANAGER):
            story.cut(who)
            story.connect(who)

    # --- who is removed ---

    def test_clean(self):
        for room in (R, M):
            verdict = self.fires(self.end(self.unbanned(room), room))
            self.assertEqual(verdict.judged["ban acknowledged"], 1)
            self.assertEqual(verdict.judged["removals"], 1)
            self.assertEqual(verdict.judged["refusals of the moderated"], 1)

    def test_given_behind_a_removal(self):
        story = self.unbanned()
        story.again("b1 to 1")
        story.records[story.at("b1 to 1 again")][2] = 0
        story.move("removed", "b1 to 1 again")
        story.move("still banned", "removed")
        self.fires(self.end(story), "moderation")

    def test_given_around_a_removal(self):
        """The act itself left out, as one may be whose cause is one's own: what is behind it is too much nevertheless."""
        story = Story()
        story.connect(MANAGER)
        story.connect(0)
        story.join(MANAGER, R)
        story.join(0, R, echo=False)
        event = story.act(MANAGER, R, "kick", (MANAGER,), "kick", user="u0")
        story.publish(MANAGER, R, "m:1", (MANAGER, 0))
        self.end(story)
        verdict = verdict_of(story, overlap=0)
        self.assertEqual(event["seq"], 1)
        self.assertIn("moderation", verdict.counts)

    def test_removed_while_it_catches_up(self):
        """What is left out is said; the next event is that of the act."""
        for who, rules in (("u0", []), ("u1", ["gap", "moderation"])):
            story = self.begun()
            for number in (2, 3):
                story.publish(1, R, f"b:{number}", (1, MANAGER))
            event = story.act(MANAGER, R, "kick", (1, MANAGER), user=who)
            story.put(LOAD, 0, "<", {"ev": "notice", "code": "lagged", "room": R, "after": 1, "next": 4, "n": 2})
            story.deliver(event, (0,))
            if who == "u0":
                story.removed(0, event)
                story.join(0, R, since=("e1", 4))
            self.fires(self.end(story), *rules)

    def test_removed_and_not_told(self):
        story = self.begun()
        story.act(MANAGER, R, "kick", (0, 1, MANAGER), user="u0")
        self.fires(self.end(story), "moderation")

    def test_told_without_a_removal(self):
        story = self.begun()
        story.removed(0, {"room": R, "act": "kick"})
        story.join(0, R, since=("e1", 1))
        self.fires(self.end(story), "moderation")

    def test_a_ban_of_the_past_in_a_resume(self):
        """A member that comes back is given the acts that ended its earlier membership."""
        story = self.unbanned()
        story.leave(0, R)
        story.join(0, R, "slowly", since=("e1", 0))
        ok = story.body("ok slowly")["ok"]
        ok["more"], ok["events"] = True, ok["events"][:1]
        for event in story.events[R][1:]:
            story.deliver(event, (0,))
        self.fires(self.end(story))

    def test_joined_while_banned(self):
        story = self.banned()
        story.join(0, R, since=("e1", 2))
        self.fires(self.end(story), "moderation")

    def test_joined_while_banned_after_a_restart(self):
        story = self.banned()
        self.crash(story)
        for who in (0, 1, MANAGER):
            story.join(who, R, since=("e1", 2))
        self.fires(self.end(story), "moderation")

    def test_joined_when_the_ban_has_ended(self):
        for later, rules in ((1.9, ["moderation"]), (2.1, [])):
            story = self.banned(**{"for": 2})
            story.now += int(later * 1000000)
            story.join(0, R, since=("e1", 2))
            self.fires(self.end(story), *rules)

    def test_joined_while_an_unban_is_under_way(self):
        for said, rules in ((True, []), (False, ["moderation"])):
            story = self.banned()
            command = story.command(MANAGER, R, "mod", None, act="unban", user="u0", reason="enough")
            if said:
                re = story.say(MANAGER, **command)
            story.join(0, R, since=("e1", 2))
            if not said:
                re = story.say(MANAGER, **command)
            event = story.commit(MANAGER, R, command)
            story.deliver(event, (0, 1, MANAGER))
            story.ack(MANAGER, re, event)
            self.fires(self.end(story), *rules)

    def test_the_epoch_of_a_ban_is_over(self):
        story = self.banned(M)
        self.crash(story, M)
        story.events[M], story.epochs[M] = [], "e2"
        for who in (0, 1, MANAGER):
            story.join(who, M)
        self.fires(self.end(story, M))

    # --- who may not speak ---

    def speaks(self, act, lift, restart=False, who=0, behind=0, **more):
        """u0 speaks while that holds, `behind` seconds later."""
        story = self.begun()
        everybody = (0, 1, MANAGER)
        story.act(MANAGER, R, act, everybody, "act", **more)
        if restart:
            self.crash(story)
            for member in everybody:
                story.join(member, R, since=("e1", 2))
        story.now += int(behind * 1000000)
        story.publish(who, R, "a:2", everybody, label="a2")
        story.act(MANAGER, R, lift, everybody, "lift", **{key: more[key] for key in ("user",) if key in more})
        story.publish(who, R, "a:3", everybody, label="a3")
        return self.end(story)

    def test_who_is_muted_speaks(self):
        for restart in (False, True):
            self.fires(self.speaks("mute", "unmute", restart, user="u0"), "moderation")
            self.fires(self.speaks("mute", "unmute", restart, who=1, user="u0"))

    def test_a_mute_has_an_end(self):
        for behind, rules in ((0.9, ["moderation"]), (1.1, [])):
            story = self.speaks("mute", "unmute", behind=behind, user="u0", **{"for": 1})
            self.fires(story, *rules)

    def test_who_is_locked_out_speaks(self):
        for restart in (False, True):
            self.fires(self.speaks("lock", "unlock", restart), "moderation")
            self.fires(self.speaks("lock", "unlock", restart, who=MANAGER))

    def test_changes_while_it_is_locked(self):
        for op, more in (("edit", {"data": 1}), ("del", {}), ("react", {"key": "+", "on": True})):
            story = self.begun()
            story.act(MANAGER, R, "lock", (0, 1, MANAGER))
            story.publish(0, R, "a:2", (0, 1, MANAGER), op=op, target=1, **more)
            self.fires(self.end(story), "moderation")

    def test_a_lift_that_was_undone(self):
        """Between its being taken and its failure somebody spoke."""
        story = self.begun()
        everybody = (0, 1, MANAGER)
        story.act(MANAGER, R, "mute", everybody, user="u0")
        re = story.say(MANAGER, op="mod", room=R, act="unmute", user="u0", reason="in vain")
        story.publish(0, R, "a:2", everybody)
        story.err(MANAGER, re, "storage_full", "failed")
        story.act(MANAGER, R, "unmute", everybody, user="u0")
        self.fires(self.end(story))

    def test_too_fast(self):
        for seconds, who, restart, rules in ((1.9, 0, False, ["moderation"]), (2.1, 0, False, []),
                                             (1.9, MANAGER, False, []), (1.0, 0, True, [])):
            story = self.begun()
            everybody = (0, 1, MANAGER)
            story.act(MANAGER, R, "slow", everybody, "slow", every=2)
            story.publish(who, R, "a:2", everybody, label="a2")
            if restart:
                self.crash(story)
                for member in everybody:
                    story.join(member, R, since=("e1", 3))
            story.now += int(seconds * 1000000) - 10000
            story.publish(who, R, "a:3", everybody, label="a3")
            story.publish(1, R, "b:1", everybody)
            story.act(MANAGER, R, "slow", everybody, every=0)
            story.publish(who, R, "a:4", everybody)
            self.fires(self.end(story), *rules)

    # --- who is refused ---

    def test_refused_for_nothing(self):
        for code in ("muted", "read_only", "slow_mode"):
            story = self.begun()
            story.err(0, story.say(0, **story.command(0, R, "send", "a:2", data=1)), code)
            self.fires(self.end(story), "moderation")

    def test_refused_before_the_act(self):
        story = self.begun()
        story.err(0, story.say(0, **story.command(0, R, "send", "a:2", data=1)), "muted")
        story.act(MANAGER, R, "mute", (0, 1, MANAGER), user="u0")
        self.fires(self.end(story), "moderation")

    def test_a_ban_that_comes_back(self):
        for room in (R, M):
            story = self.unbanned(room)
            story.leave(0, room)
            story.err(0, story.say(0, op="join", room=room, limit=0), "banned")
            story.join(0, room)
            self.fires(self.end(story, room), "moderation")

    def test_a_ban_that_comes_back_with_a_restart(self):
        story = self.unbanned()
        self.crash(story)
        story.err(0, story.say(0, op="join", room=R, limit=0), "banned")
        for who in (0, 1, MANAGER):
            story.join(who, R, since=("e1", 4))
        self.fires(self.end(story), "moderation")

    def test_refused_before_the_act_has_its_seq(self):
        story = self.begun()
        lock = story.command(MANAGER, R, "mod", None, act="lock", reason="hush")
        re = story.say(MANAGER, **lock)
        story.err(0, story.say(0, **story.command(0, R, "send", "a:2", data=1)), "read_only")
        event = story.commit(MANAGER, R, lock)
        story.deliver(event, (0, 1, MANAGER))
        story.ack(MANAGER, re, event)
        self.fires(self.end(story))

    def test_refused_for_what_had_no_answer(self):
        """The act was kept before the crash, and nobody was told."""
        story = self.begun()
        lock = story.command(MANAGER, R, "mod", None, act="lock", reason="hush")
        story.say(MANAGER, **lock)
        story.commit(MANAGER, R, lock)
        self.crash(story)
        asked = story.say(0, op="join", room=R, limit=0)
        story.err(0, asked, "unavailable")
        story.err(0, story.say(0, **story.command(0, R, "send", "a:2", data=1)), "read_only")
        for who in (0, 1, MANAGER):
            story.join(who, R, since=("e1", 1))
        self.fires(self.end(story))

    def test_refused_while_an_act_is_under_way_that_fails(self):
        story = self.begun()
        re = story.say(MANAGER, op="mod", room=R, act="lock", reason="in vain")
        story.err(0, story.say(0, **story.command(0, R, "send", "a:2", data=1)), "read_only")
        story.err(MANAGER, re, "storage_full")
        self.fires(self.end(story))

    def test_refused_when_it_had_ended_by_itself(self):
        """The server looks at its clock now and then."""
        for behind, rules in ((1.9, []), (2.1, ["moderation"])):
            story = self.begun()
            story.act(MANAGER, R, "mute", (0, 1, MANAGER), user="u0", **{"for": 1})
            story.now += int(behind * 1000000)
            story.err(0, story.say(0, **story.command(0, R, "send", "a:2", data=1)), "muted")
            self.fires(self.end(story), *rules)

    def test_a_manager_is_refused(self):
        story = self.begun()
        story.act(MANAGER, R, "lock", (0, 1, MANAGER))
        story.err(MANAGER, story.say(MANAGER, **story.command(0, R, "send", "m:1", data=1)), "read_only")
        self.fires(self.end(story), "moderation")

    def test_a_refusal_that_nobody_heard(self):
        """The first of two attempts may have been refused, and what was sent after it not."""
        for act, lift, rules in (("lock", "unlock", []), ("kick", None, []), (None, None, ["producer"])):
            story = self.begun()
            if act == "kick":
                kick = story.act(MANAGER, R, "kick", (1, MANAGER), user="u0")
            elif act:
                story.act(MANAGER, R, act, (0, 1, MANAGER))
            first, second = (story.command(0, R, "send", f"a:{n}", data=n) for n in (2, 3))
            story.say(0, **first)
            if act == "kick":
                story.deliver(kick, (0,))
                story.removed(0, kick)
                story.join(0, R, since=("e1", 2))
            elif lift:
                story.act(MANAGER, R, lift, (0, 1, MANAGER))
            story.say(0, **second)
            event = story.commit(0, R, second)
            story.cut(0, mine=True)
            story.connect(0)
            story.join(0, R, since=("e1", event["seq"] - 1))
            again, other = story.say(0, **first), story.say(0, **second)
            story.deliver(event, (1, MANAGER))
            late = story.commit(0, R, first)
            story.deliver(late, (0, 1, MANAGER))
            story.ack(0, again, late)
            story.ack(0, other, event, dup=True)
            self.fires(self.end(story), *rules)

    # --- acts ---

    def test_somebody_moderates(self):
        story = self.begun()
        story.act(1, R, "lock", (0, 1, MANAGER))
        self.fires(self.end(story), "moderation")

    def test_an_act_that_is_lost(self):
        for room in (R, M):
            story = self.begun(room)
            story.act(MANAGER, room, "lock", (0, 1, MANAGER))
            story.events[room].pop()
            self.end(story, room)
            self.assertIn("lost", verdict_of(story, overlap=0).counts)

    def test_an_act_that_is_another(self):
        for member, value in (("act", "mute"), ("user", "u1"), ("until", 5000), ("reason", "other")):
            story = self.banned()
            story.events[R][1][member] = value
            self.end(story)
            self.assertIn("phantom", verdict_of(story, overlap=0).counts)


if __name__ == "__main__":
    unittest.main()
