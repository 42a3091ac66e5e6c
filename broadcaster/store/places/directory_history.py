"""Every version of every row of the directory, and who made it; written in the transaction of the change."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import CheckConstraint, Index, func, insert, select, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, Session, mapped_column

from broadcaster.directory.rows import Change, Difference, RowKind
from broadcaster.store.database import Base, identity, one_of

BEFORE = "before history was kept"
LOCK = "directory"
NOTHING: tuple[Any, ...] = (None, "", [], False, 0)
"""What a field says that says nothing: a row that comes or goes is told without them."""
SCOPES_OF = {RowKind.COMMUNITY: ("community", "text"), RowKind.COUNTY: ("county",)}
"""Whose numbers a place's are, by the scopes of `store.places.directory.Number`."""
Marks = Mapping[str, int]
"""The address ids of contacts, by the codes of their rows."""


class DirectoryVersion(Base):
    """A row of the directory as it was from `at` on; a retired one as it was last. The address of a contact is in
    `address`, sealed: here is only its id."""

    __tablename__ = "directory_version"
    __table_args__ = (
        CheckConstraint(f"kind IN ({one_of(RowKind)})", name="kind"),
        CheckConstraint(f"change IN ({one_of(Change)})", name="change"),
        Index("ix_directory_version_row", "kind", "code", "id"),
    )
    id: Mapped[int] = identity()
    kind: Mapped[str]
    code: Mapped[str]
    change: Mapped[str]
    value: Mapped[dict[str, Any]] = mapped_column(JSONB)
    by: Mapped[str]
    source: Mapped[str] = mapped_column(default="", server_default="")
    at: Mapped[datetime] = mapped_column(server_default=func.clock_timestamp())


@dataclass(frozen=True, slots=True)
class Author:
    """Who changes the directory (``user:7``, ``console``, ``agency:ayer-police``), and by what."""

    by: str
    source: str = ""


CONSOLE = Author("console")


def lock(session: Session) -> None:
    """One writer of the directory at a time, until the transaction ends."""
    session.execute(text("SELECT pg_advisory_xact_lock(hashtextextended(:name, 0))"), {"name": LOCK})


def newest(session: Session) -> int:
    """The version at which the directory stands: another number means that somebody has changed it."""
    return session.scalar(select(func.max(DirectoryVersion.id))) or 0


def record(session: Session, differences: Sequence[Difference], marks: Marks, author: Author) -> None:
    """Write a version of each row that differs. A row that had none yet gets the one before, too."""
    if not differences:
        return
    codes = [_code(one, marks) for one in differences]
    query = select(DirectoryVersion.kind, DirectoryVersion.code).distinct()
    known = {(kind, code) for kind, code in session.execute(query)}
    session.execute(insert(DirectoryVersion), list(_versions(differences, codes, known, author)))


def _versions(
    differences: Sequence[Difference], codes: Sequence[str], known: set[tuple[str, str]], author: Author
) -> Iterator[dict[str, Any]]:
    for one, code in zip(differences, codes, strict=True):
        row = {"kind": one.kind.value, "code": code}
        if one.before is not None and (one.kind.value, code) not in known:
            yield {**row, "change": Change.ADDED.value, "value": _value(one.before), "by": BEFORE, "source": ""}
        value = _value(one.before if one.after is None else one.after)
        yield {**row, "change": one.change.value, "value": value, "by": author.by, "source": author.source}


def _code(one: Difference, marks: Marks) -> str:
    """The code that history knows a row by: of a contact its agency and the id of its sealed address."""
    return f"{one.code.split('/', 1)[0]}/{marks[one.code]}" if one.kind is RowKind.CONTACT else one.code


def _value(values: dict[str, Any] | None) -> dict[str, Any]:
    """The fields that are kept in clear: all but the address of a contact."""
    kept = dict(values or {})
    if "channel" in kept:
        kept.pop("value", None)
    return kept


def of_row(session: Session, kind: RowKind, code: str, most: int = 50) -> list[DirectoryVersion]:
    """The versions of one row, newest first."""
    query = select(DirectoryVersion).where(DirectoryVersion.kind == kind.value, DirectoryVersion.code == code)
    return list(session.scalars(query.order_by(DirectoryVersion.id.desc()).limit(most)))


def belonging(session: Session, kind: RowKind, code: str, most: int = 50) -> list[tuple[RowKind, str]]:
    """The rows that hang on one, gone ones too, the newest change first: a place's numbers, an agency's contacts."""
    value, query = DirectoryVersion.value, select(DirectoryVersion.code)
    if kind is RowKind.AGENCY:
        within = RowKind.CONTACT
        query = query.where(DirectoryVersion.code.startswith(f"{code}/", autoescape=True))
    elif kind in SCOPES_OF:
        within = RowKind.NUMBER
        query = query.where(value["scope"].astext.in_(SCOPES_OF[kind]), value["code"].astext == code)
    else:
        return []
    query = query.where(DirectoryVersion.kind == within.value).group_by(DirectoryVersion.code)
    query = query.order_by(func.max(DirectoryVersion.id).desc()).limit(most)
    return [(within, found) for found in session.scalars(query)]


@dataclass(frozen=True, slots=True)
class Step:
    """One version, and the fields that it changed: name, as it was before, as it was from then on."""

    version: DirectoryVersion
    fields: tuple[tuple[str, Any, Any], ...]


def steps(versions: Sequence[DirectoryVersion]) -> list[Step]:
    """What each version of one row changed, newest first as they are given.

    A version may keep only what its author saw of the row: what it leaves out stays as it was.
    """
    found, known = [], dict[str, Any]()
    for version in reversed(versions):
        gone = version.change == Change.RETIRED
        before = {} if version.change == Change.ADDED else known
        known = {**before, **version.value}
        pairs = [(name, known[name], None) if gone else (name, before.get(name), known[name]) for name in known]
        found.append(Step(version, tuple(one for one in pairs if not _alike(one[1], one[2]))))
    return found[::-1]


def _alike(old: Any, new: Any) -> bool:
    return old == new or all(one in NOTHING for one in (old, new))


def latest(session: Session, most: int = 100) -> list[DirectoryVersion]:
    """The newest versions of any row, newest first."""
    return list(session.scalars(select(DirectoryVersion).order_by(DirectoryVersion.id.desc()).limit(most)))


def moving(session: Session, within: timedelta) -> set[tuple[str, str]]:
    """The lists of numbers, by scope and code, of which a row changed within that time."""
    value = DirectoryVersion.value
    query = select(value["scope"].astext, value["code"].astext).where(
        DirectoryVersion.kind == RowKind.NUMBER.value, DirectoryVersion.at > func.clock_timestamp() - within
    )
    return {(scope, code) for scope, code in session.execute(query.distinct())}
