"""What the tables of the directory say, as a few hashes: a directory that was read is used again while they stay.

Law: kept by content, never by a number or a time. Whoever changes one digit of a line, by whatever way, has made other
hashes, and the next reader reads again.
"""

from __future__ import annotations

from collections.abc import Callable

from sqlalchemy import text
from sqlalchemy.orm import Session

from broadcaster.directory import Directory
from broadcaster.store.places import directory_history as history

PLACES = {
    "county": ("fips, name", "fips"),
    "psap": ("id, code, name, county_fips, text_to_911, note, retired_at IS NULL", "id"),
    "community": (
        "id, code, name, kind, county_fips, timezone, zips, places, population, note, retired_at IS NULL",
        "id",
    ),
    "community_psap": ("community_id, psap_id, is_primary", "community_id, psap_id"),
    "number": ("scope, code, rank, e164, label, visibility, verified_on, sms, sample", "scope, code, rank"),
}
"""Of each table what a directory is read from, and an order of its rows."""
AGENCIES = {
    "agency": ("id, code, name, role, statewide, county_fips, retired_at IS NULL", "id"),
    "agency_community": ("agency_id, community_id", "agency_id, community_id"),
}
Said = tuple[str, ...]
MOST_KEPT = 4
TRIES = 5
_kept: dict[tuple[Said, bool], Directory] = {}


def _hash(table: str, columns: str, order: str) -> str:
    """The rows as PostgreSQL writes them, each value quoted where it must be."""
    rows = f"SELECT string_agg(CAST(ROW({columns}) AS text), '' ORDER BY {order}) FROM {table}"
    return f"coalesce(encode(sha256(convert_to(({rows}), 'UTF8')), 'hex'), '')"


_SAID = {
    agencies: text(f"SELECT {', '.join(_hash(table, *how) for table, how in tables.items())}")
    for agencies, tables in ((False, PLACES), (True, PLACES | AGENCIES))
}


def said(session: Session, *, agencies: bool = True) -> Said:
    """SHA-256 of what each table says, with what this session has not written yet."""
    session.flush()
    return tuple(session.execute(_SAID[agencies]).one())


def kept(session: Session, read: Callable[[], Callable[[], Directory]], *, agencies: bool) -> Directory:
    """The directory that is kept for what the tables say now, or what is read; `read` is done in two steps, because
    parts of two versions could contradict each other."""
    for _ in range(TRIES):
        key = said(session, agencies=agencies), agencies
        if (found := _kept.get(key)) is not None:
            return found
        made = read()
        if said(session, agencies=agencies) == key[0]:
            return _keep(key, made())
    history.lock(session)
    return read()()


def _keep(key: tuple[Said, bool], made: Directory) -> Directory:
    while len(_kept) >= MOST_KEPT:
        _kept.pop(next(iter(_kept)), None)
    _kept[key] = made
    return made
