"""Who may move an alert, and where to: the kinds of revision, the releases of its two tiers, two people."""

from __future__ import annotations

from collections.abc import Collection
from datetime import timedelta
from enum import StrEnum
from math import ceil

from broadcaster.alert.alert import ENDINGS, RevisionKind
from broadcaster.refusal import Refusal
from broadcaster.said import Counted, Said


class LifecycleRefused(Refusal, ValueError):
    """A move that the rules of the house do not allow; the message is a sentence for the officer."""


def refusal(pattern: str, /, **parts: object) -> LifecycleRefused:
    """One to raise, with the sentence of this pattern."""
    return LifecycleRefused(Said(pattern, **parts))


class AlertKind(StrEnum):
    """An outage, or a test of the system; a test never looks like an outage. A canary is a test for one phone of our
    own, made by machines, and a drill one for nobody, by which people practise: both are over with their release, and
    so never open."""

    OUTAGE = "outage"
    TEST = "test"
    CANARY = "canary"
    DRILL = "drill"

    @property
    def is_test(self) -> bool:
        """Whether its words say that it is only a test."""
        return self is not AlertKind.OUTAGE


HEARD = (AlertKind.OUTAGE, AlertKind.TEST)
"""The kinds that go out to people; no list, page or pager of the desk looks at the others."""


class AlertState(StrEnum):
    """An open alert needs an all-clear or a false-alarm to close; expiry alone does not close it."""

    DRAFT = "draft"
    OPEN = "open"
    CLOSED = "closed"
    WITHDRAWN = "withdrawn"


class Tier(StrEnum):
    """Agencies hear first, on one person's word; the public hears on two people's."""

    AGENCY = "agency"
    PUBLIC = "public"


class ReleaseState(StrEnum):
    """The states of one tier's release of one revision."""

    PENDING = "pending"
    RELEASED = "released"
    HELD = "held"
    RETURNED = "returned"
    REJECTED = "rejected"
    WITHDRAWN = "withdrawn"


class Move(StrEnum):
    """What a person does to a release."""

    RELEASE = "release"
    RETURN = "return"
    REJECT = "reject"
    WITHDRAW = "withdraw"
    HOLD = "hold"
    RESUME = "resume"


class Role(StrEnum):
    """What a person may do. Nobody approves what they wrote, whatever their roles; an auditor reads, a directory editor
    keeps the directory, a person of an agency sees what is that agency's; a machine of the canary may make canaries,
    and nothing else."""

    ISSUER = "issuer"
    APPROVER = "approver"
    ADMIN = "admin"
    AUDITOR = "auditor"
    DIRECTORY = "directory-editor"
    AGENCY = "agency"
    CANARY = "canary"


PEOPLE = tuple(role for role in Role if role is not Role.CANARY)
"""The roles that people have."""
EDITORS = (Role.ADMIN, Role.DIRECTORY)
"""Who keeps the directory: an administrator may, too."""
AT_THE_DESK = tuple(role for role in PEOPLE if role is not Role.AGENCY)
"""The roles whose people read the desk; a person of an agency has pages of their own."""


MOVES: dict[tuple[ReleaseState, Move], ReleaseState] = {
    (ReleaseState.PENDING, Move.RELEASE): ReleaseState.RELEASED,
    (ReleaseState.PENDING, Move.RETURN): ReleaseState.RETURNED,
    (ReleaseState.PENDING, Move.REJECT): ReleaseState.REJECTED,
    (ReleaseState.PENDING, Move.WITHDRAW): ReleaseState.WITHDRAWN,
    (ReleaseState.RELEASED, Move.HOLD): ReleaseState.HELD,
    (ReleaseState.HELD, Move.RESUME): ReleaseState.RELEASED,
}
"""The one table of moves of a release."""

AFTERWARDS: dict[ReleaseState, str] = {
    ReleaseState.RELEASED: Said("has been released already"),
    ReleaseState.HELD: Said("is on hold"),
    ReleaseState.RETURNED: Said("was returned to its author"),
    ReleaseState.REJECTED: Said("was rejected"),
    ReleaseState.WITHDRAWN: Said("was replaced by a newer revision"),
    ReleaseState.PENDING: Said("is still waiting for approval"),
}


def moved(state: ReleaseState, move: Move) -> ReleaseState:
    """The state after a move; LifecycleRefused says why there is none."""
    try:
        return MOVES[state, move]
    except KeyError:
        parts = {"stands": AFTERWARDS[state], "moved": PAST[move]}
        raise LifecycleRefused(Said("This revision %(stands)s: it cannot be %(moved)s now.", **parts)) from None


PAST: dict[Move, str] = {
    Move.RELEASE: "released",
    Move.RETURN: "returned",
    Move.REJECT: "rejected",
    Move.WITHDRAW: "withdrawn",
    Move.HOLD: "held",
    Move.RESUME: "resumed",
}


def check_hand(kind: AlertKind, roles: Collection[str]) -> None:
    """LifecycleRefused when a machine of the canary reaches for people's alert, or a person for a canary."""
    if (kind is AlertKind.CANARY) is not (Role.CANARY in roles):
        raise LifecycleRefused(Said("Only the canary's own accounts act on a canary, and on nothing else."))


def check_approver(
    approver: int, editors: Collection[int], roles: Collection[str], wanted: Role = Role.APPROVER
) -> None:  # fmt: skip
    """LifecycleRefused unless this person may approve: an approver who did not write, edit or submit it."""
    if wanted not in roles:
        raise LifecycleRefused(Said("Only an approver can approve: ask one of the approvers on duty."))
    if approver in editors:
        raise LifecycleRefused(Said("You wrote, edited or submitted this revision: a second person must approve it."))


def check_alone(roles: Collection[str], waited: timedelta, wait: timedelta) -> None:
    """LifecycleRefused unless one person may release without a second one by now: somebody of the desk, after `wait`
    since the revision was submitted."""
    if not {Role.ISSUER, Role.APPROVER} & set(roles):
        raise LifecycleRefused(Said("Only an issuer or an approver can release this: ask somebody on duty."))
    if waited < wait:
        left = ceil((wait - waited) / timedelta(minutes=1))
        raise LifecycleRefused(
            Counted(
                "A second person may still come: keep calling. You can release it alone in %(num)s minute.",
                "A second person may still come: keep calling. You can release it alone in %(num)s minutes.",
                left,
            )
        )


def check_reviewer(reviewer: int, broken_by: int, editors: Collection[int], roles: Collection[str]) -> None:
    """LifecycleRefused unless this person may review what somebody released alone: who could have approved it."""
    if reviewer == broken_by:
        raise LifecycleRefused(Said("You released this alone: another person must review it."))
    check_approver(reviewer, editors, roles)


def check_hash(shown: str, frozen: str) -> None:
    """LifecycleRefused when what the approver saw is not what was frozen."""
    if shown != frozen:
        raise LifecycleRefused(
            Said("The alert changed after this page was opened: read the new preview, then approve it.")
        )


def check_not_gone(state: str) -> None:
    """LifecycleRefused when an alert is gone that some page may still show: nobody would be called about it."""
    if state == AlertState.WITHDRAWN:
        raise LifecycleRefused(
            Said("This alert was thrown away, joined to another alert, or taken back: start from the desk.")
        )


def check_not_out(tier: Tier, state: ReleaseState) -> None:
    """LifecycleRefused when the public was told of a revision: nobody edits it any more."""
    if tier is Tier.PUBLIC and state in (ReleaseState.RELEASED, ReleaseState.HELD):
        raise LifecycleRefused(
            Said("This went out already: what people were told is changed by an update, from the board.")
        )


def check_next(kind: RevisionKind, released: Collection[RevisionKind]) -> None:
    """LifecycleRefused when a revision of this kind cannot follow the kinds released to anybody so far."""
    if any(past in ENDINGS for past in released):
        raise LifecycleRefused(Said("This alert has ended: open a new one if 911 fails again."))
    if not released and kind is not RevisionKind.INITIAL:
        raise LifecycleRefused(Said("Nothing was released yet: the first revision is the initial alert."))
    if released and kind is RevisionKind.INITIAL:
        raise LifecycleRefused(Said("The initial alert is out: send an update, a number change or an all-clear."))


def check_follows(kind: RevisionKind, released: Collection[RevisionKind]) -> None:
    """LifecycleRefused when there is nothing yet that a revision could follow, or not one of this kind."""
    if not released:
        raise LifecycleRefused(Said("Nothing was released yet: change the draft itself."))
    check_next(kind, released)


def state_after(kind: RevisionKind, tier: Tier, state: AlertState, *, heard: bool = True) -> AlertState:
    """The alert's state once a revision of this kind is released to this tier; one that nobody has `heard` is over."""
    if not heard:
        return AlertState.CLOSED if tier is Tier.PUBLIC else state
    if tier is Tier.PUBLIC and kind is RevisionKind.ALL_CLEAR:
        return AlertState.CLOSED
    if tier is Tier.PUBLIC and kind is RevisionKind.FALSE_ALARM:
        return AlertState.WITHDRAWN
    return AlertState.OPEN if state is AlertState.DRAFT else state
