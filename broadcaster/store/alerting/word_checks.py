"""The linter's verdict on wordings in use, by the version of the rules that gave it: an upgrade may ask more of them.

It is kept because reading a whole book takes up to a second, and a release must not wait for it.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import ForeignKey, Select, func, select
from sqlalchemy.dialects.postgresql import JSONB, insert
from sqlalchemy.orm import Mapped, Session, mapped_column

from broadcaster.messages.lint import Problem
from broadcaster.messages.volume import rules
from broadcaster.store.database import Base


class WordingCheck(Base):
    """What is wrong with a version of a wording by these rules; nothing when it may be spoken."""

    __tablename__ = "wording_check"
    wording_id: Mapped[int] = mapped_column(ForeignKey("wording.id", ondelete="CASCADE"), primary_key=True)
    rules: Mapped[str]
    problems: Mapped[list[dict[str, str]]] = mapped_column(JSONB)
    at: Mapped[datetime] = mapped_column(server_default=func.now())


def verdicts(session: Session) -> dict[int, tuple[Problem, ...]]:
    """The verdicts by the rules of this program, by version."""
    rows = session.execute(select(WordingCheck.wording_id, WordingCheck.problems).where(WordingCheck.rules == rules()))
    return {key: tuple(Problem(**each) for each in problems) for key, problems in rows}


def keep(session: Session, wording: int, problems: Sequence[Problem], now: datetime) -> bool:
    """Keep a verdict; whether it is new, for two who judge at once."""
    said = [{"name": each.name, "sentence": each.sentence} for each in problems]
    made = insert(WordingCheck).values(wording_id=wording, rules=rules(), problems=said, at=now)
    changed = {"rules": made.excluded.rules, "problems": made.excluded.problems, "at": made.excluded.at}
    kept = made.on_conflict_do_update(
        index_elements=["wording_id"], set_=changed, where=WordingCheck.rules != made.excluded.rules
    )
    return session.execute(kept.returning(WordingCheck.wording_id)).scalar_one_or_none() is not None


def refused() -> Select[int]:
    """The query for how many versions the rules of this program refuse."""
    return select(func.count()).where(WordingCheck.rules == rules(), WordingCheck.problems != [])
