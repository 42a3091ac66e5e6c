"""How drills went, by the clocks of their alerts; and who has not practised for too long."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from itertools import groupby
from operator import itemgetter
from statistics import median

from sqlalchemy import text
from sqlalchemy.orm import Session

from broadcaster.store.desk.drills import DrillOutcome, DrillPart

FOR_A_SECOND = "EXISTS (SELECT 1 FROM drill_run f WHERE f.alert_id = a.id AND f.part = 'approve')"
"""The SQL condition on an alert `a` that the machine wrote for a second person: whoever planned it did not practise."""
AMBER, RED = timedelta(days=31), timedelta(days=62)
"""FEMA's monthly proficiency rule for IPAWS (outage-domain.md 2.2): one month missed is a reminder, two are a case for
others."""


class Standing(StrEnum):
    """Whether somebody is in practice."""

    FRESH = "fresh"
    AMBER = "amber"
    RED = "red"


@dataclass(frozen=True, slots=True)
class Practice:
    """One person, and when they last had a release in their hands, real or in a drill; None: never. `trained`: it was
    at the training desk, whose installation has posted it."""

    user_id: int
    name: str
    roles: frozenset[str]
    last: datetime | None
    standing: Standing
    trained: bool


@dataclass(frozen=True, slots=True)
class Result:
    """One run with its clocks: asked, started, form opened (`known` of the alert), first submitted, released; and the
    second person who released it, their shift then, and since when what they released had waited (`offered`). `part` is
    what the person was asked to do, `author` for whom the machine wrote what a second person was asked about."""

    run: str
    drill: str
    announced: bool
    failure: str
    county: str
    user_id: int
    name: str
    shift: tuple[datetime, datetime] | None
    asked: datetime
    started: datetime | None
    opened: datetime | None
    submitted: datetime | None
    released: datetime | None
    outcome: DrillOutcome
    alert: str
    approver_id: int | None = None
    approver: str = ""
    part: DrillPart = DrillPart.ISSUE
    author: str = ""
    approver_shift: tuple[datetime, datetime] | None = None
    offered: datetime | None = None

    @property
    def to_approve(self) -> float | None:
        """Seconds from the submit of what was released to its approval."""
        return (self.released - self.offered).total_seconds() if self.released and self.offered else None

    @property
    def to_submit(self) -> float | None:
        """Seconds from opening the form to the first submit."""
        issued = self.part is DrillPart.ISSUE and self.submitted and self.opened
        return (self.submitted - self.opened).total_seconds() if issued else None  # type: ignore[operator]

    @property
    def to_release(self) -> float | None:
        """Seconds from opening the form to the release by a second person."""
        issued = self.part is DrillPart.ISSUE and self.released and self.opened
        return (self.released - self.opened).total_seconds() if issued else None  # type: ignore[operator]


@dataclass(frozen=True, slots=True)
class ByShift:
    """A shift's drills together: how many were asked, how many came to their end, and their median seconds."""

    begins: datetime
    ends: datetime
    people: tuple[str, ...]
    asked: int
    complete: int
    to_submit: float | None
    to_release: float | None


@dataclass(frozen=True, slots=True)
class Approvals:
    """What the second persons of a shift have approved in drills, and their median seconds."""

    begins: datetime
    ends: datetime
    people: tuple[str, ...]
    approved: int
    to_approve: float | None


_RESULTS = text(
    "SELECT r.public_id AS run, d.public_id AS drill, d.announced, d.failure, d.county, u.id AS user_id, u.name,"
    "   s.begins, s.ends, r.asked_at AS asked, r.started_at AS started, a.known_since AS opened,"
    "   (SELECT min(v.frozen_at) FROM revision v WHERE v.alert_id = a.id) AS submitted,"
    "   y.at AS released, r.outcome, coalesce(a.public_id, '') AS alert, y.approved_by AS approver_id,"
    "   coalesce(p.name, '') AS approver, z.begins AS second_begins, z.ends AS second_ends, y.frozen_at AS offered,"
    "   r.part, CASE WHEN r.part = 'approve' THEN q.name ELSE '' END AS author"
    ' FROM drill_run r JOIN drill d ON d.id = r.drill_id JOIN "user" u ON u.id = r.user_id'
    ' JOIN "user" q ON q.id = d.planned_by'
    " LEFT JOIN shift s ON s.id = r.shift_id LEFT JOIN alert a ON a.id = r.alert_id"
    " LEFT JOIN LATERAL (SELECT x.at, x.approved_by, v.frozen_at FROM release x JOIN revision v ON v.id = x.revision_id"
    "   WHERE v.alert_id = a.id AND x.tier = 'public' AND x.state = 'released' ORDER BY x.at LIMIT 1) y ON true"
    ' LEFT JOIN "user" p ON p.id = y.approved_by'
    " LEFT JOIN LATERAL (SELECT begins, ends FROM shift WHERE user_id = y.approved_by AND begins <= y.at"
    "   AND ends > y.at ORDER BY id LIMIT 1) z ON true"
    " WHERE CAST(:user AS bigint) IS NULL OR :user IN (r.user_id, y.approved_by) ORDER BY r.id DESC LIMIT :most"
)
_PRACTICE = text(
    "SELECT *, greatest(here, there) AS last, coalesce(there > here, there IS NOT NULL) AS trained FROM ("
    " SELECT u.id, u.name, array_agg(DISTINCT o.name) AS roles, u.made_at, greatest("
    "   (SELECT max(x.at) FROM release x JOIN revision v ON v.id = x.revision_id JOIN alert a ON a.id = v.alert_id"
    "     WHERE x.state IN ('released', 'held') AND a.kind <> 'canary'"
    f"     AND (x.requested_by = u.id AND NOT {FOR_A_SECOND} OR x.approved_by = u.id)),"
    "   (SELECT max(r.ended_at) FROM drill_run r WHERE r.user_id = u.id AND r.outcome = 'complete')) AS here,"
    "   (SELECT max(p.at) FROM practice_record p WHERE p.user_id = u.id) AS there"
    ' FROM "user" u JOIN user_role w ON w.user_id = u.id JOIN role o ON o.id = w.role_id'
    " WHERE u.active AND o.name IN ('issuer', 'approver') GROUP BY u.id) AS one"
    " ORDER BY last NULLS FIRST, name"
)


def results(session: Session, user: int | None = None, most: int = 200) -> list[Result]:
    """The newest runs, of everybody, or those that one person issued or approved."""
    apart = ("shift", "outcome", "approver_shift", "part")
    return [
        Result(
            **{name: getattr(row, name) for name in Result.__dataclass_fields__ if name not in apart},
            shift=(row.begins, row.ends) if row.begins else None,
            approver_shift=(row.second_begins, row.second_ends) if row.second_begins else None,
            outcome=DrillOutcome(row.outcome),
            part=DrillPart(row.part),
        )
        for row in session.execute(_RESULTS, {"user": user, "most": most})
    ]


def by_shift(found: Iterable[Result]) -> list[ByShift]:
    """The runs of people who were on call, by shift, the newest first; a shift is everybody with the same hours."""
    on_call = sorted((one for one in found if one.shift), key=lambda one: one.shift or (), reverse=True)
    made = []
    for shift, group in groupby(on_call, key=lambda one: one.shift):
        runs = list(group)
        if shift is not None:
            done = [one for one in runs if one.outcome is DrillOutcome.COMPLETE]
            names = tuple(sorted({one.name for one in runs}))
            to_submit, to_release = _median(one.to_submit for one in done), _median(one.to_release for one in done)
            made.append(ByShift(shift[0], shift[1], names, len(runs), len(done), to_submit, to_release))
    return made


def approvals_by_shift(found: Iterable[Result]) -> list[Approvals]:
    """What was approved by people who were on call, by their shift, the newest first."""
    on_call = [(one.approver_shift, one) for one in found if one.approver_shift]
    made = []
    for shift, group in groupby(sorted(on_call, key=itemgetter(0), reverse=True), key=itemgetter(0)):
        runs = [one for _, one in group]
        names = tuple(sorted({one.approver for one in runs}))
        made.append(Approvals(shift[0], shift[1], names, len(runs), _median(one.to_approve for one in runs)))
    return made


def _median(seconds: Iterable[float | None]) -> float | None:
    known = [each for each in seconds if each is not None]
    return median(known) if known else None


def practice(session: Session, now: datetime) -> list[Practice]:
    """Everybody who issues or approves, whoever is most out of practice first."""
    return [
        Practice(row.id, row.name, frozenset(row.roles), row.last, standing(row.last, row.made_at, now), row.trained)
        for row in session.execute(_PRACTICE)
    ]


def standing(last: datetime | None, made: datetime, now: datetime) -> Standing:
    """By the last release; whoever never had one is amber at best, and red two months after the account was made."""
    idle = now - (last or made)
    if idle >= RED:
        return Standing.RED
    return Standing.AMBER if last is None or idle >= AMBER else Standing.FRESH
