"""When a binder was made, how large it is and what went wrong: events of the ledger, read back. No table of its own."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from broadcaster.store.timeline import ledger
from broadcaster.store.timeline.ledger import AuditEvent

OBJECT, MADE, FAILED = "binder", "bound", "not-bound"


@dataclass(frozen=True, slots=True)
class Bound:
    """A binder that was made: `whole` has the residents in it, else `residents` names the one that has; `directory` is
    the version of the directory in it."""

    file: str
    at: datetime
    bytes: int
    sha256: str
    whole: bool
    directory: int
    residents: str

    @property
    def size(self) -> str:
        """``3.1 MB``."""
        return f"{self.bytes / 1_000_000:.1f} MB" if self.bytes >= 100_000 else f"{max(1, self.bytes // 1000)} kB"


@dataclass(frozen=True, slots=True)
class Standing:
    """The newest binder of all, the newest with residents in it, and what has gone wrong since, or ``""``."""

    newest: Bound | None = None
    whole: Bound | None = None
    trouble: str = ""


def standing(session: Session) -> Standing:
    """How the binder stands."""
    newest = whole = None
    trouble = ""
    query = select(AuditEvent).where(AuditEvent.object == OBJECT).order_by(AuditEvent.seq.desc())
    with session.scalars(query.execution_options(yield_per=20)) as events:
        for event in events:
            data = json.loads(event.canonical)["data"]
            if event.action == FAILED:
                trouble = trouble or ("" if newest else data["why"])
            elif event.action == MADE:
                made = _bound(data)
                newest, whole = newest or made, made if made.whole else None
            if whole:
                break
    return Standing(newest, whole, trouble)


def _bound(data: Mapping[str, str]) -> Bound:
    return Bound(
        data["file"],
        datetime.fromisoformat(data["made"]),
        int(data["bytes"]),
        data["sha256"],
        data["residents"] == data["file"],
        int(data["directory"]),
        data["residents"],
    )


def made(session: Session, one: Bound) -> None:
    """A binder was made."""
    said = {"file": one.file, "bytes": one.bytes, "sha256": one.sha256, "directory": one.directory}
    said |= {"made": one.at.isoformat(), "residents": one.residents}
    ledger.append(session, "machine:sweep", MADE, OBJECT, said)


def failed(session: Session, why: str) -> None:
    """One could not be made, or not where it belongs; said once, not every minute."""
    if standing(session).trouble != why:
        ledger.append(session, "machine:sweep", FAILED, OBJECT, {"why": why})
