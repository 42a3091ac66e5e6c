"""What became of the callers whom 911 did not connect, in figures: they need no number, and outlive all of them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from sqlalchemy import func, select, text
from sqlalchemy.orm import Session

from broadcaster.alert.missed_caller import Outcome, Standing
from broadcaster.store.outage.missed_callers import MissedCaller


@dataclass(frozen=True, slots=True)
class Figures:
    """What became of the callers of an outage, or of one answering point.

    `lines` of missed calls were `tries` of `callers`; ``lines - callers`` were duplicates. `through` were dropped
    because they got through, `outcomes` ended, and `left` are without an outcome: these three are all of the callers.
    """

    lines: int = 0
    tries: int = 0
    callers: int = 0
    through: int = 0
    left: int = 0
    claimed: int = 0
    unreachable: int = 0
    checks_open: int = 0
    outcomes: dict[str, int] = field(default_factory=dict)

    @property
    def duplicates(self) -> int:
        """Lines that were of a caller who stands in the list already."""
        return self.lines - self.callers

    @property
    def settled(self) -> int:
        """Callers with an outcome."""
        return sum(self.outcomes.values())


_FIGURES = text(
    "SELECT psap, standing, outcome, count(*) AS callers, sum(lines) AS lines, sum(tries) AS tries,"
    " count(*) FILTER (WHERE cannot <> 'can' AND outcome IS NULL AND through_at IS NULL) AS unreachable,"
    " count(*) FILTER (WHERE EXISTS (SELECT 1 FROM welfare_check w WHERE w.caller_id = c.id AND w.found IS NULL))"
    "   AS checks_open"
    " FROM missed_caller c WHERE outage_id = :outage GROUP BY 1, 2, 3"
)


def whole(session: Session, outage: int) -> Figures:
    """The figures of a whole outage, counted from its callers."""
    return _summed(by_psap(session, outage).values())


def by_psap(session: Session, outage: int) -> dict[str, Figures]:
    """The figures of each answering point by its code; the code of callers of whom nobody knows theirs is empty."""
    found: dict[str, list[Figures]] = {}
    for row in session.execute(_FIGURES, {"outage": outage}):
        open_ = row.standing in (Standing.WAITING, Standing.CLAIMED)
        one = Figures(
            lines=int(row.lines),
            tries=int(row.tries),
            callers=row.callers,
            through=row.callers if row.standing == Standing.THROUGH else 0,
            left=row.callers if open_ else 0,
            claimed=row.callers if row.standing == Standing.CLAIMED else 0,
            unreachable=row.unreachable,
            checks_open=row.checks_open,
            outcomes={row.outcome: row.callers} if row.outcome else {},
        )
        found.setdefault(row.psap, []).append(one)
    return {psap: _summed(parts) for psap, parts in sorted(found.items())}


def _summed(parts: Iterable[Figures]) -> Figures:
    many, outcomes = list(parts), dict.fromkeys((each.value for each in Outcome), 0)
    for part in many:
        for outcome, count in part.outcomes.items():
            outcomes[outcome] += count

    def total(name: str) -> int:
        return sum(int(getattr(part, name)) for part in many)

    return Figures(
        lines=total("lines"),
        tries=total("tries"),
        callers=total("callers"),
        through=total("through"),
        left=total("left"),
        claimed=total("claimed"),
        unreachable=total("unreachable"),
        checks_open=total("checks_open"),
        outcomes={name: count for name, count in outcomes.items() if count},
    )


def without_outcome(session: Session, outage: int) -> int:
    """How many callers of an outage nobody can say what became of."""
    query = select(func.count()).where(
        MissedCaller.outage_id == outage, MissedCaller.standing.in_((Standing.WAITING.value, Standing.CLAIMED.value))
    )
    return int(session.scalar(query) or 0)
