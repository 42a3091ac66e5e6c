"""The rows of the engine: recipients a second, end to end and durable, beside its ceiling."""

from __future__ import annotations

import subprocess
from collections.abc import Sequence

from tests.bench import ceiling, gauge, load, ours
from tests.bench.ours import SENDERS, Carrier, Told, Works
from tests.bench.people import phone
from tests.bench.plan import Plan
from tests.bench.stage import Stage
from tests.bench.table import Row, Table, at_least, at_most
from tests.factories import SENDER, SID

AT_ONCE = 100
"""Requests in flight in the run with slow answers: near what third parties say an account may have."""


def measure(stage: Stage, table: Table, plan: Plan) -> None:
    """Every size, over HTTP and TLS with instant answers; the smallest one with slow answers too."""
    for size in plan.sizes:
        for scheme in plan.schemes:
            _instant(stage, table, plan, size, Carrier(tls=scheme == "https"))
    size, slow = plan.sizes[0], Carrier(delay_ms=plan.slow_ms, in_flight=AT_ONCE)
    if plan.slow_ms:
        what = f"ours, {size:,}, {slow.name}"
        table.trying(f"slow/{size}", what, lambda: _slow(stage, table, plan, slow))


def _instant(stage: Stage, table: Table, plan: Plan, size: int, carrier: Carrier) -> None:
    key, what = f"{size}/{carrier.scheme}", f"{size:,}, {carrier.name}"
    table.trying(f"ceiling/{key}", f"ceiling, {what}", lambda: _ceiling(stage, table, plan, size, carrier))
    table.trying(f"ours/{key}", f"ours, {what}", lambda: _ours(stage, table, plan, size, carrier))
    table.compare(f"ours/{key}", f"ceiling/{key}", "the ceiling", at_least(0.6))
    least = f"{plan.sizes[0]}/{carrier.scheme}"
    if least != key:
        table.compare(f"ours/{key}", f"ours/{least}", f"the rate at {plan.sizes[0]:,}")
        table.compare(f"cost/{key}", f"cost/{least}", f"the cost at {plan.sizes[0]:,}", at_most(1.1))


def _ours(stage: Stage, table: Table, plan: Plan, size: int, carrier: Carrier) -> None:
    key, what = f"{size}/{carrier.scheme}", f"{size:,}, {carrier.name}"
    with stage.audience(size) as audience, ours.at_work(stage, audience, carrier) as works:
        before = [gauge.rss_mb(pid) for pid in works.sending]
        told = _rounds(works, plan.rounds)
        after = [gauge.rss_mb(pid) for pid in works.sending]
        most = max(gauge.rss_mb(pid, most=True) for pid in works.sending)
    cores = sum(one.cores for one in told) / len(told)
    note = f"{cores:.2f} cores in {SENDERS} senders"
    table.add(Row(f"ours/{key}", f"ours, {what}", "/s", [one.rate for one in told], note=note))
    first = [(one.approve_s + one.first_s) * 1e3 for one in told]
    table.add(Row(f"first/{key}", f"  first text after the click, {what}", "ms", first))
    cost = [one.cores * one.whole_s / size * 1e6 for one in told]
    table.add(Row(f"cost/{key}", f"  processor time a recipient, {what}", "us", cost))
    grown = max(b - a for a, b in zip(before, after, strict=True))
    memory = Row(f"memory/{key}", f"  a sender's memory, {what}", "MB", [most], at_most(150.0))
    memory.note = f"{grown:+.1f} MB from the first release to the last"
    table.add(memory)


def _rounds(works: Works, rounds: int) -> Sequence[Told]:
    told = []
    for _ in range(rounds):
        told.append(works.release())
        works.stage.say(f"    {told[-1].rate:,.0f}/s, first text after {told[-1].first_s * 1e3:.0f} ms")
    return told


def _ceiling(stage: Stage, table: Table, plan: Plan, size: int, carrier: Carrier) -> None:
    port = stage.sink.tls_port if carrier.tls else stage.sink.port
    stage.sink.url(carrier.tls)
    trusted = str(stage.sink.trusted) if carrier.tls else ""
    with stage.audience(size) as audience:
        stage.enter(stage.environment(audience.url))
        order = ceiling.Order(audience.url, port, trusted, carrier.in_flight // SENDERS, audience.first)
        with ceiling.ready(order, SENDERS) as processes:
            works = Works(stage, audience, carrier, [])
            rates = [_from_bare_sockets(works, processes) for _ in range(plan.rounds)]
    key = f"ceiling/{size}/{carrier.scheme}"
    table.add(Row(key, f"ceiling, {size:,}, {carrier.name}", "/s", rates, note="bare socket, no twilio library"))


def _from_bare_sockets(works: Works, processes: Sequence[subprocess.Popen[str]]) -> float:
    """One release through the ceiling's processes: the same start, the same end, the same judge."""
    many = works.audience.many
    revision = works.draft()
    works.stage.sink.reset()
    approved = works.approve(revision)
    for process in processes:
        ceiling.say(process, "go")
    works.wait_for(many)
    done = works.recorded(approved.fanout, many)
    for process in processes:
        ceiling.hear(process)
    return many / (done - approved.at)


def _slow(stage: Stage, table: Table, plan: Plan, carrier: Carrier) -> None:
    size = plan.sizes[0]
    with stage.audience(size) as audience, ours.at_work(stage, audience, carrier) as works:
        told = _rounds(works, plan.rounds)
    limit = carrier.in_flight / carrier.delay_ms * 1e3
    row = Row(f"slow/{size}", f"ours, {size:,}, {carrier.name}", "/s", [one.rate for one in told])
    row.note = f"at most {max(one.peak for one in told)} in flight were seen"
    table.add(row)
    share = Row("slow/share", "  share of in-flight / latency", "", [one.rate / limit for one in told], at_least(0.95))
    table.add(share)
    table.add(Row("slow/cores", "  cores of the senders", "", [one.cores for one in told], at_most(0.10)))


def sink(stage: Stage, table: Table, plan: Plan) -> None:
    """What the sink itself can take: no figure below may come near it."""
    if not stage.sink.in_c:
        why = "no C compiler: the asyncio sink bounds this engine and its ceiling"
        table.void("sink", "the C sink", why, absent=True)
        return
    file = stage.folder / "requests"
    many = load.write((_request(no) for no in range(plan.loads)), file)
    for scheme in plan.schemes:
        table.trying(
            f"sink/{scheme}", f"the sink itself, {scheme}", lambda scheme=scheme: _sink(stage, table, plan, scheme)
        )
    stage.say(f"  ({many:,} prepared requests a round)")


def _request(no: int) -> bytes:
    body = ceiling.BODY.format(
        phone=phone(no)[1:], sender=SENDER[1:], words=ceiling.WORDS, fanout=1, address=no, n=1
    ).encode()
    return load.posting(f"/2010-04-01/Accounts/{SID}/Messages.json", "127.0.0.1", {}, body)


def _sink(stage: Stage, table: Table, plan: Plan, scheme: str) -> None:
    tls = scheme == "https"
    stage.sink.url(tls)
    rates = []
    for _ in range(plan.rounds):
        stage.sink.reset()
        trusted = stage.sink.trusted if tls else None
        port = stage.sink.tls_port if tls else stage.sink.port
        rates.append(load.run(stage.sink.trusted.parent, port, stage.folder / "requests", 200, trusted).rate(201))
    table.add(Row(f"sink/{scheme}", f"the sink itself, {scheme}", "/s", rates, note="C load program, one core each"))
