"""The form of what is known of an outage: since when and from whom, what fails, where, and whose.

All but the first word can wait.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import timedelta

from flask import render_template, request
from sqlalchemy.orm import Session

from broadcaster.alert.alert import FailureKind
from broadcaster.directory import Directory
from broadcaster.messages.template import plain
from broadcaster.outage.record import Facts
from broadcaster.said import Said
from broadcaster.store.outage.outages import Outage
from broadcaster.store.places import directory_load
from broadcaster.web import outline, town_map
from broadcaster.web.form import read as form_read
from broadcaster.web.form import typed as form_typed
from broadcaster.web.form.form import Choice
from broadcaster.web.form.read import Reading
from broadcaster.web.form.typed import Typed
from broadcaster.web.house import house
from broadcaster.web.moments import SLACK

KINDS = {
    FailureKind.ALL_CALLS: Said("all calls"),
    FailureKind.INTERMITTENT: Said("some calls"),
    FailureKind.ONE_CARRIER: Said("one carrier or service"),
    FailureKind.NO_LOCATION: Said("calls arrive without location"),
    FailureKind.TEXT_TO_911: Said("text-to-911"),
}
SERVICES = (
    Said("wireline calls"),
    Said("wireless calls"),
    Said("VoIP calls"),
    Said("text-to-911"),
    Said("caller’s number"),
    Said("caller’s location"),
)
"""What a notice to the FCC and to answering points names (47 CFR 4.9(h)); others are typed."""
LONGEST_LIST = 10
LONGEST_NAME = 120
OLDEST = timedelta(days=30)


@dataclass(frozen=True, slots=True)
class TypedFacts:
    """The form as it was typed; its place is typed as in the form of an alert."""

    known_at: str
    known_from: str
    carriers: str
    services: str
    place: Typed


@dataclass(frozen=True, slots=True)
class Stated:
    """What a sent form means; no facts, and a sentence beside each field, where it cannot be used."""

    typed: TypedFacts
    directory: Directory
    problems: dict[str, str]
    facts: Facts | None


def blank() -> TypedFacts:
    """A new record: known now."""
    return TypedFacts(form_typed.local(house().clock(), house().zone), "", "", "", Typed(failure="all_calls"))


def of(outage: Outage, directory: Directory) -> TypedFacts:
    """The form of a record as it stands."""
    area = outage.area
    place = Typed(
        failure=outage.kind,
        statewide=area.statewide,
        counties=area.counties,
        communities=tuple(code for code in area.communities if code in {each.code for each in directory.communities}),
        psaps=area.psaps,
    )
    known = form_typed.local(outage.known_at, house().zone)
    return TypedFacts(known, outage.known_from, ", ".join(outage.carriers), ", ".join(outage.services), place)


def read(store: Session) -> Stated:
    """What was sent."""
    directory = directory_load.load(store, agencies=False)
    typed = _typed()
    reading = Reading(typed.place, directory, house().zone, house().clock())
    facts = _facts(reading, typed)
    return Stated(typed, directory, reading.problems, None if reading.problems else facts)


def _typed() -> TypedFacts:
    def text(name: str) -> str:
        return request.form.get(name, "")[: form_typed.LONGEST]

    place = form_typed.from_request(request.form)
    return TypedFacts(text("known_at"), text("known_from"), text("carriers"), text("services"), place)


def _facts(reading: Reading, typed: TypedFacts) -> Facts | None:
    known = reading.moment("known_at", typed.known_at)
    if known and known > reading.now + SLACK:
        reading.refuse("known_at", Said("That is in the future: say when the first word came."))
    if known and known < reading.now - OLDEST:
        reading.refuse("known_at", Said("That is more than a month ago: check the date."))
    source = plain(typed.known_from)[:LONGEST_NAME]
    if not source:
        reading.refuse("known_from", Said("Write who said it first: a dispatch centre, a carrier, a caller."))
    kind = FailureKind.ALL_CALLS
    try:
        kind = FailureKind(reading.typed.failure)
    except ValueError:
        reading.refuse("failure", Said("Choose what fails."))
    area = form_read.place(reading)
    carriers, services = _listed(typed.carriers), _listed(typed.services)
    return Facts(known, source, kind, area, carriers, services) if known else None


def _listed(text: str) -> tuple[str, ...]:
    parts = (plain(part)[:LONGEST_NAME] for part in re.split(r"[\n,;]+", text))
    return tuple(dict.fromkeys(part for part in parts if part))[:LONGEST_LIST]


def page(typed: TypedFacts, directory: Directory, problems: dict[str, str], outage: Outage | None = None) -> str:
    """The form, of a record or of a new one."""
    with house().sessions.begin() as store:
        towns = town_map.of(store)
    return render_template(
        "desk/outages/facts.html",
        typed=typed,
        choice=Choice(directory),
        problems=problems,
        outage=outage,
        kinds=KINDS,
        services=SERVICES,
        drawing=outline.of_state(house().settings.state_fips),
        towns=towns,
    )
