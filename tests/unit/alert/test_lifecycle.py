"""Who may move an alert, and where to: every move in one table, and two different people."""

from __future__ import annotations

import itertools
from datetime import timedelta

import pytest

from broadcaster.alert.alert import RevisionKind
from broadcaster.alert.lifecycle import (
    AFTERWARDS,
    HEARD,
    MOVES,
    PAST,
    AlertKind,
    AlertState,
    LifecycleRefused,
    Move,
    ReleaseState,
    Role,
    Tier,
    check_alone,
    check_approver,
    check_hand,
    check_hash,
    check_next,
    check_reviewer,
    moved,
    state_after,
)

TABLE = """
             release   return    reject    withdraw   hold   resume
pending      released  returned  rejected  withdrawn  -      -
released     -         -         -         -          held   -
held         -         -         -         -          -      released
returned     -         -         -         -          -      -
rejected     -         -         -         -          -      -
withdrawn    -         -         -         -          -      -
"""


def cells() -> list[tuple[str, str, str]]:
    head, *lines = [line.split() for line in TABLE.strip().splitlines()]
    return [(line[0], move, after) for line in lines for move, after in zip(head, line[1:], strict=True)]


@pytest.mark.parametrize(("state", "move", "after"), cells())
def test_every_move_of_a_release(state: str, move: str, after: str) -> None:
    if after == "-":
        with pytest.raises(LifecycleRefused, match=f"cannot be {PAST[Move(move)]} now"):
            moved(ReleaseState(state), Move(move))
    else:
        assert moved(ReleaseState(state), Move(move)) is ReleaseState(after)


def test_the_table_names_every_state_and_every_move() -> None:
    assert {(state, move) for state, move, _ in cells()} == set(
        itertools.product(map(str, ReleaseState), map(str, Move))
    )
    assert set(AFTERWARDS) == set(ReleaseState)
    assert set(PAST) == set(Move)


def test_what_has_happened_is_said_in_plain_words() -> None:
    assert " ".join(PAST.values()) == "released returned rejected withdrawn held resumed"
    assert [AFTERWARDS[state] for state in ReleaseState] == [
        "is still waiting for approval",
        "has been released already",
        "is on hold",
        "was returned to its author",
        "was rejected",
        "was replaced by a newer revision",
    ]


def test_a_refused_move_says_what_has_happened() -> None:
    with pytest.raises(LifecycleRefused, match=r"^This revision has been released already: it cannot be rejected now"):
        moved(ReleaseState.RELEASED, Move.REJECT)


def test_nobody_comes_back_from_an_end() -> None:
    ends = {ReleaseState.RETURNED, ReleaseState.REJECTED, ReleaseState.WITHDRAWN}
    assert not [move for move in MOVES if move[0] in ends]


@pytest.mark.parametrize(
    ("approver", "editors", "roles", "refusal"),
    [
        (2, [1], ["approver"], None),
        (2, [1], ["issuer", "approver", "admin"], None),
        (2, [], ["approver"], None),
        (2, [1], [], "Only an approver"),
        (2, [1], ["issuer", "admin", "auditor"], "Only an approver"),
        (1, [1], ["approver"], "You wrote, edited or"),
        (1, [3, 2, 1], ["issuer", "approver", "admin"], "You wrote, edited or"),
        (1, [1], ["issuer"], "Only an approver"),
    ],
)
def test_two_people(approver: int, editors: list[int], roles: list[str], refusal: str | None) -> None:
    if refusal is None:
        check_approver(approver, editors, roles)
    else:
        with pytest.raises(LifecycleRefused, match=f"^{refusal}"):
            check_approver(approver, editors, roles)


@pytest.mark.parametrize(
    ("roles", "waited_s", "refusal"),
    [
        (["issuer"], 300, None),
        (["approver"], 301, None),
        (["issuer"], 0, "in 5 minutes"),
        (["issuer"], 61, "in 4 minutes"),
        (["issuer"], 299, "in 1 minute[.]"),
        (["admin", "auditor"], 3600, "Only an issuer or an approver"),
    ],
)
def test_alone_only_after_the_wait(roles: list[str], waited_s: int, refusal: str | None) -> None:
    wait = timedelta(minutes=5)
    if refusal is None:
        check_alone(roles, timedelta(seconds=waited_s), wait)
    else:
        with pytest.raises(LifecycleRefused, match=refusal):
            check_alone(roles, timedelta(seconds=waited_s), wait)


@pytest.mark.parametrize(
    ("reviewer", "editors", "roles", "refusal"),
    [
        (3, [1], ["approver"], None),
        (2, [1], ["approver"], "You released this alone"),
        (1, [1], ["approver"], "You wrote, edited or"),
        (3, [1], ["issuer"], "Only an approver"),
    ],
)
def test_a_review_takes_whoever_could_have_approved(
    reviewer: int, editors: list[int], roles: list[str], refusal: str | None
) -> None:
    if refusal is None:
        check_reviewer(reviewer, 2, editors, roles)
    else:
        with pytest.raises(LifecycleRefused, match=refusal):
            check_reviewer(reviewer, 2, editors, roles)


def test_roles_are_the_words_in_the_database() -> None:
    check_approver(2, [1], [Role.APPROVER])
    words = ["issuer", "approver", "admin", "auditor", "directory-editor", "agency", "canary"]
    assert [role.value for role in Role] == words


@pytest.mark.parametrize("kind", AlertKind)
@pytest.mark.parametrize("role", Role)
def test_a_machine_acts_on_canaries_alone_and_nobody_else_does(kind: AlertKind, role: Role) -> None:
    if (kind is AlertKind.CANARY) is (role is Role.CANARY):
        check_hand(kind, [role])
    else:
        with pytest.raises(LifecycleRefused, match=r"^Only the canary's own accounts"):
            check_hand(kind, [role])
    if role is not Role.APPROVER:
        with pytest.raises(LifecycleRefused, match=r"^Only an approver"):
            check_approver(2, [1], [role])


def test_what_nobody_hears_is_never_open() -> None:
    assert [kind for kind in AlertKind if kind not in HEARD] == [AlertKind.CANARY, AlertKind.DRILL]
    for kind in RevisionKind:
        draft = AlertState.DRAFT
        assert state_after(kind, Tier.AGENCY, draft, heard=False) is draft
        assert state_after(kind, Tier.PUBLIC, draft, heard=False) is AlertState.CLOSED


def test_what_was_seen_is_what_is_approved() -> None:
    check_hash("a" * 64, "a" * 64)
    for shown in ("b" * 64, "", "A" * 64, "a" * 63):
        with pytest.raises(LifecycleRefused, match=r"^The alert changed after this page was opened"):
            check_hash(shown, "a" * 64)


def test_the_words_that_are_stored_stay_as_they_are() -> None:
    assert " ".join(AlertKind) == "outage test canary drill"
    assert " ".join(AlertState) == "draft open closed withdrawn"
    assert " ".join(Tier) == "agency public"


INITIAL, UPDATE, ALL_CLEAR, FALSE_ALARM = (
    RevisionKind.INITIAL, RevisionKind.UPDATE, RevisionKind.ALL_CLEAR, RevisionKind.FALSE_ALARM,
)  # fmt: skip


@pytest.mark.parametrize("kind", RevisionKind)
def test_the_first_word_is_the_initial_alert(kind: RevisionKind) -> None:
    if kind is INITIAL:
        check_next(kind, [])
    else:
        with pytest.raises(LifecycleRefused, match=r"^Nothing was released yet: the first revision"):
            check_next(kind, [])


@pytest.mark.parametrize("kind", RevisionKind)
def test_after_it_anything_but_another_initial_alert(kind: RevisionKind) -> None:
    if kind is INITIAL:
        with pytest.raises(LifecycleRefused, match=r"^The initial alert is out"):
            check_next(kind, [INITIAL])
    else:
        check_next(kind, [INITIAL])
        check_next(kind, [INITIAL, UPDATE])


@pytest.mark.parametrize("kind", RevisionKind)
@pytest.mark.parametrize("ending", [ALL_CLEAR, FALSE_ALARM])
def test_nothing_follows_an_end(kind: RevisionKind, ending: RevisionKind) -> None:
    with pytest.raises(LifecycleRefused, match=r"^This alert has ended"):
        check_next(kind, [INITIAL, ending])


STATES = {
    (Tier.PUBLIC, ALL_CLEAR, AlertState.OPEN): AlertState.CLOSED,
    (Tier.PUBLIC, FALSE_ALARM, AlertState.OPEN): AlertState.WITHDRAWN,
    (Tier.AGENCY, ALL_CLEAR, AlertState.OPEN): AlertState.OPEN,
    (Tier.AGENCY, FALSE_ALARM, AlertState.OPEN): AlertState.OPEN,
    (Tier.AGENCY, INITIAL, AlertState.DRAFT): AlertState.OPEN,
    (Tier.PUBLIC, INITIAL, AlertState.DRAFT): AlertState.OPEN,
    (Tier.PUBLIC, INITIAL, AlertState.OPEN): AlertState.OPEN,
    (Tier.PUBLIC, UPDATE, AlertState.OPEN): AlertState.OPEN,
    (Tier.PUBLIC, RevisionKind.RESTORED_IN_PART, AlertState.OPEN): AlertState.OPEN,
    (Tier.PUBLIC, UPDATE, AlertState.CLOSED): AlertState.CLOSED,
}


@pytest.mark.parametrize("step", STATES)
def test_only_the_public_hearing_that_it_is_over_ends_an_alert(step: tuple[Tier, RevisionKind, AlertState]) -> None:
    tier, kind, state = step
    assert state_after(kind, tier, state) is STATES[step]
