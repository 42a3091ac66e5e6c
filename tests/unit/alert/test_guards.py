"""What is said before an alert goes, as a table: each row is something that went wrong somewhere, or did not."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from broadcaster.alert.guards import Earlier, Facts, guards, named

SINCE = datetime(2026, 6, 18, 16, 0, tzinfo=UTC)
ELSEWHERE = Earlier("abc", "Essex County", ("Salem",), SINCE, heard=True)
OVER = Earlier("abc", "Essex County", ("Salem", "Lynn"), SINCE, heard=True, ended=True)
MANY = [f"Town {no}" for no in range(10)]


@pytest.mark.parametrize(
    ("facts", "code", "sentence", "loud"),
    [
        (
            Facts(people=4_100_000, before=(90_000, 1_000)),
            "reach-largest",
            "4.1 million people; the largest so far was 90,000.",
            True,
        ),
        (
            Facts(people=100_000, before=(90_000,)),
            "reach-largest",
            "100,000 people; the largest so far was 90,000.",
            False,
        ),
        (
            Facts(people=80_000, before=(90_000, 900, 1_000)),
            "reach-unusual",
            "80,000 people; usual are 1,000.",
            False,
        ),
        (Facts(people=1, before=(0,)), "reach-largest", "One person; the largest so far was 0.", True),
        (Facts(spill="It reaches over the line."), "spill", "It reaches over the line.", False),
        (
            Facts(earlier=(ELSEWHERE,)),
            "on-air",
            "An alert for Essex County is still on air in Salem.",
            True,
        ),
        (
            Facts(earlier=(ELSEWHERE,), is_ending=True),
            "still-failing",
            "The alert for Essex County still says that 911 fails in Salem: people there read that it goes on.",
            True,
        ),
        (
            Facts(earlier=(ELSEWHERE,), is_test=True),
            "test-in-outage",
            "911 fails in Salem by the alert for Essex County, and this test says that it works there: it goes to"
            " nobody until you take these places out, or until the all-clear.",
            True,
        ),
        (
            Facts(earlier=(OVER,)),
            "all-clear-missing",
            "The alert for Essex County ran out without an all-clear, and people in Salem, Lynn were told."
            " End it, or go on with it.",
            True,
        ),
        (
            Facts(unanswered=("Harvard (617-555-0199)",)),
            "number-none",
            "1 community has no number of its own: Harvard (617-555-0199).",
            True,
        ),
        (
            Facts(unanswered=MANY),
            "number-none",
            f"10 communities have no number of their own: {', '.join(MANY[:8])} and 2 more.",
            True,
        ),
        (Facts(stale=("Groton",)), "number-stale", "1 number was not verified within a year: Groton.", False),
        (
            Facts(stale=("Groton", "Ayer")),
            "number-stale",
            "2 numbers were not verified within a year: Groton, Ayer.",
            False,
        ),
        (
            Facts(unverified=("Ayer Police",)),
            "contact-stale",
            "1 agency has a contact that nobody verified within a year: Ayer Police.",
            False,
        ),
        (
            Facts(unverified=MANY),
            "contact-stale",
            f"10 agencies have a contact that nobody verified within a year: {', '.join(MANY[:8])} and 2 more.",
            False,
        ),
        (
            Facts(people=9, seconds=2_400, each=2.0),
            "segments",
            "A text takes 2 segments: everybody is told in 40 minutes instead of 20 minutes.",
            False,
        ),
        (
            Facts(people=9, seconds=60, each=1.5),
            "segments",
            "A text takes 1.5 segments: everybody is told in 60 seconds instead of 40 seconds.",
            False,
        ),
        (
            Facts(long_languages=(("Vietnamese", 4), ("Spanish", 3))),
            "segments-languages",
            "More segments than English, so later: Vietnamese 4, Spanish 3.",
            False,
        ),
        (
            Facts(untranslated=("Navajo",)),
            "language-none",
            "Nothing is worded in Navajo: people there read English.",
            False,
        ),
    ],
)
def test_what_is_said(facts: Facts, code: str, sentence: str, loud: bool) -> None:
    assert [(guard.code, guard.sentence, guard.loud) for guard in guards(facts)] == [(code, sentence, loud)]


@pytest.mark.parametrize(
    "facts",
    [
        Facts(),
        Facts(people=4_100_000),
        Facts(people=90_000, before=(90_000, 80_000)),
        Facts(people=2_000, before=(90_000, 900, 1_000)),
        Facts(people=0, before=(90_000,)),
        Facts(people=9, seconds=2_400, each=1.4),
        Facts(people=9, each=3.0),
    ],
    ids=["nothing", "the first ever", "as large as ever", "usual", "no texts", "one segment", "no sender"],
)
def test_what_is_usual_is_not_mentioned(facts: Facts) -> None:
    assert guards(facts) == []


def test_the_loud_come_first() -> None:
    found = guards(Facts(stale=("Groton",), unanswered=("Harvard",), earlier=(OVER, ELSEWHERE)))
    assert [guard.code for guard in found] == ["all-clear-missing", "on-air", "number-none", "number-stale"]


def test_names_are_counted_where_there_are_many() -> None:
    assert named(["Ayer"]) == "Ayer"
    assert named(MANY[:8]) == ", ".join(MANY[:8])
