"""A whole directory as one value: who answers where, and the ladder of answers for each community."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property

from broadcaster.alert.alert import Rung
from broadcaster.alert.phone import AlternateNumber, Visibility
from broadcaster.directory.entries import (
    WALK_IN,
    Agency,
    Answer,
    BrokenDirectory,
    Community,
    County,
    Psap,
    UnknownCommunity,
)
from broadcaster.said import Said, pattern


@dataclass(frozen=True)
class Directory:
    """The whole directory of one authority; `sample` marks one whose numbers reach nobody.

    Raises BrokenDirectory when codes repeat or point at something that is not there.
    """

    counties: tuple[County, ...]
    communities: tuple[Community, ...]
    psaps: tuple[Psap, ...]
    agencies: tuple[Agency, ...] = ()
    numbers: Mapping[str, tuple[AlternateNumber, ...]] = field(default_factory=dict)
    county_numbers: Mapping[str, tuple[AlternateNumber, ...]] = field(default_factory=dict)
    state_numbers: tuple[AlternateNumber, ...] = ()
    text_numbers: Mapping[str, tuple[AlternateNumber, ...]] = field(default_factory=dict)
    """Lines of a community that take texts and no calls: on no rung of the ladder."""
    sample: bool = False
    former: tuple[Community, ...] = ()
    """Retired: nobody is told there any more, and what was told before is still shown by name."""

    def __post_init__(self) -> None:
        found = next(_contradictions(self), None)
        if found:
            raise BrokenDirectory(found)

    @cached_property
    def _by_code(self) -> dict[str, Community]:
        return {community.code: community for community in (*self.former, *self.communities)}

    @cached_property
    def _by_county(self) -> dict[str, tuple[Community, ...]]:
        return _grouped((community.county_fips, community) for community in self.communities)

    @cached_property
    def _by_psap(self) -> dict[str, tuple[Community, ...]]:
        return _grouped((community.psap_code, community) for community in self.communities)

    @cached_property
    def _by_zip(self) -> dict[str, tuple[Community, ...]]:
        return _grouped((zip5, community) for community in self.communities for zip5 in community.zips)

    @cached_property
    def _spellings(self) -> tuple[tuple[str, int, Community], ...]:
        """Every name and place with its standing: 0 the community's own name, 1 a place within it."""
        return tuple(
            (_plain(name), int(standing > 0), community)
            for community in self.communities
            for standing, name in enumerate((community.name, *community.places))
        )

    @cached_property
    def restricted(self) -> frozenset[str]:
        """Every number (E.164) that somebody, anywhere in the directory, has marked so: nobody outside may see it."""
        every = (
            *self.numbers.values(),
            *self.county_numbers.values(),
            self.state_numbers,
            *self.text_numbers.values(),
        )
        return frozenset(
            number.e164 for numbers in every for number in numbers if number.visibility is not Visibility.PUBLIC
        )

    def open_to_all(self, numbers: tuple[AlternateNumber, ...]) -> list[AlternateNumber]:
        """Those that nobody, anywhere in the directory, has marked as restricted."""
        return [number for number in numbers if number.e164 not in self.restricted]

    @cached_property
    def county_names(self) -> dict[str, str]:
        """The name of each county by its FIPS code."""
        return {county.fips: county.name for county in self.counties}

    def community(self, code: str) -> Community:
        """The community of that code; UnknownCommunity if there is none."""
        if code not in self._by_code:
            raise UnknownCommunity(
                Said("No community has the code “%(code)s”: choose one from the directory.", code=code)
            )
        return self._by_code[code]

    def in_county(self, fips: str) -> tuple[Community, ...]:
        """The communities of a county, in the directory's order; none for an unknown FIPS code."""
        return self._by_county.get(fips, ())

    def served_by(self, psap_code: str) -> tuple[Community, ...]:
        """The communities whose 911 calls ring first in that PSAP; those it serves in part are not among them."""
        return self._by_psap.get(psap_code, ())

    def agencies_for(self, codes: Collection[str]) -> list[Agency]:
        """Each agency once that serves any of these communities, and every statewide one."""
        wanted = frozenset(codes)
        return [agency for agency in self.agencies if agency.statewide or not wanted.isdisjoint(agency.communities)]

    def rungs(self, code: str) -> tuple[Answer, ...]:
        """Every answer for a community, best first: its public numbers, the county's, the state's, walking in."""
        community = self.community(code)
        county = self.county_names[community.county_fips]
        own = self.open_to_all(self.numbers.get(code, ()))
        shared = self.open_to_all(self.county_numbers.get(community.county_fips, ()))
        steps = [
            (Rung.COMMUNITY, own[:1], Said("the first public number of %(name)s", name=community.name)),
            (Rung.SECOND, own[1:], Said("a second public number of %(name)s", name=community.name)),
            (Rung.COUNTY, shared, Said("the number of %(name)s County", name=county)),
            (Rung.STATE, self.open_to_all(self.state_numbers), Said("the number of the state")),
        ]
        answers = [Answer(code, rung, number, why) for rung, numbers, why in steps for number in numbers]
        return (*answers, Answer(code, Rung.WALK_IN, None, Said("no number is left: %(advice)s", advice=WALK_IN)))

    def ladder(self, code: str, without: Collection[str] = ()) -> Answer:
        """The best answer for a community, passing over the numbers (E.164) in `without` that are known not to work."""
        return next(answer for answer in self.rungs(code) if answer.number is None or answer.number.e164 not in without)

    def textable(self, code: str) -> tuple[AlternateNumber, ...]:
        """The public numbers of a community that a text reaches, those for texts alone first."""
        both = [number for number in self.numbers.get(code, ()) if number.sms]
        return tuple(self.open_to_all((*self.text_numbers.get(code, ()), *both)))

    def takes_text_to_911(self, code: str) -> bool:
        """Whether the PSAP that answers a community first takes texts to 911."""
        return self.community(code).psap_code in self._texting

    @cached_property
    def _texting(self) -> frozenset[str]:
        return frozenset(psap.code for psap in self.psaps if psap.text_to_911)

    def find(self, query: str) -> list[Community]:
        """The communities of a ZIP, or whose name or places begin so; exact and larger first.

        Case, spaces, punctuation and accents do not matter. UnknownCommunity if nothing fits.
        """
        zip_code = re.fullmatch(r"\s*(\d{5})(-\d{4})?\s*", query)
        if zip_code:
            found = sorted(self._by_zip.get(zip_code[1], ()), key=lambda community: -community.population)
        else:
            found = self._named(_plain(query))
        if not found:
            raise UnknownCommunity(
                Said("Nothing here is called “%(typed)s”: type a town or a five-digit ZIP code.", typed=query.strip())
            )
        return found

    def _named(self, wanted: str) -> list[Community]:
        if not wanted:
            return []
        hits = [hit for hit in self._spellings if hit[0].startswith(wanted)]
        hits.sort(key=lambda hit: (hit[0] != wanted, hit[1], -hit[2].population))
        return list(dict.fromkeys(community for _, _, community in hits))


def _grouped(pairs: Iterator[tuple[str, Community]]) -> dict[str, tuple[Community, ...]]:
    groups: dict[str, list[Community]] = {}
    for key, community in pairs:
        groups.setdefault(key, []).append(community)
    return {key: tuple(communities) for key, communities in groups.items()}


def _plain(text: str) -> str:
    """Letters and digits only, without case and accents: what two spellings of a name share."""
    return "".join(letter for letter in unicodedata.normalize("NFKD", text).casefold() if letter.isalnum())


TWICE = (
    pattern("The county “%(name)s” is in the directory twice."),
    pattern("The PSAP “%(name)s” is in the directory twice."),
    pattern("The community “%(name)s” is in the directory twice."),
    pattern("The agency “%(name)s” is in the directory twice."),
)
MISSING = (
    pattern("The PSAP “%(name)s” is used but not in the directory."),
    pattern("The community “%(name)s” is used but not in the directory."),
    pattern("The county “%(name)s” is used but not in the directory."),
)


def _contradictions(directory: Directory) -> Iterator[str]:
    counties = [county.fips for county in directory.counties]
    psaps = [psap.code for psap in directory.psaps]
    codes = [community.code for community in directory.communities]
    agencies = [agency.code for agency in directory.agencies]
    for said, names in zip(TWICE, (counties, psaps, codes, agencies), strict=True):
        yield from (Said(said, name=name) for name, times in Counter(names).items() if times > 1)
    answering = {code for each in directory.communities for code in (each.psap_code, *each.other_psaps)}
    named = {code for agency in directory.agencies for code in agency.communities} | set(directory.numbers)
    named |= set(directory.text_numbers)
    homes = {community.county_fips for community in directory.communities} | set(directory.county_numbers)
    missing = (answering.difference(psaps), named.difference(codes), homes.difference(counties))
    for said, lacking in zip(MISSING, missing, strict=True):
        yield from (Said(said, name=name) for name in sorted(lacking))
