"""Which reports are one thing, and how wide a draft is proposed for them; the words of a report in the log."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from broadcaster.alert.alert import Area, FailureKind
from broadcaster.outage import trouble
from broadcaster.outage.trouble import Given, area_of, clusters, said, union, wider
from broadcaster.store.agencies.trouble import Trouble, Waiting
from tests.factories import directory, police
from tests.onair import NOW


def seen(agency: str, minute: float, *, psap: bool = True, waits: bool = True, what: str = "nothing") -> Waiting:
    at = NOW + timedelta(minutes=minute)
    return Waiting(1, f"{agency}{minute}", agency, agency, psap, what, "", "", False, "", at, "", None, waits)


@pytest.mark.parametrize(
    ("reports", "together"),
    [
        ([seen("a", 0)], []),
        ([seen("a", 0), seen("a", 3)], []),
        ([seen("a", 0), seen("b", 10)], [["a", "b"]]),
        ([seen("a", 0), seen("b", 10.1)], []),
        ([seen("a", 0), seen("b", 9), seen("c", 18)], [["a", "b", "c"]]),
        ([seen("b", 9), seen("a", 0)], [["a", "b"]]),
        ([seen("a", 0), seen("police", 1, psap=False)], []),
        ([seen("a", 0, waits=False), seen("b", 4)], [["a", "b"]]),
        ([seen("a", 0, waits=False), seen("b", 4, waits=False)], []),
        ([seen("a", 0), seen("b", 1), seen("c", 30), seen("d", 31)], [["a", "b"], ["c", "d"]]),
    ],
)
def test_two_answering_points_within_ten_minutes(reports: list[Waiting], together: list[list[str]]) -> None:
    assert [[one.agency for one in some] for some in clusters(reports)] == together


@pytest.mark.parametrize(
    ("reports", "pages"),
    [
        ([seen("a", 0)], []),
        ([seen("a", 0), seen("b", 9)], [["a", "b"]]),
        ([replace(seen("a", 0), paged=True), seen("b", 9)], []),
        ([seen("a", -40), seen("b", -31)], []),
        ([replace(seen("a", 0), words="It looks state-wide")], [["a"]]),
        ([replace(seen("a", 0), draft="911 is out in every county.")], [["a"]]),
        ([replace(seen("a", 0), words="Call the state police")], []),
        ([replace(seen("a", 0), words="statewide", waits=False)], []),
        ([replace(seen("troopers", 0, psap=False), statewide=True)], [["troopers"]]),
        ([replace(seen("troopers", 0, psap=False, what="some"), statewide=True)], []),
        ([replace(seen("a", 0), words="statewide"), seen("b", 9)], [["a", "b"]]),
    ],
)
def test_what_wakes_the_watch_and_only_once(reports: list[Waiting], pages: list[list[str]]) -> None:
    numbered = [replace(one, id=number) for number, one in enumerate(reports)]
    assert [[one.agency for one in some] for some in trouble.to_page(numbered, NOW)] == pages


@pytest.mark.parametrize(
    ("counties", "area"),
    [
        (["25017"], Area(counties=("25017",))),
        (["25027", "25017", "25017"], Area(counties=("25017", "25027"))),
        (["25027", "25017", "25009"], Area(statewide=True)),
        ([], Area()),
    ],
)
def test_three_counties_are_the_state(counties: list[str], area: Area) -> None:
    assert wider(counties) == area


@pytest.mark.parametrize(
    ("what", "kind"),
    [
        (["nothing", "some", "no_location"], FailureKind.ALL_CALLS),
        (["no_location", "other"], FailureKind.INTERMITTENT),
        (["no_location"], FailureKind.NO_LOCATION),
    ],
)
def test_a_draft_begins_with_the_worst_that_was_seen(what: list[str], kind: FailureKind) -> None:
    assert trouble.failure([seen("a", 0, what=one) for one in what]) is kind


def test_where_an_agency_sees_it() -> None:
    towns = directory(2)
    town = towns.communities[0]
    assert area_of(police(town), towns) == Area(communities=(town.code,))
    assert union([Area(communities=("b",)), Area(communities=("a",), psaps=("p",)), Area()]) == Area(
        communities=("a", "b"), psaps=("p",)
    )


def test_a_report_in_the_log() -> None:
    assert said(Given("k", Trouble.SOME)) == "Some 911 calls fail."
    assert said(Given("k", Trouble.NOTHING, words="Dead since one", call_back="978-555-0111", asks=True)) == (
        "No 911 calls arrive. “Dead since one” They ask for an alert."
    )
    assert said(Given("k", Trouble.OTHER, asks=True, draft="911 is out here")).endswith("“911 is out here”")
