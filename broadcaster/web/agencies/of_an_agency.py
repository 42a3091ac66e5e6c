"""Which agency the one who asks is of, and the lists of missed callers that are its own."""

from __future__ import annotations

from flask import abort, request
from sqlalchemy.orm import Session

from broadcaster.said import Said
from broadcaster.store.agencies import agency_people
from broadcaster.store.outage import missed_callers, outages
from broadcaster.store.places.directory import Agency
from broadcaster.web.house import house
from broadcaster.web.signin.guard import person, visitor

NO_AGENCY = Said("Your account names no agency that the directory lists: call the 911 authority.")
NOT_OWN = Said("This list is not of an answering point of your agency: start from its own page.")


def agency(store: Session) -> Agency:
    """The agency of the one who asks; 403 when there is none."""
    found = agency_people.of(store, person().id)
    if found is None:
        abort(403, description=NO_AGENCY)
    return found


def own_list() -> None:
    """Before every page of missed callers: somebody of an agency sees those of its own answering points alone."""
    who, where = visitor(), request.view_args or {}
    if who is None or who.at_desk:
        return
    with house().sessions.begin() as store:
        if _psap(store, where) not in agency_people.psaps(store, agency(store)):
            abort(403, description=NOT_OWN)


def _psap(store: Session, where: dict[str, str]) -> str:
    """The answering point that an address speaks of, by itself or by a caller; empty when there is no such."""
    outage = outages.by_public_id(store, where.get("outage", ""))
    if "psap" in where or outage is None:
        return where.get("psap", "")
    caller = missed_callers.by_public_id(store, outage.id, where.get("key", ""))
    return caller.psap if caller else ""
