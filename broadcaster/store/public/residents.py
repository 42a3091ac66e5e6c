"""Addresses, who lives where, and who said STOP. Every number and mail address is sealed."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, UniqueConstraint, func, text
from sqlalchemy.orm import Mapped, Session, mapped_column

from broadcaster.messages.book import normal
from broadcaster.store.arrays import binaries, numbers, texts
from broadcaster.store.database import BY_KEY, Base, identity
from broadcaster.store.sealed import Sealer


class Address(Base):
    """One place a message can go to; `value_index` is its blind index."""

    __tablename__ = "address"
    __table_args__ = (
        CheckConstraint("kind IN ('sms', 'voice', 'email', 'webhook', 'feed', 'ipaws')", name="kind"),
        CheckConstraint("owner IN ('resident', 'agency', 'installation', 'person')", name="owner"),
        Index("ix_address_no_voice", "id", postgresql_where="no_voice"),
    )
    id: Mapped[int] = identity()
    kind: Mapped[str]
    value_enc: Mapped[bytes]
    value_index: Mapped[bytes] = mapped_column(unique=True)
    index_key_id: Mapped[int] = mapped_column(default=1, server_default="1")
    lang: Mapped[str] = mapped_column(default="en", server_default="en")
    owner: Mapped[str] = mapped_column(default="resident", server_default="resident")
    no_voice: Mapped[bool] = mapped_column(default=False, server_default="false")
    asked_at: Mapped[datetime] = mapped_column(server_default=func.now())
    """When we last heard from its owner, or asked them whether they still live there."""


class Subscription(Base):
    """A slot of a community; slots only grow, so a cursor over them misses nobody."""

    __tablename__ = "subscription"
    __table_args__ = (UniqueConstraint("address_id", "community_id"),)
    community_id: Mapped[int] = mapped_column(ForeignKey("community.id"), primary_key=True)
    slot: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    address_id: Mapped[int] = mapped_column(ForeignKey("address.id"))


class Suppression(Base):
    """Somebody said STOP, or the carrier did for them (error 21610); kept by blind index, for every carrier."""

    __tablename__ = "suppression"
    value_index: Mapped[bytes] = mapped_column(primary_key=True)
    since: Mapped[datetime] = mapped_column(server_default=func.clock_timestamp())
    source: Mapped[str]
    scope: Mapped[str] = mapped_column(default="all", server_default="all")


def address(
    session: Session, sealer: Sealer, kind: str, value: str, *, lang: str = "en", owner: str = "resident"
) -> int:
    """The id of an address, made when it is new."""
    index = sealer.index(f"{kind}:{value}")
    row = {"kind": kind, "enc": sealer.seal(value, index), "index": index, "lang": normal(lang) or lang, "owner": owner}
    made = session.execute(
        text(
            "INSERT INTO address (kind, value_enc, value_index, lang, owner)"
            " VALUES (:kind, :enc, :index, :lang, :owner)"
            " ON CONFLICT (value_index) DO UPDATE SET lang = excluded.lang, value_enc = excluded.value_enc RETURNING id"
        ),
        row,
    )
    return int(made.scalar_one())


_ADDRESSES = text(
    "INSERT INTO address (kind, value_enc, value_index, lang, owner) SELECT x.kind, x.enc, x.idx, 'en', :owner"
    " FROM unnest(CAST(:kind AS text[]), CAST(:enc AS bytea[]), CAST(:idx AS bytea[])) AS x(kind, enc, idx)"
    " ORDER BY x.idx ON CONFLICT (value_index) DO UPDATE SET lang = excluded.lang, value_enc = excluded.value_enc"
    " RETURNING id, value_index"
)


def addresses(session: Session, sealer: Sealer, wanted: Sequence[tuple[str, str]], *, owner: str) -> list[int]:
    """The id of each (kind, value), as `address` gives it in English, in one statement for all."""
    index = {one: sealer.index(f"{one[0]}:{one[1]}") for one in dict.fromkeys(wanted)}
    rows = session.execute(
        _ADDRESSES,
        {
            "kind": texts(kind for kind, _ in index),
            "enc": binaries(sealer.seal(value, key) for (_, value), key in index.items()),
            "idx": binaries(index.values()),
            "owner": owner,
        },
    )
    ids = {bytes(row.value_index): int(row.id) for row in rows}
    return [ids[index[one]] for one in wanted]


def subscribe(session: Session, address_id: int, community_id: int) -> None:
    """Give an address the next slot of a community; nothing happens when it has one already."""
    session.execute(
        text(
            "WITH free AS (SELECT 1 WHERE NOT EXISTS (SELECT 1 FROM subscription"
            "   WHERE address_id = :a AND community_id = :c)),"
            " slot AS (UPDATE community SET last_slot = last_slot + 1"
            "   WHERE id = :c AND EXISTS (SELECT 1 FROM free) RETURNING last_slot)"
            " INSERT INTO subscription (community_id, slot, address_id) SELECT :c, last_slot, :a FROM slot"
            " ON CONFLICT (address_id, community_id) DO NOTHING"
        ),
        {"a": address_id, "c": community_id},
    )


def suppress(session: Session, index: bytes, source: str) -> None:
    """Never send to this address again; the first reason is kept."""
    session.execute(
        text("INSERT INTO suppression (value_index, source) VALUES (:i, :s) ON CONFLICT DO NOTHING"),
        {"i": index, "s": source},
    )


def unsuppress(session: Session, index: bytes) -> None:
    """START: this address wants to hear from us again."""
    session.execute(text("DELETE FROM suppression WHERE value_index = :i"), {"i": index})


@dataclass(frozen=True, slots=True)
class Who:
    """Whose phone this is: the language, empty when nobody knows the phone, and the codes of their places."""

    lang: str = ""
    homes: tuple[str, ...] = ()


def who(session: Session, *indexes: bytes) -> Who:
    """What is known of a number under any of its blind indexes."""
    found = session.execute(
        text(
            "SELECT a.lang, c.code FROM address a LEFT JOIN subscription s ON s.address_id = a.id"
            " LEFT JOIN community c ON c.id = s.community_id WHERE a.value_index = ANY(CAST(:idx AS bytea[]))"
            " AND a.owner = 'resident' ORDER BY a.id, c.name"
        ),
        {"idx": binaries(indexes)},
    ).all()
    return Who(found[0].lang, tuple(dict.fromkeys(row.code for row in found if row.code))) if found else Who()


def cannot_call(session: Session) -> frozenset[tuple[str, str]]:
    """The (community code, language) in which somebody gets texts who cannot make voice calls."""
    rows = session.execute(
        text(
            "SELECT DISTINCT c.code, a.lang FROM address a JOIN subscription s ON s.address_id = a.id"
            " JOIN community c ON c.id = s.community_id WHERE a.no_voice AND a.kind = 'sms'"
        )
    )
    return frozenset((row.code, row.lang) for row in rows)


def active_in(session: Session, community_ids: list[int], kind: str = "sms") -> int:
    """How many distinct addresses of a kind are subscribed to any of these communities."""
    count = session.execute(
        text(
            "SELECT count(DISTINCT s.address_id) FROM subscription s JOIN address a ON a.id = s.address_id"
            " WHERE s.community_id = ANY(:ids) AND a.kind = :kind"
        ),
        {"ids": community_ids, "kind": kind},
    )
    return int(count.scalar_one())


@dataclass(frozen=True, slots=True)
class NewResident:
    """A phone, its language, the ids of its communities, and whether its owner said STOP before."""

    phone: str
    lang: str
    communities: tuple[int, ...]
    opted_out: bool = False


_IMPORT_ADDRESSES = text(
    "INSERT INTO address (kind, value_enc, value_index, lang, owner) SELECT 'sms', x.enc, x.idx, x.lang, 'resident'"
    " FROM unnest(CAST(:enc AS bytea[]), CAST(:idx AS bytea[]), CAST(:lang AS text[])) AS x(enc, idx, lang)"
    " ORDER BY x.idx ON CONFLICT (value_index) DO UPDATE SET lang = excluded.lang,"
    " value_enc = excluded.value_enc"
)
_IMPORT_SUBSCRIPTIONS = text(
    "WITH wanted AS (SELECT a.id AS address_id, x.community, x.no FROM unnest(CAST(:idx AS bytea[]),"
    "   CAST(:community AS bigint[])) WITH ORDINALITY AS x(idx, community, no) JOIN address a ON a.value_index = x.idx"
    "   WHERE NOT EXISTS (SELECT 1 FROM subscription s WHERE s.address_id = a.id AND s.community_id = x.community)),"
    " locked AS (SELECT id, last_slot FROM community WHERE id IN (SELECT community FROM wanted)"
    "   ORDER BY id FOR UPDATE),"
    " numbered AS (SELECT w.address_id, l.id AS community, l.last_slot"
    "   + row_number() OVER (PARTITION BY l.id ORDER BY w.no) AS slot"
    "   FROM wanted w JOIN locked l ON l.id = w.community),"
    " grown AS (UPDATE community c SET last_slot = n.slot FROM (SELECT community, max(slot) AS slot FROM numbered"
    "   GROUP BY 1) n WHERE c.id = n.community)"
    " INSERT INTO subscription (community_id, slot, address_id) SELECT community, slot, address_id FROM numbered"
    " ON CONFLICT (address_id, community_id) DO NOTHING"
)


_IMPORT_STOPS = text(
    "INSERT INTO suppression (value_index, source) SELECT x, 'import' FROM unnest(CAST(:idx AS bytea[])) AS x"
    " ORDER BY x ON CONFLICT DO NOTHING"
)


_IMPORT_CONSENTS = text(
    "INSERT INTO consent (value_index, step, method, words) SELECT x, 'imported', 'file', CAST(:file AS text)"
    " FROM unnest(CAST(:idx AS bytea[])) AS x WHERE NOT EXISTS (SELECT 1 FROM consent c WHERE c.value_index = x"
    "   AND c.step = 'imported' AND c.words = CAST(:file AS text) OFFSET 0)"
)
"""`OFFSET 0` keeps it a question for each phone, by its index; all steps of a file were else read for each batch."""
_BY_KEY = text(f"SELECT {BY_KEY}")


def import_residents(session: Session, sealer: Sealer, rows: Sequence[NewResident], file: str = "") -> int:
    """Write residents in bulk; those who are there already keep their slots. Returns how many rows were given.

    Of a phone that is given twice the last language counts. Whoever has said STOP stays so, whatever a file says. With
    the SHA-256 of the `file` each phone gets a step of consent that names it, once for each file.
    """
    index = {row.phone: sealer.index(f"sms:{row.phone}") for row in rows}
    session.execute(_BY_KEY)  # a plan that was made while the tables were empty is kept for the whole file
    session.execute(
        _IMPORT_ADDRESSES,
        {
            "enc": binaries(sealer.seal(phone, key) for phone, key in index.items()),
            "idx": binaries(index.values()),
            "lang": texts({row.phone: normal(row.lang) or row.lang for row in rows}.values()),
        },
    )
    pairs = [(index[row.phone], community) for row in rows for community in row.communities]
    session.execute(
        _IMPORT_SUBSCRIPTIONS, {"idx": binaries(p[0] for p in pairs), "community": numbers(p[1] for p in pairs)}
    )
    stopped = {index[row.phone] for row in rows if row.opted_out}
    if stopped:
        session.execute(_IMPORT_STOPS, {"idx": binaries(stopped)})
    if file:
        session.execute(_IMPORT_CONSENTS, {"idx": binaries(index.values()), "file": file})
    return len(rows)


def known(session: Session, sealer: Sealer, rows: Sequence[NewResident]) -> int:
    """How many of these phones are there already."""
    indexes = binaries({sealer.index(f"sms:{row.phone}") for row in rows})
    query = text("SELECT count(*) FROM address WHERE value_index = ANY(CAST(:idx AS bytea[]))")
    return int(session.execute(query, {"idx": indexes}).scalar_one())


def by_community(session: Session) -> dict[str, int]:
    """How many phones are subscribed to each community, by its code; a phone of two towns counts in both."""
    rows = session.execute(
        text(
            "SELECT c.code, coalesce(n.many, 0) AS many FROM community c LEFT JOIN"
            " (SELECT community_id, count(*) AS many FROM subscription GROUP BY 1) n ON n.community_id = c.id"
            " ORDER BY c.code"
        )
    )
    return {row.code: int(row.many) for row in rows}


COLUMNS = ("phone", "lang", "communities", "opted_out")
"""Of a residents' file, as `everyone` gives them."""


def everyone(session: Session, sealer: Sealer) -> Iterator[tuple[str, str, str, str]]:
    """Every resident as (phone, language, community codes joined by ``;``, ``yes`` when opted out)."""
    rows = session.execute(
        text(
            "SELECT a.value_enc, a.value_index, a.lang, string_agg(c.code, ';' ORDER BY c.code) AS codes,"
            " s.value_index IS NOT NULL AS stopped FROM address a JOIN subscription u ON u.address_id = a.id"
            " JOIN community c ON c.id = u.community_id LEFT JOIN suppression s ON s.value_index = a.value_index"
            " WHERE a.owner = 'resident' GROUP BY a.id, s.value_index ORDER BY a.id"
        ).execution_options(yield_per=2000)
    )
    for row in rows:
        phone = sealer.open(bytes(row.value_enc), bytes(row.value_index))
        yield phone, row.lang, row.codes, "yes" if row.stopped else ""
