"""Bearer tokens of the API: a person's, never more rights than the person; only their SHA-256 is kept."""

from __future__ import annotations

import secrets
from datetime import datetime, timedelta
from hashlib import sha256

from sqlalchemy import select
from sqlalchemy.orm import Session

from broadcaster.store.desk import rights
from broadcaster.store.desk.people import ApiToken, User
from broadcaster.store.timeline import ledger

PREFIX = "bc_"
"""By which a leaked token is recognised in logs and repositories."""
SEEN_EVERY = timedelta(minutes=1)


def make(session: Session, user: User, label: str = "") -> str:
    """A new token of a person; it is shown this once. The caller has seen to the second person."""
    return _made(session, user, label, "console")[0]


def ask(session: Session, user: User, label: str, asker: User | None, reason: str) -> str:
    """A new token of a person that does nothing before another administrator has confirmed it. RightsRefused."""
    token, row = _made(session, user, label, asker.email if asker else "console")
    rights.ask_token(session, row, asker, reason)
    return token


def _made(session: Session, user: User, label: str, by: str) -> tuple[str, ApiToken]:
    token = PREFIX + secrets.token_urlsafe(32)
    row = ApiToken(user_id=user.id, digest=_digest(token), label=label)
    session.add(row)
    session.flush()
    ledger.append(session, by, "token-added", user.email, {"label": label})
    return token, row


def active(session: Session, user: User) -> list[ApiToken]:
    """The tokens of a person that still work, the oldest first."""
    query = select(ApiToken).where(ApiToken.user_id == user.id, ApiToken.revoked_at.is_(None)).order_by(ApiToken.id)
    return list(session.scalars(query))


def end(session: Session, user: User, key: int, by: str, now: datetime) -> bool:
    """End a token of a person; False when they have no such token that works."""
    row = next((each for each in active(session, user) if each.id == key), None)
    if row is None:
        return False
    row.revoked_at = now
    ledger.append(session, by, "token-ended", user.email, {"label": row.label})
    session.flush()
    return True


def bearer(session: Session, header: str, now: datetime) -> User | None:
    """Whose token an ``Authorization`` header carries; None when it is nobody's, revoked, not confirmed yet, or of
    somebody inactive."""
    scheme, _, token = header.partition(" ")
    if scheme.lower() != "bearer" or not token.strip().startswith(PREFIX):
        return None
    works = (ApiToken.revoked_at.is_(None), ~ApiToken.waits)
    found = session.scalar(select(ApiToken).where(ApiToken.digest == _digest(token.strip()), *works))
    if found is None or not found.user.active:
        return None
    if found.used_at is None or now - found.used_at > SEEN_EVERY:
        found.used_at = now
    return found.user


def _digest(token: str) -> bytes:
    return sha256(token.encode()).digest()
