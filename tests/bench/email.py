"""Mails to agencies a second: the product's own channel and worker, beside smtplib with a connection each."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import cache

from sqlalchemy import text

from broadcaster import tasks
from broadcaster.alert.lifecycle import AlertKind
from broadcaster.directory import Agency, AgencyRole, Contact, ContactChannel, Directory
from broadcaster.dispatch import actions
from broadcaster.local import child
from broadcaster.local.installation import command
from broadcaster.store import database
from broadcaster.store.alerting.alerts import Revision
from tests.bench import ceiling, gauge
from tests.bench.gauge import Void
from tests.bench.naive import mails
from tests.bench.ours import STALLED_S, until
from tests.bench.plan import Plan
from tests.bench.sink import ROOT
from tests.bench.stage import Stage, furnish, places
from tests.bench.table import Row, Table, at_most
from tests.factories import House, content

DELAYS_MS = (0.0, 50.0)
NAIVE_SHARE = 10
"""The naive way mails a tenth of the agencies: with 50 ms for each, all would take a minute."""
FIRST_MS, ALL_S = 1000.0, 5.0


@dataclass
class MailSink:
    """The running relay."""

    port: int
    process: subprocess.Popen[str]

    def ask(self, delay_ms: float | None = None) -> dict[str, float]:
        """What came; with a delay, forget it all and take so long for every mail from now on."""
        ceiling.say(self.process, "" if delay_ms is None else str(delay_ms))
        said: dict[str, float] = json.loads(ceiling.hear(self.process))
        return said


@contextmanager
def relay() -> Iterator[MailSink]:
    """A relay for as long as the block lasts."""
    argv = [sys.executable, "-m", "tests.bench.relay"]
    process = subprocess.Popen(argv, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    try:
        yield MailSink(int(ceiling.hear(process)), process)
    finally:
        process.communicate(timeout=10)


def measure(stage: Stage, table: Table, plan: Plan) -> None:
    """With a relay that takes a mail at once, and with one that takes 50 ms."""
    for delay in DELAYS_MS:
        what = f"{delay:g} ms a mail"
        table.trying(f"email/naive/{delay:g}", f"mails, naive, {what}", lambda delay=delay: _naive(table, plan, delay))
        key = f"email/ours/{delay:g}"
        table.trying(key, f"mails, ours, {what}", lambda delay=delay: _ours(stage, table, plan, delay))
        table.compare(key, f"email/naive/{delay:g}", "the naive way")


def _naive(table: Table, plan: Plan, delay_ms: float) -> None:
    boxes = [f"agency-{no}@ma.example" for no in range(max(1, plan.agencies // NAIVE_SHARE))]
    rates = []
    with relay() as sink:
        for _ in range(plan.rounds):
            sink.ask(delay_ms)
            began = time.time()
            mails.send(sink.port, boxes)
            rates.append(len(boxes) / (sink.ask()["last"] - began))
    note = f"{len(boxes):,} agencies, connect and build each time"
    table.add(Row(f"email/naive/{delay_ms:g}", f"mails, naive, {delay_ms:g} ms a mail", "/s", rates, note=note))


@dataclass(frozen=True, slots=True)
class Told:
    """One release to agencies; seconds from its commit."""

    first_s: float
    whole_s: float
    cores: float
    peak: float


def _ours(stage: Stage, table: Table, plan: Plan, delay_ms: float) -> None:
    url = stage.new_database("agencies")
    house = furnish(database.sessions(database.connect(url)), _directory(plan.agencies))
    _nobody_is_paged(house)
    with relay() as sink:
        env = stage.environment(
            url, SMTP_URL=f"smtp://127.0.0.1:{sink.port}", MAIL_FROM="alerts@ma.example", MAIL_PER_SECOND="1000000"
        )
        stage.enter(env)
        sweep = child.spawn(command("sweep"), stage.log_of("sweep"), env)
        worker = child.spawn(command("worker", "urgent"), stage.log_of("urgent"), env)
        try:
            _release(house, sink, [], delay_ms)
            told = [_release(house, sink, gauge.children(worker.pid), delay_ms) for _ in range(plan.rounds)]
        finally:
            child.end(worker, (signal.SIGTERM, 20.0))
            child.end(sweep, (signal.SIGTERM, 20.0))
    what = f"{plan.agencies:,} agencies, {delay_ms:g} ms a mail"
    rates = [plan.agencies / one.whole_s for one in told]
    row = Row(f"email/ours/{delay_ms:g}", f"mails, ours, {delay_ms:g} ms a mail", "/s", rates)
    row.note = f"{told[-1].cores:.2f} cores in 1 sender, at most {max(one.peak for one in told):.0f} at once"
    table.add(row)
    first = [one.first_s * 1e3 for one in told]
    table.add(Row(f"email/first/{delay_ms:g}", f"  first mail, {what}", "ms", first, at_most(FIRST_MS)))
    whole = [one.whole_s for one in told]
    table.add(Row(f"email/all/{delay_ms:g}", f"  all mails, {what}", "s", whole, at_most(ALL_S)))


def _nobody_is_paged(house: House) -> None:
    """The approvers of the house would be mailed too, and only agencies are counted."""
    with house.sessions.begin() as session:
        session.execute(text('UPDATE "user" SET active = false'))


@cache
def _directory(agencies: int) -> Directory:
    """So many police departments, spread over the communities."""
    towns = places().communities
    made = []
    for no in range(agencies):
        town = towns[no % len(towns)]
        box = Contact(ContactChannel.EMAIL, f"agency-{no}@ma.example", 1)
        made.append(Agency(f"police-{no}", f"{town.name} Police {no}", AgencyRole.POLICE, (box,), (town.code,)))
    return replace(places(), agencies=tuple(made))


def _release(house: House, sink: MailSink, sending: list[int], delay_ms: float) -> Told:
    """Tell all agencies, and check that each had one mail and that its row says so."""
    with house.sessions() as session:
        many = int(session.execute(text("SELECT count(*) FROM agency")).scalar_one())
    with house.sessions.begin() as session:
        revision = actions.new_alert(house.actor(session), AlertKind.OUTAGE, content())
        actions.submit(house.actor(session), revision)
        key = revision.id
    sink.ask(delay_ms)
    busy = gauge.cpu_seconds(sending)
    with house.sessions.begin() as session:
        actions.release_agencies(house.actor(session), session.get_one(Revision, key))
    at = time.time()
    tasks.ring("urgent")
    until(lambda: _accepted(house, key) == many, f"fewer than {many:,} mails were accepted", STALLED_S * 2)
    used = gauge.cpu_seconds(sending) - busy
    came = sink.ask()
    if came["mails"] != many or came["distinct"] != many:
        raise Void(f"{came['mails']:.0f} mails reached {came['distinct']:.0f} of {many:,} agencies")
    whole = came["last"] - at
    return Told(came["first"] - at, whole, used / whole, came["peak"])


def _accepted(house: House, revision: int) -> int:
    query = text(
        "SELECT count(*) FROM delivery d JOIN fanout f ON f.id = d.fanout_id"
        " WHERE f.revision_id = :r AND f.channel = 'email' AND d.state = 'accepted'"
    )
    with house.sessions() as session:
        return int(session.execute(query, {"r": revision}).scalar_one())
