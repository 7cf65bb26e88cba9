"""What back ends do over the HTTP API is held to the same rules."""
import unittest

from routes import KEY_USER
from story import LOAD, Story
from test_rules import verdict_of

R, M = "r0", "mem:r1"
SHOP = 50  # the back end


def evening():
    """Two clients and a back end, which speaks in two names, reads, mutes somebody, and is killed beside the server."""
    story = Story()
    for who in (0, 1):
        story.connect(who)
        story.join(who, R, f"join {who}")
    story.put(LOAD, SHOP, "+", 1)
    publish(story, R, "api:1", "first")
    publish(story, R, "api:2", "second", by="till")
    publish(story, M, "api:1", "third", to=())
    page(story, R)
    act(story, R, "mute", "mute", user="u0")
    act(story, R, "unmute", "unmute", user="u0")
    story.publish(0, R, "a:1", (0, 1), label="a1")
    crash(story)
    act(story, R, "kick", "kick", user="u5")
    story.stop()
    story.end((R, M))
    return story


def publish(story, room, cid, label, to=(0, 1), by=None):
    re = story.ask(SHOP, "POST", "publish", label, room=room, cid=cid, data={"u": label},
                   **({"user": by} if by else {}))
    event = story.keep(room, "send", cid, by or KEY_USER, data={"u": label})
    story.deliver(event, to, label)
    story.reply(SHOP, re, label, **story.place(event))


def page(story, room):
    log = story.log(room)
    re = story.ask(SHOP, "GET", f"rooms/{room}/history?limit=1&before={len(log) + 1}", "page")
    story.reply(SHOP, re, "page", room=room, epoch=story.epochs[room], events=log[-1:], first=1, seq=len(log), more=True)


def act(story, room, what, label, to=(0, 1), **body):
    body["reason"] = f"because of {label}"
    re = story.ask(SHOP, "POST", f"rooms/{room}/{what}", label, **body)
    event = story.keep(room, "mod", act=what, **body)
    story.deliver(event, to, label)
    story.reply(SHOP, re, label, **story.place(event))


def crash(story):
    """The answer is lost, and the same is asked again."""
    body = {"room": R, "cid": "api:3", "data": {"u": "once"}}
    story.ask(SHOP, "POST", "publish", "once", **body)
    event = story.keep(R, "send", "api:3", data={"u": "once"})
    story.fault()
    for who in (0, 1, SHOP):
        story.cut(who, label=f"cut {who}")
    story.events[M], story.epochs[M] = [], "e2"
    for who in (0, 1):
        story.connect(who)
        story.join(who, R, f"back {who}", since=("e1", event["seq"] - 1))
    story.put(LOAD, SHOP, "+", 2)
    story.reply(SHOP, story.ask(SHOP, "POST", "publish", "again", **body), "again", **story.place(event, dup=True))


class Callers(unittest.TestCase):
    def fires(self, story, *rules):
        verdict = verdict_of(story)
        self.assertEqual(sorted(verdict.counts), sorted(rules), verdict.text())
        return verdict

    def test_clean(self):
        verdict = self.fires(evening())
        self.assertEqual(verdict.judged["requests"], 9)
        self.assertEqual(verdict.judged["acked, class disk"], 7)

    def test_an_answer_lies_about_the_place(self):
        story = evening()
        story.body("reply again")["body"]["seq"] -= 1
        self.fires(story, "divergence", "duplicate")

    def test_an_answer_is_of_something_else(self):
        story = evening()
        story.body("reply third")["body"]["class"] = "disk"
        self.fires(story, "class")

    def test_what_was_answered_is_not_kept(self):
        story = evening()
        gone = story.body("reply kick")["body"]["seq"]
        last = story.body("ok final page r0")["ok"]
        last["events"] = [event for event in last["events"] if event["seq"] != gone]
        self.fires(story, "hole", "lost")

    def test_said_in_another_name(self):
        story = evening()
        for record in story.records:
            if record[2] == SHOP and record[3] == "api>" and (record[4]["body"] or {}).get("user") == "till":
                del record[4]["body"]["user"]
        self.fires(story, "divergence", "phantom")

    def test_a_page_without_the_newest(self):
        story = evening()
        story.body("reply page")["body"]["events"] = []
        self.fires(story, "hole")

    def test_who_was_muted_speaks(self):
        story = evening()
        story.drop("ask unmute", "reply unmute")
        for label in ("unmute to 0", "unmute to 1"):
            story.drop(label)
        self.assertIn("moderation", verdict_of(story).counts)

    def test_refused_and_there(self):
        story = evening()
        story.body("reply second").update(status=429, body={"error": {"code": "rate_limited", "message": ""}})
        self.fires(story, "unknown")

    def test_not_known_and_there(self):
        story = evening()
        story.body("reply first").update(status=503, body={"error": {"code": "timeout", "message": ""}})
        self.assertTrue("unknown" not in verdict_of(story).counts)

    def test_an_answer_to_nothing(self):
        story = evening()
        story.again("reply page")
        self.fires(story, "answers")

    def test_cut_off_without_a_fault(self):
        story = evening()
        story.cut(SHOP)
        story.records.insert(story.at("reply second") + 1, story.records.pop())
        story.records[story.at("reply second") + 1][1] = story.records[story.at("reply second")][1]
        self.assertIn("protocol", verdict_of(story).counts)


if __name__ == "__main__":
    unittest.main()
