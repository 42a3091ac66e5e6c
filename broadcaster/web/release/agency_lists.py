"""Lists of agencies that an officer may leave out of one alert: what is offered, typed, and shown. Pure."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from broadcaster import audience
from broadcaster.alert.alert import Content, Withheld
from broadcaster.directory import AgencyRole, Directory
from broadcaster.said import Said, joined

LONGEST_REASON = 300
ROLES = {
    AgencyRole.POLICE: Said("Police"),
    AgencyRole.FIRE: Said("Fire"),
    AgencyRole.EMS: Said("EMS"),
    AgencyRole.HOSPITAL: Said("Hospital"),
    AgencyRole.PSAP: Said("PSAP"),
    AgencyRole.VENDOR_911: Said("911 vendor"),
    AgencyRole.NEIGHBOUR_STATE: Said("Neighbour state"),
    AgencyRole.STATE_POLICE: Said("State police"),
    AgencyRole.EMERGENCY_MANAGEMENT: Said("Emergency management"),
    AgencyRole.TRIBAL_POLICE: Said("Tribal police"),
    AgencyRole.CAMPUS_POLICE: Said("Campus police"),
    AgencyRole.CRISIS_LINE_988: Said("Crisis line 988"),
}
"""What an agency is, as a heading says it."""


@dataclass(frozen=True, slots=True)
class Offered:
    """A list: its key in `Withheld`, its name, how many are on it; of a role, its lists by county."""

    key: str
    name: str
    members: int
    counties: tuple[Offered, ...] = ()


@dataclass(frozen=True, slots=True)
class LeftOut:
    """What everybody else must see: the lists and agencies by name, how many hear nothing, and the reason."""

    names: tuple[str, ...]
    silent: tuple[str, ...]
    reason: str


def role_name(role: str) -> str:
    """``Police``, ``911 vendor``, ``Emergency management``."""
    return ROLES.get(AgencyRole(role)) or role.replace("_", " ").capitalize()


def offered(directory: Directory) -> list[Offered]:
    """Every list that holds somebody, in the order of the roles."""
    by_role = Counter(agency.role for agency in directory.agencies)
    by_county: Counter[tuple[AgencyRole, str]] = Counter()
    for agency in directory.agencies:
        if not agency.statewide:
            by_county.update(
                (agency.role, fips) for fips in {directory.community(code).county_fips for code in agency.communities}
            )
    names = sorted(directory.county_names.items(), key=lambda pair: pair[1])
    return [
        Offered(
            role.value,
            role_name(role),
            by_role[role],
            tuple(
                Offered(f"{role}/{fips}", Said("%(name)s County", name=name), by_county[role, fips])
                for fips, name in names
                if by_county[role, fips]
            ),
        )
        for role in AgencyRole
        if by_role[role]
    ]


def read(lists: Sequence[str], names: str, reason: str, directory: Directory) -> tuple[Withheld, str]:
    """What was chosen and typed, and the sentence that says what is wrong with it, or nothing."""
    known = {one.key for role in offered(directory) for one in (role, *role.counties)}
    if strange := [key for key in lists if key not in known]:
        return Withheld(), Said("No list is called “%(typed)s”: choose one from the page.", typed=strange[0][:40])
    singles = {typed: _code(typed, directory) for part in re.split(r"[\n;]+", names) if (typed := part.strip())}
    if misses := [f"“{typed[:40]}”" for typed, code in singles.items() if not code]:
        return Withheld(), Said(
            "No agency, or more than one, is called %(names)s: write the whole name.", names=", ".join(misses[:3])
        )
    said = " ".join(reason.split())
    if len(said) > LONGEST_REASON:
        return Withheld(), Said(
            "The reason has %(length)s characters: keep it under %(most)s.", length=len(said), most=LONGEST_REASON
        )
    if not (lists or singles):
        return Withheld(), Said("Choose whom to leave out, or clear the reason: now everybody is in.") if said else ""
    chosen = Withheld(tuple(sorted(set(lists))), tuple(sorted(set(singles.values()))), said)
    return chosen, "" if said else Said("Say why these agencies are not told: the second person reads it.")


def _code(typed: str, directory: Directory) -> str:
    """The code of the one agency of that name; a code is always taken for itself."""
    plain = typed.casefold().split()
    codes = [one.code for one in directory.agencies if one.code == typed] or [
        one.code for one in directory.agencies if one.name.casefold().split() == plain
    ]
    return codes[0] if len(codes) == 1 else ""


def name(code: str, directory: Directory) -> str:
    """What to type for an agency: its name, or its code where two share the name."""
    names = Counter(agency.name for agency in directory.agencies)
    found = next((agency.name for agency in directory.agencies if agency.code == code), code)
    return found if names[found] == 1 else code


def left_out(content: Content, directory: Directory) -> LeftOut | None:
    """Whom an officer left out of a content, for those who must see it; None when everybody is in."""
    if content.withheld.is_empty:
        return None
    named = {one.key: one for role in offered(directory) for one in (role, *role.counties)}
    lists = [_said(key, named[key].name if key in named else key) for key in content.withheld.lists]
    told = [answer.community for answer in content.answers]
    silent = tuple(agency.name for agency in audience.withheld(content, directory, told))
    singles = (name(code, directory) for code in content.withheld.agencies)
    return LeftOut((*lists, *singles), silent, content.withheld.reason)


def _said(key: str, county: str) -> str:
    role, _, fips = key.partition("/")
    if fips:
        return joined(", ", [role_name(role), county])
    return Said("%(role)s, everywhere", role=role_name(role))
