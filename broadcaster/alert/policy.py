"""Who must stand behind a release, by its tier and kind: one table, and nothing else decides.

Agencies hear on one person's word, the public on two people's. An all-clear takes the named confirmations too, and is
never given by one person alone: it sends people back to 911, and nobody is worse off while it waits.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta

from broadcaster.alert.alert import ENDINGS, Content, RevisionKind
from broadcaster.alert.lifecycle import Tier

BREAK_GLASS_AFTER = timedelta(minutes=5)
"""The usual wait for a second person: the public shall hear within 10 minutes (outage-domain.md 2.3), writing takes up
to 3, and approvers are called in steps of 2."""
REVIEW_WITHIN = timedelta(minutes=15)
"""By when another person has looked at what one person released alone (reliability.md section 4)."""


@dataclass(frozen=True, slots=True)
class Policy:
    """`people` who must agree; `confirmed`: somebody named says of every community that 911 works; `alone`: after the
    wait one person may release it, with a reason and a review; `fixed`: no free field and no new number."""

    people: int
    confirmed: bool = False
    alone: bool = False
    fixed: bool = False


ONE, TWO = Policy(people=1), Policy(people=2, alone=True)
OWN_ERROR, OVER = Policy(people=1, fixed=True), Policy(people=2, confirmed=True)
POLICIES: dict[RevisionKind, dict[Tier, Policy]] = {
    RevisionKind.INITIAL: {Tier.AGENCY: ONE, Tier.PUBLIC: TWO},
    RevisionKind.UPDATE: {Tier.AGENCY: ONE, Tier.PUBLIC: TWO},
    RevisionKind.NUMBER_CHANGE: {Tier.AGENCY: ONE, Tier.PUBLIC: TWO},
    RevisionKind.RESTORED_IN_PART: {Tier.AGENCY: ONE, Tier.PUBLIC: TWO},
    RevisionKind.ALL_CLEAR: {Tier.AGENCY: OVER, Tier.PUBLIC: OVER},
    RevisionKind.FALSE_ALARM: {Tier.AGENCY: OWN_ERROR, Tier.PUBLIC: OWN_ERROR},
}


def needs_two_people(tier: Tier, kind: RevisionKind, *, fixed: bool = False) -> bool:
    """Whether a release takes a second person; a kind of fixed words does unless it is said that they are `fixed`."""
    policy = POLICIES[kind][tier]
    return policy.people > 1 or (policy.fixed and tier is Tier.PUBLIC and not fixed)


def is_fixed(ending: Content, released: Content) -> bool:
    """Whether an ending says nothing but that what was released is over: no free field, no new place or number.

    Its hours are not read by anybody; its answers, and what it says of other alerts, were resolved at submit.
    """
    said = replace(ending, expires=released.expires, next_update=None, answers=(), beside=())
    return said == replace(released, next_update=None, answers=(), confirmations=(), restored=(), note="", beside=())


def may_be_alone(kind: RevisionKind) -> bool:
    """Whether one person may release this kind to the public when no second one can be reached."""
    return POLICIES[kind][Tier.PUBLIC].alone and kind not in ENDINGS
