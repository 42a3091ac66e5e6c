"""People act while a send is under way, or a flood comes: hold, all-clear, STOP, release (rows 25 to 28)."""

from __future__ import annotations

import time

from sqlalchemy import text

from broadcaster.alert.lifecycle import Tier
from broadcaster.dispatch import actions
from broadcaster.store.alerting.alerts import Revision
from broadcaster.store.timeline.checkpoints import AuditCheckpoint
from tests.chaos import hooks
from tests.chaos.desk import approvers, waiting
from tests.chaos.parts import MAIN
from tests.chaos.row import Setting, row
from tests.chaos.stage import Aired, Stage
from tests.factories import SEALER, SENDER
from tests.wire import Flood, percentile

STARTED_WITHIN_S = 2.0
"""No POST starts later than 2 s after the commit of a hold or an all-clear (reliability.md, row 25)."""
STOPPED_WITHIN_S = 1.0
APPROVED_WITHIN_S = 2.0
DOUBT: dict[str, object] = {"share_accept_then_hang": 0.05}


def _last_post(stage: Stage, alert: Aired, since: float, end: float) -> float:
    """Seconds from a moment to the last POST of the words of an alert before `end`."""
    words = {each["body"] for each in stage.carrier.ledger()["messages"] if f"?d={alert.fanout}." in each["callback"]}
    times = [each["at"] for each in stage.carrier.ledger()["attempts"] if each["body"] in words and each["at"] < end]
    return max(0.0, max(times, default=since) - since)


@row("25 all-clear", "the all-clear at three random moments of three sends", "no POST 2 s after it; only those told",
     Setting(240, mps=20, carrier=DOUBT, operator=False))  # fmt: skip
def all_clear(stage: Stage) -> None:
    stage.usual()
    for town in MAIN:
        alert = stage.release((town,))
        stage.in_flight(5)
        time.sleep(stage.dice.uniform(0.0, 1.2))
        ending = stage.all_clear(alert)
        stage.until(lambda both=(alert, ending): stage.done(*both), 40, f"the all-clear of {town}")
        stage.measure("last POST", _last_post(stage, alert, ending.at, time.time()), STARTED_WITHIN_S)
        told = {each["to"] for each in stage.carrier.ledger()["messages"]} & alert.wanted
        stage.hits["told nothing at all"] += len(alert.wanted - told)


@row("25 hold", "a hold at four random moments of one send, and on again", "no POST 2 s after it",
     Setting(300, mps=40, carrier=DOUBT, operator=False))  # fmt: skip
def hold(stage: Stage) -> None:
    stage.usual()
    alert = stage.release()
    for _ in range(4):
        stage.in_flight(5)
        time.sleep(stage.dice.uniform(0.0, 0.8))
        with stage.house.sessions.begin() as session:
            revision = session.get_one(Revision, alert.revision)
            actions.hold(stage.house.actor(session), revision, Tier.PUBLIC)
        held = time.time()
        stage.hits["holds with people left"] += stage.accepted() < stage.setting.people
        time.sleep(STARTED_WITHIN_S + 1.0)
        stage.measure("last POST", _last_post(stage, alert, held, time.time()), STARTED_WITHIN_S)
        with stage.house.sessions.begin() as session:
            revision = session.get_one(Revision, alert.revision)
            actor = stage.house.actor(session, stage.house.approver)
            actions.resume(actor, revision, Tier.PUBLIC, revision.hash or "")
        stage.ring()


@row("26 STOP", "a phone says STOP every 50 ms while texts go out", "no POST 1 s after a STOP was committed",
     Setting(300, mps=50, operator=False))  # fmt: skip
def stop(stage: Stage) -> None:
    hooks.start(stage)
    stage.usual()
    stage.carrier.set_faults(inbound_url=f"{stage.env['CALLBACKS_BASE_URL']}/callbacks/twilio/inbound")
    alert = stage.release()
    stage.in_flight()
    said = stage.dice.sample(sorted(alert.wanted), 60)
    for phone in said:
        stage.carrier.inbound(phone, SENDER, "STOP")
        time.sleep(0.05)
    stage.until(lambda: stage.done(alert), 30, "the alert done")
    posts = {each["to"]: each["at"] for each in stage.carrier.ledger()["attempts"]}
    with stage.sessions() as session:
        since = {bytes(each.value_index): each.at for each in session.execute(SINCE)}
    after = [posts[phone] - since[SEALER.index(f"sms:{phone}")] for phone in said if phone in posts]
    stage.measure("last POST", max([0.0, *after]), STOPPED_WITHIN_S)
    stage.hits["stopped in time"] = sum(phone not in posts for phone in said)
    stage.forgive(alert, set(said))


SINCE = text("SELECT value_index, extract(epoch FROM since)::float8 AS at FROM suppression")
FLOOD = 10_000


@row("27 flood", f"{FLOOD:,} requests at the doors of strangers; five alerts are issued and approved meanwhile",
     "0 refusals, p99 2 s", Setting(300, mps=50, alone=True))  # fmt: skip
def flood(stage: Stage) -> None:
    stage.usual()
    base = stage.env["PUBLIC_BASE_URL"]
    doors, people = Flood(base, at_least=FLOOD), approvers(stage, 1)
    with doors.coming():
        began = time.monotonic()
        stage.release()
        stage.in_flight()
        people += [waiting(stage, base, people[0].officer, number) for number in range(1, 5)]
        took = sorted(person.approve() for person in people)
        stage.operate()
        doors.over.set()
    seconds = time.monotonic() - began
    stage.hits["requests of the flood"] = doors.answers.total()
    stage.measure("approve p50", percentile(took, 0.5))
    stage.measure("approve p99", percentile(took, 0.99), APPROVED_WITHIN_S)
    stage.measure("flood, answers a second", doors.answers.total() / seconds)
    stage.must(not doors.refused, f"the flood was refused: {doors.refused}")


COPY = {"WATCH_EMAIL": "watch@state.example", "SMTP_URL": "smtp://127.0.0.1:1", "MAIL_FROM": "desk@state.example"}
"""A mailbox for the copies of the ledger, and a relay that does not answer."""


@row("28 stores of others", "no Redis, no disk and no relay for the copies of the ledger; the table of sessions locked",
     "approve p99 2 s; the copy of the ledger catches up", Setting(300, mps=50, redis=False))  # fmt: skip
def stores(stage: Stage) -> None:
    in_the_way = stage.folder / "ledger"
    in_the_way.write_text("where the folder of the checkpoints belongs")
    stage.env |= COPY
    stage.sweep()
    people = approvers(stage, 5)
    with stage.sessions.begin() as session:
        session.execute(text("LOCK TABLE desk_session IN ACCESS EXCLUSIVE MODE"))
        stage.release()
        stage.in_flight()
        took = sorted(person.approve() for person in people)
        stage.operate()
    stage.measure("approve p99", percentile(took, 0.99), APPROVED_WITHIN_S)
    with stage.sessions() as session:
        missed = [row.note for row in session.query(AuditCheckpoint)]
    stage.hits["checkpoints without a copy"] = len(missed)
    in_the_way.unlink()
    file = in_the_way / "checkpoints.txt"
    stage.until(lambda: file.exists() and all(note in file.read_text() for note in missed), 20, "the copy caught up")
