"""The rows of the engine: recipients a second, end to end and durable, beside its ceiling."""

from __future__ import annotations

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
        for tls in (False, True):
            _instant(stage, table, plan, size, Carrier(tls=tls))
    slow = Carrier(delay_ms=plan.slow_ms, in_flight=AT_ONCE)
    table.trying(
        f"slow/{plan.sizes[0]}", f"ours, {plan.sizes[0]:,}, {slow.name}", lambda: _slow(stage, table, plan, slow)
    )


def _instant(stage: Stage, table: Table, plan: Plan, size: int, carrier: Carrier) -> None:
    key = f"{size}/{'https' if carrier.tls else 'http'}"
    what = f"{size:,}, {carrier.name}"
    table.trying(f"ceiling/{key}", f"ceiling, {what}", lambda: _ceiling(stage, table, plan, size, carrier))
    table.trying(f"ours/{key}", f"ours, {what}", lambda: _ours(stage, table, plan, size, carrier))
    table.compare(f"ours/{key}", f"ceiling/{key}", "the ceiling", at_least(0.6))
    table.compare(f"ours/{key}", f"ours/{plan.sizes[0]}/{key.split('/')[1]}", f"the rate at {plan.sizes[0]:,}")


def _ours(stage: Stage, table: Table, plan: Plan, size: int, carrier: Carrier) -> None:
    key, what = f"{size}/{'https' if carrier.tls else 'http'}", f"{size:,}, {carrier.name}"
    with ours.at_work(stage, stage.audience(size), carrier) as works:
        before = [gauge.rss_mb(pid) for pid in works.sending]
        told = _rounds(works, plan.rounds)
        after = [gauge.rss_mb(pid) for pid in works.sending]
        most = max(gauge.rss_mb(pid, most=True) for pid in works.sending)
    cores = sum(one.cores for one in told) / len(told)
    note = f"{cores:.2f} cores in {SENDERS} senders"
    table.add(Row(f"ours/{key}", f"ours, {what}", "/s", [one.rate for one in told], note=note))
    first = Row(f"first/{key}", f"  first text, {what}", "ms", [one.first_s * 1e3 for one in told])
    table.add(first)
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
    audience = stage.audience(size)
    stage.enter(stage.environment(audience.url))
    works = Works(stage, audience, carrier, [])
    port = stage.sink.tls_port if carrier.tls else stage.sink.port
    stage.sink.url(carrier.tls)
    trusted = str(stage.sink.trusted) if carrier.tls else ""
    order = ceiling.Order(audience.url, port, trusted, carrier.in_flight // SENDERS, audience.first)
    rates = []
    with ceiling.ready(order, SENDERS) as processes:
        for _ in range(plan.rounds):
            revision = works.draft()
            stage.sink.reset()
            approved = works.approve(revision)
            for process in processes:
                ceiling.say(process, "go")
            works.wait_for(size)
            rates.append(size / (works.recorded(approved.fanout, size) - approved.at))
            for process in processes:
                ceiling.hear(process)
    key = f"ceiling/{size}/{'https' if carrier.tls else 'http'}"
    table.add(Row(key, f"ceiling, {size:,}, {carrier.name}", "/s", rates, note="bare socket, no twilio library"))


def _slow(stage: Stage, table: Table, plan: Plan, carrier: Carrier) -> None:
    size = plan.sizes[0]
    with ours.at_work(stage, stage.audience(size), carrier) as works:
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
        table.void("sink", "the C sink", "no C compiler: the asyncio sink bounds this engine and its ceiling")
        return
    file = stage.folder / "requests"
    many = load.write((_request(no) for no in range(plan.loads)), file)
    for tls in (False, True):
        name = "https" if tls else "http"
        table.trying(f"sink/{name}", f"the sink itself, {name}", lambda tls=tls: _sink(stage, table, plan, tls))
    stage.say(f"  ({many:,} prepared requests a round)")


def _request(no: int) -> bytes:
    body = ceiling.BODY.format(
        phone=phone(no)[1:], sender=SENDER[1:], words=ceiling.WORDS, fanout=1, address=no, n=1
    ).encode()
    return load.posting(f"/2010-04-01/Accounts/{SID}/Messages.json", "127.0.0.1", {}, body)


def _sink(stage: Stage, table: Table, plan: Plan, tls: bool) -> None:
    stage.sink.url(tls)
    rates = []
    for _ in range(plan.rounds):
        stage.sink.reset()
        trusted = stage.sink.trusted if tls else None
        port = stage.sink.tls_port if tls else stage.sink.port
        rates.append(load.run(stage.sink.trusted.parent, port, stage.folder / "requests", 200, trusted).rate(201))
    name = "https" if tls else "http"
    table.add(Row(f"sink/{name}", f"the sink itself, {name}", "/s", rates, note="C load program, one core each"))
