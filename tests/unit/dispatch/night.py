"""A night's alert without a carrier: revisions through two people, and who would read which text."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime

from sqlalchemy import text

from broadcaster.alert import alert as heart
from broadcaster.alert.alert import Confirmation, RevisionKind
from broadcaster.alert.delivery import Event
from broadcaster.alert.lifecycle import AlertKind
from broadcaster.dispatch import actions
from broadcaster.store.alerting.alerts import Revision
from broadcaster.store.database import Sessions
from broadcaster.store.fanout import endings, outcomes, waves
from broadcaster.store.fanout.outcomes import Outcome
from broadcaster.store.fanout.waves import ClaimedWave
from broadcaster.store.places import directory_load
from broadcaster.store.public import residents
from tests.factories import SEALER, House, content, directory, furnish

MOST_WAVES = 60
TOWNS = ("town-1", "town-2", "town-3")


def night(sessions: Sessions) -> House:
    """Three towns with two people each; the phone tells the town: +1201555010N lives in town N."""
    return furnish(sessions, directory(3), {phone(no, who): [f"town-{no}"] for no in (1, 2, 3) for who in (0, 1)})


def phone(town: int, who: int = 0) -> str:
    """The number of somebody in a town."""
    return f"+120155501{who}{town}"


def first_draft(house: House, **changes: object) -> int:
    """An initial alert that waits for approval."""
    with house.sessions.begin() as session:
        revision = actions.new_alert(house.actor(session), AlertKind.OUTAGE, content(**changes))
        actions.submit(house.actor(session), revision)
        return revision.id


def waiting(house: House, first: int, kind: RevisionKind, **changes: object) -> int:
    """The next revision, submitted: it waits for approval."""
    with house.sessions.begin() as session:
        draft = actions.next_draft(house.actor(session), session.get_one(Revision, first).alert, kind)
        words = replace(heart.content_from_json(draft.content), **changes)  # type: ignore[arg-type]
        actions.edit(house.actor(session), draft, words)
        actions.submit(house.actor(session), draft)
        return draft.id


def follow(house: House, first: int, kind: RevisionKind, **changes: object) -> int:
    """The next revision through two people."""
    key = waiting(house, first, kind, **changes)
    house.approve(key)
    return key


def confirmed(*towns: str) -> tuple[Confirmation, ...]:
    """The vendor's word for some towns."""
    return (Confirmation(towns or TOWNS, "Vendor", "restored and tested", datetime.now(UTC).replace(microsecond=0)),)


def joins(house: House, number: str, town: str) -> None:
    """Somebody signs up."""
    with house.sessions.begin() as session:
        address = residents.address(session, SEALER, "sms", number)
        residents.subscribe(session, address, directory_load.community_ids(session)[town])


def sweep(house: House) -> None:
    """One round of endings, as the sweep does them."""
    with house.sessions.begin() as session:
        endings.expire_overdue(session)
        endings.end_queued(session)
        endings.reopen_for_late(session)
    with house.sessions.begin() as session:
        endings.finish(session)


def send(house: House) -> dict[str, str]:
    """Claim everything that is open, as accepted by the carrier; phone -> text. AssertionError when it never ends."""
    told: dict[str, str] = {}
    for _ in range(MOST_WAVES):
        with house.sessions.begin() as session:
            session.execute(text("UPDATE sender SET tat = clock_timestamp() - interval '1 hour'"))
            wave = waves.claim(session, "sms", "sms", waves.Room({"twilio": waves.MOST_ROWS}), 30.0)
        if not isinstance(wave, ClaimedWave):
            return told
        told |= _accepted(house, wave)
    raise AssertionError(f"lanes never end; told so far: {told}")


def _accepted(house: House, wave: ClaimedWave) -> dict[str, str]:
    with house.sessions.begin() as session:
        bodies = {row.id: row.text for row in session.execute(text("SELECT id, text FROM body"))}
        done = [
            Outcome(i.address_id, i.n, Event.ACCEPTED, ref=f"SM{wave.id}x{i.address_id}", wave_id=wave.id)
            for i in wave.intents
        ]
        outcomes.record(session, wave.fanout_id, done, "twilio", 60.0)
        outcomes.close_when_complete(session, Counter({wave.id: len(done)}))
    return {SEALER.open(i.value_enc, i.value_index): bodies[i.body_id] for i in wave.intents}
