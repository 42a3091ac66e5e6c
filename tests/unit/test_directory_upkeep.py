"""What of a directory is stale, what comes due, and in which order: the yearly check of 47 CFR 4.9(h)."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import pytest

from broadcaster.alert.phone import AlternateNumber, Visibility
from broadcaster.directory import Contact, ContactChannel, Directory
from broadcaster.directory.rows import RowKind
from broadcaster.directory.upkeep import checks, due_within, stale
from tests.factories import directory, police

TODAY = date(2026, 6, 18)
OFTEN, SELDOM = 9_000, 10
LINE, OTHER, HIDDEN = "+15085550101", "+15085550102", "+15085550103"


def ago(days: int) -> date:
    return TODAY - timedelta(days=days)


def one_number(on: date | None) -> Directory:
    """A state that holds one number and nothing else to verify."""
    made = directory(1)
    return replace(made, agencies=(), numbers={"town-1": (AlternateNumber(LINE, verified_on=on),)}, state_numbers=())


@pytest.mark.parametrize(
    ("on", "due", "is_stale", "comes_due"),
    [
        (None, None, True, False),
        (ago(0), TODAY + timedelta(days=365), False, False),
        (ago(334), TODAY + timedelta(days=31), False, False),
        (ago(335), TODAY + timedelta(days=30), False, True),
        (ago(365), TODAY, False, True),
        (ago(366), TODAY - timedelta(days=1), True, False),
    ],
)
def test_a_year_to_the_day(on: date | None, due: date | None, is_stale: bool, comes_due: bool) -> None:
    held = one_number(on)
    (found,) = checks(held)
    assert found.due == due
    assert (bool(stale(held, TODAY)), bool(due_within(held, TODAY))) == (is_stale, comes_due)


def test_never_comes_before_old_and_many_people_before_few() -> None:
    places = directory(3)
    big, small, _ = places.communities
    towns = (replace(big, population=SELDOM), replace(small, population=OFTEN), places.communities[2])
    box = Contact(ContactChannel.EMAIL, "police@town-1.example", 1, ago(900))
    made = replace(
        places,
        communities=towns,
        agencies=(replace(police(big), contacts=(box,)),),
        numbers={
            "town-1": (AlternateNumber(LINE),),
            "town-2": (AlternateNumber(OTHER), AlternateNumber(HIDDEN, visibility=Visibility.RESTRICTED)),
            "town-3": (AlternateNumber("+15085550104", verified_on=ago(400)),),
        },
        state_numbers=(),
    )
    found = stale(made, TODAY)
    told = [(one.kind, one.name, one.shown, one.people) for one in found]
    assert told == [
        (RowKind.NUMBER, "Town 2", "508-555-0102", OFTEN),
        (RowKind.NUMBER, "Town 1", "508-555-0101", SELDOM),
        (RowKind.NUMBER, "Town 2", "in place 2 (restricted)", 0),
        (RowKind.CONTACT, "Town 1 Police", "email, in place 1", 0),
        (RowKind.NUMBER, "Town 3", "508-555-0104", 0),
    ]
    assert [one.owner for one in found[:4:3]] == [(RowKind.COMMUNITY, "town-2"), (RowKind.AGENCY, "town-1-police")]
