"""summary.py - rows of runs to medians, and medians to a table. Knows nothing of servers."""
import csv
from statistics import median


def number(row, figure):
    value = row.get(figure)
    return None if value in (None, "") else float(value)


def is_valid(row):
    return str(row.get("valid")).lower() == "true"


def of_peer(rows, peer):
    """A peer's runs that count: the valid ones; where there is none, all that ran (and the table says so)."""
    ran = [row for row in rows if row["peer"] == peer and not row.get("failure")]
    return [row for row in ran if is_valid(row)] or ran


def spread(rows, peer, figure):
    """(median, least, most), or None where it was not measured."""
    values = [value for row in of_peer(rows, peer) if (value := number(row, figure)) is not None]
    return (median(values), min(values), max(values)) if values else None


def ratio(rows, peer, other, figure):
    """Median over the rounds of this peer's figure by the other's of the same round: what the machine did to both in
    that round falls out. None where no round has both."""
    found = spread_of_ratios(rows, peer, other, figure)
    return found[0] if found else None


def spread_of_ratios(rows, peer, other, figure):
    """As ratio, with the least and the most of the rounds; None where no round has both."""
    theirs = {row["round"]: number(row, figure) for row in of_peer(rows, other)}
    found = [mine / theirs[row["round"]] for row in of_peer(rows, peer)
             if (mine := number(row, figure)) is not None and theirs.get(row["round"])]
    return (median(found), min(found), max(found)) if found else None


def against_best(rows, mine, peers, figure, most):
    """In each round, mine by the best of the others: (median, least, most), and who that best was how often."""
    best, found = {}, []
    for row in of_peer(rows, mine):
        others = [(value, other) for other in peers if other != mine for its in of_peer(rows, other)
                  if its["round"] == row["round"] and (value := number(its, figure))]
        if not others or (value := number(row, figure)) is None:
            continue
        theirs, who = (max if most else min)(others)
        best[who] = best.get(who, 0) + 1
        found.append(value / theirs)
    return ((median(found), min(found), max(found)), best) if found else None


def short(value):
    if value is None:
        return "-"
    if value == int(value) and abs(value) < 1e6:
        return f"{int(value):,}"
    if abs(value) >= 1000:
        return f"{value:,.0f}"
    return f"{value:.3g}"


def cell(found):
    if found is None:
        return "-"
    middle, least, most = found
    return f"{short(middle)} ({short(least)}-{short(most)})" if least != most else short(middle)


def remark(rows, peer):
    mine = [row for row in rows if row["peer"] == peer]
    ran = [row for row in mine if not row.get("failure")]
    invalid = [row for row in ran if not is_valid(row)]
    remarks = []
    if not ran:
        return mine[-1]["failure"] if mine else "did not run"
    if len(ran) < len(mine):
        failure = next(row["failure"] for row in mine if row.get("failure"))
        remarks.append(f"{len(mine) - len(ran)} of {len(mine)} runs failed: {failure}")
    if invalid:
        counted = "none is valid, all are counted" if len(invalid) == len(ran) else "not counted"
        reason = (invalid[0].get("invalid_reasons") or "").split(":")[0]  # all of it is in raw.csv
        remarks.append(f"{len(invalid)} of {len(ran)} invalid ({counted}): {reason}")
    counted = of_peer(rows, peer)
    for what in ("lost", "duplicated", "reordered", "corrupted", "foreign", "excused", "not_recovered", "unanswered",
                 "dropped", "connect_failed"):
        if total := sum(number(row, what) or 0 for row in counted):
            remarks.append(f"{short(total)} {what}")
    if disturbed := sum(1 for row in counted if (number(row, "others_cpu_percent") or 0) > 10):
        remarks.append(f"{disturbed} of {len(counted)} disturbed by other programs")
    return "; ".join(remarks)


def bases(peers):
    """What the others are measured by: our server and each floor."""
    return [peer for peer in peers if peer == "uproar" or peer.startswith("floor-")]


def table(rows, peers, figures):
    head = ["peer", *figures, *(f"{figures[0]}: by {base}" for base in bases(peers)), "runs", "remarks"]
    lines = ["| " + " | ".join(head) + " |", "|" + "---|" * len(head)]
    for peer in peers:
        ratios = [ratio(rows, peer, base, figures[0]) for base in bases(peers)]
        lines.append("| " + " | ".join([
            peer, *(cell(spread(rows, peer, figure)) for figure in figures),
            *("-" if found is None else f"{found:.2f}" for found in ratios),
            str(len(of_peer(rows, peer))), remark(rows, peer).replace("|", "/")]) + " |")
    return "\n".join(lines)


def ratios(rows, peers, base, figures):
    """A table of every figure by the base's of the same round."""
    lines = ["| by " + base + " | " + " | ".join(figures) + " |", "|" + "---|" * (len(figures) + 1)]
    for peer in peers:
        if peer != base:
            lines.append("| " + " | ".join([peer, *(cell(spread_of_ratios(rows, peer, base, figure))
                                                    for figure in figures)]) + " |")
    return "\n".join(lines)


def write_csv(path, rows):
    """A row a run, written anew after each, so that a run that is broken off leaves what it had."""
    names = list(dict.fromkeys(name for row in rows for name in row))
    with open(path, "w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, names, restval="", lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)


def read_csv(path):
    with open(path, newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def half_of_lowest(rows):
    """Half of what the slowest peer sent a second at its most: a rate at which none is at its end."""
    peers = dict.fromkeys(row["peer"] for row in rows)
    found = [spread(rows, peer, "sent_per_s") for peer in peers]
    return min(middle for middle, _, _ in filter(None, found)) / 2
