"""18 June 2024 in Massachusetts once more, from the provider's notice at 13:15 to the report, on real parts.

That day (outage-domain.md 1.1): known at 13:15, told at 14:30, restored at 15:15, all clear at 16:20. The database's
clock is set to each hour of ours and goes on by itself, the desk's stands, and a worker of its own process sends.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from broadcaster.dispatch.witness import signer_of
from broadcaster.store.database import Sessions
from broadcaster.store.fanout.deliveries import Delivery
from broadcaster.store.outage.outages import Outage
from broadcaster.store.timeline import checkpoints
from broadcaster.store.timeline.ledger import AuditEvent
from tests import calls
from tests.desk import AUDITOR, ISSUER, SECOND, Browser, Desk
from tests.flow import story, that_day
from tests.flow.missed import everybody_is_called_back, imported
from tests.flow.test_911_trouble import tap
from tests.flow.test_the_phones_go_quiet import ALL, Night
from tests.flow.test_the_report_of_a_night import asked
from tests.flow.test_the_report_of_a_night import figures as figures_of
from tests.flow.that_day import MANY, Day, at


@pytest.fixture
def day(sessions: Sessions, database_url: str, valkey: str, tmp_path: Path) -> Iterator[Day]:
    with that_day.lived(sessions, database_url, valkey, tmp_path) as made:
        yield made


def test_that_day_again(day: Day) -> None:
    desk = day.desk
    night = Night(desk)
    day.at("12:53")
    assert sum(night.minutes(20)) == 0
    proposals = sum(night.minutes(2, quiet=ALL))

    day.at("13:15")
    outage = the_provider_tells_us(night)
    proposals += sum(night.minutes(2, quiet=ALL))
    assert proposals == 1, "the detector has noticed by itself"
    tap(desk, "ayer-psap")
    tap(desk, "harvard-psap", "some", words="Two of three lines are dead")

    day.at("13:18")
    ida, abe = desk.browser(ISSUER), desk.browser(SECOND)
    alert, page = the_form_is_filled_in(night, ida, abe)
    ida.send("/release-agencies")
    assert day.goes_out() == []
    heard = day.post.mails()
    assert len({mail.to for mail in heard}) == len(heard) == 6, "agencies first, once each"
    day.at("13:21")
    abe.open(page).send("/approve", code=desk.code(SECOND))
    first = day.goes_out()
    assert sorted(Counter(row["to"] for row in first).values()) == [1] * (MANY + 6)
    assert sum("911 is down in Ayer. In an emergency call 978-555-0101" in row["body"] for row in first) > 10
    day.at("13:26")
    for mail in heard:
        if not mail.to.startswith("desk@state"):
            acknowledged(desk, mail.text)

    day.at("14:05")
    numbers = another_number_for_harvard(day, alert)
    assert numbers and all("978-555-0166" in row["body"] and "Harvard" in row["body"] for row in numbers)

    ended = it_works_again(day, night, alert)
    assert Counter(row["to"] for row in ended) == Counter(row["to"] for row in first)
    assert all("works again" in row["body"] for row in ended)

    day.at("15:40")
    logs = calls.made(at("13:14"))
    who_called_in_vain_is_called_back(day, f"/desk/outages/{outage}", logs)
    the_report_says_what_the_ledgers_say(day, outage, first)
    the_missed_callers_are_those_of_the_logs(desk, outage, logs)
    beside_that_day(day, outage)


def the_provider_tells_us(night: Night) -> str:
    """By the API, as 47 CFR 4.9(h) wants it; the record of the outage begins with it."""
    told = {"kind": "initial", "discovered": at("13:13").isoformat(), "area": "Statewide, Massachusetts"}
    said = {"effect": "911 calls do not reach any answering point.", "cause": "A firewall stops the calls."}
    return noticed(night, **told, **said)


def it_works_again(day: Day, night: Night, alert: str) -> list[dict[str, Any]]:
    """The provider's last word, and the all-clear through two people; who was texted of it."""
    day.at("15:13")
    ida, abe = day.desk.browser(ISSUER), day.desk.browser(SECOND)
    day.at("15:15")
    noticed(night, kind="final", effect="911 calls arrive again.")
    ida.open("/desk/").send(f"{alert}/next/all_clear")
    ida.send("/edit", **{"who-0": "Vendor NOC", "how-0": "Test calls to every answering point"}).send("/submit")
    day.at("15:19")
    abe.open(ida.path).send("/approve", code=day.desk.code(SECOND))
    assert abe.path == alert, abe.words
    return day.goes_out()


def who_called_in_vain_is_called_back(day: Day, record: str, logs: calls.Logs) -> None:
    """The logs of two systems become callers, each of whom gets an outcome; not before that does the record close."""
    ida = day.desk.browser(ISSUER)
    imported(ida, f"{record}/missed", logs)
    assert "without an outcome" in ida.open(record).send("/close").words
    everybody_is_called_back(day.desk, logs)
    day.at("16:20")
    ida = day.desk.browser(ISSUER).open(record).send("/close", close="Vendor NOC, by phone")
    assert "Closed at" in ida.words, ida.words


def noticed(night: Night, **said: str) -> str:
    body = {"provider": "Example Telecom", "ticket": "TT-2024-0618", **said}
    answer = night.desk.app.test_client().post("/api/v1/notices", json=body, headers=night.headers)
    assert answer.status_code in (200, 201), answer.text
    return str(answer.json["outage"])


def the_form_is_filled_in(night: Night, ida: Browser, abe: Browser) -> tuple[str, str]:
    """What came by three ways stands at the desk; from one of them comes the draft. Its alert, and its check page."""
    home = ida.open("/desk/").words
    for words in ("Is 911 down? The whole state", "Ayer dispatch", "Harvard dispatch", "Example Telecom"):
        assert words in home, words
    ida.open(f"/desk/detector/{night.proposed()[0].public_id}").send("/draft")
    assert ida.values("/edit")["statewide"], ida.words
    ida.send("/edit", note="Crews are at work.")
    assert "/revisions/1" in ida.path, ida.words
    ida.send("/submit")
    for _ in range(2):
        abe.open("/desk/trouble").send("/trouble/aside")
    with night.desk.sessions() as store:
        record = store.scalars(select(Outage)).one()  # three ways, one outage
    shown = abe.open(f"/desk/outages/{record.public_id}").words
    for words in ("sent an initial notice by the API", "Two of three lines are dead", "The detector: no 911 call"):
        assert words in shown, words
    return ida.path.split("/revisions/")[0], ida.path


def acknowledged(desk: Desk, mail: str) -> None:
    """An agency follows the link of its mail and says that it has read it."""
    link = next(word for word in mail.split() if "/ack/" in word)
    browser = Browser(desk.app.test_client()).open(link[link.index("/ack/") :])
    browser.send(browser.path, answer="read")
    assert "Your answer is recorded" in browser.words


def another_number_for_harvard(day: Day, alert: str) -> list[dict[str, Any]]:
    """The number that Harvard was given is jammed: another one, through two people; who was texted of it."""
    ida, abe = day.desk.browser(ISSUER), day.desk.browser(SECOND)
    ida.open("/desk/").send(f"{alert}/next/number_change")
    ida.send("/edit", expires="2024-06-18T17:00").send("/numbers", **{"number-harvard": "978-555-0166"})
    ida.send("/submit")
    abe.open(ida.path).send("/approve", code=day.desk.code(SECOND))
    assert abe.path == alert, abe.words
    return day.goes_out()


def the_report_says_what_the_ledgers_say(day: Day, outage: str, first: list[dict[str, Any]]) -> None:
    """Its minutes are those of our ledger, its figures those of the carrier's."""
    with day.desk.sessions.begin() as store:
        checkpoints.make(store, signer_of(day.desk.chosen), day.desk.now)
        rows = store.execute(select(AuditEvent.action, AuditEvent.at).order_by(AuditEvent.seq)).all()
    ledger: dict[str, list[datetime]] = {}
    for action, moment in rows:
        ledger.setdefault(action, []).append(moment)
    story.until(lambda: set(by_carrier(day, first)) <= {"delivered", "undelivered"})
    story.until(lambda: handsets(day, first) == by_carrier(day, first))
    said = asked(day.desk, f"/outages/{outage}/report")
    told, took = figures_of(said), {one["key"]: one["minutes"] for one in said["measures"]}  # type: ignore[attr-defined]
    moments = {one["key"]: datetime.fromisoformat(one["at"]) for one in said["moments"]}  # type: ignore[attr-defined]
    known, restored = at("13:15"), at("15:15")
    assert (moments["known"], moments["restored"]) == (known, restored)
    approved, clear = ledger["approved"][0], ledger["approved"][-1]
    assert took["agencies"] == minutes(known, ledger["released_to_agencies"][0])
    assert took["issuing"] == minutes(ledger["draft"][0], approved)
    assert took["restored"] == minutes(restored, clear)
    by_the_carrier = min(row["at"] for row in first)
    assert approved < by_the_carrier < moments["first_text"]
    assert minutes(known, approved) <= took["public"] <= minutes(known, moments["first_text"])

    assert (told["accepted"], told["people"], told["unreached"], told["stopped"]) == (len(first), MANY + 7, 1, 1)
    assert told["delivered"] == by_carrier(day, first)["delivered"]
    assert (told["agencies"], told["acknowledged"], told["doubled"], told["perhaps"]) == (6, 5, 0, 0)
    assert said["ledger"]["broken"] == "" and said["preliminary"] == ["1 agency may still answer"]  # type: ignore[index]


def minutes(since: datetime, until: datetime) -> float:
    return round((until - since).total_seconds() / 60, 1)


def by_carrier(day: Day, texts: list[dict[str, Any]]) -> Counter[str]:
    """What became of some texts, by the carrier's own ledger."""
    sent = {row["sid"] for row in texts}
    return Counter(row["status"] for row in day.carrier.ledger()["messages"] if row["sid"] in sent)


def handsets(day: Day, texts: list[dict[str, Any]]) -> Counter[str]:
    """The same by what the carrier has called back about."""
    sent = [row["sid"] for row in texts]
    with day.desk.sessions() as store:
        return Counter(store.scalars(select(Delivery.handset).where(Delivery.carrier_ref.in_(sent))))


def the_missed_callers_are_those_of_the_logs(desk: Desk, outage: str, logs: calls.Logs) -> None:
    """Every one of the 160 people has an outcome, and those are the generator's."""
    said = asked(desk, f"/outages/{outage}/report")["missed_callers"]
    heard = Counter(logs.truth.says.values())
    assert (said["people"], said["open"]) == (logs.truth.callers, 0)  # type: ignore[index]
    assert said["outcomes"] == {  # type: ignore[index]
        "reached: no emergency": heard["no_emergency"],
        "reached: help was sent": heard["help_sent"],
        "reached: only tested the line": heard["tested"],
        "wrong number: somebody else has it": heard["wrong_number"],
        "welfare check sent": calls.NAMELESS,
        "not reached, and nothing is left to try": heard["no_answer"],
        "got through by a later call": logs.truth.through,
    }


def beside_that_day(day: Day, outage: str) -> None:
    """75 minutes until somebody was told, and 65 until it was over: both stand beside ours, which are a tenth."""
    said = asked(day.desk, f"/outages/{outage}/report")["measures"]
    theirs = {
        one["key"]: [other["minutes"] for other in one["references"] if other["name"] == "Massachusetts, June 18, 2024"]
        for one in said  # type: ignore[attr-defined]
    }
    ours = {one["key"]: one["minutes"] for one in said}  # type: ignore[attr-defined]
    assert (theirs["public"], theirs["restored"]) == ([75], [65])
    assert ours["public"] < 7.5 and ours["restored"] < 6.5
    day.desk.later(days=4)
    una = day.desk.browser(AUDITOR).open(f"/desk/outages/{outage}/report")
    for words in ("June 18", "the whole state", "Massachusetts, June 18, 2024", "75", "65", "160", "Reconciled"):
        assert words in una.words, words
