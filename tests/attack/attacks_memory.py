"""attacks_memory.py - attacks on the memory that the server may use, by those who take nothing of what they asked for."""
import re
import time
import urllib.request

from attacks import all_let_in, attack, merged, only, wrong
from attacks_frames import IN
from speech import TEXT, frame, hello, join, request, say

ROOM = "mem:pressure"
PAGE = frame(TEXT, b'{"op":"history","id":5,"room":"mem:pressure","limit":4}')  # 16 KB are the answer
OVER_MOST = 1.1  # of `memory`: on a busy machine it is looked at late, and until then more is asked for


def closes(scene, reason):
    with urllib.request.urlopen(f"http://127.0.0.1:{scene.server.port}/metrics", timeout=10) as answer:
        found = re.findall(rf'(?m)^uproar_closes_total{{.*reason="{reason}".*}} (\d+)$', answer.read().decode())
    return sum(map(int, found))


def watched(scene):
    """Until those who are deaf were ended, and memory is below 80 % again: the most that was used, and the last."""
    most, seen = 0, {"shed": 0, "memory_used_ratio": 0}
    end = time.monotonic() + scene.seconds
    while time.monotonic() < end and (seen["shed"] == 0 or seen["memory_used_ratio"] >= 0.8):
        time.sleep(0.1)
        seen = scene.server.metrics()
        most = max(most, seen["memory_used_ratio"])
    return most, seen["memory_used_ratio"]


@attack("pressure", "503 from 80 % of `memory` on; from 90 % 4508 for who takes nothing; then all are let in again",
        ["shed", "turned_away"], seconds=20, options={"memory": "128M", "send-memory": "256M", "slow-timeout": "10m"})
def pressure(scene):
    """600 members ask for 48 MB of history a second, and never read, until memory is nearly spent; others come and go."""
    fill = scene.hose(**{**IN, "after": hello("filler") + join(ROOM, limit=0)}, connections=10, blocks=10, pace_ms=60,
                      block=say(op="send", id=7, room=ROOM, data="x" * 4000), seconds=2)
    # Deaf ones cannot know when they are let in: it is in one flight, with what the kernel takes for each at first.
    hoses = [scene.start(open=request() + hello("deaf") + join(ROOM, limit=0) + PAGE * 30, connections=600,
                         per_second=600, block=PAGE, pace_ms=200, read=0, receive_buffer=2048),
             scene.start(open=request(), upgrade=1, connections=20, again=1, per_second=40, hang_up_ms=400)]
    most, last = watched(scene)
    deaf, new = map(scene.ended, hoses)
    shed, slow = scene.server.metrics()["shed"], closes(scene, "slow")
    later = scene.hose(open=request(), upgrade=1, connections=20, seconds=1)
    return {**merged([deaf, new]), "memory_used_most": most}, wrong(not fill["replies"], "there was nothing to ask for") + \
        wrong(not 0.9 <= most <= OVER_MOST, f"memory came to {most:.1%} of what it may be") + \
        wrong(last >= 0.8, f"memory stayed at {last:.1%}") + \
        wrong(not 0 < shed <= slow <= 600, f"{shed:.0f} were shed and {slow} closed as slow, of 600 who read nothing") + \
        wrong(not new["statuses"].get("503"), f"nobody was refused: {new['statuses']}") + \
        only(new, "statuses", [101, 503]) + only(new, "closes", []) + all_let_in(later)
