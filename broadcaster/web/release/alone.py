"""What one person may do alone with a revision, as its page offers it; and what was wrong with what they typed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from broadcaster.alert import policy
from broadcaster.alert.alert import RevisionKind, content_from_json
from broadcaster.alert.lifecycle import AlertState, ReleaseState, Role
from broadcaster.dispatch.revision import alone, never_public, second_person
from broadcaster.store.alerting import areas, reviews
from broadcaster.store.alerting.alerts import Release, Revision
from broadcaster.store.alerting.reviews import Broken
from broadcaster.web.house import house
from broadcaster.web.release import acting
from broadcaster.web.signin.guard import person
from broadcaster.web.tongue import said

ISSUES = (Role.ISSUER, Role.APPROVER)


@dataclass(frozen=True, slots=True)
class Slip:
    """What somebody typed that cannot be used: a sentence by field, and what stood in each."""

    problems: Mapping[str, str] = field(default_factory=dict)
    typed: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Alone:
    """The offers: to break the glass from `opens` on, typing `place`; to take our own error back; to review; to end
    what only agencies heard of, as its second person."""

    glass: bool = False
    opens: datetime | None = None
    ready: bool = False
    place: str = ""
    withdraws: bool = False
    broken: Broken | None = None
    reviews: bool = False
    ends: bool = False


def offers(store: Session, row: Revision, public: Release | None) -> Alone:
    """What this person may do alone with a revision now."""
    who, kind = person(), RevisionKind(row.kind)
    broken = next((each for each in reviews.of_alert(store, row.alert_id) if each.no == row.no), None)
    if broken is not None:
        mine = second_person.may_approve(store, who.id, row)
        return Alone(broken=broken, reviews=broken.waits and mine)
    if never_public.can_end(acting.actor(store), row.alert):
        return Alone(ends=second_person.may_approve(store, who.id, row))
    waits = public is not None and public.state == ReleaseState.PENDING and row.alert.is_heard
    if not who.may(*ISSUES):
        return Alone()
    if kind is RevisionKind.FALSE_ALARM and row.alert.state == AlertState.OPEN:
        return Alone(withdraws=(waits or public is None) and alone.is_fixed(acting.actor(store), row))
    if not waits or not policy.may_be_alone(kind) or second_person.may_approve(store, who.id, row):
        return Alone()
    opens = (row.frozen_at or house().clock()) + wait()
    return Alone(glass=True, opens=opens, ready=opens <= house().clock(), place=place(store, row))


def wait() -> timedelta:
    """How long a second person is waited for."""
    return timedelta(minutes=house().settings.break_glass_after)


def place(store: Session, row: Revision) -> str:
    """The name that is typed to release alone: the state's, or that of the first place that is meant."""
    named = areas.names(store, content_from_json(row.content).area)
    return named[0] if named else house().settings.state_name


def same(typed: str, name: str) -> bool:
    """Whether somebody typed this name, whatever its case and spaces; in English or as the page shows it."""
    names = {" ".join(each.casefold().split()) for each in (name, said(name))}
    return " ".join(typed.casefold().split()) in names
