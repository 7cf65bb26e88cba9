#!/usr/bin/env python3
"""Writes the sample results beside this file. The numbers are made up, to look at reports; nothing was measured."""
import json
import math
import os
import random

HERE = os.path.dirname(os.path.abspath(__file__))


def percentiles(p50, p99, worst):
    out = []
    for i in range(0, 81):
        nines = i / 20
        q = 1 - 10 ** -nines
        ms = p50 * (p99 / p50) ** ((nines - 0.3) / 1.7) if nines < 2 else p99 * (worst / p99) ** ((nines - 2) / 2.3)
        out.append([round(q, 6), round(ms, 4)])
    return out + [[1, worst]]


def sample(file, label, seed, p50, p99, worst, rate, cpu, rss, **other):
    dice = random.Random(seed)
    ramp, warm, hold, drain = 10, 5, other.get("hold", 60), 3
    n = ramp + warm + hold + drain
    phase = ["ramp"] * ramp + ["warmup"] * warm + ["hold"] * hold + ["drain"] * drain
    busy = [p in ("warmup", "hold") for p in phase]
    wobble = [0.9 + 0.2 * dice.random() for _ in range(n)]
    connections = 1000
    received = int(rate * hold)
    lost = other.get("lost", 0)
    base = 9 * 2 ** 20
    summary = {
        "duration_s": hold, "connections": connections, "connected": connections, "connect_failed": 0, "dropped": 0,
        "connects_per_s": connections / ramp, "rooms": 10, "joined": connections, "join_failed": 0,
        "sent": received // 100, "acked": received // 100, "refused": 0, "expected": received + lost,
        "received": received, "delivered_percent": 100 * received / (received + lost), "lost": lost, "duplicated": 0,
        "reordered": 0, "corrupted": 0, "foreign": 0, "excused": 0, "sent_per_s": rate / 100,
        "deliveries_per_s": rate, "bytes_sent": received * 2, "bytes_received": received * 190,
        "latency_mean_ms": p50 * 1.2, "latency_p50_ms": p50, "latency_p75_ms": p50 * 1.4, "latency_p90_ms": p50 * 1.8,
        "latency_p95_ms": p50 * 2, "latency_p99_ms": p99, "latency_p99_9_ms": p99 * 1.7, "latency_p99_99_ms": p99 * 2.4,
        "latency_max_ms": worst, "ack_p50_ms": p50 * 0.8, "ack_p99_ms": p99 * 0.7, "connect_p50_ms": 0.9,
        "connect_p99_ms": 4.1, "join_p50_ms": 0.5, "join_p99_ms": 2.2, "lag_p50_ms": 0.05,
        "lag_p99_ms": other.get("lag", 0.4), "lag_max_ms": 3 * other.get("lag", 0.4), "server_cpu_s": cpu * hold / 100,
        "server_cpu_percent": cpu, "server_cpu_ns_per_delivery": cpu / 100 / rate * 1e9,
        "server_cpu_us_per_connect": other.get("connect_us", 41.3), "server_rss_bytes_before": base,
        "server_rss_bytes_peak": rss, "server_rss_bytes_end": rss,
        "server_bytes_per_connection": (rss - base) / connections, "kernel_memory_bytes_peak": None,
        "server_fds_peak": 1012, "generator_cpu_s": 21, "generator_cpu_percent_max_worker": other.get("gen", 38.5),
        "generator_wait_percent_max_worker": 2.1, "generator_rss_bytes": 31 * 2 ** 20, "audit_bytes": 2 * 2 ** 20,
        "recovered_s": None,
    }
    limits = [("latency_p99_ms", "<", 50, False, ""), ("lost", "=", 0, False, ""),
              ("delivered_percent", ">", 100, False, ""), ("recovered_s", "<", 5, False, "")][:3 + (seed == 1)]
    limits += [("latency_p99_ms", "<", 20, True, "sample: a made-up published figure"),
               ("server_bytes_per_connection", "<", 20000, True, "https://example.org/sample")]
    thresholds = []
    for metric, op, limit, reference, source in limits:
        value = summary[metric]
        ok = value is not None and {"<": value <= limit, ">": value >= limit, "=": value == limit}[op] if value is not None else False
        thresholds.append({"metric": metric, "op": op, "limit": limit, "value": value, "passed": ok,
                           "reference": reference, "source": source})
    reasons = other.get("reasons", [])
    if seed == 1:
        thresholds = [t for t in thresholds if t["value"] is not None]

    def shape(value, quiet=0.0):
        return [round(value * w, 4) if b else quiet for w, b in zip(wobble, busy)]

    spikes = [4 if dice.random() < 0.06 else 1 for _ in range(n)]
    open_now = [round(connections * min(1, (i + 1) / ramp)) for i in range(n - 1)] + [0]
    doc = {
        "schema": 1, "tool": "uproar-load sample", "name": "sample", "label": label, "started": "2026-01-01T00:00:00Z",
        "command": "uproar-load run fanout --url ws://127.0.0.1:8080/ws --label '%s' (a sample: nothing was measured)" % label,
        "commit": "0000000 (sample)",
        "machine": {"cpu": "Sample CPU @ 3.00GHz", "cores": other.get("cores", 4), "memory_bytes": 8 * 2 ** 30,
                    "kernel": "6.12.0-sample", "hostname_omitted": True},
        "target": {"url": "ws://127.0.0.1:8080/ws", "dialect": "native", "server_pid": 4242, "server_name": label},
        "scenario": {"connections": connections, "ramp": "linear 10s", "rooms": 10, "rooms_per_connection": 1,
                     "publishers_per_room": 1, "traffic": "open", "rate": 2050, "sizes": "128", "warmup": "5s",
                     "hold": "%ds" % hold, "workers": 2},
        "verdict": {"valid": not reasons, "invalid_reasons": reasons,
                    "passed": not reasons and all(t["passed"] or t["reference"] for t in thresholds),
                    "thresholds": thresholds},
        "summary": summary,
        "percentiles": {"latency": percentiles(p50, p99, worst), "ack": percentiles(p50 * 0.8, p99 * 0.7, worst * 0.8),
                        "connect": percentiles(0.9, 4.1, 9.7)},
        "series": {
            "t_s": list(range(1, n + 1)), "connections": open_now,
            "connects_per_s": [connections / ramp] * ramp + [0] * (n - ramp), "sent_per_s": shape(rate / 100),
            "deliveries_per_s": shape(rate), "latency_p50_ms": shape(p50, None), "latency_p99_ms": shape(p99, None),
            "latency_max_ms": [None if v is None else round(min(worst, v * s), 4)
                               for v, s in zip(shape(p99 * 1.3, None), spikes)],
            "server_cpu_percent": shape(cpu, 2.0),
            "server_rss_bytes": [round(base + (rss - base) * min(1, (i + 1) / ramp)) for i in range(n)],
            "kernel_memory_bytes": [None] * n, "generator_cpu_percent": shape(other.get("gen", 38.5), 4.0),
            "errors_per_s": [0] * n, "phase": phase},
    }
    with open(os.path.join(HERE, file), "w", encoding="utf-8") as out:
        json.dump(doc, out, ensure_ascii=False, indent=None, separators=(",", ":"))
        out.write("\n")


assert math.isclose(percentiles(1, 10, 100)[0][0], 0)
sample("valid.json", "sample", 1, 1.21, 4.83, 38.2, 205000, 71.4, 21 * 2 ** 20)
sample("invalid.json", "sample, overloaded", 2, 9.4, 88.1, 402.0, 300500, 62.0, 22 * 2 ** 20, lag=48.2, gen=99.2, lost=0,
       reasons=["the load generator was the bottleneck: it handed 1 of 100 messages over more than 48.2 ms late, "
                "while the server used 62 % of a core", "a worker waited for a processor 31 % of the time"])
sample("compare_a.json", "sample A", 3, 1.21, 4.83, 38.2, 205000, 71.4, 21 * 2 ** 20)
sample("compare_b.json", "sample B & <partners>", 4, 1.94, 12.4, 96.0, 204000, 168.0, 54 * 2 ** 20, connect_us=102.5)
sample("compare_c.json", "sample C", 5, 3.3, 61.0, 512.0, 199000, 252.0, 83 * 2 ** 20, lost=1422, connect_us=None, cores=8)
