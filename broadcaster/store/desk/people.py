"""Who works at the desk: accounts, roles, second factors, tokens. No framework's mixin in here."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import BigInteger, Boolean, Column, ForeignKey, Integer, Table, func
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, Session, mapped_column, relationship

from broadcaster.store.database import Base, identity

user_role = Table(
    "user_role",
    Base.metadata,
    Column("user_id", BigInteger, ForeignKey("user.id", ondelete="CASCADE"), primary_key=True),
    Column("role_id", BigInteger, ForeignKey("role.id", ondelete="CASCADE"), primary_key=True),
)


class Role(Base):
    """What a person may do; the names are `broadcaster.alert.lifecycle.Role`."""

    __tablename__ = "role"
    id: Mapped[int] = identity()
    name: Mapped[str] = mapped_column(unique=True)


class User(Base):
    """A person of the desk. `totp_secret` is sealed; `totp_counter` makes every code good for one use."""

    __tablename__ = "user"
    id: Mapped[int] = identity()
    email: Mapped[str] = mapped_column(unique=True)
    name: Mapped[str] = mapped_column(default="", server_default="")
    password_hash: Mapped[str]
    active: Mapped[bool] = mapped_column(Boolean, default=True, server_default="true")
    handle: Mapped[str] = mapped_column(unique=True)
    """Random, and never another one: what is sealed for this person is bound to it, and their passkeys know it."""
    totp_secret: Mapped[bytes | None]
    totp_counter: Mapped[int] = mapped_column(BigInteger, default=0, server_default="0")
    recovery_hashes: Mapped[list[str]] = mapped_column(JSONB, default=list, server_default="[]")
    agency_id: Mapped[int | None] = mapped_column(ForeignKey("agency.id"))
    """The agency whose notices and lists a person with the role agency sees; nobody else's."""
    failures: Mapped[int] = mapped_column(Integer, default=0, server_default="0")
    failed_at: Mapped[datetime | None]
    made_at: Mapped[datetime] = mapped_column(server_default=func.now())
    roles: Mapped[list[Role]] = relationship(secondary=user_role, lazy="selectin")

    @property
    def role_names(self) -> set[str]:
        """The names of this person's roles."""
        return {role.name for role in self.roles}


class ApiToken(Base):
    """A bearer token of a person; only its SHA-256 is kept, and it has never more rights than the person."""

    __tablename__ = "api_token"
    id: Mapped[int] = identity()
    user_id: Mapped[int] = mapped_column(ForeignKey("user.id", ondelete="CASCADE"))
    digest: Mapped[bytes] = mapped_column(unique=True)
    label: Mapped[str] = mapped_column(default="", server_default="")
    made_at: Mapped[datetime] = mapped_column(server_default=func.now())
    used_at: Mapped[datetime | None]
    revoked_at: Mapped[datetime | None]
    waits: Mapped[bool] = mapped_column(Boolean, default=False, server_default="false")
    """Whether it does nothing yet: a second administrator has not confirmed it (`store.desk.rights`)."""
    user: Mapped[User] = relationship(lazy="joined")


def by_email(session: Session, email: str) -> User | None:
    """The person with this mail address, whatever its case."""
    return session.query(User).filter(func.lower(User.email) == email.strip().lower()).one_or_none()


def role(session: Session, name: str) -> Role:
    """The role of this name, made when it is new."""
    found = session.query(Role).filter_by(name=name).one_or_none()
    if found is None:
        found = Role(name=name)
        session.add(found)
        session.flush()
    return found
