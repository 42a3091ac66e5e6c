"""What a record of an outage brought when it was joined to another one, so that both can stand by themselves again."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, Session, mapped_column

from broadcaster.store.arrays import numbers
from broadcaster.store.database import Base
from broadcaster.store.outage.outages import Outage

TABLES = ("alert", "provider_notice", "trouble_report", "outage_log", "missed_log")
"""The tables whose rows hang on a record and go with it."""


class JoinedRecord(Base):
    """A record that was joined: `before` and `since` are what was known of the one that remains, before and after."""

    __tablename__ = "joined_record"
    outage_id: Mapped[int] = mapped_column(ForeignKey("outage.id"), primary_key=True)
    at: Mapped[datetime]
    before: Mapped[dict[str, object]] = mapped_column(JSONB)
    since: Mapped[dict[str, object]] = mapped_column(JSONB)


class JoinedRow(Base):
    """One row that it brought; `row_id` is its id in the table that `what` names."""

    __tablename__ = "joined_row"
    __table_args__ = (CheckConstraint(f"what IN ({', '.join(map(repr, TABLES))})", name="what"),)
    outage_id: Mapped[int] = mapped_column(ForeignKey("outage.id"), primary_key=True)
    what: Mapped[str] = mapped_column(primary_key=True)
    row_id: Mapped[int] = mapped_column(BigInteger, primary_key=True)


_BRING = {
    table: text(
        f"WITH moved AS (UPDATE {table} SET outage_id = :into WHERE outage_id = :gone RETURNING id)"
        f" INSERT INTO joined_row (outage_id, what, row_id) SELECT :gone, '{table}', id FROM moved RETURNING row_id"
    )
    for table in TABLES
}
_TAKE_BACK = {
    table: text(
        f"UPDATE {table} t SET outage_id = :gone FROM joined_row j WHERE j.outage_id = :gone"
        f" AND j.what = '{table}' AND j.row_id = t.id AND t.outage_id = ANY(CAST(:through AS bigint[])) RETURNING t.id"
    )
    for table in TABLES
}
_FORGET = text(
    "DELETE FROM joined_row o USING joined_row j WHERE j.outage_id = :gone AND o.what = j.what"
    " AND o.row_id = j.row_id AND o.outage_id = ANY(CAST(:whose AS bigint[]))"
)


def bring(session: Session, table: str, gone: int, into: int) -> int:
    """Everything of a table goes from one record to another, and is written down; returns how many rows."""
    return len(session.execute(_BRING[table], {"gone": gone, "into": into}).all())


def keep(
    session: Session, gone: int, at: datetime, before: Mapping[str, object], since: Mapping[str, object]
) -> None:  # fmt: skip
    """Write down what was known of the record that remains, as plain JSON."""
    session.add(JoinedRecord(outage_id=gone, at=at, before=dict(before), since=dict(since)))
    session.flush()


def way(session: Session, gone: Outage) -> list[int]:
    """The records through which its rows have gone, to the one that holds them now; empty when it was never joined."""
    found, here = [], gone
    while here.joined_into is not None:
        here = session.get_one(Outage, here.joined_into)
        found.append(here.id)
    return found


def take_back(session: Session, table: str, gone: int, through: list[int]) -> list[int]:
    """What a record brought of a table hangs on it again, from wherever it went; returns the ids of the rows."""
    return list(session.execute(_TAKE_BACK[table], {"gone": gone, "through": numbers(through)}).scalars())


def forget(session: Session, gone: int, through: list[int]) -> None:
    """What it brought is its own again: nor does a record on its way bring it any more."""
    session.execute(_FORGET, {"gone": gone, "whose": numbers([gone, *through])})
    session.delete(session.get_one(JoinedRecord, gone))
    session.flush()
