"""The last people who can approve and the last administrator stay: nothing that anybody does to people may end that.

A flood, a mistake or a quarrel among administrators at night must not leave an authority that cannot alert
(reliability.md 4.1). Every act that takes something from somebody runs inside `nobody_locked_out`.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import exists, func, or_, select, text
from sqlalchemy.orm import Session

from broadcaster.alert.lifecycle import Role as Duty
from broadcaster.refusal import Refusal
from broadcaster.said import Said
from broadcaster.store.desk.passkeys import Passkey
from broadcaster.store.desk.people import Role, User, user_role

FEWEST = {Duty.APPROVER: 2, Duty.ADMIN: 1}
"""People who must remain able to act in a role: whoever wrote an alert cannot approve it, so two approvers."""
WHY = {
    Duty.APPROVER: Said("Then fewer than two people could approve an alert. Make somebody else an approver first."),
    Duty.ADMIN: Said("Then nobody could administer the desk. Make somebody else an administrator first."),
}
HAS_FACTOR = or_(User.totp_secret.is_not(None), exists().where(Passkey.user_id == User.id))
"""Whoever has neither an authenticator nor a passkey can neither sign in nor approve. An account at an identity
provider is no such thing: it may be down on that very night."""


class LockedOut(Refusal, ValueError):
    """An act that would leave too few people; the message is one sentence that says what to do first."""


def one_at_a_time(session: Session) -> None:
    """Wait for every other act on people and let none begin before this transaction ends. To be called before any row
    of a person is touched: an approval waits for nobody here, because it does not ask."""
    session.execute(text("SELECT pg_advisory_xact_lock(hashtextextended('acts on people', 0))"))


@contextmanager
def nobody_locked_out(session: Session) -> Iterator[None]:
    """Around an act that takes a right, an account or a second factor away; LockedOut rolls it back with a reason.

    An installation that has too few people already may still lose none of those.
    """
    one_at_a_time(session)
    before = standing(session)
    yield
    session.flush()
    after = standing(session)
    for duty, fewest in FEWEST.items():
        if after[duty] < min(before[duty], fewest):
            raise LockedOut(WHY[duty])


def standing(session: Session) -> dict[Duty, int]:
    """How many people are able to act in each of these roles: active, with a second factor."""
    query = (
        select(Role.name, func.count(User.id))
        .join(user_role, user_role.c.role_id == Role.id)
        .join(User, User.id == user_role.c.user_id)
        .where(Role.name.in_(FEWEST), User.active, HAS_FACTOR)
        .group_by(Role.name)
    )
    found = {Duty(name): many for name, many in session.execute(query)}
    return {duty: found.get(duty, 0) for duty in FEWEST}
