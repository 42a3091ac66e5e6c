"""Who must hear of an outage in Massachusetts: sample agencies, one mailbox each, on domains that reach nobody."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import date, timedelta

from broadcaster.alert.phone import AlternateNumber, Visibility
from broadcaster.directory import Agency, AgencyRole, Community, CommunityKind, Contact, ContactChannel, Psap
from broadcaster.local.massachusetts.tables import table

FIRE_DEPARTMENT_FROM = 20_000
"""Inhabitants from which the sample gives a municipality a fire department with a mailbox of its own."""

VERIFIED_DAYS_AGO = 90
"""When somebody last verified the sample's agency contacts."""

OWN_POLICE = frozenset({CommunityKind.MUNICIPALITY, CommunityKind.CAMPUS, CommunityKind.TRIBAL_NATION})

Numbers = Mapping[str, Sequence[AlternateNumber]]


def agencies(
    communities: Sequence[Community], psaps: Sequence[Psap], numbers: Numbers, today: date
) -> Iterator[Agency]:
    """Police and fire of each community, the PSAPs, and those of `data/agencies.csv`, state first."""
    verified = today - timedelta(days=VERIFIED_DAYS_AGO)
    for row in table("agencies"):
        yield _listed(row, communities, verified)
    for psap in psaps:
        yield _answering_point(psap, communities, verified)
    for community in communities:
        if community.kind in OWN_POLICE:
            yield _department(AgencyRole.POLICE, community, _business_line(community, numbers), verified)
        if community.kind is CommunityKind.MUNICIPALITY and community.population >= FIRE_DEPARTMENT_FROM:
            yield _department(AgencyRole.FIRE, community, None, verified)


def _listed(row: dict[str, str], communities: Sequence[Community], verified: date) -> Agency:
    statewide = row["counties"] == "all"
    counties = [] if statewide else row["counties"].split()
    return Agency(
        code=row["code"],
        name=row["name"],
        role=AgencyRole(row["role"]),
        contacts=_contacts(row["email"], row["phone"], verified),
        communities=tuple(community.code for community in communities if community.county_fips in counties),
        statewide=statewide,
        county_fips=counties[0] if counties else "",
    )


def _answering_point(psap: Psap, communities: Sequence[Community], verified: date) -> Agency:
    served = [each.code for each in communities if psap.code in (each.psap_code, *each.other_psaps)]
    return Agency(
        code=psap.code,
        name=psap.name,
        role=AgencyRole.PSAP,
        contacts=_contacts(f"duty@{psap.code}.ma.example", "", verified),
        communities=tuple(served),
        county_fips=psap.county_fips,
    )


def _department(role: AgencyRole, community: Community, line: AlternateNumber | None, verified: date) -> Agency:
    return Agency(
        code=f"{role.value}-{community.code}",
        name=f"{community.name} {role.value.title()}",
        role=role,
        contacts=_contacts(f"{role.value}@{community.code}.ma.example", line.e164 if line else "", verified),
        communities=(community.code,),
        county_fips=community.county_fips,
    )


def _business_line(community: Community, numbers: Numbers) -> AlternateNumber | None:
    """The line that the public is given too; a department without one is reached by mail only."""
    public = (line for line in numbers.get(community.code, ()) if line.visibility is Visibility.PUBLIC)
    return next(public, None)


def _contacts(email: str, phone: str, verified: date) -> tuple[Contact, ...]:
    found = [Contact(ContactChannel.EMAIL, email, 1, verified)]
    if phone:
        found.append(Contact(ContactChannel.VOICE, phone, 2, verified))
    return tuple(found)
