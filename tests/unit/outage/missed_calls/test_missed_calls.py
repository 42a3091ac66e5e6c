"""Who could not get through, in tables: what is one caller, what is one call, who got through, and who is urgent."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from broadcaster.alert.missed_caller import Cannot, How
from broadcaster.outage.missed_calls.callers import WITHIN, Call, reconcile, risk

NOON = datetime(2026, 6, 18, 16, 0, tzinfo=UTC)
ME, YOU = "+19785550101", "+19785550102"


def call(after: float, *, system: str = "router", phone: str = ME, connected: bool = False, **more: str | bool) -> Call:
    """A call so many seconds after noon."""
    cannot = Cannot.CAN if phone else Cannot.NO_NUMBER
    return Call(system, NOON + timedelta(seconds=after), connected, phone, cannot, **more)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("calls", "lines", "tries"),
    [
        ([call(0)], 1, 1),
        ([call(0), call(60)], 2, 2),
        ([call(0), call(10)], 2, 2),
        ([call(0), call(10, system="cpe")], 2, 1),
        ([call(0), call(31, system="cpe")], 2, 2),
        ([call(10, system="cpe"), call(0)], 2, 1),
        ([call(0), call(5, system="cpe"), call(20), call(26, system="cpe")], 4, 2),
        ([call(0, ref="7"), call(20, ref="7")], 2, 1),
        ([call(0), call(0)], 2, 1),
        ([call(0), call(0, system="cpe"), call(0, system="third")], 3, 1),
    ],
    ids=str,
)
def test_what_one_caller_tried(calls: list[Call], lines: int, tries: int) -> None:
    (caller,) = reconcile(calls)
    assert (caller.lines, caller.tries) == (lines, tries)
    assert (caller.first_at, caller.last_at) == (min(one.at for one in calls), max(one.at for one in calls))


@pytest.mark.parametrize(
    ("one", "other", "callers"),
    [
        (call(0), call(9, phone=YOU), 2),
        (call(0, phone="", digits="9115550001"), call(9, phone="", digits="9115550001"), 1),
        (call(0, phone="", digits="9115550001"), call(9, phone="", digits="9115550002"), 2),
        (call(0, phone="", place="1 Main St", psap="a"), call(9, phone="", place="1 MAIN  st", psap="a"), 1),
        (call(0, phone="", place="1 Main St", psap="a"), call(9, phone="", place="1 Main St", psap="b"), 2),
        (call(0, phone="", ref="1"), call(0, phone="", ref="2"), 2),
        (call(0, phone=""), call(1, phone=""), 2),
        (call(0, phone="", ref="1"), call(0, phone="", ref="1", system="cpe"), 2),
    ],
)
def test_who_is_the_same_caller(one: Call, other: Call, callers: int) -> None:
    assert len(reconcile([one, other])) == callers


def test_the_sector_of_a_mast_is_nobodys_address() -> None:
    at_one_mast = [call(no, phone="", place="Sector 2", wireless=True) for no in range(3)]
    assert len(reconcile(at_one_mast)) == 3


HOURS = 3600.0


@pytest.mark.parametrize(
    ("calls", "how", "at", "before"),
    [
        ([call(0)], None, None, None),
        ([call(0), call(300, connected=True)], How.LATER, 300, None),
        ([call(0), call(4 * HOURS, connected=True)], How.LATER, 4 * HOURS, None),
        ([call(0), call(4 * HOURS + 1, connected=True)], None, None, None),
        ([call(0), call(20, system="cpe", connected=True)], How.SAME_CALL, 20, None),
        ([call(20), call(0, system="cpe", connected=True)], How.SAME_CALL, 0, 0),
        ([call(20), call(0, connected=True)], None, None, 0),
        ([call(0), call(300, connected=True), call(600)], None, None, 300),
        ([call(0), call(300, connected=True, phone=YOU)], None, None, None),
        ([call(600), call(300, connected=True), call(900, connected=True)], How.LATER, 900, 300),
    ],
)
def test_who_got_through(calls: list[Call], how: How | None, at: float | None, before: float | None) -> None:
    (caller,) = reconcile(calls)
    found = (caller.through.how, (caller.through.at - NOON).total_seconds()) if caller.through else (None, None)
    assert found == (how, at)
    assert caller.before == (None if before is None else NOON + timedelta(seconds=before))


def test_whoever_missed_nothing_is_no_missed_caller() -> None:
    assert reconcile([call(0, connected=True)]) == []
    assert timedelta(hours=4) == WITHIN


def test_the_newest_place_and_answering_point_are_kept() -> None:
    (caller,) = reconcile([call(0, place="old", psap="a"), call(60, place="new"), call(120, psap="b"), call(180)])
    assert (caller.place, caller.psap, caller.systems) == ("new", "b", ("router",))


@pytest.mark.parametrize(
    ("tries", "minutes", "vain", "points", "reasons"),
    [
        (1, 1, 0, 0, ()),
        (1, 10, 0, 2, ("no second call",)),
        (1, 15, 0, 3, ("15 min ago", "no second call")),
        (2, 1, 0, 2, ("2 calls",)),
        (2, 30, 0, 4, ("2 calls", "30 min ago")),
        (3, 1, 0, 3, ("3 calls",)),
        (9, 1, 0, 5, ("9 calls",)),
        (1, 600, 0, 6, ("10 h ago", "no second call")),
        (1, 1, 1, 2, ("did not answer us",)),
        (9, 60, 3, 13, ("9 calls", "60 min ago", "did not answer us 3 times")),
        (1, -5, 0, 0, ()),
    ],
)
def test_who_is_urgent_and_why(tries: int, minutes: float, vain: int, points: int, reasons: tuple[str, ...]) -> None:
    found = risk(tries, NOON - timedelta(minutes=minutes), vain, NOON)
    assert (found.points, found.reasons) == (points, reasons)
