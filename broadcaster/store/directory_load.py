"""The directory between its tables and its plain values: read whole, written whole."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from broadcaster import directory as plain
from broadcaster.alert.phone import AlternateNumber, Visibility
from broadcaster.store import residents
from broadcaster.store.directory import (
    Agency,
    AgencyCommunity,
    AgencyContact,
    Community,
    CommunityPsap,
    County,
    Number,
    Psap,
)
from broadcaster.store.residents import Address
from broadcaster.store.sealed import Sealer

ADDRESS_KINDS = {"email": "email", "sms": "sms", "voice": "voice"}


class CommunityDropped(ValueError):
    """A directory leaves out a community that is known, and with it the people who signed up there."""


def save(session: Session, directory: plain.Directory, sealer: Sealer) -> None:
    """Write a directory; communities and agencies keep their ids (and subscribers) by code. CommunityDropped, with a
    sentence, when it leaves one out."""
    _refuse_to_drop(session, directory)
    _save_places(session, directory)
    session.flush()
    communities = {row.code: row.id for row in session.scalars(select(Community))}
    _save_numbers(session, directory)
    _save_agencies(session, directory, communities, sealer)


def _refuse_to_drop(session: Session, directory: plain.Directory) -> None:
    kept = [community.code for community in directory.communities]
    dropped = session.scalars(select(Community.name).where(Community.code.not_in(kept)).order_by(Community.name)).all()
    if dropped:
        named = ", ".join(dropped[:3]) + (f" and {len(dropped) - 3} more" if len(dropped) > 3 else "")
        raise CommunityDropped(f"The directory leaves out {named}: keep every community, people have signed up there.")


def _save_places(session: Session, directory: plain.Directory) -> None:
    for county in directory.counties:
        session.merge(County(fips=county.fips, name=county.name))
    session.flush()
    psaps = {row.code: row for row in session.scalars(select(Psap))}
    for psap in directory.psaps:
        row = psaps.setdefault(psap.code, Psap(code=psap.code))
        row.name, row.county_fips = psap.name, psap.county_fips
        session.add(row)
    known = {row.code: row for row in session.scalars(select(Community))}
    for community in directory.communities:
        place = known.setdefault(community.code, Community(code=community.code))
        place.name, place.kind, place.county_fips = community.name, community.kind.value, community.county_fips
        place.timezone, place.zips, place.places = community.timezone, list(community.zips), list(community.places)
        place.population, place.note = community.population, community.note
        session.add(place)
    session.flush()
    session.execute(delete(CommunityPsap))
    for community in directory.communities:
        here = known[community.code].id
        session.add(CommunityPsap(community_id=here, psap_id=psaps[community.psap_code].id, is_primary=True))
        for other in community.other_psaps:
            session.add(CommunityPsap(community_id=here, psap_id=psaps[other].id, is_primary=False))


def _save_numbers(session: Session, directory: plain.Directory) -> None:
    session.execute(delete(Number))
    scopes: list[tuple[str, Mapping[str, tuple[AlternateNumber, ...]]]] = [
        ("community", directory.numbers),
        ("county", directory.county_numbers),
        ("state", {"": directory.state_numbers}),
    ]
    for scope, numbers in scopes:
        for code, listed in numbers.items():
            for rank, number in enumerate(listed, start=1):
                session.add(_number_row(scope, code, rank, number, sample=directory.sample))


def _number_row(scope: str, code: str, rank: int, number: AlternateNumber, *, sample: bool) -> Number:
    return Number(
        scope=scope,
        code=code,
        rank=rank,
        e164=number.e164,
        label=number.label,
        visibility=number.visibility.value,
        verified_on=number.verified_on,
        sms=number.sms,
        sample=sample,
    )


def _save_agencies(
    session: Session, directory: plain.Directory, communities: Mapping[str, int], sealer: Sealer
) -> None:
    known = {row.code: row for row in session.scalars(select(Agency))}
    for agency in directory.agencies:
        row = known.setdefault(agency.code, Agency(code=agency.code))
        row.name, row.role, row.statewide = agency.name, agency.role.value, agency.statewide
        row.county_fips = agency.county_fips or None
        session.add(row)
    session.flush()
    session.execute(delete(AgencyCommunity))
    session.execute(delete(AgencyContact))
    for agency in directory.agencies:
        here = known[agency.code].id
        session.add_all(AgencyCommunity(agency_id=here, community_id=communities[code]) for code in agency.communities)
        for contact in agency.contacts:
            kind = ADDRESS_KINDS[contact.channel.value]
            address = residents.address(session, sealer, kind, contact.value, owner="agency")
            session.add(
                AgencyContact(agency_id=here, address_id=address, rank=contact.order, verified_on=contact.verified_on)
            )
    session.flush()


def load(session: Session, sealer: Sealer | None = None, *, agencies: bool = True) -> plain.Directory:
    """The whole directory as one value; contacts are opened only when a sealer is given."""
    psaps = {row.id: row for row in session.scalars(select(Psap))}
    communities = list(session.scalars(select(Community).order_by(Community.name)))
    served: dict[int, list[CommunityPsap]] = defaultdict(list)
    for link in session.scalars(select(CommunityPsap)):
        served[link.community_id].append(link)
    numbers, sample = _numbers(session)
    return plain.Directory(
        counties=tuple(
            plain.County(row.fips, row.name) for row in session.scalars(select(County).order_by(County.fips))
        ),
        communities=tuple(_community(row, served[row.id], psaps) for row in communities),
        psaps=tuple(plain.Psap(row.code, row.name, row.county_fips) for row in psaps.values()),
        agencies=_agencies(session, {row.id: row.code for row in communities}, sealer) if agencies else (),
        numbers=numbers["community"],
        county_numbers=numbers["county"],
        state_numbers=numbers["state"].get("", ()),
        sample=sample,
    )


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
    found: dict[str, dict[str, tuple[AlternateNumber, ...]]] = {"community": {}, "county": {}, "state": {}}
    sample = False
    for row in session.scalars(select(Number).order_by(Number.scope, Number.code, Number.rank)):
        number = AlternateNumber(row.e164, row.label, Visibility(row.visibility), row.verified_on, row.sms)
        found[row.scope][row.code] = (*found[row.scope].get(row.code, ()), number)
        sample = sample or row.sample
    return found, sample


def _agencies(session: Session, codes: Mapping[int, str], sealer: Sealer | None) -> tuple[plain.Agency, ...]:
    own: dict[int, list[str]] = defaultdict(list)
    for link in session.scalars(select(AgencyCommunity)):
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
        for row in session.scalars(select(Agency).order_by(Agency.name))
    )


def _contacts(session: Session, sealer: Sealer) -> dict[int, list[plain.Contact]]:
    found: dict[int, list[plain.Contact]] = defaultdict(list)
    query = select(AgencyContact, Address).join(Address, Address.id == AgencyContact.address_id)
    for contact, address in session.execute(query.order_by(AgencyContact.agency_id, AgencyContact.rank)):
        value = sealer.open(address.value_enc, address.value_index)
        channel = plain.ContactChannel(address.kind)
        found[contact.agency_id].append(plain.Contact(channel, value, contact.rank, contact.verified_on))
    return found


def community_ids(session: Session) -> dict[str, int]:
    """Community ids by code."""
    return {row.code: row.id for row in session.execute(select(Community.code, Community.id))}


def agency_ids(session: Session) -> dict[str, int]:
    """Agency ids by code."""
    return {row.code: row.id for row in session.execute(select(Agency.code, Agency.id))}


def mailboxes(session: Session) -> dict[int, int]:
    """The first mail address of each agency: agency id -> address id."""
    query = (
        select(AgencyContact.agency_id, AgencyContact.address_id)
        .join(Address, Address.id == AgencyContact.address_id)
        .where(Address.kind == "email")
        .order_by(AgencyContact.agency_id, AgencyContact.rank)
    )
    found: dict[int, int] = {}
    for agency, address in session.execute(query):
        found.setdefault(agency, address)
    return found
