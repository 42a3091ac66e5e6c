"""A directory through a spreadsheet and back, and what a file with bad rows is told."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import date

import pytest

from broadcaster.alert.phone import AlternateNumber, Visibility
from broadcaster.directory import Directory, boundaries, table
from broadcaster.directory.rows import differences, rows
from broadcaster.local import massachusetts
from tests.factories import directory

TODAY = date(2026, 6, 18)
SQUARE = {"type": "Polygon", "coordinates": [[[-72, 42], [-71, 42], [-71, 43], [-72, 43], [-72, 42]]]}


def told(text: str, current: Directory | None = None) -> list[tuple[int, str]]:
    return [(one.line, one.sentence) for one in table.read(text, current or directory()).refused]


@pytest.mark.parametrize("value", [directory(), massachusetts.load(TODAY)], ids=["small", "the state"])
def test_there_and_back_nothing_differs(value: Directory) -> None:
    reading = table.read(table.write(value), directory())
    assert reading.refused == ()
    assert reading.directory is not None
    assert differences(rows(value), rows(reading.directory)) == []


def test_every_field_survives_a_spreadsheet() -> None:
    plain = directory(2)
    value = replace(
        plain,
        psaps=tuple(replace(one, text_to_911=True, note='=HYPERLINK("x"), fire boxes') for one in plain.psaps),
        communities=tuple(
            replace(one, note="@noon; walk-ins", other_psaps=("psap-2",)) for one in plain.communities[:1]
        )
        + plain.communities[1:],
        text_numbers={"town-1": (AlternateNumber("+15085550144", "-desk", Visibility.RESTRICTED, TODAY, sms=True),)},
    )
    written = table.write(value)
    assert ",=" not in written
    assert '"=' not in written
    reading = table.read(written, plain)
    assert reading.directory is not None
    assert differences(rows(value), rows(reading.directory)) == []


def test_a_file_speaks_only_of_the_kinds_in_it() -> None:
    made = table.read("row,scope,code,order,e164\r\nnumber,community,town-1,1,(508) 555-0177\r\n", directory(2))
    assert made.directory is not None
    assert [one.e164 for one in made.directory.numbers["town-1"]] == ["+15085550177"]
    assert "town-2" not in made.directory.numbers
    assert (len(made.directory.agencies), len(made.directory.communities)) == (2, 2)


@pytest.mark.parametrize(
    ("row", "sentence"),
    [
        ("number,community,town-1,911", "911 cannot be an alternative to 911: give the ten-digit line"),
        ("number,community,town-1,", "e164: Field required"),
        ("number,village,town-1,5085550177", "scope: write community, county, state or text, not “village”"),
        ("number,community,town-1,5085550177,maybe", "sms: write yes or no, not “maybe”"),
        ("number,community,town-1,5085550177,no,a bit", "visibility: Input should be 'public' or 'restricted'"),
        ("number,community,town-1,5085550177,no,public,18.6.", "verified_on: Input should be a valid date"),
        ("town,,,", "“town” is no kind of row: write county, psap, community"),
        ("county,community,,", "A county has no “scope”: leave that cell empty"),
        ("number,community,town-1,5085550177,no,public,,extra", "This line has more cells than the first"),
    ],
)
def test_a_bad_row_is_named_with_its_line_and_nothing_is_taken(row: str, sentence: str) -> None:
    good = "number,community,town-1,5085550178"
    text = f"row,scope,code,e164,sms,visibility,verified_on\n{good}\n{row}\n"
    reading = table.read(text, directory())
    assert reading.directory is None
    assert [one.line for one in reading.refused] == [3]
    assert sentence in reading.refused[0].sentence


@pytest.mark.parametrize(
    ("text", "line", "sentence"),
    [
        ("", 1, "there is no column “row”: begin with an export"),
        ("row,fax\n", 1, "the column “fax” is unknown"),
        ("row,scope,code,e164\n" + "number,state,,6175550100\n" * 2, 3, "this number stands in the file already"),
        ("row,scope,code,e164\nnumber,community,atlantis,6175550100\n", 0, "“atlantis” is used but not in"),
        (
            "row,agency,channel,value,order\ncontact,nobody,email,a@b.example,1\n",
            0,
            "The agency “nobody” has a contact",
        ),
        ("row,agency,channel,value,order\ncontact,town-1-police,email,police,1\n", 2, "an e-mail address is name@host"),
    ],
)
def test_what_makes_no_directory_is_said(text: str, line: int, sentence: str) -> None:
    (found,) = told(text)
    assert found[0] == line
    assert sentence in found[1]


def feature(**changes: object) -> dict[str, object]:
    own = {"NGUID": "urn:emergency:uid:gis:PSAP:1:ma.example", "DsplayName": "Town 1 dispatch", "State": "MA"}
    return {"type": "Feature", "geometry": SQUARE, "properties": own | changes}


def collection(*features: object) -> str:
    return json.dumps({"type": "FeatureCollection", "features": features})


def test_boundaries_there_and_back_and_several_psaps_for_one_community() -> None:
    plain = directory(2)
    text = collection(feature(communities="town-1;town-2"), feature(NGUID="two", psap="psap-2", communities=["town-1"]))
    found, refused = boundaries.read(text, plain)
    assert refused == []
    assert [(one.psap, one.properties["State"]) for one in found if one.properties] == [
        ("psap-1", "MA"),
        ("psap-2", "MA"),
    ]
    written = boundaries.write(found, plain)
    again, refused = boundaries.read(written, plain)
    assert refused == []
    assert boundaries.write(again, plain) == written
    assert [replace(one, properties=None) for one in again] == [replace(one, properties=None) for one in found]
    served = boundaries.served(plain, found).communities
    assert [(one.psap_code, one.other_psaps) for one in served] == [("psap-1", ("psap-2",)), ("psap-2", ("psap-1",))]
    assert [one.nguid for one in boundaries.Areas(found).at(-71.5, 42.5)] == [found[0].nguid, "two"]
    assert boundaries.Areas(found).at(-70.5, 42.5) == []


BOW = {"type": "Polygon", "coordinates": [[[0, 0], [1, 1], [1, 0], [0, 1], [0, 0]]]}
FEET = {
    "type": "Polygon",
    "coordinates": [[[700000, 2900000], [700010, 2900000], [700010, 2900010], [700000, 2900000]]],
}


@pytest.mark.parametrize(
    ("bad", "sentence"),
    [
        (feature(NGUID=""), "NGUID is missing"),
        (feature(DsplayName="Elsewhere"), "No PSAP is called “Elsewhere”"),
        (feature(ServiceURN="urn:service:sos.fire"), "which is not 911"),
        (feature(communities=["atlantis"]), "No community has the code “atlantis”"),
        (feature() | {"geometry": {"type": "Point", "coordinates": [-71, 42]}}, "no Polygon or MultiPolygon"),
        (feature() | {"geometry": BOW}, "The polygon is broken: Self-intersection"),
        (feature() | {"geometry": FEET}, "The coordinates are no degrees"),
        (feature() | {"geometry": None}, "This is no feature"),
        ({}, "NGUID is missing"),
        (7, "This is no feature"),
    ],
)
def test_a_bad_feature_is_named(bad: object, sentence: str) -> None:
    found, refused = boundaries.read(collection(feature(NGUID="good"), bad), directory())
    assert [one.nguid for one in found] == ["good"]
    assert [one.line for one in refused] == [2]
    assert sentence in refused[0].sentence


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"type": "FeatureCollection", "features": []}'])
def test_what_is_no_collection_is_refused_whole(text: str) -> None:
    assert [one.line for one in boundaries.read(text, directory())[1]] == [0]
