"""The directory by the API: all of it, or "which number here?" by community, ZIP, county or point."""

from __future__ import annotations

from typing import Any

from flask import abort, request
from pydantic import BaseModel

from broadcaster.alert.alert import Problem
from broadcaster.alert.phone import AlternateNumber
from broadcaster.directory import Community, Directory, UnknownCommunity
from broadcaster.directory.boundaries import Areas
from broadcaster.directory.here import Asked, BadPlace, look
from broadcaster.store.places import directory_load, town_shapes
from broadcaster.web.api.calls import Call
from broadcaster.web.api.problem import Refused


class DirectoryOut(BaseModel):
    """Who answers where; restricted numbers are left out."""

    sample: bool
    counties: list[dict[str, str]]
    communities: list[dict[str, Any]]
    psaps: list[dict[str, Any]]
    agencies: list[dict[str, Any]]


def directory(call: Call) -> DirectoryOut:
    """The directory, without restricted numbers and without anybody's address; of a place only, where one is asked."""
    asked = Asked(*(request.args.get(name, "")[:80] for name in ("q", "zip", "county", "point")))
    plain = directory_load.load(call.store)
    places = plain.communities if asked.is_empty else _asked(call, plain, asked)
    own = {code for place in places for code in (place.psap_code, *place.other_psaps)}
    return DirectoryOut(
        sample=plain.sample,
        counties=[{"fips": county.fips, "name": county.name} for county in plain.counties],
        psaps=[
            {
                "code": psap.code,
                "name": psap.name,
                "county": psap.county_fips,
                "text_to_911": psap.text_to_911,
                "note": psap.note,
            }
            for psap in plain.psaps
            if asked.is_empty or psap.code in own
        ],
        agencies=[{"code": a.code, "name": a.name, "role": a.role.value} for a in plain.agencies if asked.is_empty],
        communities=[_community(plain, place) for place in places],
    )


def _asked(call: Call, plain: Directory, asked: Asked) -> tuple[Community, ...]:
    areas = town_shapes.areas(call.store) if asked.point else Areas([])
    try:
        return tuple(one.community for one in look(plain, areas, asked))
    except BadPlace as error:
        raise Refused(Problem("query", str(error))) from error
    except UnknownCommunity as error:
        abort(404, description=str(error))


def _community(plain: Directory, place: Community) -> dict[str, Any]:
    best = plain.ladder(place.code)
    return {
        "code": place.code,
        "name": place.name,
        "kind": place.kind.value,
        "county": place.county_fips,
        "psap": place.psap_code,
        "other_psaps": list(place.other_psaps),
        "zips": list(place.zips),
        "call": best.number.e164 if best.number else "",
        "why": best.why,
        "numbers": [_number(each) for each in plain.open_to_all(plain.numbers.get(place.code, ()))],
        "text_numbers": [_number(each) for each in plain.textable(place.code)],
        "text_to_911": plain.takes_text_to_911(place.code),
        "note": place.note,
    }


def _number(number: AlternateNumber) -> dict[str, Any]:
    return {"number": number.e164, "label": number.label, "verified_on": str(number.verified_on or "")}
