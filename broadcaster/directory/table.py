"""A directory as one CSV table: a line is a row of any kind, and a cell that does not belong to its kind is empty.

A file speaks of the kinds that stand in it, wholly: what it leaves out of such a kind is retired, and the other kinds
stay as they are. So a spreadsheet of numbers alone is an import too.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from pydantic import TypeAdapter, ValidationError

from broadcaster.alert.phone import AlternateNumber, parse
from broadcaster.directory.entries import Agency, BrokenDirectory, Community, Contact, ContactChannel, County, Psap
from broadcaster.directory.rows import KINDS, Key, RowKind, Values, rows
from broadcaster.directory.whole import Directory
from broadcaster.said import Said, joined, pattern

FIELDS: dict[RowKind, tuple[str, ...]] = {
    RowKind.COUNTY: ("fips", "name"),
    RowKind.PSAP: ("code", "name", "county_fips", "text_to_911", "note"),
    RowKind.COMMUNITY: (
        *("code", "name", "kind", "county_fips", "timezone", "psap_code", "other_psaps", "zips", "places"),
        *("population", "note"),
    ),
    RowKind.NUMBER: ("scope", "code", "order", "e164", "label", "visibility", "verified_on", "sms"),
    RowKind.AGENCY: ("code", "name", "role", "county_fips", "statewide", "communities"),
    RowKind.CONTACT: ("agency", "channel", "value", "order", "verified_on", "consent_on", "consent"),
}
"""The columns that each kind of row fills."""
COLUMNS = ("row", *dict.fromkeys(name for fields in FIELDS.values() for name in fields))
LISTS = frozenset({"zips", "places", "other_psaps", "communities"})
YES_OR_NO = frozenset({"sms", "statewide", "text_to_911"})
MOST_REFUSED = 1000
_TYPES: dict[RowKind, TypeAdapter[Any]] = {
    RowKind.COUNTY: TypeAdapter(County),
    RowKind.PSAP: TypeAdapter(Psap),
    RowKind.COMMUNITY: TypeAdapter(Community),
    RowKind.NUMBER: TypeAdapter(AlternateNumber),
    RowKind.AGENCY: TypeAdapter(Agency),
    RowKind.CONTACT: TypeAdapter(Contact),
}
_OWN = {RowKind.NUMBER: ("scope", "code", "order"), RowKind.CONTACT: ("agency",)}
"""Fields of a row that its value does not hold."""


@dataclass(frozen=True, slots=True)
class Refusal:
    """A line that cannot be taken, counted as a spreadsheet counts, and why; a refusal of the whole has no line."""

    line: int
    sentence: str


@dataclass(frozen=True, slots=True)
class Reading:
    """What a file would make of a directory; `directory` is None when a row or the whole was refused."""

    directory: Directory | None
    refused: tuple[Refusal, ...]
    lines: int


def write(directory: Directory) -> str:
    """A directory as CSV with CRLF line ends (RFC 4180)."""
    out = io.StringIO()
    table = csv.DictWriter(out, COLUMNS, restval="")
    table.writeheader()
    for (kind, _), values in rows(directory).items():
        table.writerow({"row": kind, **{name: _cell(values[name]) for name in FIELDS[RowKind(kind)]}})
    return out.getvalue()


def _cell(value: Any) -> str:
    """A cell; a spreadsheet must not take it for a formula (the leading apostrophe is taken off again)."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    text = ";".join(value) if isinstance(value, list) else "" if value is None else str(value)
    return (
        f"'{text}" if text[:1] in ("=", "@", "\t", "\r", "'") or (text[:1] in "+-" and not text[1:].isdigit()) else text
    )


def read(text: str, current: Directory) -> Reading:
    """What a file makes of the directory in use; every line that cannot be taken is named with its reason."""
    refused: list[Refusal] = []
    found: dict[Key, Values] = {}
    lines = 0
    table = csv.DictReader(io.StringIO(text.removeprefix("\ufeff")))
    strange = sorted(set(table.fieldnames or ()) - set(COLUMNS))
    if "row" not in (table.fieldnames or ()) or strange:
        said = (
            Said("In the first line the column “%(name)s” is unknown: begin with an export.", name=strange[0])
            if strange
            else NO_COLUMN
        )
        return Reading(None, (Refusal(1, said),), 0)
    try:
        for cells in table:
            lines += 1
            _take(cells, table.line_num, found, refused)
    except csv.Error as error:
        refused.append(Refusal(table.line_num, Said("This is no CSV from here on: %(why)s.", why=error)))
    made = None if refused else _merged(found, current, refused)
    return Reading(made, tuple(refused[:MOST_REFUSED]), lines)


def _take(cells: Mapping[str, Any], line: int, found: dict[Key, Values], refused: list[Refusal]) -> None:
    try:
        kind, values = _values(cells)
        key = (kind.value, _code(kind, values))
        if key in found:
            raise ValueError(Said("this %(kind)s stands in the file already.", kind=KINDS[kind]))
    except ValidationError as error:
        refused.append(Refusal(line, unread(error)))
    except (ValueError, KeyError) as error:
        refused.append(Refusal(line, str(error)))
    else:
        found[key] = values


NO_COLUMN = Said("In the first line there is no column “row”: begin with an export.")
WRONG = {
    "missing": pattern("%(field)s: Field required."),
    "enum": pattern("%(field)s: Input should be %(expected)s."),
}
"""What is wrong most often, by pydantic's names and in its words; everything else it says in English."""


def unread(error: ValidationError) -> Said:
    """The first thing that is wrong with a row, as a sentence that begins with its field."""
    first = error.errors()[0]
    field = first["loc"][0] if first["loc"] else "row"
    parts = {**first.get("ctx", {}), "field": field, "message": first["msg"]}
    parts["expected"] = joined(Said(" or "), str(parts.get("expected", "")).split(" or "))
    return Said(WRONG.get(first["type"], "%(field)s: %(message)s."), **parts)


def _values(cells: Mapping[str, Any]) -> tuple[RowKind, Values]:
    if None in cells:
        raise ValueError(Said("This line has more cells than the first: quote a cell that holds a comma."))
    named = str(cells["row"] or "").strip()
    if named not in list(FIELDS):
        raise ValueError(Said("“%(typed)s” is no kind of row: write %(kinds)s.", typed=named, kinds=", ".join(FIELDS)))
    kind = RowKind(named)
    misplaced = [name for name, cell in cells.items() if cell and name not in ("row", *FIELDS[kind])]
    if misplaced:
        raise ValueError(
            Said("A %(kind)s has no “%(field)s”: leave that cell empty.", kind=KINDS[kind], field=misplaced[0])
        )
    values = {name: _typed(name, str(cells.get(name) or "").strip()) for name in FIELDS[kind]}
    return kind, {name: value for name, value in values.items() if value is not None}


def _typed(name: str, cell: str) -> Any:
    cell = cell.removeprefix("'")
    if name in LISTS:
        return [each.strip() for each in cell.split(";") if each.strip()]
    if name in YES_OR_NO:
        if cell.lower() not in ("yes", "no", ""):
            raise ValueError(Said("%(field)s: write yes or no, not “%(typed)s”.", field=name, typed=cell))
        return cell.lower() == "yes"
    if name == "e164" and cell:
        return parse(cell)
    return cell or None


def _code(kind: RowKind, values: Values) -> str:
    """The code of a row as `rows.rows` has it; ValueError when it cannot be a row of its kind."""
    _valued(kind, values)
    if kind is RowKind.NUMBER:
        scope = values.get("scope")
        if scope not in ("community", "county", "state", "text"):
            raise ValueError(Said("scope: write community, county, state or text, not “%(typed)s”.", typed=scope or ""))
        return f"{scope}/{values.setdefault('code', '')}/{values['e164']}"
    if kind is RowKind.CONTACT:
        if values["channel"] in (ContactChannel.SMS, ContactChannel.VOICE):
            values["value"] = parse(values["value"])
        elif "@" not in values["value"]:
            raise ValueError(Said("value: an e-mail address is name@host."))
        return f"{values['agency']}/{values['channel']}/{values['value']}"
    return str(values["fips" if kind is RowKind.COUNTY else "code"])


def _valued(kind: RowKind, values: Values) -> Any:
    own = {name: value for name, value in values.items() if name not in _OWN.get(kind, ())}
    if kind is RowKind.CONTACT:
        own["order"] = values.get("order")
        if "agency" not in values:
            raise ValueError(Said("agency: write the code of the agency."))
    if kind is RowKind.AGENCY:
        own["contacts"] = ()
    return _TYPES[kind].validate_python(own)


def _merged(found: Mapping[Key, Values], current: Directory, refused: list[Refusal]) -> Directory | None:
    spoken = {kind for kind, _ in found}
    kept = {key: values for key, values in rows(current).items() if key[0] not in spoken}
    try:
        return assemble({**kept, **found}, current)
    except (BrokenDirectory, ValueError) as error:
        refused.append(Refusal(0, str(error)))
        return None


def assemble(found: Mapping[Key, Values], current: Directory) -> Directory:
    """The directory that these rows describe; BrokenDirectory when they contradict each other."""

    def every(kind: RowKind) -> Iterator[tuple[Values, Any]]:
        return ((values, _valued(kind, values)) for key, values in found.items() if key[0] == kind.value)

    contacts: dict[str, list[Contact]] = {}
    for values, contact in every(RowKind.CONTACT):
        contacts.setdefault(values["agency"], []).append(contact)
    agencies = tuple(
        replace(one, contacts=tuple(sorted(contacts.pop(one.code, ()), key=lambda each: each.order)))
        for _, one in every(RowKind.AGENCY)
    )
    if contacts:
        raise BrokenDirectory(
            Said("The agency “%(code)s” has a contact and is not in the directory.", code=min(contacts))
        )
    numbers: dict[str, dict[str, list[tuple[int, AlternateNumber]]]] = {}
    for values, number in every(RowKind.NUMBER):
        listed = numbers.setdefault(values["scope"], {}).setdefault(values["code"], [])
        listed.append((int(values.get("order", len(listed) + 1)), number))
    ordered = {
        scope: {code: tuple(one for _, one in sorted(some, key=lambda each: each[0])) for code, some in lists.items()}
        for scope, lists in numbers.items()
    }
    return replace(
        current,
        counties=tuple(one for _, one in every(RowKind.COUNTY)),
        psaps=tuple(one for _, one in every(RowKind.PSAP)),
        communities=tuple(one for _, one in every(RowKind.COMMUNITY)),
        agencies=agencies,
        numbers=ordered.get("community", {}),
        county_numbers=ordered.get("county", {}),
        state_numbers=ordered.get("state", {}).get("", ()),
        text_numbers=ordered.get("text", {}),
    )
