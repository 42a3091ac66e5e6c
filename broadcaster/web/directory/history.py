"""The history of one row of the directory at the desk: who changed what, when, from what to what."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from flask import Blueprint, abort, render_template, request
from sqlalchemy import select
from sqlalchemy.orm import Session

from broadcaster.alert.lifecycle import EDITORS
from broadcaster.directory.entries import CHANNELS
from broadcaster.directory.rows import CHANGES, KINDS, RowKind, said
from broadcaster.said import Said
from broadcaster.store.desk.people import User
from broadcaster.store.places import directory_history
from broadcaster.store.places.directory_history import Step
from broadcaster.store.public.residents import Address
from broadcaster.web.house import house
from broadcaster.web.signin.guard import only, require_person

history = Blueprint("history", __name__, url_prefix="/desk/directory/history")
history.before_request(require_person)

MOST = 200
"""Versions of one row on the page; older ones stay in the database."""
AUTHORS: Mapping[str, str] = {directory_history.BEFORE: Said("before history was kept")}
"""Who changed what before anybody kept it."""
FIELDS: Mapping[str, str] = {
    "name": Said("name"),
    "code": Said("code"),
    "fips": Said("fips"),
    "county_fips": Said("county fips"),
    "kind": Said("kind"),
    "timezone": Said("timezone"),
    "zips": Said("zips"),
    "places": Said("places"),
    "population": Said("population"),
    "note": Said("note"),
    "psap": Said("psap"),
    "psap_code": Said("psap code"),
    "other_psaps": Said("other psaps"),
    "text_to_911": Said("text to 911"),
    "scope": Said("scope"),
    "order": Said("order"),
    "e164": Said("e164"),
    "label": Said("label"),
    "visibility": Said("visibility"),
    "verified_on": Said("verified on"),
    "sms": Said("sms"),
    "role": Said("role"),
    "statewide": Said("statewide"),
    "communities": Said("communities"),
    "agency": Said("agency"),
    "channel": Said("channel"),
    "consent": Said("consent"),
    "consent_on": Said("consent on"),
    "properties": Said("properties"),
    "geometry": Said("geometry"),
    "generated": Said("generated"),
}
"""The fields of rows as a page says them."""


@dataclass(frozen=True, slots=True)
class Past:
    """A row, under the name that a person knows it by, and its versions, newest first."""

    kind: RowKind
    name: str
    steps: list[Step]


@history.get("")
@only(*EDITORS)
def page() -> str:
    """One row, then the numbers or contacts that hang on it; restricted numbers too, so for its editors alone."""
    kind, code = _asked()
    with house().sessions.begin() as store:
        rows = [(kind, code), *directory_history.belonging(store, kind, code)]
        pasts = [one for one in (_past(store, *row) for row in rows) if one.steps]
        people = _people(store, (step.version.by for past in pasts for step in past.steps))
    words = {"kinds": KINDS, "changes": CHANGES, "fields": FIELDS, "said": said}
    return render_template("desk/directory/history.html", kind=kind, code=code, pasts=pasts, people=people, **words)


def _asked() -> tuple[RowKind, str]:
    try:
        return RowKind(request.args.get("kind", "")), request.args.get("code", "")
    except ValueError:
        abort(404, description=Said("The directory has no rows of this kind: follow a link from the Directory page."))


def _past(store: Session, kind: RowKind, code: str) -> Past:
    steps = directory_history.steps(directory_history.of_row(store, kind, code, MOST + 1))[:MOST]
    return Past(kind, _name(store, kind, code), steps)


def _name(store: Session, kind: RowKind, code: str) -> str:
    """A contact's row is known by the id of its sealed address: a person reads the address."""
    agency, _, mark = code.rpartition("/")
    if kind is not RowKind.CONTACT or not mark.isdecimal():
        return code
    row = store.get(Address, int(mark))
    if row is None:
        return Said("%(agency)s, an address that is kept no more", agency=agency)
    address = house().sealer.open(row.value_enc, row.value_index)
    return Said("%(agency)s, %(channel)s %(address)s", agency=agency, channel=CHANNELS[row.kind], address=address)


def _people(store: Session, authors: Iterable[str]) -> dict[str, str]:
    """The names of those who changed something, by what the history calls them (``user:7``)."""
    ids = {int(by.removeprefix("user:")) for by in authors if by.startswith("user:")}
    query = select(User.id, User.name).where(User.id.in_(ids))
    return {**AUTHORS, **{f"user:{key}": name for key, name in store.execute(query)}}
