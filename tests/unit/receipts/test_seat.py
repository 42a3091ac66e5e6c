"""What IPAWS or the agency with the seat made of an alert, in words; what nobody has said is never made up."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

import pytest

from broadcaster.feeds import cap
from broadcaster.receipts import seat
from broadcaster.receipts.seat import AS_WE_ASKED, CHANNELS, CODES, REFUSED, HandedOver, Outlet, Posted, Seat
from tests.unit.feeds import samples

NOON = datetime(2026, 6, 18, 16, 0, tzinfo=UTC)


def row(channel: str, code: str, *, error: bool = False, text: str = "", gateway: str = "") -> SimpleNamespace:
    return SimpleNamespace(channel=channel, code=code, error=error, text=text, gateway=gateway)


SAID: dict[str, tuple[list[SimpleNamespace], set[str], list[Outlet]]] = {
    # rows, channels that we blocked: what is shown
    "nothing": ([], set(), []),
    "taken": ([row("EAS", "500")], set(), [Outlet("EAS", "500", False, CODES["500"])]),
    "refused": ([row("EAS", "501", error=True)], set(), [Outlet("EAS", "501", True, CODES["501"])]),
    "refused, as we asked": ([row("EAS", "501", error=True)], {"EAS"}, [Outlet("EAS", "501", False, AS_WE_ASKED)]),
    "taken, though we blocked it": ([row("EAS", "500")], {"EAS"}, [Outlet("EAS", "500", False, CODES["500"])]),
    "another one is blocked": ([row("EAS", "501", error=True)], {"NWEM"}, [Outlet("EAS", "501", True, CODES["501"])]),
    "a code nobody knows": ([row("EAS", "999", text="Ask")], set(), [Outlet("EAS", "999", False, "Ask")]),
    "a code nobody knows, without a word": ([row("EAS", "999")], set(), [Outlet("EAS", "999", False, "status 999")]),
    "gateways are counted where phones are": (
        [
            row("CMAS", "600"),
            row("CMAS", "10", gateway="A"),
            row("CMAS", "102", error=True, gateway="B"),
            row("CMAS", "10", gateway="C"),
            row("EAS", "500"),
        ],
        set(),
        [Outlet("CMAS", "600", False, CODES["600"], (2, 3)), Outlet("EAS", "500", False, CODES["500"])],
    ),
}


@pytest.mark.parametrize("case", SAID)
def test_one_line_for_each_channel(case: str) -> None:
    rows, blocked, outlets = SAID[case]
    assert list(seat._outlets(rows, blocked)) == outlets


WORDS = {
    "taken": "10 200",
    "taken for passing on": "400 500 600",
    "not passed on": "401 501",
    "published": "800",
    "not published": "801",
    "fits the IPAWS profile": "300",
    "our signature holds": "202",
}
"""What IPAWS says (cap-ipaws.md section 4.2), in the officer's words."""


def test_every_code_has_its_words() -> None:
    for words, codes in WORDS.items():
        assert {CODES[code] for code in codes.split()} == {words}
    rest = sorted(CODES.keys() - set(" ".join(WORDS.values()).split()))
    assert " ".join(rest) == "201 207 208 209 213 214 221 303 307 615"
    assert all(CODES[code].startswith("refused: ") is (code in REFUSED) for code in CODES)
    assert " ".join(CHANNELS) == "CAPEXCH IPAWS EAS CMAS NWEM PUBLIC"


def test_channels_have_the_names_that_people_know() -> None:
    assert Outlet("CMAS", "600", False, "").title == "Phones (WEA)"
    assert Outlet("X", "1", False, "").title == "X"


def test_what_our_own_document_keeps_itself_from_is_read_in_it() -> None:
    made = cap.serialise(cap.build(samples.facts(samples.RevisionKind.ALL_CLEAR)))
    assert "EAS" in seat._blocked(made)
    assert seat._blocked(cap.serialise(cap.build(samples.facts()))) == frozenset()
    assert seat._blocked(None) == seat._blocked(b"") == frozenset()


CAPEXCH, EAS = Outlet("CAPEXCH", "200", False, ""), Outlet("EAS", "500", False, "")


@pytest.mark.parametrize(
    ("state", "outlets", "unheard"),
    [
        ("accepted", (), True),
        ("accepted", (CAPEXCH,), True),
        ("accepted", (CAPEXCH, EAS), False),
        ("accepted", (EAS,), False),
        ("unknown", (), False),
        ("rejected", (CAPEXCH,), False),
    ],
)
def test_whether_anybody_said_what_the_channels_did(state: str, outlets: tuple[Outlet, ...], unheard: bool) -> None:
    assert Posted(1, state, "", outlets).unheard is unheard


def handed(
    state: str = "accepted", handset: str = "none", answered: float | None = None, aired: float | None = None
) -> HandedOver:
    """A hand-off at noon; minutes until it was answered, and until it was on air."""
    at, on_air = (None if minutes is None else NOON + timedelta(minutes=minutes) for minutes in (answered, aired))
    return HandedOver(1, NOON, state, handset, at, on_air, "")


LOUD = {
    # the hand-off, minutes since it: whether somebody must call them
    "it is young": (handed(), 9.9, False),
    "ten minutes without a word": (handed(), 10.0, True),
    "on air": (handed(answered=5, aired=4), 99, False),
    "they answered that they cannot": (handed(answered=2), 2, True),
    "the mail was refused": (handed("rejected"), 0, True),
    "the mail came back": (handed(handset="undelivered"), 0, True),
    "the mail failed": (handed(handset="failed"), 0, True),
    "the mail came back, and it is on air": (handed(handset="failed", answered=5, aired=4), 6, False),
    "the mail arrived": (handed(handset="delivered"), 9, False),
    "it is still on its way": (handed("sending"), 9, False),
}


@pytest.mark.parametrize("case", LOUD)
def test_when_somebody_must_call_them(case: str) -> None:
    one, minutes, loud = LOUD[case]
    assert one.is_loud(NOON + timedelta(minutes=minutes), 10.0) is loud


def test_how_many_minutes_it_took_or_takes() -> None:
    assert handed().minutes(NOON + timedelta(seconds=119)) == 1
    assert handed(answered=7, aired=4.5).minutes(NOON + timedelta(hours=1)) == 4
    assert handed(answered=1, aired=-3).minutes(NOON) == 0, "a clock that is apart from ours"


def test_a_way_that_was_not_used_is_nothing() -> None:
    assert Seat().json() == {"posted": None, "handed": None}
    plain = Seat(Posted(2, "accepted", "", (EAS,))).json()["posted"]
    assert (plain["revision_no"], plain["outlets"][0]["code"]) == (2, "500")
