"""What came of the rows of waves: facts are always kept, decisions are fenced by the attempt number.

The SQL is made from the one table of moves in `broadcaster.alert.delivery`. Recording twice changes nothing.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from sqlalchemy import text
from sqlalchemy.orm import Session

from broadcaster.alert.delivery import MOVES, Event
from broadcaster.store.arrays import numbers, texts
from broadcaster.store.database import BY_KEY


@dataclass(slots=True)
class Outcome:
    """What happened to attempt `n` at one address; `wait` is the pause in seconds before it is tried again."""

    address_id: int
    n: int
    event: Event
    reason: str = ""
    ref: str | None = None
    wait: float = 0.0
    wave_id: int = 0


_SET = " ".join(
    f"WHEN d.state = '{before}' AND o.event = '{event}' THEN '{after}'" for (before, event), after in MOVES.items()
)
_BY_KEY = text(f"SELECT {BY_KEY}")
_RECORD = text(
    "WITH o AS MATERIALIZED (SELECT CAST(:fanout AS bigint) AS fanout_id, address_id, n, event, reason,"
    "   nullif(ref, '') AS ref, wait, wave_id"
    "   FROM unnest(CAST(:address AS bigint[]), CAST(:n AS bigint[]), CAST(:event AS text[]),"
    "   CAST(:reason AS text[]), CAST(:ref AS text[]), CAST(:wait AS float8[]), CAST(:wave AS bigint[]))"
    "   AS o(address_id, n, event, reason, ref, wait, wave_id)),"
    " moved AS (UPDATE delivery d SET reason = o.reason, carrier_ref = coalesce(o.ref, d.carrier_ref),"
    f"   state = CASE {_SET} END"
    "   FROM o WHERE d.fanout_id = o.fanout_id AND d.address_id = o.address_id AND d.n = o.n"
    f"   AND (CASE {_SET} END) IS NOT NULL"
    "   RETURNING d.fanout_id, d.address_id, d.n, d.state, o.wait, o.reason, o.wave_id),"
    " later AS (INSERT INTO followup (fanout_id, address_id, kind, n, due, started_at, settle_at, tries)"
    "   SELECT :fanout, m.address_id, CASE WHEN m.state = 'unknown' THEN 'ask' ELSE 'retry' END, m.n,"
    "     clock_timestamp() + make_interval(secs => m.wait), w.started_at,"
    "     w.started_at + make_interval(secs => :settle), m.n"
    "   FROM moved m JOIN wave w ON w.id = m.wave_id WHERE m.state IN ('unknown', 'queued')"
    "   ON CONFLICT (fanout_id, address_id) DO UPDATE SET kind = excluded.kind, n = excluded.n, due = excluded.due,"
    "     settle_at = excluded.settle_at, absences = 0, absent_at = NULL),"
    " settled AS (DELETE FROM followup u USING moved m WHERE u.fanout_id = m.fanout_id AND u.address_id = m.address_id"
    "   AND u.n = m.n AND m.state IN ('accepted', 'rejected'))"
    " SELECT address_id, state FROM moved"
)
"""The fan-out comes as a column that the planner cannot see through: for one that the statistics do not know yet, the
constant promises a single row, and reading all its rows for each outcome then looks cheap."""
_STRANGE = text(
    "WITH o AS MATERIALIZED (SELECT CAST(:fanout AS bigint) AS fanout_id, address_id, n, ref"
    "   FROM unnest(CAST(:address AS bigint[]), CAST(:n AS bigint[]), CAST(:ref AS text[])) AS o(address_id, n, ref))"
    " INSERT INTO sighting (carrier, ref, fanout_id, address_id, n)"
    " SELECT :carrier, o.ref, o.fanout_id, o.address_id, o.n FROM o JOIN delivery d"
    "   ON d.fanout_id = o.fanout_id AND d.address_id = o.address_id WHERE d.carrier_ref IS DISTINCT FROM o.ref"
    "   AND NOT EXISTS (SELECT 1 FROM past_attempt p WHERE p.fanout_id = o.fanout_id AND p.address_id = o.address_id"
    "     AND p.ref = o.ref) ON CONFLICT DO NOTHING RETURNING 1"
)
"""A statement of its own: it must see what a callback committed while the rows were being moved."""
_SUPPRESS = text(
    "INSERT INTO suppression (value_index, source) SELECT a.value_index, 'carrier' FROM address a"
    " WHERE a.id = ANY(:ids) ORDER BY 1 ON CONFLICT DO NOTHING"
)
_FIRST = text(
    "UPDATE fanout SET first_accepted_at = clock_timestamp() WHERE id = :f AND first_accepted_at IS NULL RETURNING 1"
)


@dataclass(frozen=True, slots=True)
class Recorded:
    """How many rows moved, and how many references fitted no open attempt (confirmed doubles)."""

    moved: int
    doubles: int


def record(session: Session, fanout: int, outcomes: Sequence[Outcome], carrier: str, settle: float) -> Recorded:
    """Record outcomes of one fan-out's waves at one carrier; `settle` is in seconds from each wave's start.

    The caller gives them in the order of their addresses: equal orders do not deadlock.
    """
    values = {
        "fanout": fanout,
        "settle": settle,
        "address": numbers(o.address_id for o in outcomes),
        "n": numbers(o.n for o in outcomes),
        "event": texts(o.event.value for o in outcomes),
        "reason": texts(o.reason for o in outcomes),
        "ref": texts(o.ref or "" for o in outcomes),
        "wait": numbers(o.wait for o in outcomes),
        "wave": numbers(o.wave_id for o in outcomes),
    }
    session.execute(_BY_KEY)
    moved = {row.address_id: row.state for row in session.execute(_RECORD, values)}
    facts = [outcome for outcome in outcomes if outcome.ref is not None and outcome.address_id not in moved]
    return Recorded(len(moved), _note_strange(session, fanout, facts, carrier) if facts else 0)


_HOLD = text("SELECT count(*) FROM (SELECT id FROM wave WHERE id = ANY(:waves) ORDER BY id FOR NO KEY UPDATE) w")


def hold_waves(session: Session, waves: Iterable[int]) -> None:
    """Lock the waves before their rows, as whoever takes over a lost lease does: who comes second waits or passes by,
    and neither holds what the other needs."""
    session.execute(_HOLD, {"waves": sorted(waves)})


def note_first(session: Session, fanout: int) -> bool:
    """The first text of a fan-out was accepted just now; whether that is news."""
    return session.execute(_FIRST, {"f": fanout}).first() is not None


def _note_strange(session: Session, fanout: int, facts: Sequence[Outcome], carrier: str) -> int:
    """References that fit no open attempt are confirmed doubles; those that a callback brought first are not."""
    values = {
        "fanout": fanout,
        "carrier": carrier,
        "address": [fact.address_id for fact in facts],
        "n": [fact.n for fact in facts],
        "ref": [fact.ref for fact in facts],
    }
    return len(session.execute(_STRANGE, values).all())


def suppress_at_carriers_word(session: Session, address_ids: Sequence[int]) -> None:
    """The carrier said 21610: these people opted out, for every carrier of ours."""
    session.execute(_SUPPRESS, {"ids": list(address_ids)})


def note_operation(session: Session, wave: int, ref: str) -> None:
    """The carrier's reference of a wave that went in one request."""
    session.execute(text("UPDATE wave SET carrier_ref = :r WHERE id = :w"), {"w": wave, "r": ref})


_CLOSE = text(
    "UPDATE wave w SET recorded = w.recorded + x.rows, closed_at = CASE WHEN w.recorded + x.rows >= w.rows"
    "   THEN coalesce(w.closed_at, clock_timestamp()) ELSE w.closed_at END"
    " FROM unnest(CAST(:wave AS bigint[]), CAST(:rows AS bigint[])) AS x(id, rows) WHERE w.id = x.id"
)


def close_when_complete(session: Session, recorded: Counter[int]) -> None:
    """Count the outcomes of waves (wave -> rows); with the last one a wave's lease ends."""
    waves = sorted(recorded)
    session.execute(_CLOSE, {"wave": waves, "rows": [recorded[wave] for wave in waves]})
