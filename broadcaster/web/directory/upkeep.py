"""The upkeep of the directory at the desk: what is stale, what comes due, and corrections that wait for an editor."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import date

from flask import Blueprint, flash, redirect, render_template, url_for
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from broadcaster.alert.lifecycle import EDITORS
from broadcaster.alert.phone import AlternateNumber, display
from broadcaster.directory import Directory
from broadcaster.directory.rows import KINDS
from broadcaster.directory.upkeep import due_within, stale
from broadcaster.said import Said
from broadcaster.store.places import directory_load, upkeep
from broadcaster.store.places.directory_history import Author
from broadcaster.store.places.upkeep import Proposed
from broadcaster.web.house import house
from broadcaster.web.signin.guard import only, person, require_person
from broadcaster.web.tongue import said

keeping = Blueprint("keeping", __name__, url_prefix="/desk/directory/upkeep")
keeping.before_request(require_person)
MOST_SHOWN = 200
GONE = Said("Somebody has decided about it already, or the directory no longer holds that number.")
DECIDED = {"accepted": Said("The correction was accepted."), "rejected": Said("The correction was rejected.")}


@keeping.get("")
def page() -> str:
    """The overdue, worst first; what comes due within 30 days; what agencies say is wrong."""
    today = house().clock().date()
    with house().sessions.begin() as store:
        directory = directory_load.load(store, house().sealer)
        month = house().clock().strftime("%Y-%m")
        unreached, dark = upkeep.unreached(store, month), upkeep.in_the_dark(store, month)
        waiting = upkeep.pending(store, house().sealer) if person().may(*EDITORS) else []
    overdue = stale(directory, today)
    return render_template(
        "desk/directory/upkeep.html",
        overdue=overdue[:MOST_SHOWN],
        many=len(overdue),
        due=due_within(directory, today)[:MOST_SHOWN],
        waiting=waiting,
        unreached=unreached,
        dark=dark,
        display=display,
        kinds=KINDS,
    )


@keeping.post("/<int:key>/<any(accept, reject):verdict>")
@only(*EDITORS)
def decide(key: int, verdict: str) -> Response:
    """Accept a correction, which puts the new number in the old one's place, or reject it."""
    with house().sessions.begin() as store:
        found = next((one for one in upkeep.pending(store, house().sealer) if one.id == key), None)
        state = "accepted" if verdict == "accept" else "rejected"
        taken = found is not None and upkeep.decide(store, key, state, person().id)
        if found is not None and taken and state == "accepted" and found.new and found.old:
            _replace(store, found)
    flash(said(DECIDED[state] if taken else GONE), "success" if taken else "error")
    return redirect(url_for("keeping.page"), 303)


def _replace(store: Session, found: Proposed) -> None:
    """The new number in the old one's place, in every list of the agency's communities that holds it."""
    directory = directory_load.load(store, house().sealer)
    own = next((set(one.communities) for one in directory.agencies if one.code == found.agency), set())
    author = Author(f"user:{person().id}", f"correction by {found.agency}")
    directory_load.save(store, _with(directory, own, found), house().sealer, author)


def _with(directory: Directory, own: set[str], found: Proposed) -> Directory:
    today = house().clock().date()

    def lists(every: Mapping[str, tuple[AlternateNumber, ...]]) -> dict[str, tuple[AlternateNumber, ...]]:
        return {
            code: corrected(listed, found.old, found.new, today) if code in own else listed
            for code, listed in every.items()
        }

    return replace(directory, numbers=lists(directory.numbers), text_numbers=lists(directory.text_numbers))


def corrected(listed: tuple[AlternateNumber, ...], old: str, new: str, today: date) -> tuple[AlternateNumber, ...]:
    """A list with the new number (E.164) in the old one's place, found answered today. One that stands in the list
    already moves there as it is, restricted if it was: no number stands in a list twice."""
    by_e164 = {one.e164: one for one in listed}
    if old not in by_e164:
        return listed
    right = replace(by_e164.get(new, by_e164[old]), e164=new, verified_on=today)
    return tuple(right if one.e164 == old else one for one in listed if one.e164 == old or one.e164 != new)
