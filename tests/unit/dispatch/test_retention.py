"""What is forgotten when: old deliveries become counts, phones go, a STOP stays; and nothing while an alert is open."""

from __future__ import annotations

import json
from collections import Counter
from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import text

from broadcaster.dispatch import retention as duty
from broadcaster.dispatch.retention import Retention
from broadcaster.receipts import tally
from broadcaster.store import retention
from broadcaster.store.database import Sessions
from broadcaster.store.fanout import endings, fanouts, tallies
from broadcaster.store.public import consent, residents
from broadcaster.store.public.consent import Proof, Step
from broadcaster.store.timeline import ledger
from tests.unit.store.ground import SEALER, Ground, phone, prepare

MANY = 20


@pytest.fixture
def ground(sessions: Sessions) -> Ground:
    """An alert that was sent to some people of two towns, and is over."""
    made = prepare(sessions, {"lynn": MANY, "salem": 3})
    made.send_everything()
    first = made.sql("SELECT min(address_id) FROM delivery")[0]
    made.hear((first, 1, f"SM-{first}-1", "delivered"))
    with sessions.begin() as session:
        fanouts.plan(session, made.fanout)
        endings.finish(session)
    made.sql("UPDATE alert SET state = 'closed', closed_at = now()")
    return made


def age(ground: Ground, months: int = 14) -> None:
    for statement in (
        "UPDATE fanout SET done_at = done_at - make_interval(months => :m)",
        "UPDATE receipt SET at = at - make_interval(months => :m)",
        "UPDATE sighting SET at = at - make_interval(months => :m)",
    ):
        ground.sql(statement, m=months)


def rows(ground: Ground, table: str) -> int:
    return int(ground.sql(f"SELECT count(*) FROM {table}")[0])  # noqa: S608 - names of this file


def forgotten(ground: Ground) -> list[dict[str, object]]:
    with ground.sessions() as session:
        events = [event for event in ledger.timeline(session, "residents") if event.action == "forgotten"]
        return [json.loads(event.canonical)["data"] for event in events]


def test_a_delivery_of_last_year_becomes_a_number(ground: Ground) -> None:
    with ground.sessions() as session:
        before = tallies.by_community(session, ground.fanout)
    age(ground)
    gone = Retention(ground.sessions).look()
    assert gone == Counter(delivery=MANY + 3, receipt=1)
    assert (rows(ground, "delivery"), rows(ground, "receipt")) == (0, 0)
    with ground.sessions() as session:
        assert tallies.by_community(session, ground.fanout) == before
        sums = tally.check_sums(session, ground.fanout)
        assert (sums.agree, sums.counted, sums.planned) == (True, MANY + 3, MANY + 3)
    assert forgotten(ground) == [{"delivery": MANY + 3, "receipt": 1}]
    assert Retention(ground.sessions).look() == Counter()
    assert len(forgotten(ground)) == 1


def test_a_delivery_of_this_year_stays(ground: Ground) -> None:
    age(ground, 12)
    assert Retention(ground.sessions).look() == Counter()
    assert rows(ground, "delivery") == MANY + 3


def test_nothing_is_deleted_while_an_alert_is_open(ground: Ground) -> None:
    age(ground)
    ground.sql("UPDATE alert SET state = 'open', closed_at = NULL")
    assert Retention(ground.sessions).look() == Counter()
    assert rows(ground, "delivery") == MANY + 3


def test_an_alert_that_opens_in_the_middle_stops_it_after_the_batch(
    ground: Ground, monkeypatch: pytest.MonkeyPatch
) -> None:
    age(ground)
    monkeypatch.setitem(retention.DUTIES, "delivery", lambda session: retention.prune_fanout(session, 5))  # type: ignore[arg-type]
    Retention(ground.sessions, most_batches=1).look()
    left = rows(ground, "delivery")
    assert left == MANY + 3 - 5
    ground.sql("UPDATE alert SET state = 'open', closed_at = NULL")
    Retention(ground.sessions).look()
    assert rows(ground, "delivery") == left


def test_it_goes_on_in_batches_to_the_end(ground: Ground, monkeypatch: pytest.MonkeyPatch) -> None:
    age(ground)
    monkeypatch.setitem(retention.DUTIES, "delivery", lambda session: retention.prune_fanout(session, 5))  # type: ignore[arg-type]
    Retention(ground.sessions).look()
    assert rows(ground, "delivery") == 0
    assert ground.sql("SELECT count(*) FROM fanout WHERE pruned_at IS NOT NULL") == [1]


def test_texts_that_went_out_twice_are_in_the_ledger_before_their_rows_go(ground: Ground) -> None:
    columns = "carrier, ref, fanout_id, address_id, n"
    ground.sql(f"INSERT INTO sighting ({columns}) VALUES ('twilio', 'SMx', :f, 1, 1)", f=ground.fanout)  # noqa: S608
    age(ground)
    Retention(ground.sessions).look()
    assert ground.sql("SELECT count(*) FROM audit_event WHERE action = 'doubles-counted-before-deletion'") == [1]
    assert rows(ground, "sighting") == 0


def stopped(ground: Ground, number: str, days: int) -> None:
    ground.stop(number)
    ground.sql("UPDATE suppression SET since = since - make_interval(days => :d) WHERE value_index = :i",
               d=days, i=SEALER.index(f"sms:{number}"))  # fmt: skip


def test_a_phone_goes_a_month_after_stop_and_the_stop_stays_for_ever(ground: Ground) -> None:
    old, young = phone(ground.towns["lynn"], 0), phone(ground.towns["lynn"], 1)
    stopped(ground, old, 31)
    stopped(ground, young, 29)
    assert Retention(ground.sessions).look() == Counter(phone=1)
    assert rows(ground, "address") == MANY + 3 - 1
    assert rows(ground, "suppression") == 2
    ground.resident(old, "lynn")
    ground.fan_out(ground.revise("initial"), ground.subscribers("lynn"))
    ground.sql("UPDATE alert SET state = 'open', closed_at = NULL")
    assert ground.send_everything() == MANY - 2, "imported again, still stopped"


def test_who_left_is_forgotten_a_month_later(ground: Ground) -> None:
    ground.sql("DELETE FROM subscription WHERE slot <= 2")
    assert Retention(ground.sessions).look() == Counter()
    ground.sql("UPDATE address SET asked_at = now() - interval '31 days'")
    gone = Retention(ground.sessions).look()
    assert gone == Counter(phone=4)
    assert rows(ground, "subscription") == MANY + 3 - 4
    assert rows(ground, "address") == MANY + 3 - 4


def test_an_agencys_number_is_no_residents(ground: Ground) -> None:
    with ground.sessions.begin() as session:
        residents.address(session, SEALER, "email", "desk@police.example", owner="agency")
    ground.sql("UPDATE address SET asked_at = now() - interval '10 years'")
    Retention(ground.sessions).look()
    assert ground.sql("SELECT count(*) FROM address WHERE owner = 'agency'") == [1]


def consented(ground: Ground, number: str, years: int) -> None:
    with ground.sessions.begin() as session:
        consent.record(session, SEALER.index(f"sms:{number}"), Step.JOINED, Proof("text"))
        session.execute(text("ALTER TABLE consent DISABLE TRIGGER consent_stays"))
        session.execute(text("UPDATE consent SET at = at - make_interval(years => :y)"), {"y": years})
        session.execute(text("ALTER TABLE consent ENABLE TRIGGER consent_stays"))


def test_consent_is_kept_for_four_years_and_as_long_as_its_phone(ground: Ground) -> None:
    consented(ground, phone(ground.towns["lynn"], 0), 5)
    consented(ground, "+14135559999", 5)
    consented(ground, "+14135559998", 0)
    assert Retention(ground.sessions).look() == Counter(consent=1)
    assert rows(ground, "consent") == 2


def test_consents_are_bound_into_the_ledger_once(ground: Ground) -> None:
    consented(ground, "+14135559998", 1)
    consented(ground, "+14135559997", 1)
    with ground.sessions.begin() as session:
        assert [duty.digest(session), duty.digest(session)] == [2, 0]
        assert ledger.verify(session).broken_at is None
    consented(ground, "+14135559996", 1)
    with ground.sessions.begin() as session:
        assert duty.digest(session) == 1


def test_two_at_once_delete_everything_once(ground: Ground) -> None:
    age(ground)
    with ThreadPoolExecutor(2) as pool:
        gone = sum(pool.map(lambda _: Retention(ground.sessions).look(), range(2)), Counter())
    Retention(ground.sessions).look()
    assert gone["delivery"] <= MANY + 3
    assert rows(ground, "delivery") == 0
