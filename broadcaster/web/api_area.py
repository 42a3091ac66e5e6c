"""An area that was sent as a polygon becomes the counties that it touches: alerts are made of places people know."""

from __future__ import annotations

from typing import TypeVar

from sqlalchemy.orm import Session

from broadcaster.alert.alert import Problem
from broadcaster.directory import Directory
from broadcaster.dispatch import where
from broadcaster.feeds import geojson, shapes
from broadcaster.feeds.geojson import BadGeoJson
from broadcaster.feeds.shapes import Drawn
from broadcaster.web.api_models import AreaOut, ChangeIn
from broadcaster.web.api_problem import Refused

Body = TypeVar("Body", bound=ChangeIn)
FIELD = "area.geojson"


def located(body: Body, store: Session, directory: Directory, state_fips: str) -> Body:
    """The body with counties in place of its polygon; Refused when none of them is ours."""
    if body.area is None or body.area.geojson is None:
        return body
    sent, outlines = body.area.geojson, where.known(store, state_fips)
    if not outlines.counties:
        raise Refused(Problem(FIELD, "This installation has no county outlines: name counties or communities instead."))
    try:
        touched = shapes.touched(outlines, geojson.area(sent.type, sent.coordinates))
    except BadGeoJson as error:
        raise Refused(Problem(FIELD, str(error))) from error
    ours = [code for code in touched if code in directory.county_names]
    if not ours:
        raise Refused(Problem(FIELD, "The polygon touches no county of the directory: longitude comes first."))
    counties = sorted({*body.area.counties, *ours})
    return body.model_copy(update={"area": body.area.model_copy(update={"counties": counties, "geojson": None})})


def shown_area(drawn: Drawn) -> AreaOut:
    """The polygons as the API shows them."""
    return AreaOut(
        polygons=list(drawn.polygons),
        counties=list(drawn.counties),
        without_outline=list(drawn.missing),
        spill_km2=dict(drawn.spill.states),
        spill_share=drawn.spill.share,
        spill=drawn.spill.sentence if drawn.polygons else "",
    )
