"""attacks.py - the catalogue: what each attack sends, what it must come to, and the counter that must tell of it."""
from dataclasses import dataclass, field

CATALOGUE = {}


class NotThere(Exception):
    """The server has not got what is attacked (compression is off, say): nothing is proved."""


@dataclass
class Attack:
    name: str
    about: str
    run: object
    outcome: str  # in words, as the table has it
    counters: tuple  # alternatives are in one string: "a|b"
    options: dict = field(default_factory=dict)
    seconds: int = 8
    quick: bool = False
    namespaces: bool = False
    descriptors: int = 0
    lines_per_s: int = 20  # of the log, at most
    bursts: int = 0  # in which all comes that the server has to do, if it does; none has to be done in one turn


def attack(name, outcome, counters=(), **more):
    """The function returns what the attackers saw, and a list of what was wrong with it."""

    def enter(function):
        CATALOGUE[name] = Attack(name, " ".join(function.__doc__.split()), function, outcome, tuple(counters), **more)
        return function

    return enter


def merged(tallies):
    """Several hoses as one."""
    whole = {}
    for tally in tallies:
        for key, value in tally.items():
            if isinstance(value, dict):
                part = whole.setdefault(key, {})
                for name, count in value.items():
                    part[name] = part.get(name, 0) + count
            else:
                whole[key] = max(whole.get(key, 0), value) if key.startswith(("held", "sec")) else whole.get(key, 0) + value
    return whole


def wrong(is_wrong, words):
    return [words] if is_wrong else []


def all_got(tally, kind, names, least=0.95, of=None):
    """So many of the connections (or of `of`) saw one of these."""
    names = {str(name) for name in names}
    count = sum(value for name, value in tally[kind].items() if name in names)
    whole = tally["made"] if of is None else of
    return wrong(whole == 0 or count < least * whole,
                 f"{count} of {whole} got {'/'.join(sorted(names))}; seen {kind}: {tally[kind]}, ends {tally['ends']}")


def only(tally, kind, names):
    names = {str(name) for name in names}
    return wrong(set(tally[kind]) - names, f"unexpected {kind}: {tally[kind]}")


def all_let_in(tally):
    return all_got(tally, "statuses", [101])


def none_left(tally):
    return wrong(tally["open_at_end"] > 0, f"{tally['open_at_end']} connections were still open at the end")
