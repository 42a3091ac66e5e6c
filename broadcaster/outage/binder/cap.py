"""CAP for the night on which we cannot send it: one message for each county and one for the state, to be handed over.

The agency that posts one sets its times, gives it an identifier of its own and signs it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from shapely.errors import ShapelyError

from broadcaster import audience, logs
from broadcaster.alert.alert import Area, Content, FailureKind, RevisionKind
from broadcaster.directory import Community, Directory
from broadcaster.feeds import cap, shapes
from broadcaster.feeds.cap import InfoTexts
from broadcaster.feeds.capvalues import Status
from broadcaster.feeds.facts import Facts
from broadcaster.feeds.places import county_title
from broadcaster.feeds.shapes import Outlines
from broadcaster.messages import compose, standing
from broadcaster.messages.book import FALLBACK, SECOND, Books
from broadcaster.messages.edition import Edition, Voice

log = logs.get(__name__)
GOOD_FOR = timedelta(hours=2)
STATE = "state"


@dataclass(frozen=True, slots=True)
class Issuer:
    """Who speaks in a CAP message, and under which status."""

    voice: Voice
    state_fips: str
    sender: str
    sender_name: str
    web: str
    status: Status
    test_event: str
    books: Books


@dataclass(frozen=True, slots=True)
class Ready:
    """A message for one county, or for the whole state (`code` is then STATE): the XML, and its words for a phone."""

    code: str
    name: str
    same: str
    texts: Sequence[InfoTexts]
    xml: bytes

    @property
    def path(self) -> str:
        """Where it lies in the binder."""
        return f"cap/{self.code}.xml"


def ready(issuer: Issuer, directory: Directory, outlines: Outlines, at: datetime) -> Iterator[Ready]:
    """The state's message first, then one for each county that has a community."""
    everywhere = Area(statewide=True)
    if directory.communities:
        yield _made(issuer, directory, outlines, everywhere, at)
    for county in directory.counties:
        if directory.in_county(county.fips):
            yield _made(issuer, directory, outlines, Area(counties=(county.fips,)), at)


def _made(issuer: Issuer, directory: Directory, outlines: Outlines, area: Area, at: datetime) -> Ready:
    moment = at.replace(microsecond=0)
    content = Content(FailureKind.ALL_CALLS, area, moment, moment + GOOD_FOR)
    edition = Edition(RevisionKind.INITIAL, content, issuer.voice, moment, books=issuer.books)
    affected = [directory.community(code) for code in audience.affected(area, directory)]
    langs = standing.document_languages((FALLBACK, SECOND), issuer.books)
    texts = [_info(edition, affected, directory, lang) for lang in langs]
    code = area.counties[0] if area.counties else STATE
    document = cap.build(_facts(issuer, directory, affected, edition, texts, _polygons(outlines, affected, area)))
    name = county_title(directory.county_names[code]) if area.counties else issuer.voice.state_name
    same = f"0{code}" if area.counties else f"0{issuer.state_fips}000"
    return Ready(code, name, same, texts, cap.serialise(document))


def _info(edition: Edition, affected: Sequence[Community], directory: Directory, lang: str) -> InfoTexts:
    made = compose.cap_texts(edition, affected, directory, lang)
    return InfoTexts(lang, made.event, made.headline, made.description, made.instruction, made.wea90, made.wea360)


def _polygons(outlines: Outlines, affected: Sequence[Community], area: Area) -> tuple[str, ...]:
    """Without an outline a message goes by its codes; no geometry that fails keeps it out of the binder."""
    counties = set(outlines.counties) if area.statewide else {place.county_fips for place in affected}
    try:
        return shapes.draw(outlines, counties).polygons
    except (ShapelyError, ValueError) as error:
        log.error("polygon_not_drawn", counties=sorted(counties), reason=str(error))
        return ()


def _facts(
    issuer: Issuer,
    directory: Directory,
    affected: Sequence[Community],
    edition: Edition,
    texts: Sequence[InfoTexts],
    polygons: tuple[str, ...],
) -> Facts:
    touched = {place.county_fips for place in affected}
    where = edition.content.area.counties[0] if edition.content.area.counties else STATE
    return Facts(
        kind=edition.kind,
        content=edition.content,
        communities=affected,
        counties=[county for county in directory.counties if county.fips in touched],
        texts=texts,
        identifier=cap.identifier("binder", f"{edition.issued:%Y%m%dT%H%M%S}", 1) + f"-{where}",
        sent=edition.issued,
        sender=issuer.sender,
        sender_name=issuer.sender_name,
        status=issuer.status,
        incident="",
        web=issuer.web,
        state_fips=issuer.state_fips,
        state_name=issuer.voice.state_name,
        timezone=issuer.voice.timezone,
        polygons=polygons,
        test_event=issuer.test_event,
    )
