"""A directory into its tables. What it no longer lists is retired, not deleted: alerts and people refer to it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from sqlalchemy import delete, func, select, text, tuple_, update
from sqlalchemy.orm import Session

from broadcaster import directory as plain
from broadcaster.alert.phone import AlternateNumber
from broadcaster.directory.rows import contact_code, listings
from broadcaster.said import Said
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
from broadcaster.store.public import residents
from broadcaster.store.sealed import Sealer

ADDRESS_KINDS = {"email": "email", "sms": "sms", "voice": "voice", "webhook": "webhook"}


class CommunityDropped(ValueError):
    """A directory leaves out a place that people have signed up in, or that an open alert speaks of."""


_PEOPLE = text(
    "SELECT c.name FROM community c WHERE c.code = ANY(:codes)"
    " AND EXISTS (SELECT 1 FROM subscription s WHERE s.community_id = c.id) ORDER BY c.name"
)
_ON_AIR = text(
    "SELECT DISTINCT p.name FROM revision r JOIN alert a ON a.id = r.alert_id AND a.state IN ('draft', 'open'),"
    " LATERAL (SELECT 'c' || (jsonb_array_elements(r.content->'answers')->>'community') AS code"
    "   UNION ALL SELECT 'c' || jsonb_array_elements_text(r.content->'area'->'communities')"
    "   UNION ALL SELECT 'p' || jsonb_array_elements_text(r.content->'area'->'psaps')) AS used"
    " JOIN (SELECT 'c' || code AS code, name FROM community WHERE code = ANY(:codes)"
    "   UNION ALL SELECT 'p' || code, name FROM psap WHERE code = ANY(:psaps)) AS p ON p.code = used.code ORDER BY 1"
)


def refuse_to_lose(session: Session, before: plain.Directory, after: plain.Directory) -> None:
    """CommunityDropped when a place would be retired in which people signed up, or which an alert speaks of that is
    being written or on air: they would hear of nothing more."""
    codes = sorted({one.code for one in before.communities} - {one.code for one in after.communities})
    psaps = sorted({one.code for one in before.psaps} - {one.code for one in after.psaps})
    signed = session.execute(_PEOPLE, {"codes": codes}).scalars().all() if codes else []
    if signed:
        raise CommunityDropped(
            Said("The directory leaves out %(names)s: keep them, people have signed up there.", names=_named(signed))
        )
    spoken = session.execute(_ON_AIR, {"codes": codes, "psaps": psaps}).scalars().all() if codes or psaps else []
    if spoken:
        raise CommunityDropped(
            Said(
                "The directory leaves out %(names)s: an open alert speaks of it. End the alert first, then import.",
                names=_named(spoken),
            )
        )


def _named(names: Iterable[str]) -> str:
    some = list(names)
    shown, more = ", ".join(some[:3]), len(some) - 3
    return Said("%(names)s and %(more)s more", names=shown, more=more) if more > 0 else shown


def write(session: Session, directory: plain.Directory, sealer: Sealer) -> dict[str, int]:
    """Bring every table to what a directory says. Returns the address id of each contact by its code."""
    _places(session, directory)
    _numbers(session, directory)
    return _agencies(session, directory, sealer)


def _places(session: Session, directory: plain.Directory) -> None:
    for county in directory.counties:
        session.merge(County(fips=county.fips, name=county.name))
    session.flush()
    psaps = {row.code: row for row in session.scalars(select(Psap))}
    for psap in directory.psaps:
        row = psaps.setdefault(psap.code, Psap(code=psap.code))
        row.name, row.county_fips, row.retired_at = psap.name, psap.county_fips, None
        row.text_to_911, row.note = psap.text_to_911, psap.note
        session.add(row)
    known = {row.code: row for row in session.scalars(select(Community))}
    for community in directory.communities:
        place = known.setdefault(community.code, Community(code=community.code))
        _fill(place, community)
        session.add(place)
    session.flush()
    _retire(session, Psap, [psap.code for psap in directory.psaps])
    _retire(session, Community, [community.code for community in directory.communities])
    here = [known[community.code].id for community in directory.communities]
    session.execute(delete(CommunityPsap).where(CommunityPsap.community_id.in_(here)))
    for community in directory.communities:
        served = [(community.psap_code, True), *((other, False) for other in community.other_psaps)]
        session.add_all(
            CommunityPsap(community_id=known[community.code].id, psap_id=psaps[code].id, is_primary=first)
            for code, first in served
        )


def _fill(place: Community, community: plain.Community) -> None:
    place.name, place.kind, place.county_fips = community.name, community.kind.value, community.county_fips
    place.timezone, place.zips, place.places = community.timezone, list(community.zips), list(community.places)
    place.population, place.note, place.retired_at = community.population, community.note, None


def _retire(session: Session, table: type[Psap | Community | Agency], kept: list[str]) -> None:
    session.execute(
        update(table)
        .where(table.code.not_in(kept), table.retired_at.is_(None))
        .values(retired_at=func.clock_timestamp())
        .execution_options(synchronize_session="fetch")
    )


def _numbers(session: Session, directory: plain.Directory) -> None:
    """The lists as they are used; a number that is in them no more stays in the history alone."""
    session.execute(delete(Number))
    for scope, code, listed in listings(directory):
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


def _agencies(session: Session, directory: plain.Directory, sealer: Sealer) -> dict[str, int]:
    communities = {row.code: row.id for row in session.execute(select(Community.code, Community.id))}
    known = {row.code: row for row in session.scalars(select(Agency))}
    for agency in directory.agencies:
        row = known.setdefault(agency.code, Agency(code=agency.code))
        row.name, row.role, row.statewide = agency.name, agency.role.value, agency.statewide
        row.county_fips, row.retired_at = agency.county_fips or None, None
        session.add(row)
    session.flush()
    _retire(session, Agency, [agency.code for agency in directory.agencies])
    here = [known[agency.code].id for agency in directory.agencies]
    session.execute(delete(AgencyCommunity).where(AgencyCommunity.agency_id.in_(here)))
    for agency in directory.agencies:
        own = {communities[code] for code in agency.communities}
        session.add_all(AgencyCommunity(agency_id=known[agency.code].id, community_id=one) for one in own)
    return _contacts(session, directory, {agency.code: known[agency.code].id for agency in directory.agencies}, sealer)


def _contacts(
    session: Session, directory: plain.Directory, agencies: Mapping[str, int], sealer: Sealer
) -> dict[str, int]:
    """Contacts keep their row, and what else is known of them, for as long as they are listed."""
    query = select(AgencyContact).where(AgencyContact.agency_id.in_(agencies.values()))
    known = {(row.agency_id, row.address_id): row for row in session.scalars(query)}
    marks: dict[str, int] = {}
    listed: set[tuple[int, int]] = set()
    every = [(agency.code, contact) for agency in directory.agencies for contact in agency.contacts]
    values = [(ADDRESS_KINDS[contact.channel.value], contact.value) for _, contact in every]
    for (code, contact), address in zip(
        every, residents.addresses(session, sealer, values, owner="agency"), strict=True
    ):
        here = agencies[code]
        row = known.setdefault((here, address), AgencyContact(agency_id=here, address_id=address))
        row.rank, row.verified_on = contact.order, contact.verified_on
        row.consent_on, row.consent = contact.consent_on, contact.consent
        session.add(row)
        listed.add((here, address))
        marks[contact_code(code, contact)] = address
    session.flush()
    gone = sorted(known.keys() - listed)
    if gone:
        session.execute(
            delete(AgencyContact).where(tuple_(AgencyContact.agency_id, AgencyContact.address_id).in_(gone))
        )
    return marks
