"""Rights that two people give: one administrator asks, another confirms; nothing is given before.

For the roles by which an alert goes out or people are ruled, for tokens of the API, and for an account that is given
back. On a new installation nobody could confirm: there the host gives (`broadcaster users add`).
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from enum import StrEnum

from sqlalchemy import CheckConstraint, ForeignKey, Index, func, select, text
from sqlalchemy.orm import Mapped, Session, mapped_column, relationship

from broadcaster.alert.lifecycle import Role
from broadcaster.refusal import Refusal
from broadcaster.said import Said
from broadcaster.store.database import Base, identity, one_of
from broadcaster.store.desk import lockout, people, staff
from broadcaster.store.desk.people import ApiToken, User, user_role
from broadcaster.store.timeline import ledger

BY_TWO = frozenset({Role.ISSUER, Role.APPROVER, Role.ADMIN})
"""Roles that one person alone does not give; the others read, keep the directory, or see one agency's pages."""
HOST = "console"
"""The ledger's name for whoever has a shell on the host."""
LONGEST = 200


class What(StrEnum):
    """What is asked for."""

    ROLE = "role"
    TOKEN = "token"  # noqa: S105 - a kind of right
    ACCOUNT = "account"


class RequestState(StrEnum):
    """How far a request came; whoever asked may take it back."""

    WAITING = "waiting"
    CONFIRMED = "confirmed"
    REFUSED = "refused"
    WITHDRAWN = "withdrawn"


class RightsRefused(Refusal, ValueError):
    """A right that cannot be asked for or confirmed; the message is one sentence."""


class RightsRequest(Base):
    """A right that somebody asked for; without `asked_by` it was asked for on the host."""

    __tablename__ = "rights_request"
    __table_args__ = (
        CheckConstraint(f"what IN ({one_of(What)})", name="what"),
        CheckConstraint(f"state IN ({one_of(RequestState)})", name="state"),
        CheckConstraint("(what = 'role') = (role <> '')", name="role"),
        CheckConstraint("(what = 'token') = (token_id IS NOT NULL)", name="token"),
        CheckConstraint("(state = 'waiting') = (decided_at IS NULL)", name="decided"),
        CheckConstraint("decided_by <> asked_by OR state = 'withdrawn'", name="two_people"),
        Index(
            "ix_rights_request_one_waits",
            *("user_id", "what", "role"),
            unique=True,
            postgresql_where=text("state = 'waiting' AND what <> 'token'"),
        ),
    )
    id: Mapped[int] = identity()
    what: Mapped[str]
    user_id: Mapped[int] = mapped_column(ForeignKey("user.id"))
    role: Mapped[str] = mapped_column(default="", server_default="")
    token_id: Mapped[int | None] = mapped_column(ForeignKey("api_token.id"))
    reason: Mapped[str]
    state: Mapped[str] = mapped_column(default=RequestState.WAITING.value, server_default="waiting")
    asked_by: Mapped[int | None] = mapped_column(ForeignKey("user.id"))
    asked_at: Mapped[datetime] = mapped_column(server_default=func.now())
    decided_by: Mapped[int | None] = mapped_column(ForeignKey("user.id"))
    decided_at: Mapped[datetime | None]
    user: Mapped[User] = relationship(foreign_keys=user_id)
    asker: Mapped[User | None] = relationship(foreign_keys=asked_by)
    token: Mapped[ApiToken | None] = relationship()

    @property
    def words(self) -> str:
        """What is asked for, as the desk says it."""
        if self.what == What.TOKEN:
            label = self.token.label if self.token else ""
            return Said("a token of the API, “%(label)s”", label=label) if label else Said("a token of the API")
        if self.what == What.ACCOUNT:
            return Said("the account back")
        return Said("the role %(role)s", role=Said(self.role))  # a word of the roles' own vocabulary


def administrators(session: Session) -> int:
    """How many people administer the desk: with two of them nothing is given by one."""
    query = select(func.count()).select_from(user_role).join(User, User.id == user_role.c.user_id)
    query = query.join(people.Role, people.Role.id == user_role.c.role_id)
    return session.scalar(query.where(User.active, people.Role.name == Role.ADMIN)) or 0


def ask_role(session: Session, user: User, role: Role, asker: User | None, reason: str) -> RightsRequest | None:
    """Ask for a role; one that needs no second person is given at once, and then there is no request. RightsRefused."""
    lockout.one_at_a_time(session)
    if role in staff.locked(session, user.id).role_names:
        raise RightsRefused(Said("%(name)s has this role already.", name=user.name))
    if role not in BY_TWO:
        staff.give(
            session, user.id, role, _name(asker), **({"why": reason.strip()[:LONGEST]} if reason.strip() else {})
        )
        return None
    waiting = (RightsRequest.role == role.value, RightsRequest.state == RequestState.WAITING)
    if session.scalar(select(RightsRequest).where(RightsRequest.user_id == user.id, *waiting)):
        raise RightsRefused(Said("This has been asked for already, and waits for another administrator."))
    return _ask(session, RightsRequest(what=What.ROLE, user_id=user.id, role=role.value), asker, reason)


def ask_account(session: Session, user: User, asker: User | None, reason: str) -> RightsRequest:
    """Ask that an account which was ended is given back with all its roles. RightsRefused."""
    lockout.one_at_a_time(session)
    if staff.locked(session, user.id).active:
        raise RightsRefused(Said("%(name)s has an account that works.", name=user.name))
    waiting = (RightsRequest.what == What.ACCOUNT, RightsRequest.state == RequestState.WAITING)
    if session.scalar(select(RightsRequest).where(RightsRequest.user_id == user.id, *waiting)):
        raise RightsRefused(Said("This has been asked for already, and waits for another administrator."))
    return _ask(session, RightsRequest(what=What.ACCOUNT, user_id=user.id), asker, reason)


def ask_token(session: Session, token: ApiToken, asker: User | None, reason: str) -> RightsRequest:
    """Ask that a token, which was made and does nothing yet, works."""
    token.waits = True
    session.flush()
    made = RightsRequest(what=What.TOKEN, user_id=token.user_id, token_id=token.id)
    return _ask(session, made, asker, reason)


def _ask(session: Session, made: RightsRequest, asker: User | None, reason: str) -> RightsRequest:
    said = " ".join(reason.split())[:LONGEST]
    if not said:
        raise RightsRefused(Said("Say why in a few words: whoever confirms it reads that."))
    made.reason, made.asked_by = said, asker.id if asker else None
    session.add(made)
    session.flush()
    subject = session.get_one(User, made.user_id)
    told = {"what": made.what, "role": made.role, "reason": said, "request": made.id}
    ledger.append(session, _name(asker), "rights-asked-for", subject.email, told)
    return made


def waiting(session: Session, user: int | None = None) -> Sequence[RightsRequest]:
    """What waits for a second administrator, the oldest first; of one person if one is named."""
    query = select(RightsRequest).where(RightsRequest.state == RequestState.WAITING).order_by(RightsRequest.id)
    return session.scalars(query if user is None else query.where(RightsRequest.user_id == user)).all()


def confirm(session: Session, key: int, by: int, now: datetime) -> RightsRequest:
    """Another administrator confirms: the right is given in this transaction. RightsRefused says why not."""
    row, decider = _open(session, key, by)
    if row.asked_by == by:
        raise RightsRefused(Said("You asked for this: another administrator must confirm it."))
    subject, name = staff.locked(session, row.user_id), row.asker.email if row.asker else HOST
    if row.what != What.ACCOUNT and not subject.active:
        raise RightsRefused(Said("The account of %(name)s has ended: it must be given back first.", name=subject.name))
    if row.what == What.ROLE:
        staff.give(session, subject.id, Role(row.role), decider.email, asked_by=name)
    elif row.what == What.ACCOUNT:
        staff.enable(session, subject.id, decider.email, asked_by=name)
    elif row.token is not None:
        row.token.waits = False
    _decide(session, row, RequestState.CONFIRMED, decider, now)
    return row


def refuse(session: Session, key: int, by: int, now: datetime) -> RightsRequest:
    """Another administrator says no, or whoever asked takes it back. RightsRefused when it is decided already."""
    row, decider = _open(session, key, by)
    if row.token is not None:
        row.token.revoked_at = now
    own = row.asked_by == by
    _decide(session, row, RequestState.WITHDRAWN if own else RequestState.REFUSED, decider, now)
    return row


def _open(session: Session, key: int, by: int) -> tuple[RightsRequest, User]:
    lockout.one_at_a_time(session)
    query = select(RightsRequest).where(RightsRequest.id == key).with_for_update(of=RightsRequest)
    row = session.scalar(query.execution_options(populate_existing=True))
    decider = session.get_one(User, by, populate_existing=True)
    if row is None or row.state != RequestState.WAITING:
        raise RightsRefused(Said("Somebody has decided this already."))
    if not decider.active or Role.ADMIN not in decider.role_names:
        raise RightsRefused(Said("Only an administrator decides this."))
    return row, decider


def _decide(session: Session, row: RightsRequest, state: RequestState, decider: User, now: datetime) -> None:
    row.state, row.decided_by, row.decided_at = state.value, decider.id, now
    session.flush()
    told = {"what": row.what, "role": row.role, "request": row.id, "asked_by": row.asker.email if row.asker else HOST}
    ledger.append(session, decider.email, f"rights-{state.value}", row.user.email, told)


def _name(asker: User | None) -> str:
    return asker.email if asker else HOST
