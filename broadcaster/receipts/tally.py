"""How many of how many, and who has not been reached: the board of one alert, from the tallies alone."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Row, RowMapping, text
from sqlalchemy.orm import Session

from broadcaster.alert.alert import ENDINGS, RevisionKind, content_from_json
from broadcaster.alert.delivery import OPEN, State
from broadcaster.alert.lifecycle import AlertState, Tier
from broadcaster.receipts import seat
from broadcaster.receipts.counts import AgencyLine, Board, ChannelCount, Clocks, CommunityCount, Sums, Tried
from broadcaster.store import database
from broadcaster.store.alerting.alerts import Alert, Revision, released_revisions
from broadcaster.store.fanout import senders, tallies
from broadcaster.store.fanout.fanouts import AGAIN
from broadcaster.store.fanout.tallies import Count

_FANOUTS = text(
    "SELECT f.id, f.tier, f.channel, f.purpose, f.state, f.ended_as, f.planned, f.expires_at, f.started_at,"
    "   f.first_accepted_at, f.done_at, r.no, r.kind,"
    "   (SELECT count(*) FROM acknowledgement k WHERE k.fanout_id = f.id) AS acknowledged"
    " FROM fanout f JOIN revision r ON r.id = f.revision_id"
    " WHERE r.alert_id = :a AND (f.purpose IN ('alert', 'canary') OR f.purpose LIKE 'again-%')"
    " ORDER BY r.no DESC, f.tier, f.channel DESC, f.id"
)
_WAITING = text(
    "SELECT l.community_id, sum(greatest(0, c.last_slot - l.next_key))::bigint AS waiting"
    " FROM lane l JOIN community c ON c.id = l.community_id"
    " WHERE l.fanout_id = :f AND l.source = 'subscribers' AND l.state IN ('open', 'held') GROUP BY 1"
)
_PLACES = text(
    "SELECT c.id, c.code, c.name FROM community c WHERE c.id = ANY(:known) OR c.id IN"
    "   (SELECT community_id FROM lane WHERE fanout_id = :f) ORDER BY c.name, c.id"
)
_SEGMENTS = text(
    "WITH means AS (SELECT avg(b.segments) FILTER (WHERE t.form <> 'sms_text') AS usual,"
    "   avg(b.segments) FILTER (WHERE t.form = 'sms_text') AS longer"
    "   FROM fanout f JOIN revision_text t ON t.revision_id = f.revision_id"
    "   AND t.form = ANY(CASE f.tier WHEN 'agency' THEN ARRAY['desk-sms'] ELSE ARRAY['sms', 'sms_text'] END)"
    "   JOIN body b ON b.id = t.body_id WHERE f.id = :f),"
    " share AS (SELECT count(DISTINCT a.id)::float8 / nullif(f.planned, 0) AS silent FROM fanout f"
    "   JOIN lane l ON l.fanout_id = f.id JOIN subscription s ON s.community_id = l.community_id"
    "   JOIN address a ON a.id = s.address_id AND a.no_voice AND a.kind = 'sms' WHERE f.id = :f GROUP BY f.planned)"
    " SELECT coalesce(usual + (coalesce(longer, usual) - usual)"
    "   * least(1, coalesce((SELECT silent FROM share), 0)), 1) FROM means"
)
"""Segments of a text on average: those who cannot make voice calls get longer ones, and are as many as they are."""
_FIRST = text(
    "SELECT min(l.at) FILTER (WHERE l.tier = 'agency') AS agencies,"
    "   min(l.at) FILTER (WHERE l.tier = 'public') AS public"
    " FROM release l JOIN revision r ON r.id = l.revision_id WHERE r.alert_id = :a AND l.at IS NOT NULL"
)
_AGENCIES = text(
    "WITH notices AS (SELECT t.agency_id, r.no, f.channel, f.started_at, t.fanout_id, t.address_id FROM target t"
    "   JOIN fanout f ON f.id = t.fanout_id JOIN revision r ON r.id = f.revision_id"
    "   WHERE r.alert_id = :a AND f.tier = 'agency' AND f.purpose = 'alert' AND t.agency_id IS NOT NULL"
    "   UNION ALL SELECT c.agency_id, r.no, '', c.started_at, 0, 0 FROM chase c JOIN revision r ON r.id = c.revision_id"
    "   WHERE r.alert_id = :a),"
    " mailed AS (SELECT DISTINCT ON (n.agency_id) n.agency_id, n.no, n.channel, n.address_id, d.state, d.reason,"
    "   d.handset"
    "   FROM notices n LEFT JOIN delivery d ON d.fanout_id = n.fanout_id AND d.address_id = n.address_id"
    "   ORDER BY n.agency_id, n.no DESC, n.channel = '', n.channel <> 'email'),"
    " answered AS (SELECT DISTINCT ON (t.agency_id) t.agency_id, r.no, k.answer, k.note, k.at FROM acknowledgement k"
    "   JOIN target t ON t.fanout_id = k.fanout_id AND t.address_id = k.address_id"
    "   JOIN fanout f ON f.id = k.fanout_id JOIN revision r ON r.id = f.revision_id WHERE r.alert_id = :a"
    "   ORDER BY t.agency_id, r.no DESC),"
    " waits AS (SELECT n.agency_id, min(n.started_at) AS since FROM notices n"
    "   LEFT JOIN answered k ON k.agency_id = n.agency_id WHERE n.no > coalesce(k.no, 0) GROUP BY n.agency_id),"
    " tried AS (SELECT DISTINCT ON (f.revision_id, t.agency_id) f.revision_id, t.agency_id, f.channel, d.state,"
    "   d.handset, d.reason, y.verified_on FROM revision r"
    "   JOIN fanout f ON f.revision_id = r.id AND f.purpose LIKE 'escalation-%' JOIN target t ON t.fanout_id = f.id"
    "   LEFT JOIN agency_contact y ON y.agency_id = t.agency_id AND y.address_id = t.address_id"
    "   LEFT JOIN delivery d ON d.fanout_id = f.id AND d.address_id = t.address_id"
    "   WHERE r.alert_id = :a ORDER BY f.revision_id, t.agency_id, f.id DESC)"
    " SELECT g.name, g.role, m.no, m.channel, m.state, m.reason, m.handset, k.no AS acknowledged_no, k.answer, k.note,"
    "   k.at, w.since, c.step, c.ended_as, c.due, x.channel AS tried_by, x.state AS tried_state,"
    "   x.handset AS tried_handset, x.reason AS tried_reason, x.verified_on AS tried_verified_on, v.verified_on"
    " FROM mailed m JOIN agency g ON g.id = m.agency_id"
    " LEFT JOIN agency_contact v ON v.agency_id = m.agency_id AND v.address_id = m.address_id"
    " LEFT JOIN answered k ON k.agency_id = m.agency_id LEFT JOIN revision r ON r.alert_id = :a AND r.no = m.no"
    " LEFT JOIN chase c ON c.revision_id = r.id AND c.agency_id = g.id"
    " LEFT JOIN waits w ON w.agency_id = m.agency_id"
    " LEFT JOIN tried x ON x.revision_id = r.id AND x.agency_id = g.id ORDER BY g.name, g.id"
)


def board(session: Session, alert: Alert, now: datetime | None = None) -> Board:
    """Everything the board shows of an alert at `now` (the database's clock when none is given)."""
    moment = now or database.now(session)
    rows = session.execute(_FANOUTS, {"a": alert.id}).mappings().all()
    channels = tuple(_channel(session, row) for row in rows if not _calls_nobody(row))
    return Board(
        alert=alert.public_id,
        kind=alert.kind,
        state=alert.state,
        as_of=moment,
        clocks=_clocks(session, alert, rows, moment),
        channels=channels,
        agencies=tuple(_agencies(session, alert)),
        seat=seat.of(session, alert.id),
    )


def check_sums(session: Session, fanout: int) -> Sums:
    """Whether the tallies of a fan-out equal GROUP BY delivery and, when it is done, what was planned."""
    row = session.execute(text("SELECT state, planned, pruned_at FROM fanout WHERE id = :f"), {"f": fanout}).one()
    counted = tallies.by_community(session, fanout)
    truth = counted if row.pruned_at else tallies.truth(session, fanout)
    found = [
        f"community {place}: tallies say {_said(counted.get(place))}, deliveries say {_said(truth.get(place))}"
        for place in sorted(counted.keys() | truth.keys(), key=str)
        if _said(counted.get(place)) != _said(truth.get(place))
    ]
    whole = tallies.whole(session, fanout)
    if row.state == "done" and whole.total != row.planned:
        found.append(f"{row.planned} were planned, but {whole.total} are counted")
    if row.state == "done" and whole.of(*OPEN):
        found.append(f"{whole.of(*OPEN)} are still open")
    return Sums(fanout, whole.total, row.planned, tuple(found))


def _said(count: Count | None) -> tuple[dict[str, int], ...]:
    """What a count holds, without the zeros."""
    parts = (count.states, count.handsets, count.reasons) if count else ({}, {}, {})
    return tuple({name: number for name, number in part.items() if number} for part in parts)


def _channel(session: Session, row: RowMapping) -> ChannelCount:
    fanout = row["id"]
    counted = tallies.by_community(session, fanout)
    counts, handsets = _sum(each.states for each in counted.values()), _sum(each.handsets for each in counted.values())
    possible, confirmed = tallies.doubles(session, fanout)
    left = None if row["planned"] is None else max(0, row["planned"] - sum(counts.values()))
    return ChannelCount(
        fanout=fanout,
        channel=row["channel"],
        tier=row["tier"],
        revision_no=row["no"],
        revision_kind=row["kind"],
        call_round=_round(row["purpose"]),
        state=row["state"],
        ended_as=row["ended_as"] or "",
        started_at=row["started_at"],
        first_accepted_at=row["first_accepted_at"],
        planned=row["planned"],
        expires_at=row["expires_at"],
        counts=counts,
        handsets=handsets,
        rejected_by_reason=_most_first(_sum(each.reasons for each in counted.values())),
        possible_doubles=possible,
        confirmed_doubles=confirmed,
        agencies_acknowledged=row["acknowledged"],
        drain_seconds=_drain(session, row, left, counts),
        per_community=tuple(_communities(session, fanout, counted)),
    )


def _round(purpose: str) -> int:
    """Which round of calls: the first, or a further one."""
    again = purpose.removeprefix(AGAIN)
    return 1 if again == purpose else int(again) + 1


def _most_first(counts: Mapping[str, int]) -> dict[str, int]:
    return dict(sorted(counts.items(), key=lambda item: (-item[1], item[0])))


def _sum(parts: Iterable[Mapping[str, int]]) -> dict[str, int]:
    whole: Counter[str] = Counter()
    for part in parts:
        whole.update(part)
    return {name: number for name, number in whole.items() if number}


def _communities(session: Session, fanout: int, counted: Mapping[int | None, Count]) -> Iterator[CommunityCount]:
    """Every community of the fan-out's lanes and rows, also one in which nobody lives."""
    waiting = {row.community_id: int(row.waiting) for row in session.execute(_WAITING, {"f": fanout})}
    known = [place for place in counted if place is not None]
    for row in session.execute(_PLACES, {"f": fanout, "known": known}):
        count = counted.get(row.id, Count())
        yield CommunityCount(row.code, row.name, count.states, count.handsets, waiting.get(row.id, 0))


def _drain(session: Session, row: RowMapping, left: int | None, counts: Mapping[str, int]) -> float | None:
    """Seconds until the last one is sent at the senders' pace; None when nobody can say."""
    if left is None or row["state"] not in ("running", "held"):
        return None
    pace = senders.pace(session, row["channel"])
    if pace <= 0:
        return None
    segments = float(session.execute(_SEGMENTS, {"f": row["id"]}).scalar_one()) if row["channel"] == "sms" else 1.0
    return (left + counts.get(State.QUEUED, 0)) * segments / pace


def _clocks(session: Session, alert: Alert, rows: Sequence[RowMapping], now: datetime) -> Clocks:
    first = session.execute(_FIRST, {"a": alert.id}).one()
    texts = [row["first_accepted_at"] for row in rows if _is_public_text(row) and row["first_accepted_at"]]
    said = _newest(session, alert)
    on_air = said is not None and alert.state == AlertState.OPEN and RevisionKind(said.kind) not in ENDINGS
    content = content_from_json(said.content) if said else None
    next_update = content.next_update if content and on_air else None
    expires = content.expires if content else None
    return Clocks(
        known_since=alert.known_since,
        first_agency_release=first.agencies,
        first_public_release=first.public,
        first_text=min(texts, default=None),
        next_update=next_update,
        expires=expires,
        closed_at=alert.closed_at,
        update_overdue=next_update is not None and next_update <= now,
        expired_without_all_clear=on_air and expires is not None and expires <= now,
    )


def _calls_nobody(row: RowMapping) -> bool:
    """Calls that are only made ready for a landline that may yet join."""
    return bool(row["channel"] == "voice" and row["tier"] == Tier.PUBLIC and row["planned"] == 0)


def _is_public_text(row: RowMapping) -> bool:
    return bool(row["channel"] == "sms" and row["tier"] == Tier.PUBLIC)


def _newest(session: Session, alert: Alert) -> Revision | None:
    """What was last said to the public, or to the agencies while the public has heard nothing."""
    for tier in (Tier.PUBLIC, Tier.AGENCY):
        if said := released_revisions(session, alert.id, tier):
            return said[-1]
    return None


def _tried(row: Row[Any]) -> Tried:
    state, handset = row.tried_state or "", row.tried_handset or "none"
    return Tried(row.tried_by, state, handset, row.tried_reason or "", row.tried_verified_on)


def _agencies(session: Session, alert: Alert) -> Iterator[AgencyLine]:
    for row in session.execute(_AGENCIES, {"a": alert.id}):
        yield AgencyLine(
            name=row.name,
            role=row.role,
            state=row.state or "",
            reason=row.reason or "",
            revision_no=row.no,
            acknowledged_no=row.acknowledged_no,
            answer=row.answer or "",
            note=row.note or "",
            acknowledged_at=row.at,
            handset=row.handset or "none",
            channel=row.channel,
            since=row.since,
            steps=row.step or 0,
            exhausted=row.ended_as == "exhausted",
            next_step=row.due,
            tried=_tried(row) if row.tried_by else None,
            verified_on=row.verified_on,
        )
