"""The polygons of a revision: drawn at draft and submit from the outlines of the installation, frozen as a text."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from shapely.errors import ShapelyError
from shapely.geometry import shape
from sqlalchemy.orm import Session

from broadcaster import logs
from broadcaster.directory import Community, Directory
from broadcaster.feeds import cap, shapes
from broadcaster.feeds.finding import Finding, warning
from broadcaster.feeds.places import county_title
from broadcaster.feeds.shapes import Drawn, NoOutlines, Outlines
from broadcaster.messages.edition import Edition
from broadcaster.store.alerting import texts
from broadcaster.store.places import outlines, town_shapes

log = logs.get(__name__)
FORM = "shape"
MOST_NAMED = 4


def known(session: Session, state_fips: str) -> Outlines:
    """The outlines of the state and the shapes of its communities; none where they are not there or cannot be read:
    that never stops an alert."""
    text = outlines.load(session, state_fips)
    try:
        return _with_towns(session, text, shapes.read(text)) if text else shapes.NOTHING
    except NoOutlines as error:
        log.error("outlines_unreadable", reason=str(error))
        return shapes.NOTHING


_joined: dict[tuple[str, str], Outlines] = {}
MOST_JOINED = 4


def _with_towns(session: Session, text: str, counties: Outlines) -> Outlines:
    """The same with the shapes of communities, read once for as long as they stay as they are."""
    key = (text, town_shapes.stamp(session))
    if not key[1]:
        return counties
    if key not in _joined:
        towns = {one.code: shape(one.geometry) for one in town_shapes.load(session)}
        while len(_joined) >= MOST_JOINED:
            _joined.pop(next(iter(_joined)), None)
        _joined[key] = replace(counties, towns=towns)
    return _joined[key]


def drawn(edition: Edition, affected: Sequence[Community], directory: Directory, known: Outlines) -> Drawn:
    """The polygons over everywhere that the edition still holds for; no geometry that fails stops an alert."""
    down = cap.still_down(edition.kind, edition.content, affected)
    parts = parted(down, directory, known)
    counties = set(parts.counties)
    if known.counties and cap.is_statewide(edition.kind, edition.content, affected):
        counties |= set(known.counties)
    try:
        return replace(shapes.draw(known, counties, parts.towns), shapeless=parts.shapeless)
    except (ShapelyError, ValueError) as error:
        log.error("polygon_not_drawn", counties=sorted(counties), reason=str(error))
        return Drawn(missing=tuple(sorted(counties | {place.county_fips for place in down})))


@dataclass(frozen=True, slots=True)
class Parts:
    """How an area is drawn: counties that are taken whole, towns by their own shapes, and those that have none."""

    counties: frozenset[str]
    towns: tuple[str, ...]
    shapeless: tuple[str, ...]


def parted(down: Sequence[Community], directory: Directory, known: Outlines) -> Parts:
    """A county is drawn whole when 911 is down in all of it, or in a community there whose shape nobody knows."""
    by_county: dict[str, set[str]] = {}
    for place in down:
        by_county.setdefault(place.county_fips, set()).add(place.code)
    whole, towns, shapeless = set[str](), list[str](), list[str]()
    for fips, codes in sorted(by_county.items()):
        unknown = codes - known.towns.keys()
        if codes.issuperset(place.code for place in directory.in_county(fips)):
            whole.add(fips)
        elif unknown:
            whole.add(fips)
            shapeless += sorted(unknown) if known.towns else []
        else:
            towns += codes
    return Parts(frozenset(whole), tuple(sorted(towns)), tuple(shapeless))


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
        why = _shapeless(drawn, directory) or "Towns have no outline of their own"
        sentence = f"{why}: the polygon holds all of {places}, so all phones there get it."
        yield warning("area-whole-county", at, sentence, "47 CFR 10.450")


def _shapeless(drawn: Drawn, directory: Directory) -> str:
    """Which communities have no shape, where others have one."""
    names = [directory.community(code).name for code in drawn.shapeless]
    return f"{_listed(names)} {'has' if len(names) == 1 else 'have'} no shape in the directory" if names else ""


def _listed(names: Sequence[str]) -> str:
    more = len(names) - MOST_NAMED
    shown = [*names[:MOST_NAMED], *([f"{more} more"] if more > 0 else [])]
    return " and ".join(filter(None, (", ".join(shown[:-1]), shown[-1])))
