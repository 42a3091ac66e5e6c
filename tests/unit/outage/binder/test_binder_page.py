"""The page of the binder says everything in itself: numbers, lists, scripts, CAP; and nothing that nobody may see."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import UTC, date, datetime

from lxml import html

from broadcaster.directory import Contact, ContactChannel
from broadcaster.feeds.shapes import NOTHING
from broadcaster.local import massachusetts
from broadcaster.messages import read_aloud
from broadcaster.messages.book import NAMES, shipped
from broadcaster.outage.binder import cap as binder_cap
from broadcaster.outage.binder import page as binder_page
from broadcaster.outage.binder.page import OnAir, Pages, Person
from broadcaster.settings import Mode
from tests.unit.outage.binder.test_binder_cap import ISSUER, VOICE

NOON = datetime(2026, 6, 18, 16, 0, tzinfo=UTC)
DIRECTORY = massachusetts.load(date(2026, 6, 18))


def pages() -> Pages:
    """The binder of a June afternoon in Massachusetts."""
    return Pages(
        made_at=NOON,
        mode=Mode.LIVE,
        authority=VOICE.authority,
        timezone=VOICE.timezone,
        watch_phone="+16175550111",
        directory=DIRECTORY,
        people=(Person("Ida Green", ("issuer",), ("617-555-0123",)), Person("Abe", ("approver",), ())),
        scripts=tuple(read_aloud.scripts(VOICE, shipped(), NOON)),
        cap=tuple(binder_cap.ready(ISSUER, DIRECTORY, NOTHING, NOON)),
    )


PAGE = binder_page.html(pages()).decode()
TREE = html.fromstring(PAGE)


def words(path: str) -> str:
    return " ".join(" ".join(each.text_content().split()) for each in TREE.xpath(path))


def test_every_town_stands_with_its_number_and_what_comes_after() -> None:
    rows = TREE.xpath("//table[@id='towns']/tbody/tr")
    assert len(rows) == len(DIRECTORY.communities)
    for code in ("ayer", "boston"):
        town = next(one for one in DIRECTORY.communities if one.name.lower() == code)
        said = words(f"//tr[th[starts-with(normalize-space(), '{town.name}')]]")
        best = DIRECTORY.ladder(town.code)
        assert best.number and best.number.display in said and town.zips[0] in said
        assert "nearest fire or police station" in said


def test_it_asks_nothing_of_anybody() -> None:
    assert not TREE.xpath("//link | //img | //iframe | //script[@src] | //form[@action]")
    assert "default-src 'none'" in TREE.xpath("//meta[@http-equiv='Content-Security-Policy']/@content")[0]
    assert {url.split(":")[0] for url in TREE.xpath("//a/@href") if not url.startswith("#")} == {"tel"}
    targets = {url for url in TREE.xpath("//a/@href") if url.startswith("#")}
    assert targets <= {f"#{name}" for name in TREE.xpath("//@id")}


def test_no_restricted_number_is_on_it() -> None:
    shown = {re.sub(r"\D", "", number) for number in re.findall(r"\d{3}-\d{3}-\d{4}", words("//table[@id='towns']"))}
    assert shown and not shown & {number.removeprefix("+1") for number in DIRECTORY.restricted}


def test_who_answers_calls_is_phoned_first() -> None:
    lists = binder_page.call_down(DIRECTORY, NOON.date())
    assert lists[0].title == "Every outage, wherever it is"
    assert [one.title for one in lists[1:]] == sorted(f"{one.name} County" for one in DIRECTORY.counties)
    for one in lists[1:]:
        assert [call.order for call in one.calls] == list(range(1, len(one.calls) + 1))
        roles = [call.role for call in one.calls]
        assert roles[: roles.count("PSAP")] == ["PSAP"] * roles.count("PSAP")
    (psap,) = (call for one in lists for call in one.calls if call.name == "Pittsfield Emergency Communications")
    assert psap.phones == (f"{DIRECTORY.ladder('pittsfield').number.display} (the line of Pittsfield)",)
    called = {call.name for one in lists for call in one.calls}
    assert called == {agency.name for agency in DIRECTORY.agencies}
    assert binder_page.call_table(pages()).count(b"\r\n") == 1 + sum(len(one.calls) for one in lists)


def test_a_contact_that_nobody_verified_within_a_year_is_marked() -> None:
    agency = DIRECTORY.agencies[0]
    told = tuple(
        Contact(ContactChannel.VOICE, f"+1617555010{no}", no, on)
        for no, on in enumerate((date(2026, 6, 1), date(2025, 6, 18), date(2025, 6, 17), None))
    )
    places = replace(DIRECTORY, agencies=(replace(agency, contacts=told),))
    [call, *_] = [call for one in binder_page.call_down(places, NOON.date()) for call in one.calls]
    assert call.phones == (
        "617-555-0100",
        "617-555-0101",
        "617-555-0102 (not verified since June 17, 2025)",
        "617-555-0103 (never verified)",
    )


def test_fifteen_scripts_and_a_message_for_every_county() -> None:
    assert len(TREE.xpath("//section[@class='script']")) == len(NAMES) == 15
    assert PAGE.count("Nobody has reviewed this translation") == 14
    assert len(TREE.xpath("//section[@class='cap']//pre")) == 15
    assert "&lt;identifier&gt;binder-20260618T160000-1-25017" in PAGE
    assert "Ida Green" in words("//section[@aria-labelledby='own']") and "617-555-0111" in words("//p[a]")
    assert b"NOBODY HAS REVIEWED" in binder_page.script_text(pages().scripts[1])


def test_what_is_on_air_and_what_is_no_emergency_are_said_first() -> None:
    told = replace(pages(), mode=Mode.DEMO, on_air=(OnAir("7k2m", "Essex County", NOON),))
    page = html.fromstring(binder_page.html(told).decode())
    said = " ".join(page.text_content().split())
    assert "Nothing on this page is real" in said and "On air when this was made" in said and "Essex County" in said
    assert "On air when this was made" not in PAGE


def test_an_empty_directory_makes_a_page_too() -> None:
    empty = replace(DIRECTORY, agencies=(), communities=(), numbers={}, text_numbers={})
    bare = replace(pages(), directory=empty, cap=tuple(binder_cap.ready(ISSUER, empty, NOTHING, NOON)))
    assert b"No agency is in the directory." in binder_page.html(bare)
