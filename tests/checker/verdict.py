"""verdict - what a judge found: violations by rule, each with its place in a journal, and what was judged."""

RULES = {
    "lost": "acknowledged, or given to somebody, and not in the log any more",
    "phantom": "in the log or delivered, but never sent in this form",
    "duplicate": "one cid of an author twice in a room's log, or one seq twice to a membership",
    "hole": "a seq left out in the log, in a page, or in a delivery without a notice",
    "divergence": "two contents for one (room, epoch, seq)",
    "gap": "not resumed, not caught up at the end, or told lagged, although the log is kept",
    "realtime": "a smaller seq than one that was known before the send began",
    "producer": "a producer's entries in another order than its n",
    "membership": "an event of a room before the answer to join or after the answer to leave",
    "unknown": "not all or nothing: answered with an error, and in the log nevertheless",
    "class": "an acknowledgement or join of another class than the room's",
    "epoch": "an epoch that goes back, or a new one without a cause",
    "fold": "a deletion without effect or without cause, or edits numbered wrong",
    "denied": "gone or forbidden for one's own message, which is there",
    "moderation": "given or let in behind a removal, said against an act, or refused after all such was over",
    "answers": "an answer to nothing, twice, or out of order within a room",
    "store": "the store's file and the history on the wire differ",
    "liveness": "not connected, not caught up or not acknowledged within 30 s of the last fault",
    "overlap": "faults that met no traffic",
    "protocol": "a breach of RFC 6455 or JSON, or a connection closed without a fault",
    "server": "the server ended by itself",
}

EXAMPLES = 12


class Verdict:
    def __init__(self, paths=()):
        self.paths = list(paths)
        self.counts = {}
        self.examples = {}
        self.judged = {}
        self.notes = []

    def broken(self, rule, text, where=None):
        """where: (file's number, line) in the journals."""
        assert rule in RULES, rule
        self.counts[rule] = self.counts.get(rule, 0) + 1
        examples = self.examples.setdefault(rule, [])
        if len(examples) < EXAMPLES:
            place = f"{self.paths[where[0]]}:{where[1]}: " if where and where[0] < len(self.paths) else ""
            examples.append(place + text)

    def add(self, what, number=1):
        self.judged[what] = self.judged.get(what, 0) + number

    @property
    def clean(self):
        return not self.counts

    def text(self):
        lines = []
        for rule, count in sorted(self.counts.items()):
            lines.append(f"VIOLATED {rule} ({RULES[rule]}): {count}")
            lines += [f"    {example}" for example in self.examples[rule]]
            if count > EXAMPLES:
                lines.append(f"    ... and {count - EXAMPLES} more")
        lines += self.notes
        lines.append("judged: " + ", ".join(f"{number:,} {what}" for what, number in self.judged.items()))
        lines.append("verdict: " + ("clean" if self.clean else f"{sum(self.counts.values())} violations of "
                                    f"{len(self.counts)} rules"))
        return "\n".join(lines)
