"""Acts on people: a role given or taken, an account ended, a second factor ended. Each is an event of the ledger.

Whatever takes something away asks `lockout` first; whatever gives the right to alert waits for a second person
(`rights`), who calls these.
"""

from __future__ import annotations

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from broadcaster.alert.lifecycle import Role
from broadcaster.store.desk import desk_sessions, people
from broadcaster.store.desk.lockout import nobody_locked_out
from broadcaster.store.desk.passkeys import Passkey
from broadcaster.store.desk.people import User
from broadcaster.store.timeline import ledger


def locked(session: Session, key: int) -> User:
    """A person as they are now, locked until the transaction ends. `NoResultFound` when there is none."""
    query = select(User).where(User.id == key).with_for_update(of=User, key_share=True)
    return session.scalars(query.execution_options(populate_existing=True)).one()


def everybody(session: Session) -> list[User]:
    """All accounts, those that have ended last."""
    return list(session.scalars(select(User).order_by(User.active.desc(), User.name, User.id)))


def give(session: Session, key: int, role: Role, by: str, **said: str) -> bool:
    """Give a person a role; False when they have it already. The caller has seen to the second person."""
    user = locked(session, key)
    if role in user.role_names:
        return False
    user.roles.append(people.role(session, role))
    ledger.append(session, by, "role-given", user.email, {"role": role.value, **said})
    return True


def take(session: Session, key: int, role: Role, by: str) -> bool:
    """Take a role away at once, and end the person's sessions; False when they have no such role. LockedOut."""
    with nobody_locked_out(session):
        user = locked(session, key)
        if role not in user.role_names:
            return False
        user.roles = [each for each in user.roles if each.name != role]
        user.agency_id = None if role is Role.AGENCY else user.agency_id
        desk_sessions.end_all(session, user.id)
        ledger.append(session, by, "role-taken", user.email, {"role": role.value})
    return True


def disable(session: Session, key: int, by: str) -> bool:
    """End an account at once, with its sessions; its tokens sleep with it. False when it has ended. LockedOut."""
    with nobody_locked_out(session):
        user = locked(session, key)
        if not user.active:
            return False
        user.active = False
        desk_sessions.end_all(session, user.id)
        ledger.append(session, by, "account-ended", user.email)
    return True


def enable(session: Session, key: int, by: str, **said: str) -> bool:
    """Give an account back with all its roles. The caller has seen to the second person."""
    user = locked(session, key)
    if user.active:
        return False
    user.active = True
    ledger.append(session, by, "account-given-back", user.email, dict(said))
    return True


def end_factors(session: Session, key: int, by: str) -> None:
    """End a person's authenticator, passkeys, recovery codes and sessions: they were lost, or somebody else has them.
    A new authenticator comes from the host (`broadcaster users authenticator`). LockedOut."""
    with nobody_locked_out(session):
        user = locked(session, key)
        user.totp_secret, user.recovery_hashes = None, []
        session.execute(delete(Passkey).where(Passkey.user_id == user.id))
        desk_sessions.end_all(session, user.id)
        ledger.append(session, by, "second-factor-ended", user.email)


def end_passkey(session: Session, user: int, key: int, by: str) -> bool:
    """End one passkey of a person; False when they have none of this number. LockedOut."""
    with nobody_locked_out(session):
        gone = delete(Passkey).where(Passkey.user_id == user, Passkey.id == key).returning(Passkey.name)
        name = session.execute(gone).scalar_one_or_none()
        if name is None:
            return False
        ledger.append(session, by, "passkey-ended", session.get_one(User, user).email, {"name": name})
    return True
