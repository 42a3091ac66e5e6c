"""The engine, the sessions and the base of all tables; one dialect, PostgreSQL 15 or newer."""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from enum import StrEnum

from sqlalchemy import BigInteger, DateTime, Engine, Identity, MetaData, String, create_engine, func, select, text
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column, sessionmaker

from broadcaster.refusal import Refusal

NAMES = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_name)s",
    "pk": "pk_%(table_name)s",
}

Sessions = sessionmaker[Session]
NOT_IDLE = "set_config('idle_in_transaction_session_timeout', '2000', true)"
"""For the transaction of a claim: a process that is frozen in it gives its sender back after two seconds."""
BY_KEY = ", ".join(f"set_config('enable_{way}', 'off', true)" for way in ("seqscan", "hashjoin", "mergejoin"))
"""A SELECT list for the transactions that touch a few hundred rows of a million: row after row by the key, in the order
given. A fan-out that has no statistics yet is otherwise planned as a scan of all its rows, which takes a hundred times
as long and locks them in another order than others do."""


class Base(DeclarativeBase):
    """The base of every table."""

    metadata = MetaData(naming_convention=NAMES)
    type_annotation_map = {datetime: DateTime(timezone=True), str: String, int: BigInteger}  # noqa: RUF012 - SQLAlchemy's own shape


class WrongInstallation(Refusal, RuntimeError):
    """The database belongs to an installation of another mode, or holds what this mode refuses."""


class Installation(Base):
    """One row: the mode that this database belongs to (design law 9)."""

    __tablename__ = "installation"
    id: Mapped[int] = mapped_column(primary_key=True)
    mode: Mapped[str]
    made_at: Mapped[datetime] = mapped_column(server_default=func.now())
    stamp: Mapped[int | None]
    """See `store.fanout.restored`."""


def identity() -> Mapped[int]:
    """A bigint key that the database counts up; never shown outside."""
    return mapped_column(Identity(always=True), primary_key=True)


def public_id() -> str:
    """A random id for the outside: 80 bits, letters and digits only."""
    alphabet = "23456789abcdefghjkmnpqrstuvwxyz"
    return "".join(secrets.choice(alphabet) for _ in range(16))


def one_of(kind: Iterable[StrEnum]) -> str:
    """The SQL list of an enumeration's values, for CHECK constraints."""
    return ", ".join(f"'{member.value}'" for member in kind)


UNREACHABLE = {"tcp_user_timeout": 10_000, "keepalives_idle": 5, "keepalives_interval": 2, "keepalives_count": 3}
"""libpq: a host that vanished without a word is given up after about 10 s; the system's own patience is 15 minutes."""


def connect(url: str, pool_size: int = 5) -> Engine:
    """An engine whose statements give up after 30 s and whose dead connections are found before use.

    Its errors do not repeat the values of a statement: they may be somebody's.
    """
    return create_engine(
        url,
        pool_size=pool_size,
        max_overflow=10,
        pool_pre_ping=True,
        pool_timeout=10,
        hide_parameters=True,
        connect_args={
            **UNREACHABLE,
            "connect_timeout": 5,
            "options": "-c statement_timeout=30000 -c lock_timeout=10000",
        },
    )


def sessions(engine: Engine) -> Sessions:
    """The maker of sessions; `with sessions.begin() as session` is one transaction."""
    return sessionmaker(engine, expire_on_commit=False)


def engine_of(sessions: Sessions) -> Engine:
    """The engine that a maker of sessions is bound to."""
    with sessions() as session:
        bind = session.get_bind()
    return bind.engine


def now(session: Session) -> datetime:
    """The database's clock, which every lease and deadline is judged by; UTC."""
    moment: datetime = session.execute(select(func.clock_timestamp())).scalar_one()
    return moment.astimezone(UTC)


@contextmanager
def only_one(session: Session, name: str) -> Iterator[bool]:
    """Whether this transaction is the only holder of a named advisory lock."""
    yield bool(
        session.execute(text("SELECT pg_try_advisory_xact_lock(hashtextextended(:name, 0))"), {"name": name}).scalar()
    )


def check_mode(session: Session, mode: str) -> None:
    """WrongInstallation when this database belongs to another mode, or holds sample numbers and the mode is live."""
    row = session.get(Installation, 1)
    if row is not None and row.mode != mode:
        raise WrongInstallation(f"This database belongs to a {row.mode} installation: start it with MODE={row.mode}.")
    sample = session.execute(text("SELECT EXISTS (SELECT 1 FROM number WHERE sample)")).scalar_one()
    if mode == "live" and sample:
        raise WrongInstallation("This database holds sample numbers: import your own directory before going live.")


def stamp_mode(session: Session, mode: str) -> None:
    """Give a new database its mode; WrongInstallation when it belongs to another one."""
    check_mode(session, mode)
    if session.get(Installation, 1) is None:
        session.add(Installation(id=1, mode=mode))
