"""The polygons of a revision: drawn at draft and submit from the outlines of the installation, frozen as a text."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from shapely.errors import ShapelyError
from sqlalchemy.orm import Session

from broadcaster import logs
from broadcaster.directory import Community, Directory
from broadcaster.feeds import cap, shapes
from broadcaster.feeds.finding import Finding, warning
from broadcaster.feeds.places import county_title
from broadcaster.feeds.shapes import Drawn, NoOutlines, Outlines
from broadcaster.messages.edition import Edition
from broadcaster.store import outlines, texts

log = logs.get(__name__)
FORM = "shape"
MOST_NAMED = 4


def known(session: Session, state_fips: str) -> Outlines:
    """The outlines of the state; none where they are not there or cannot be read: that never stops an alert."""
    text = outlines.load(session, state_fips)
    try:
        return shapes.read(text) if text else shapes.NOTHING
    except NoOutlines as error:
        log.error("outlines_unreadable", reason=str(error))
        return shapes.NOTHING


def drawn(edition: Edition, affected: Sequence[Community], known: Outlines) -> Drawn:
    """The polygons over everywhere that the edition still holds for; no geometry that fails stops an alert."""
    counties = {place.county_fips for place in cap.still_down(edition.kind, edition.content, affected)}
    if known.counties and cap.is_statewide(edition.kind, edition.content, affected):
        counties |= set(known.counties)
    try:
        return shapes.draw(known, counties)
    except (ShapelyError, ValueError) as error:
        log.error("polygon_not_drawn", counties=sorted(counties), reason=str(error))
        return Drawn(missing=tuple(sorted(counties)))


def frozen(session: Session, revision: int) -> Drawn:
    """What was drawn when the revision was submitted; nothing for one that is older than polygons."""
    rows = texts.of_revision(session, revision, FORM)
    return shapes.from_json(rows[0].text) if rows else Drawn()


def findings(drawn: Drawn, edition: Edition, affected: Sequence[Community], directory: Directory) -> Iterator[Finding]:
    """What the officer should know about the polygons; nothing of it keeps the document from its feed."""
    at = "/alert/info/area/polygon"
    names = {fips: county_title(name) for fips, name in directory.county_names.items()}
    if drawn.missing:
        places = _listed([names.get(fips, fips) for fips in drawn.missing])
        sentence = f"There is no outline of {places}: the message has no polygon, and phones go by whole counties."
        yield warning("area-no-outline", at, sentence, "FEMA software requirements")
    down = {place.code for place in cap.still_down(edition.kind, edition.content, affected)}
    partly = [fips for fips in drawn.counties if any(place.code not in down for place in directory.in_county(fips))]
    if partly:
        places = _listed([names.get(fips, fips) for fips in partly])
        sentence = f"Towns have no outline of their own: the polygon holds all of {places}, so all phones there get it."
        yield warning("area-whole-county", at, sentence, "47 CFR 10.450")


def _listed(names: Sequence[str]) -> str:
    more = len(names) - MOST_NAMED
    shown = [*names[:MOST_NAMED], *([f"{more} more"] if more > 0 else [])]
    return " and ".join(filter(None, (", ".join(shown[:-1]), shown[-1])))
