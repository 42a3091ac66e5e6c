"""What residents are sent on quiet days: once a year "still there?", and a card when a number of their town changed."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import timedelta
from typing import Any, cast

from sqlalchemy import CursorResult, ForeignKey, text
from sqlalchemy.orm import Mapped, Session, mapped_column

from broadcaster.store.database import Base

SETTLED = timedelta(hours=1)
"""A number must stand so long in the directory before anybody is texted about it: a slip that is mended costs nothing.
"""
YEARLY = "1 year"


class CardLine(Base):
    """The number that the cards of a community show, empty where there is none, and how far its people were told of it
    (a cursor over slots); since when it holds is in the directory's history."""

    __tablename__ = "card_line"
    community_id: Mapped[int] = mapped_column(ForeignKey("community.id"), primary_key=True, autoincrement=False)
    line: Mapped[str]
    next_slot: Mapped[int] = mapped_column(default=0, server_default="0")
    last_slot: Mapped[int] = mapped_column(default=0, server_default="0")


_NOTE = text(
    "INSERT INTO card_line AS k (community_id, line) SELECT x.id, x.line FROM unnest(CAST(:ids AS bigint[]),"
    "   CAST(:lines AS text[])) AS x(id, line) JOIN community c ON c.id = x.id"
    " ON CONFLICT (community_id) DO UPDATE SET line = excluded.line, next_slot = 0,"
    "   last_slot = (SELECT c.last_slot FROM community c WHERE c.id = k.community_id)"
    " WHERE k.line <> excluded.line AND k.community_id <> ALL(CAST(:moving AS bigint[]))"
)


def note_lines(session: Session, lines: Mapping[int, str], moving: Collection[int] = ()) -> int:
    """Compare the numbers of today with those on the cards; a number that is new for its community is to be told to
    everybody who is signed up there now. A community that is seen for the first time tells nobody, and one of `moving`
    keeps its old number on the cards. Returns how many rows were written."""
    values = {"ids": list(lines), "lines": list(lines.values()), "moving": list(moving)}
    return cast(CursorResult[Any], session.execute(_NOTE, values)).rowcount


_SENDABLE = (
    "a.owner = 'resident' AND a.kind = 'sms'"
    " AND NOT EXISTS (SELECT 1 FROM suppression s WHERE s.value_index = a.value_index)"
)
_CARDS = text(
    "WITH next AS (SELECT community_id, next_slot, least(last_slot, next_slot + :most) AS until FROM card_line"
    "   WHERE next_slot < last_slot AND line <> ''"
    "   ORDER BY community_id LIMIT 1 FOR UPDATE),"
    " moved AS (UPDATE card_line k SET next_slot = n.until FROM next n WHERE k.community_id = n.community_id"
    "   RETURNING k.community_id),"
    " made AS (INSERT INTO courtesy (purpose, value_index, value_enc, prefix_index, lang, places)"
    "   SELECT 'card', a.value_index, a.value_enc, a.value_index, a.lang, ARRAY[c.code] FROM next n"
    "   JOIN subscription x ON x.community_id = n.community_id AND x.slot > n.next_slot AND x.slot <= n.until"
    f"  JOIN address a ON a.id = x.address_id AND {_SENDABLE} JOIN community c ON c.id = n.community_id RETURNING 1)"
    " SELECT (SELECT count(*) FROM moved) AS moved, (SELECT count(*) FROM made) AS made"
)


def queue_cards(session: Session, most: int) -> tuple[bool, int]:
    """Queue the next cards of one community: whether there was one, and how many texts it made."""
    row = session.execute(_CARDS, {"most": most}).one()
    return row.moved > 0, int(row.made)


_YEARLY = text(
    f"WITH due AS (SELECT a.id, a.value_index, a.value_enc, a.lang FROM address a WHERE {_SENDABLE}"
    f"   AND a.asked_at < now() - interval '{YEARLY}'"
    "   AND EXISTS (SELECT 1 FROM subscription x WHERE x.address_id = a.id)"
    "   ORDER BY a.asked_at, a.id LIMIT :most FOR UPDATE SKIP LOCKED),"
    " asked AS (UPDATE address a SET asked_at = now() FROM due WHERE a.id = due.id),"
    " made AS (INSERT INTO courtesy (purpose, value_index, value_enc, prefix_index, lang, places)"
    "   SELECT 'yearly', d.value_index, d.value_enc, d.value_index, d.lang, ARRAY(SELECT c.code FROM subscription x"
    "     JOIN community c ON c.id = x.community_id WHERE x.address_id = d.id ORDER BY c.name) FROM due d RETURNING 1)"
    " SELECT count(*) FROM made"
)


def queue_yearly(session: Session, most: int) -> int:
    """Queue the question for those whom nobody has asked for a year; returns how many."""
    return int(session.execute(_YEARLY, {"most": most}).scalar_one())


def queued_today(session: Session) -> int:
    """How many of both were queued within a day: their budget is their own."""
    count = session.execute(
        text(
            "SELECT count(*) FROM courtesy WHERE purpose IN ('yearly', 'card')"
            " AND made_at > clock_timestamp() - interval '1 day'"
        )
    )
    return int(count.scalar_one())
