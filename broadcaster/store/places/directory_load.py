"""The directory between its tables and its plain values: read whole, written whole."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import TypeVar

from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from broadcaster import directory as plain
from broadcaster.alert.phone import AlternateNumber, Visibility
from broadcaster.directory.rows import Difference, contact_code, differences, rows
from broadcaster.store.database import Base
from broadcaster.store.places import directory_history as history
from broadcaster.store.places import directory_said
from broadcaster.store.places.directory import (
    Agency,
    AgencyCommunity,
    AgencyContact,
    Community,
    CommunityPsap,
    County,
    Number,
    Psap,
)
from broadcaster.store.places.directory_history import CONSOLE, Author
from broadcaster.store.places.directory_write import CommunityDropped, refuse_to_lose, write
from broadcaster.store.public.residents import Address
from broadcaster.store.sealed import Sealer

__all__ = [
    "CommunityDropped",
    "agency_ids",
    "community_ids",
    "listed_ids",
    "load",
    "mailboxes",
    "save",
    "with_known_counties",
]
SCOPES = ("community", "county", "state", "text")
Row = TypeVar("Row", bound=Base)
TRIES = 5
"""How often a directory is read again that changed under the reader's eyes; an import takes seconds."""


def save(session: Session, directory: plain.Directory, sealer: Sealer, author: Author = CONSOLE) -> list[Difference]:
    """Make a directory the one in use; returns what is other than before. What it no longer lists is retired; a county
    stays. Communities and agencies keep their ids (and subscribers) by code. CommunityDropped, with a sentence, when
    somebody would hear nothing more; the versions are written in the same transaction."""
    history.lock(session)
    before = load(session, sealer)
    refuse_to_lose(session, before, directory)
    wanted = with_known_counties(before, directory)
    changes = differences(rows(before), rows(wanted))
    marks = _marks(session, sealer)
    marks.update(write(session, wanted, sealer))
    history.record(session, changes, marks, author)
    return changes


def with_known_counties(before: plain.Directory, after: plain.Directory) -> plain.Directory:
    """A directory with the counties of an older one that it leaves out: they are places still."""
    listed = {county.fips for county in after.counties}
    return replace(after, counties=(*after.counties, *(one for one in before.counties if one.fips not in listed)))


def load(session: Session, sealer: Sealer | None = None, *, agencies: bool = True) -> plain.Directory:
    """The whole directory as one value; contacts are opened only when a sealer is given.

    It takes several statements, and an import may be committed between two of them: then it is read again, so that
    no part is of another version than the rest. Without contacts it is kept by all that it says (`directory_said`): a
    directory that is used again is exactly what the tables say now.
    """
    if sealer is not None:
        return _opened(session, sealer, agencies=agencies)
    return directory_said.kept(session, lambda: _read(session, None, agencies=agencies), agencies=agencies)


def _opened(session: Session, sealer: Sealer, *, agencies: bool) -> plain.Directory:
    for _ in range(TRIES):
        version = history.newest(session)
        found = _read(session, sealer, agencies=agencies)
        if history.newest(session) == version:
            return found()
    history.lock(session)
    return _read(session, sealer, agencies=agencies)()


def _read(session: Session, sealer: Sealer | None, *, agencies: bool) -> Callable[[], plain.Directory]:
    """What the tables say, not yet as a directory: parts of two versions could contradict each other."""
    psaps = {row.id: row for row in session.scalars(_all(Psap).order_by(Psap.code))}
    communities = list(session.scalars(_all(Community).order_by(Community.name)))
    served: dict[int, list[CommunityPsap]] = defaultdict(list)
    for link in session.scalars(_all(CommunityPsap)):
        served[link.community_id].append(link)
    numbers, sample = _numbers(session)
    counties = tuple(plain.County(row.fips, row.name) for row in session.scalars(_all(County).order_by(County.fips)))
    codes = {row.id: row.code for row in communities if row.retired_at is None}
    desks = _agencies(session, codes, sealer) if agencies else ()
    return lambda: plain.Directory(
        counties=counties,
        communities=tuple(_community(row, served[row.id], psaps) for row in communities if row.retired_at is None),
        psaps=tuple(_psap(row) for row in psaps.values() if row.retired_at is None),
        agencies=desks,
        numbers=numbers["community"],
        county_numbers=numbers["county"],
        state_numbers=numbers["state"].get("", ()),
        text_numbers=numbers["text"],
        sample=sample,
        former=tuple(_community(row, served[row.id], psaps) for row in communities if row.retired_at is not None),
    )


def _all(table: type[Row]) -> Select[Row]:
    """Every row of a table as it is now, whatever this session has read before."""
    return select(table).execution_options(populate_existing=True)


def _psap(row: Psap) -> plain.Psap:
    return plain.Psap(row.code, row.name, row.county_fips, row.text_to_911, row.note)


def _community(row: Community, links: list[CommunityPsap], psaps: Mapping[int, Psap]) -> plain.Community:
    primary = next(psaps[link.psap_id].code for link in links if link.is_primary)
    return plain.Community(
        code=row.code,
        name=row.name,
        kind=plain.CommunityKind(row.kind),
        county_fips=row.county_fips,
        timezone=row.timezone,
        psap_code=primary,
        zips=tuple(row.zips),
        population=row.population,
        other_psaps=tuple(psaps[link.psap_id].code for link in links if not link.is_primary),
        note=row.note,
        places=tuple(row.places),
    )


def _numbers(session: Session) -> tuple[dict[str, dict[str, tuple[AlternateNumber, ...]]], bool]:
    found: dict[str, dict[str, tuple[AlternateNumber, ...]]] = {scope: {} for scope in SCOPES}
    sample = False
    for row in session.scalars(_all(Number).order_by(Number.scope, Number.code, Number.rank)):
        number = AlternateNumber(row.e164, row.label, Visibility(row.visibility), row.verified_on, row.sms)
        found[row.scope][row.code] = (*found[row.scope].get(row.code, ()), number)
        sample = sample or row.sample
    return found, sample


def _agencies(session: Session, codes: Mapping[int, str], sealer: Sealer | None) -> tuple[plain.Agency, ...]:
    own: dict[int, list[str]] = defaultdict(list)
    for link in session.scalars(_all(AgencyCommunity)):
        if link.community_id in codes:
            own[link.agency_id].append(codes[link.community_id])
    contacts = _contacts(session, sealer) if sealer else {}
    return tuple(
        plain.Agency(
            code=row.code,
            name=row.name,
            role=plain.AgencyRole(row.role),
            contacts=tuple(contacts.get(row.id, ())),
            communities=tuple(sorted(own[row.id])),
            statewide=row.statewide,
            county_fips=row.county_fips or "",
        )
        for row in session.scalars(_all(Agency).where(Agency.retired_at.is_(None)).order_by(Agency.name))
    )


def _contacts(session: Session, sealer: Sealer) -> dict[int, list[plain.Contact]]:
    found: dict[int, list[plain.Contact]] = defaultdict(list)
    query = select(AgencyContact, Address).join(Address, Address.id == AgencyContact.address_id)
    for contact, address in session.execute(query.order_by(AgencyContact.agency_id, AgencyContact.rank)):
        found[contact.agency_id].append(_contact(contact, address, sealer))
    return found


def _contact(row: AgencyContact, address: Address, sealer: Sealer) -> plain.Contact:
    value = sealer.open(address.value_enc, address.value_index)
    return plain.Contact(
        plain.ContactChannel(address.kind), value, row.rank, row.verified_on, row.consent_on, row.consent
    )


def _marks(session: Session, sealer: Sealer) -> dict[str, int]:
    """The address id of every contact by the code of its row."""
    query = (
        select(Agency.code, AgencyContact, Address)
        .join(AgencyContact, AgencyContact.agency_id == Agency.id)
        .join(Address, Address.id == AgencyContact.address_id)
    )
    return {
        contact_code(code, _contact(contact, address, sealer)): contact.address_id
        for code, contact, address in session.execute(query)
    }


def community_ids(session: Session) -> dict[str, int]:
    """Community ids by code, retired ones too: somebody may still have to be told there."""
    return {row.code: row.id for row in session.execute(select(Community.code, Community.id))}


def listed_ids(session: Session) -> dict[str, int]:
    """Ids by code of the communities that somebody may sign up for: not the retired ones."""
    query = select(Community.code, Community.id).where(Community.retired_at.is_(None))
    return {row.code: row.id for row in session.execute(query)}


def agency_ids(session: Session) -> dict[str, int]:
    """Agency ids by code."""
    return {row.code: row.id for row in session.execute(select(Agency.code, Agency.id))}


def mailboxes(session: Session) -> dict[int, int]:
    """The first mail address of each agency: agency id -> address id."""
    query = (
        select(AgencyContact.agency_id, AgencyContact.address_id)
        .join(Address, Address.id == AgencyContact.address_id)
        .join(Agency, Agency.id == AgencyContact.agency_id)
        .where(Address.kind == "email", Agency.retired_at.is_(None))
        .order_by(AgencyContact.agency_id, AgencyContact.rank)
    )
    found: dict[int, int] = {}
    for agency, address in session.execute(query):
        found.setdefault(agency, address)
    return found


def reached_by(session: Session, kind: str) -> list[tuple[int, int]]:
    """(agency id, address id) of every contact of a kind (``sms``, ``webhook``), in the order of each agency's."""
    query = (
        select(AgencyContact.agency_id, AgencyContact.address_id)
        .join(Address, Address.id == AgencyContact.address_id)
        .where(Address.kind == kind)
        .order_by(AgencyContact.agency_id, AgencyContact.rank)
    )
    return [(row.agency_id, row.address_id) for row in session.execute(query)]
