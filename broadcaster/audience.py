"""Who is told and why: an area and a directory become communities, answers and agencies. Pure.

What is decided here is frozen at submit; nothing is resolved again when the alert goes out.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass

from broadcaster.alert.alert import Area, CommunityAnswer, Content, Rung
from broadcaster.alert.phone import Visibility
from broadcaster.directory import Agency, AgencyRole, Directory, UnknownCommunity


class RestrictedOverride(ValueError):
    """A restricted number was chosen for the public; the message names the community and says what to do."""


def affected(area: Area, directory: Directory) -> tuple[str, ...]:
    """The codes of the communities of an area, sorted; a PSAP brings everyone it answers, first or in part.

    UnknownCommunity when the area names a county, a community or a PSAP that the directory does not have.
    """
    _check(area, directory)
    return tuple(sorted(code for code in _known(directory) if _because(area, directory, code)))


def answers(content: Content, directory: Directory) -> tuple[CommunityAnswer, ...]:
    """What each affected community is told to do: the override if there is one, else the directory's ladder.

    RestrictedOverride when a restricted number was chosen, even for a community that is not affected.
    """
    chosen = dict(content.overrides)
    for code, number in chosen.items():
        if number.visibility is Visibility.RESTRICTED or number.e164 in directory.restricted:
            name = directory.community(code).name
            raise RestrictedOverride(f"The number for {name} is restricted and cannot be published: choose another.")
    return tuple(
        CommunityAnswer(code, Rung.OVERRIDE, chosen[code]) if code in chosen else directory.ladder(code).frozen
        for code in affected(content.area, directory)
    )


def unanswered(content: Content, directory: Directory) -> tuple[str, ...]:
    """The affected communities without a number of their own, who get the next rung of the ladder: red on the form."""
    own = (Rung.OVERRIDE, Rung.COMMUNITY, Rung.SECOND)
    return tuple(answer.community for answer in answers(content, directory) if answer.rung not in own)


def changed(old: Content, new: Content) -> tuple[str, ...]:
    """The codes of the communities whose line is another one now: new or gone, another answer, or restored.

    Compares the frozen answers. Another kind of failure or another provider changes everybody's line.
    """
    before, now = _lines(old), _lines(new)
    if (old.failure, old.provider) != (new.failure, new.provider):
        return tuple(sorted(before.keys() | now.keys()))
    return tuple(sorted(code for code in before.keys() | now.keys() if before.get(code) != now.get(code)))


def agencies(content: Content, directory: Directory, told: Collection[str] = ()) -> list[Agency]:
    """Each agency once that must hear of it, those of the affected communities before the statewide ones.

    `told` are the communities told before: their agencies hear how it goes on, though the area left them since.
    """
    meant = {*affected(content.area, directory), *told}
    found = [one for one in directory.agencies_for(sorted(meant)) if not is_withheld(one, content, directory, meant)]
    return sorted(found, key=lambda agency: (agency.statewide, agency.role is AgencyRole.NEIGHBOUR_STATE))


def withheld(content: Content, directory: Directory, told: Collection[str] = ()) -> list[Agency]:
    """The agencies that would hear of it, and that an officer has left out."""
    meant = {*affected(content.area, directory), *told}
    return [one for one in directory.agencies_for(sorted(meant)) if is_withheld(one, content, directory, meant)]


def is_withheld(agency: Agency, content: Content, directory: Directory, meant: Collection[str]) -> bool:
    """Whether an officer left an agency out: by name, by its role, or by every county list that it stands on for the
    communities that are `meant`; one list more, and it hears."""
    chosen = content.withheld
    if chosen.is_empty:
        return False
    if agency.code in chosen.agencies or agency.role in chosen.lists:
        return True
    own = {f"{agency.role}/{directory.community(code).county_fips}" for code in agency.communities if code in meant}
    return not agency.statewide and bool(own) and own <= set(chosen.lists)


def switched(
    answers: Collection[CommunityAnswer], directory: Directory, unanswered: Collection[str]
) -> tuple[CommunityAnswer, ...]:
    """The answers with the next public number of the directory in place of each that is `unanswered` (E.164).

    Only a number that somebody has verified is taken without a person's word; where there is none the answer stays, for
    a line that is jammed still answers some.
    """
    return tuple(_next(answer, directory, unanswered) for answer in answers)


def _next(answer: CommunityAnswer, directory: Directory, unanswered: Collection[str]) -> CommunityAnswer:
    if answer.number is None or answer.number.e164 not in unanswered:
        return answer
    others = (each for each in directory.rungs(answer.community) if each.number and each.number.verified_on)
    return next((each.frozen for each in others if each.number and each.number.e164 not in unanswered), answer)


@dataclass(frozen=True, slots=True)
class AgencyList:
    """Everybody of one role who hears of an outage in one county; `county` is empty for those who hear of all."""

    role: AgencyRole
    county: str
    agencies: tuple[Agency, ...]


def agency_lists(content: Content, directory: Directory, told: Collection[str] = ()) -> tuple[AgencyList, ...]:
    """The agencies that are told, by role and county; one that serves two counties is on two lists, and mailed once."""
    meant = {*affected(content.area, directory), *told}
    found: dict[tuple[AgencyRole, str], list[Agency]] = {}
    for agency in agencies(content, directory, told):
        own = {directory.community(code).county_fips for code in agency.communities if code in meant}
        for county in [""] if agency.statewide else sorted(directory.county_names[fips] for fips in own):
            found.setdefault((agency.role, county), []).append(agency)
    order = list(AgencyRole)
    lists = (AgencyList(role, county, tuple(members)) for (role, county), members in found.items())
    return tuple(sorted(lists, key=lambda one: (order.index(one.role), one.county == "", one.county)))


def restricted(directory: Directory) -> frozenset[str]:
    """Every number (E.164) that somebody in the directory has marked as restricted."""
    return directory.restricted


def why(area: Area, directory: Directory, code: str) -> str:
    """One sentence: why the people of this community are told. UnknownCommunity if they are not."""
    reason = _because(area, directory, code)
    if not reason:
        raise UnknownCommunity(f"{directory.community(code).name} is not in the area of this alert.")
    return f"{directory.community(code).name} is told because {reason}."


def why_agency(agency: Agency, told: Collection[str], directory: Directory) -> str:
    """One sentence: why this agency is told of an outage in the communities `told`."""
    if agency.role is AgencyRole.NEIGHBOUR_STATE:
        return f"{agency.name} is told because alerts and calls cross the state line."
    if agency.statewide:
        return f"{agency.name} is told because it hears of every outage in the state."
    own = [directory.community(code).name for code in agency.communities if code in told]
    shown = ", ".join(own[:3]) + (f" and {len(own) - 3} more" if len(own) > 3 else "")
    return f"{agency.name} is told because it serves {shown}."


def _known(directory: Directory) -> Iterator[str]:
    return (community.code for community in directory.communities)


def _because(area: Area, directory: Directory, code: str) -> str:
    """Why an area holds a community, as the end of a sentence; empty if it does not."""
    community = directory.community(code)
    if area.statewide:
        return "the whole state was chosen"
    if code in area.communities:
        return "it was chosen by name"
    if community.county_fips in area.counties:
        return f"{directory.county_names[community.county_fips]} County was chosen"
    if community.psap_code in area.psaps:
        return f"{_psap_names(directory)[community.psap_code]} answers its 911 calls"
    partly = next((psap for psap in community.other_psaps if psap in area.psaps), "")
    return f"{_psap_names(directory)[partly]} answers some of its 911 calls" if partly else ""


def _psap_names(directory: Directory) -> dict[str, str]:
    return {psap.code: psap.name for psap in directory.psaps}


def _check(area: Area, directory: Directory) -> None:
    for code in area.communities:
        directory.community(code)
    for what, codes, known in (
        ("county", area.counties, directory.county_names),
        ("PSAP", area.psaps, _psap_names(directory)),
    ):
        strange = [code for code in codes if code not in known]
        if strange:
            raise UnknownCommunity(f"No {what} has the code “{strange[0]}”: choose one from the directory.")


def _lines(content: Content) -> dict[str, tuple[str, bool]]:
    """What each community is told: whom to call, and whether it is restored."""
    return {
        answer.community: (answer.number.e164 if answer.number else "", answer.community in content.restored)
        for answer in content.answers
    }
