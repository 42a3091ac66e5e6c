"""What a binder carries, into an empty database: sealed anew with this installation's own FIELD_KEY.

INDEX_KEY must be that of the binder: a STOP is known by its blind index alone.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

import psycopg
from sqlalchemy import select, text
from sqlalchemy.orm import Session

from broadcaster.store.alerting.wordings import Wording, WordingState
from broadcaster.store.database import public_id
from broadcaster.store.desk import contacts
from broadcaster.store.desk.contacts import What
from broadcaster.store.desk.people import User, role
from broadcaster.store.places import directory_load
from broadcaster.store.public.residents import Address
from broadcaster.store.sealed import Sealer

FILLED = ("user", "community", "address", "suppression", "alert")
"""A database that has a row in one of these belongs to somebody."""
Rows = Callable[[], Iterable[Mapping[str, str]]]
"""Gives the rows of a file from their beginning, each time that it is called."""


class NotEmpty(ValueError):
    """Somebody works with this database already; the message says what to do."""


def refuse_to_overwrite(session: Session) -> None:
    """NotEmpty unless nobody has put anything into this database."""
    for table in FILLED:
        if session.execute(text(f'SELECT EXISTS (SELECT 1 FROM "{table}")')).scalar_one():
            raise NotEmpty("This database is not empty: choose another folder, nothing here was changed.")


def no_hurry(session: Session) -> None:
    """A million rows take longer than a statement of every day may; until the transaction ends."""
    session.execute(text("SET LOCAL statement_timeout = 0"))


def people(session: Session, sealer: Sealer, rows: Sequence[Mapping[str, Any]]) -> None:
    """The people, each with the password and the second factor that they have; a used code stays used."""
    for row in rows:
        key = public_id()
        secret = row["totp_secret"]
        user = User(
            email=row["email"],
            name=row["name"],
            active=row["active"],
            password_hash=row["password_hash"],
            handle=key,
            totp_secret=sealer.seal(secret, key.encode()) if secret else None,
            totp_counter=row["totp_counter"],
            recovery_hashes=list(row["recovery_hashes"]),
            roles=[role(session, name) for name in row["roles"]],
        )
        session.add(user)
        session.flush()
        for what, value in row["contacts"].items():
            contacts.put(session, sealer, user.id, What(what), value)


def wordings(session: Session, rows: Sequence[Mapping[str, Any]]) -> None:
    """The books in use, approved by whom they were approved; the people must be there."""
    ids = {row.email: row.id for row in session.execute(select(User.email, User.id))}
    session.add_all(
        Wording(
            volume=row["volume"],
            lang=row["lang"],
            sentences=dict(row["sentences"]),
            sha=row["sha"],
            reviewer=row["reviewer"],
            state=WordingState.APPROVED.value,
            authored_by=ids[row["author"]],
            made_at=datetime.fromisoformat(row["made_at"]),
            decided_by=ids[row["approver"]],
            decided_at=datetime.fromisoformat(row["decided_at"]),
        )
        for row in rows
    )
    session.flush()


def stops(session: Session, rows: Rows) -> int:
    """Every STOP; returns how many there are."""
    count = 0
    with _cursor(session).copy("COPY suppression (value_index, since, source, scope) FROM STDIN") as copy:
        for row in rows():
            copy.write_row((bytes.fromhex(row["index"]), row["since"], row["source"], row["scope"]))
            count += 1
    return count


_TO_ADDRESS = "COPY address (id, kind, value_enc, value_index, lang, owner, no_voice) FROM STDIN"
_TO_SUBSCRIPTION = "COPY subscription (community_id, slot, address_id) FROM STDIN"
_COUNT_ON = text("SELECT setval(pg_get_serial_sequence('address', 'id'), :last)")
_SLOTS = text(
    "UPDATE community c SET last_slot = s.last FROM (SELECT community_id, max(slot) AS last FROM subscription"
    " GROUP BY 1) s WHERE c.id = s.community_id"
)


def residents(session: Session, sealer: Sealer, rows: Rows) -> int:
    """Everybody with their places, read twice and held never; returns how many. The directory must be there.

    A phone that is an agency's contact too keeps that one address.
    """
    known = {bytes(index): key for index, key in session.execute(select(Address.value_index, Address.id))}
    first = max(known.values(), default=0) + 1
    communities = directory_load.community_ids(session)  # now: while a COPY runs its connection answers nothing else
    cursor = _cursor(session)
    count, last = 0, first - 1
    with cursor.copy(_TO_ADDRESS) as copy:
        for key, index, row in _numbered(sealer, rows(), known, first):
            count += 1
            if index not in known:
                sealed = sealer.seal(row["value"], index)
                copy.write_row((key, row["kind"], sealed, index, row["lang"], "resident", row["no_voice"] == "yes"))
                last = key
    with cursor.copy(_TO_SUBSCRIPTION) as copy:
        for subscription in _slotted(communities, _numbered(sealer, rows(), known, first)):
            copy.write_row(subscription)
    session.execute(_SLOTS)
    if last >= first:
        session.execute(_COUNT_ON, {"last": last})
    session.expire_all()
    return count


def _numbered(
    sealer: Sealer, rows: Iterable[Mapping[str, str]], known: Mapping[bytes, int], first: int
) -> Iterator[tuple[int, bytes, Mapping[str, str]]]:
    """Each row with the id and the blind index of its address, the same ones each time that the rows are read."""
    following = first
    for row in rows:
        index = sealer.index(f"{row['kind']}:{row['value']}")
        yield known.get(index, following), index, row
        following += index not in known


def _slotted(
    ids: Mapping[str, int], numbered: Iterable[tuple[int, bytes, Mapping[str, str]]]
) -> Iterator[tuple[int, int, int]]:
    slots = dict.fromkeys(ids.values(), 0)
    for key, _, row in numbered:
        for community in (ids[code] for code in row["communities"].split(";") if code in ids):
            slots[community] += 1
            yield community, slots[community], key


def _cursor(session: Session) -> psycopg.Cursor[Any]:
    """A cursor of the driver within the session's own transaction: COPY is not SQLAlchemy's."""
    made: psycopg.Cursor[Any] = session.connection().connection.cursor()  # type: ignore[assignment]
    return made
