"""What of a directory is stale: numbers and contacts that nobody verified within a year, the worst first.

47 CFR 4.9(h) has providers confirm the contacts of 911 centres once a year; the same year is asked of our numbers.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta

from broadcaster.alert.phone import STALE_AFTER_DAYS
from broadcaster.directory.entries import CHANNELS
from broadcaster.directory.rows import RowKind, contact_code, listings, number_code
from broadcaster.directory.whole import Directory
from broadcaster.said import Said

YEAR = timedelta(days=STALE_AFTER_DAYS)


@dataclass(frozen=True, slots=True)
class Stale:
    """A number or contact; `people` is how many are told it first, or 0 for what is not told the public."""

    kind: RowKind
    code: str
    name: str
    shown: str
    verified_on: date | None
    people: int = 0

    @property
    def due(self) -> date | None:
        """When the yearly check was or is due; None when it never was verified: now."""
        return self.verified_on + YEAR if self.verified_on else None

    @property
    def owner(self) -> tuple[RowKind, str]:
        """The row that it hangs on, by kind and code; a number of the state stands for itself."""
        if self.kind is RowKind.CONTACT:
            return RowKind.AGENCY, self.code.split("/")[0]
        scope, code = self.code.split("/")[:2]
        owners = {"community": RowKind.COMMUNITY, "text": RowKind.COMMUNITY, "county": RowKind.COUNTY}
        return (owners[scope], code) if scope in owners else (self.kind, self.code)


def checks(directory: Directory) -> list[Stale]:
    """Every number and contact with its due date: the never verified first, then the oldest, then the most people."""
    found = [*_numbers(directory), *_contacts(directory)]
    return sorted(found, key=lambda one: (one.verified_on or date.min, -one.people, one.kind, one.code))


def stale(directory: Directory, today: date) -> list[Stale]:
    """Those whose yearly check is overdue, the worst first."""
    return [one for one in checks(directory) if one.due is None or one.due < today]


def due_within(directory: Directory, today: date, days: int = 30) -> list[Stale]:
    """Those that come due in the next days."""
    return [one for one in checks(directory) if one.due and today <= one.due <= today + timedelta(days=days)]


def _numbers(directory: Directory) -> Iterator[Stale]:
    for scope, code, listed in listings(directory):
        for order, number in enumerate(listed):
            hidden = number.e164 in directory.restricted
            people = _people(directory, scope, code) if order == 0 and not hidden else 0
            shown = Said("in place %(order)s (restricted)", order=order + 1) if hidden else number.display
            key, name = number_code(scope, code, number), _owner(directory, scope, code)
            yield Stale(RowKind.NUMBER, key, name, shown, number.verified_on, people)


def _owner(directory: Directory, scope: str, code: str) -> str:
    if scope == "county":
        return Said("%(name)s County", name=directory.county_names[code])
    return directory.community(code).name if code else Said("The state")


def _people(directory: Directory, scope: str, code: str) -> int:
    return directory.community(code).population if scope == "community" else 0


def _contacts(directory: Directory) -> Iterator[Stale]:
    for agency in directory.agencies:
        for contact in agency.contacts:
            shown = Said("%(channel)s, in place %(order)s", channel=CHANNELS[contact.channel], order=contact.order)
            yield Stale(RowKind.CONTACT, contact_code(agency.code, contact), agency.name, shown, contact.verified_on)
