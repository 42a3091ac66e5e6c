"""Residents by the million: sealed as the product seals them, loaded by COPY, spread over all communities."""

from __future__ import annotations

import os
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from itertools import repeat
from random import Random

import psycopg
from sqlalchemy import make_url

from broadcaster.directory import Directory
from broadcaster.store.sealed import Sealer

CHUNK = 20_000
AT_LEAST = 5
"""Residents of the smallest community, when there are enough to go round."""
SPANISH = 0.12


def phone(no: int) -> str:
    """The number of a resident: 555 in a made-up area code, distinct for 8,000,000 of them."""
    return f"+1{200 + no // 10_000}555{no % 10_000:04d}"


def homes(many: int, places: Directory, seed: int = 911) -> list[str]:
    """The community of every resident: people live where people live, a few everywhere, signed up in any order."""
    communities = places.communities
    least = min(AT_LEAST, many // len(communities))
    everybody = sum(one.population for one in communities) or 1
    rest = many - least * len(communities)
    shares = [least + rest * one.population // everybody for one in communities]
    shares[0] += many - sum(shares)
    found = [one.code for one, share in zip(communities, shares, strict=True) for _ in range(share)]
    Random(seed).shuffle(found)
    return found


def load(url: str, sealer: Sealer, ids: dict[str, int], where: Sequence[str]) -> int:
    """Load one resident for each entry of `where` (a community's code); returns the id of the first address.

    Address ids follow one another, and `phone(id - first)` is the number behind an id.
    """
    plain = make_url(url).set(drivername="postgresql").render_as_string(hide_password=False)
    with psycopg.connect(plain) as db:
        db.execute("SET session_replication_role = replica")  # no foreign keys a row: all were made a line above
        row = db.execute("SELECT coalesce(max(id), 0) + 1 FROM address").fetchone()
        first = int(row[0]) if row else 1
        _addresses(db, sealer, first, len(where))
        slots = _subscriptions(db, [ids[code] for code in where], first)
        for community, last in slots.items():
            db.execute("UPDATE community SET last_slot = %s WHERE id = %s", (last, community))
        db.execute("SELECT setval(pg_get_serial_sequence('address', 'id'), %s)", (first + len(where),))
    with psycopg.connect(plain, autocommit=True) as db:
        db.execute("VACUUM ANALYZE")
    return first


def _addresses(db: psycopg.Connection[tuple[object, ...]], sealer: Sealer, first: int, many: int) -> None:
    starts = range(0, many, CHUNK)
    columns = "id, kind, value_enc, value_index, lang, owner"
    with ProcessPoolExecutor(os.cpu_count()) as pool, db.cursor().copy(f"COPY address ({columns}) FROM STDIN") as copy:
        for rows in pool.map(_sealed, repeat(sealer), repeat(first), starts, repeat(many)):
            copy.write(rows)


def _sealed(sealer: Sealer, first: int, start: int, many: int) -> bytes:
    dice = Random(start)
    lines = []
    for no in range(start, min(many, start + CHUNK)):
        number = phone(no)
        index = sealer.index(f"sms:{number}")
        lang = "es" if dice.random() < SPANISH else "en"
        lines.append(
            f"{first + no}\tsms\t\\\\x{sealer.seal(number, index).hex()}\t\\\\x{index.hex()}\t{lang}\tresident\n"
        )
    return "".join(lines).encode()


def _subscriptions(
    db: psycopg.Connection[tuple[object, ...]], communities: Sequence[int], first: int
) -> dict[int, int]:
    """Everybody takes the next slot of their community; returns the last slot of each."""
    last: dict[int, int] = {}
    with db.cursor().copy("COPY subscription (community_id, slot, address_id) FROM STDIN") as copy:
        for start in range(0, len(communities), CHUNK):
            lines = []
            for no, community in enumerate(communities[start : start + CHUNK], start=start):
                last[community] = slot = last.get(community, 0) + 1
                lines.append(f"{community}\t{slot}\t{first + no}\n")
            copy.write("".join(lines))
    return last
