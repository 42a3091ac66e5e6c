"""Which CAP documents stand in the indexes, and which are still to be written; what never changes is read once.

An alert leaves the indexes two weeks after it ended (cap-ipaws.md section 8); its documents stay where they are.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from broadcaster import logs
from broadcaster.channels import files
from broadcaster.feeds import atom
from broadcaster.feeds.capvalues import CapRefused
from broadcaster.feeds.capxml import parse
from broadcaster.feeds.recent import Held
from broadcaster.store.alerting.alerts import Alert, Document, Revision

log = logs.get(__name__)
LISTED_FOR = timedelta(days=14)


@dataclass(frozen=True, slots=True)
class Listing:
    """The listed documents, oldest first, and the bytes of those that have to be written, by path."""

    listed: Sequence[Held]
    unwritten: Mapping[str, bytes]


@dataclass
class Catalogue:
    """What one writer knows of the documents in its folder. A new one compares every file with the database once."""

    root: Path
    _read: dict[int, Held | None] = field(default_factory=dict)
    _written: set[str] = field(default_factory=set)

    def look(self, session: Session, at: datetime) -> Listing:
        """The state of things at a moment; `wrote` must follow when the files are there."""
        return Listing(self._listed(session, at), self._unwritten(session))

    def wrote(self, listing: Listing) -> None:
        """These documents stand in the folder."""
        self._written.update(listing.unwritten)

    def _listed(self, session: Session, at: datetime) -> list[Held]:
        query = (
            select(Document.id)
            .join(Revision, Revision.id == Document.revision_id)
            .join(Alert, Alert.id == Revision.alert_id)
            .where(Document.kind == "cap")
            .where(or_(Alert.closed_at.is_(None), Alert.closed_at > at - LISTED_FOR, Document.expires > at))
            .order_by(Document.id.desc())
            .limit(atom.MOST_ENTRIES)
        )
        ids = list(session.scalars(query))
        missing = select(Document).where(Document.id.in_(set(ids) - self._read.keys()))
        self._read |= {row.id: _held(row) for row in session.scalars(missing)}
        self._read = {key: self._read[key] for key in sorted(ids)}
        return [held for held in self._read.values() if held]

    def _unwritten(self, session: Session) -> dict[str, bytes]:
        names = session.scalars(select(Document.identifier).where(Document.kind == "cap"))
        missing = [name for name in names if self._is_missing(f"cap/{name}.xml")]
        rows = session.scalars(select(Document).where(Document.identifier.in_(missing)).order_by(Document.id))
        return {f"cap/{row.identifier}.xml": row.bytes for row in rows}

    def _is_missing(self, path: str) -> bool:
        return path not in self._written or not files.stands(self.root, path)


def _held(row: Document) -> Held | None:
    """One that cannot be read keeps no other out of the indexes; its file is there all the same."""
    try:
        return Held(parse(row.bytes), row.bytes)
    except CapRefused as refused:
        log.error("document_unreadable", identifier=row.identifier, reason=str(refused))
        return None
