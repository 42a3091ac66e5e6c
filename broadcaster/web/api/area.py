"""An area that was sent as a polygon becomes the counties and towns that it touches: alerts are made of places people
know."""

from __future__ import annotations

from typing import TypeVar

from shapely import Geometry
from sqlalchemy.orm import Session

from broadcaster.alert.alert import Problem
from broadcaster.directory import Directory
from broadcaster.dispatch.revision import where
from broadcaster.feeds import geojson, shapes
from broadcaster.feeds.geojson import BadGeoJson
from broadcaster.feeds.shapes import Drawn, Outlines
from broadcaster.web.api.models import AreaOut, ChangeIn
from broadcaster.web.api.problem import Refused

Body = TypeVar("Body", bound=ChangeIn)
FIELD = "area.geojson"


def located(body: Body, store: Session, directory: Directory, state_fips: str) -> Body:
    """The body with counties and communities in place of its polygon; Refused when none of them is ours."""
    if body.area is None or body.area.geojson is None:
        return body
    sent, outlines = body.area.geojson, where.known(store, state_fips)
    if not outlines.counties:
        raise Refused(Problem(FIELD, "This installation has no county outlines: name counties or communities instead."))
    try:
        area = geojson.area(sent.type, sent.coordinates)
    except BadGeoJson as error:
        raise Refused(Problem(FIELD, str(error))) from error
    ours = [code for code in shapes.touched(outlines, area) if code in directory.county_names]
    if not ours:
        raise Refused(Problem(FIELD, "The polygon touches no county of the directory: longitude comes first."))
    whole, towns = _parted(directory, ours, outlines, area)
    places = {
        "counties": sorted({*body.area.counties, *whole}),
        "communities": sorted({*body.area.communities, *towns}),
        "geojson": None,
    }
    return body.model_copy(update={"area": body.area.model_copy(update=places)})


def _parted(directory: Directory, counties: list[str], outlines: Outlines, area: Geometry) -> tuple[set[str], set[str]]:
    """Which of the counties are meant whole, and which communities of the others: all that are touched, and those
    that have no shape, for nobody knows that they are not."""
    touched = set(shapes.towns_touched(outlines, area))
    whole, towns = set[str](), set[str]()
    for fips in counties:
        here = {place.code for place in directory.in_county(fips)}
        meant = (here & touched) | (here - outlines.towns.keys())
        if meant and meant != here:
            towns |= meant
        else:
            whole.add(fips)
    return whole, towns


def shown_area(drawn: Drawn) -> AreaOut:
    """The polygons as the API shows them."""
    return AreaOut(
        polygons=list(drawn.polygons),
        counties=list(drawn.counties),
        communities=list(drawn.towns),
        without_outline=list(drawn.missing),
        spill_km2=dict(drawn.spill.states),
        spill_share=drawn.spill.share,
        spill=drawn.spill.sentence if drawn.polygons else "",
    )
