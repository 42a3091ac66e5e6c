"""An alert on air, written row by row, for tests of what comes back and what is watched."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from uuid import uuid4

from sqlalchemy.orm import Session

from broadcaster.alert.alert import Area, Content, FailureKind, content_to_json
from broadcaster.alert.phone import Visibility
from broadcaster.settings import Settings
from broadcaster.store.alerting.alerts import Alert, Body, Release, Revision, RevisionText
from broadcaster.store.desk import people
from broadcaster.store.desk.people import User
from broadcaster.store.fanout import fanouts, senders
from broadcaster.store.fanout.deliveries import Acknowledgement, Delivery, Fanout, Lane, Source
from broadcaster.store.fanout.fanouts import LaneSpec
from broadcaster.store.fanout.senders import NewSender
from broadcaster.store.places.directory import Agency, Community, County, Number
from broadcaster.store.public.residents import Address, address, subscribe
from broadcaster.store.sealed import Sealer

NOW = datetime.now(UTC).replace(microsecond=0)
SEALER = Sealer(bytes(range(32)), bytes(range(32, 64)), 1)
TOKEN = "an-auth-token-of-the-test-account"
SECRET = "Zq8mT4vN1xR7cK2wP9sL5dH3jF6gB0yA"
BASE = "https://alerts.example.gov"


def settings(**more: object) -> Settings:
    """Settings of a demo installation with keys that fit `SEALER`."""
    plain: dict[str, object] = {
        "mode": "demo",
        "secret_key": SECRET,
        "field_key": "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=",
        "index_key": "ICEiIyQlJicoKSorLC0uLzAxMjM0NTY3ODk6Ozw9Pj8=",
        "public_base_url": BASE,
        "twilio_auth_token": TOKEN,
        "twilio_account_sid": "AC" + "1" * 32,
    }
    return Settings.model_validate({**plain, **more})


def person(session: Session, email: str, *roles: str) -> User:
    """Somebody of the desk."""
    made = User(email=email, name=email.partition("@")[0].title(), password_hash="x", handle=uuid4().hex)
    made.roles = [people.role(session, name) for name in roles]
    session.add(made)
    session.flush()
    return made


@dataclass
class OnAir:
    """What was made: ids to speak of it by."""

    alert: Alert
    revision: Revision
    fanout: int
    communities: dict[str, int]
    issuer: User
    approver: User
    body: int
    mail: int = 0
    agencies: dict[str, int] = field(default_factory=dict)


PLACES = (("springfield", "Springfield", "25013"), ("lynn", "Lynn", "25009"), ("worcester", "Worcester", "25027"))


def places(session: Session) -> dict[str, int]:
    """Three counties with a community each."""
    found = {}
    for code, name, fips in PLACES:
        session.merge(County(fips=fips, name=f"{name} County"))
        session.flush()
        row = Community(code=code, name=name, kind="municipality", county_fips=fips, timezone="America/New_York")
        session.add(row)
        session.flush()
        session.add(
            Number(scope="community", code=code, rank=1, e164="+14135550100", visibility=Visibility.PUBLIC.value)
        )
        found[code] = row.id
    return found


def content(**more: object) -> dict[str, object]:
    """The content of a statewide outage that expires in two hours."""
    plain = {
        "failure": FailureKind.ALL_CALLS,
        "area": Area(statewide=True),
        "began": NOW - timedelta(minutes=30),
        "expires": NOW + timedelta(hours=2),
        "next_update": NOW + timedelta(minutes=30),
    }
    return content_to_json(Content(**{**plain, **more}))  # type: ignore[arg-type]


def on_air(session: Session, **more: object) -> OnAir:
    """A released statewide alert with one text fan-out and nobody in it yet."""
    communities = places(session)
    issuer, approver = person(session, "ida@example.gov", "issuer"), person(session, "abe@example.gov", "approver")
    alert = Alert(kind="outage", state="open", made_by=issuer.id, known_since=NOW - timedelta(minutes=25))
    session.add(alert)
    session.flush()
    revision = Revision(
        alert_id=alert.id,
        no=1,
        kind="initial",
        content=content(**more),
        hash="a" * 64,
        authored_by=issuer.id,
        frozen_at=NOW - timedelta(minutes=20),
    )
    session.add(revision)
    session.flush()
    for tier, who in (("agency", issuer), ("public", approver)):
        session.add(
            Release(
                revision_id=revision.id,
                tier=tier,
                state="released",
                requested_by=issuer.id,
                approved_by=who.id,
                hash="a" * 64,
                at=NOW - timedelta(minutes=19 if tier == "agency" else 15),
            )
        )
    body = Body(sha="b" * 64, text="911 is down in Springfield. Call 413-555-0100.", segments=1, encoding="GSM-7")
    session.add(body)
    session.flush()
    for community in communities.values():
        session.add(
            RevisionText(revision_id=revision.id, community_id=community, lang="en", form="sms", body_id=body.id)
        )
    senders.register(session, NewSender("sms", "twilio", "+18885550911", 10.0))
    fanout = _fanout(session, revision.id, "public", "sms", [
        LaneSpec(Source.SUBSCRIBERS, rank, community) for rank, community in enumerate(communities.values())
    ])  # fmt: skip
    return OnAir(alert, revision, fanout, communities, issuer, approver, body.id)


def _fanout(session: Session, revision: int, tier: str, channel: str, lanes: list[LaneSpec]) -> int:
    made = Fanout(
        revision_id=revision,
        tier=tier,
        channel=channel,
        expires_at=NOW + timedelta(hours=2),
        started_at=NOW - timedelta(minutes=15),
        first_accepted_at=NOW - timedelta(minutes=14, seconds=57),
    )
    return fanouts.make(session, made, "sms" if channel == "sms" else "urgent", 1, lanes)


def residents(session: Session, air: OnAir, community: str, states: list[str], serial: int = 0) -> list[int]:
    """Subscribers of a community, one per state: a delivery's state, or ``""`` for somebody not reached yet."""
    made = []
    for no, state in enumerate(states, start=serial):
        there = address(session, SEALER, "sms", f"+1413{air.communities[community]:02}{no:05}")
        subscribe(session, there, air.communities[community])
        if state:
            delivery(session, air, there, community, state)
        made.append(there)
    session.flush()
    claimed = len([state for state in states if state])
    lane = session.query(Lane).filter_by(fanout_id=air.fanout, community_id=air.communities[community]).one()
    lane.next_key += claimed
    if claimed == len(states):
        lane.state = "done"
    session.flush()
    return made


def delivery(session: Session, air: OnAir, there: int, community: str, state: str) -> None:
    """One row; ``rejected:21610`` carries a reason, ``accepted/delivered`` a handset."""
    state, _, handset = state.partition("/")
    state, _, reason = state.partition(":")
    row = Delivery(fanout_id=air.fanout, address_id=there, community_id=air.communities[community], body_id=air.body)
    row.n, row.state, row.reason = 1, state, reason
    session.add(row)
    session.flush()
    if handset:
        row.handset = handset
        session.flush()


def agencies(session: Session, air: OnAir, names: list[str], acknowledged: dict[str, str] | None = None) -> int:
    """A mail fan-out to agencies; `acknowledged` maps a name to its answer. Returns the fan-out."""
    made = _fanout(session, air.revision.id, "agency", "email", [LaneSpec(Source.TARGETS, 0)])
    rows = []
    for no, name in enumerate(names):
        row = Agency(code=f"agency-{no}", name=name, role="police")
        session.add(row)
        session.flush()
        there = address(session, SEALER, "email", f"desk@agency-{no}.example", owner="agency")
        mail = Body(
            sha=f"{no:064}",
            subject=f"911 outage: {name}",
            text=f"To {name}: 911 is down.\nI have read this: %%ACK_URL%%",
            html=f'<html><body><h1>To {name}</h1><p><a href="%%ACK_URL%%">I have read this</a></p></body></html>',
        )
        session.add(mail)
        session.flush()
        rows.append((there, row.id, mail.id))
        air.agencies[name] = there
        session.add(Delivery(fanout_id=made, address_id=there, body_id=mail.id, n=1, state="accepted"))
    session.flush()
    fanouts.add_targets(session, made, rows)
    for name, answer in (acknowledged or {}).items():
        session.add(Acknowledgement(fanout_id=made, address_id=air.agencies[name], answer=answer))
    session.query(Lane).filter_by(fanout_id=made).update({"state": "done"})
    session.flush()
    air.mail = made
    return made


def number_of(session: Session, there: int) -> str:
    """The number or mail address of an address row."""
    row = session.get_one(Address, there)
    return SEALER.open(row.value_enc, row.value_index)
