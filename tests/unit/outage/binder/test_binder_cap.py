"""CAP that is handed over: one message for the state and one for each county, as IPAWS takes it."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest

from broadcaster.feeds import profile
from broadcaster.feeds.capvalues import Status
from broadcaster.feeds.capxml import parse
from broadcaster.feeds.shapes import NOTHING
from broadcaster.local import massachusetts
from broadcaster.messages.book import shipped
from broadcaster.messages.edition import Voice
from broadcaster.outage.binder import cap as binder_cap
from broadcaster.outage.binder.cap import Issuer, Ready

NOON = datetime(2026, 6, 18, 16, 0, tzinfo=UTC)
VOICE = Voice("State 911 Department", "State 911", "Massachusetts", "America/New_York", "https://911.example")
ISSUER = Issuer(
    voice=VOICE,
    state_fips="25",
    sender="state911@ma.example",
    sender_name="State 911 Department",
    web="https://911.example/",
    status=Status.ACTUAL,
    test_event="DMO",
    books=shipped(),
)
DIRECTORY = massachusetts.load(date(2026, 6, 18))
MADE = {one.code: one for one in binder_cap.ready(ISSUER, DIRECTORY, NOTHING, NOON)}


def test_the_state_and_every_county_have_one() -> None:
    assert list(MADE) == ["state", *(county.fips for county in DIRECTORY.counties)]
    assert (MADE["state"].same, MADE["25017"].same, MADE["25017"].name) == ("025000", "025017", "Middlesex County")
    assert len({parse(one.xml).identifier for one in MADE.values()}) == len(MADE)


@pytest.mark.parametrize("one", MADE.values(), ids=lambda one: one.code)
def test_no_rule_of_ipaws_is_broken(one: Ready) -> None:
    alert = parse(one.xml)
    assert [found for found in profile.check(alert) if found.is_error] == []
    (codes,) = {tuple(code.value for area in info.areas for code in area.geocodes) for info in alert.infos}
    assert codes == (one.same,)
    assert {info.event_codes[0].value for info in alert.infos} == {"TOE"}
    assert [info.language for info in alert.infos] == ["en-US", "es-US"]


def test_no_restricted_number_is_in_any() -> None:
    assert DIRECTORY.restricted
    digits = {number.removeprefix("+1") for number in DIRECTORY.restricted}
    plain = "".join(one.xml.decode() for one in MADE.values()).replace("-", "")
    assert not any(number in plain for number in digits)
