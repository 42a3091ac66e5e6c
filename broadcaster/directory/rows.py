"""A directory as rows by kind and code, and what differs between two: the same for files, pages and history."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from pydantic import TypeAdapter

from broadcaster.alert.phone import AlternateNumber
from broadcaster.directory.entries import Agency, Community, Contact, County, Psap
from broadcaster.directory.whole import Directory
from broadcaster.said import Said, joined

Key = tuple[str, str]
"""The kind of a row, and its code."""
Values = dict[str, Any]
"""A row's own fields as plain JSON."""


class RowKind(StrEnum):
    """What a row of a directory describes, in the order in which rows need each other."""

    COUNTY = "county"
    PSAP = "psap"
    COMMUNITY = "community"
    NUMBER = "number"
    AGENCY = "agency"
    CONTACT = "contact"
    BOUNDARY = "boundary"
    SHAPE = "shape"


class Change(StrEnum):
    """What happened to a row."""

    ADDED = "added"
    CHANGED = "changed"
    RETIRED = "retired"


KINDS: Mapping[str, str] = {
    RowKind.COUNTY: Said("county"),
    RowKind.PSAP: Said("psap"),
    RowKind.COMMUNITY: Said("community"),
    RowKind.NUMBER: Said("number"),
    RowKind.AGENCY: Said("agency"),
    RowKind.CONTACT: Said("contact"),
    RowKind.BOUNDARY: Said("boundary"),
    RowKind.SHAPE: Said("shape"),
}
CHANGES: Mapping[str, str] = {
    Change.ADDED: Said("added"),
    Change.CHANGED: Said("changed"),
    Change.RETIRED: Said("retired"),
}
"""The kinds and the changes as pages say them."""


@dataclass(frozen=True, slots=True)
class Difference:
    """One row that is another one in the newer of two directories; a new one had nothing before."""

    kind: RowKind
    code: str
    before: Values | None
    after: Values | None

    @property
    def change(self) -> Change:
        """What happened to the row."""
        if self.before is None:
            return Change.ADDED
        return Change.RETIRED if self.after is None else Change.CHANGED

    @property
    def fields(self) -> dict[str, tuple[Any, Any]]:
        """The fields that differ, each as it was and as it is; every one of a row that came or went."""
        old, new = self.before or {}, self.after or {}
        return {name: (old.get(name), new.get(name)) for name in {**old, **new} if old.get(name) != new.get(name)}


_COUNTY, _PSAP, _COMMUNITY = TypeAdapter(County), TypeAdapter(Psap), TypeAdapter(Community)
_AGENCY, _CONTACT, _NUMBER = TypeAdapter(Agency), TypeAdapter(Contact), TypeAdapter(AlternateNumber)


def contact_code(agency: str, contact: Contact) -> str:
    """The code of a contact's row: its agency, channel and address."""
    return f"{agency}/{contact.channel}/{contact.value}"


def number_code(scope: str, code: str, number: AlternateNumber) -> str:
    """The code of a number's row: whose it is (a scope of `store.places.directory.Number`), and the number (E.164)."""
    return f"{scope}/{code}/{number.e164}"


def rows(directory: Directory) -> dict[Key, Values]:
    """Every row of a directory by kind and code."""
    return {(kind.value, code): values for kind, code, values in _rows(directory)}


def differences(before: Mapping[Key, Values], after: Mapping[Key, Values]) -> list[Difference]:
    """What differs between two directories, in the order of the kinds and then of the codes."""
    order = list(RowKind)
    keys = sorted(before.keys() | after.keys(), key=lambda key: (order.index(RowKind(key[0])), key[1]))
    return [
        Difference(RowKind(kind), code, before.get((kind, code)), after.get((kind, code)))
        for kind, code in keys
        if before.get((kind, code)) != after.get((kind, code))
    ]


def _rows(directory: Directory) -> Iterator[tuple[RowKind, str, Values]]:
    for county in directory.counties:
        yield RowKind.COUNTY, county.fips, _COUNTY.dump_python(county, mode="json")
    for psap in directory.psaps:
        yield RowKind.PSAP, psap.code, _PSAP.dump_python(psap, mode="json")
    for community in directory.communities:
        yield RowKind.COMMUNITY, community.code, _COMMUNITY.dump_python(community, mode="json")
    for scope, code, listed in listings(directory):
        for order, number in enumerate(listed, start=1):
            values = {"scope": scope, "code": code, "order": order, **_NUMBER.dump_python(number, mode="json")}
            yield RowKind.NUMBER, number_code(scope, code, number), values
    for agency in directory.agencies:
        yield RowKind.AGENCY, agency.code, _AGENCY.dump_python(agency, mode="json", exclude={"contacts"})
        for contact in agency.contacts:
            values = {"agency": agency.code, **_CONTACT.dump_python(contact, mode="json")}
            yield RowKind.CONTACT, contact_code(agency.code, contact), values


def listings(directory: Directory) -> Iterator[tuple[str, str, tuple[AlternateNumber, ...]]]:
    """Every list of numbers: its scope, the code in it, and the numbers in their order."""
    for code, listed in directory.numbers.items():
        yield "community", code, listed
    for fips, listed in directory.county_numbers.items():
        yield "county", fips, listed
    yield "state", "", directory.state_numbers
    for code, listed in directory.text_numbers.items():
        yield "text", code, listed


def described(one: Difference) -> Said:
    """A difference on one line for a person; of a contact only the agency and the channel, never the address."""
    code = "/".join(one.code.split("/")[:2]) if one.kind is RowKind.CONTACT else one.code
    name = (one.after or one.before or {}).get("name", "")
    row = Said("%(kind)s %(code)s", kind=KINDS[one.kind], code=code)
    if one.change is Change.CHANGED:
        told = joined("; ", (_told(name, old, new) for name, (old, new) in one.fields.items()))
        return Said("changed %(row)s: %(told)s", row=row, told=told)
    named = Said("%(row)s (%(name)s)", row=row, name=name) if name else row
    return Said("added %(row)s", row=named) if one.change is Change.ADDED else Said("retired %(row)s", row=named)


def _told(name: str, old: Any, new: Any) -> Said:
    """What became of a field, under its name in the file."""
    if name == "geometry":
        return Said("another area")
    return Said("%(field)s %(old)s → %(new)s", field=name, old=said(old), new=said(new))


def said(value: Any) -> str:
    """The value of a field for a person: ``nothing``, a list with commas, ``an area`` for a shape."""
    if isinstance(value, bool):
        return Said("yes") if value else Said("no")
    if isinstance(value, dict):
        return Said("an area")
    if value in (None, "", []):
        return Said("nothing")
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value)
