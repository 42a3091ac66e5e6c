"""The pages of a person of one agency: the alerts in its towns, what it was sent and answered, its callers who were
missed, and whether what we have of it is right. From the desk itself they are kept (`guard.keep_out`).
"""

from __future__ import annotations

from dataclasses import dataclass

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from sqlalchemy import select
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from broadcaster.alert.alert import content_from_json
from broadcaster.alert.lifecycle import AlertState, Role, Tier
from broadcaster.alert.phone import PhoneRefused, display
from broadcaster.channels import trouble_link
from broadcaster.said import Said
from broadcaster.store.agencies import agency_people, trouble
from broadcaster.store.alerting import alerts
from broadcaster.store.alerting.alerts import Alert
from broadcaster.store.places import lines, upkeep
from broadcaster.store.places.directory import Agency, AgencyContact
from broadcaster.store.places.lines import Line
from broadcaster.store.public.residents import Address
from broadcaster.store.timeline import ledger
from broadcaster.web import watch
from broadcaster.web.agencies import ack, check
from broadcaster.web.agencies.ack import Notice
from broadcaster.web.agencies.of_an_agency import agency as own
from broadcaster.web.house import house
from broadcaster.web.signin.guard import only, person, require_person
from broadcaster.web.tongue import _
from broadcaster.web.watch import Watched

agency = Blueprint("agency", __name__, url_prefix="/desk/agency")
agency.before_request(require_person)
MOST_NAMED = 12
"""Places of a statewide agency that are named one by one."""
GONE = Said("This notice is not of your agency, or it is kept no more: start from your agency's page.")
Answer = str | Response | tuple[str, int]


@dataclass(frozen=True, slots=True)
class Near:
    """An open alert in an agency's towns: which of them, and what the public is told to dial there."""

    item: Watched
    places: tuple[str, ...]
    more: int
    lines: tuple[Line, ...]


@agency.get("/")
@only(Role.AGENCY)
def page() -> str:
    """What is open in the agency's towns, what it was sent, and whom it has to call back."""
    with house().sessions.begin() as store:
        mine = own(store)
        no, settings = trouble.link_no(store, mine.id), house().settings
        return render_template(
            "desk/agency/page.html",
            agency=mine,
            near=_near(store, mine),
            sent=agency_people.sent(store, mine),
            answers=ack.ANSWERS,
            lists=agency_people.missed_lists(store, mine),
            report=trouble_link.url("", settings.required("secret_key"), mine.id, no),
        )


def _near(store: Session, mine: Agency) -> list[Near]:
    """The open alerts that concern its places, once the public or this very agency was told of them."""
    told, places = {one.alert for one in agency_people.sent(store, mine)}, agency_people.places(store, mine)
    found = []
    for item in watch.watched(store, house().clock(), AlertState.OPEN):
        alert = store.scalars(select(Alert).where(Alert.public_id == item.alert)).one()
        if not (item.public_heard or alert.id in told):
            continue
        out = [row for tier in Tier for row in alerts.released_revisions(store, alert.id, tier)]
        content = content_from_json(max(out, key=lambda row: row.no).content)
        here = [places[one.community] for one in content.answers if one.community in places]
        dialled = [one for one in lines.lines(store, alert.id) if one.community in places]
        if here:
            left = max(0, len(here) - MOST_NAMED)
            found.append(Near(item, tuple(here[:MOST_NAMED]), left, tuple(dialled[:MOST_NAMED])))
    return found


@agency.get("/notices/<int:fanout>/<int:address>")
@only(Role.AGENCY)
def notice(fanout: int, address: int) -> str:
    """A notice as it was sent, and the agency's answer to it."""
    with house().sessions.begin() as store:
        return render_template("desk/agency/notice.html", **ack.shown(store, _notice(store, fanout, address)))


@agency.post("/notices/<int:fanout>/<int:address>")
@only(Role.AGENCY)
def answer(fanout: int, address: int) -> Response:
    """Answer it; the same answer again changes nothing, another one replaces it."""
    with house().sessions.begin() as store:
        if not ack.answered(store, _notice(store, fanout, address), person().email):
            abort(404, description=GONE)
    flash(_("Your answer is recorded."), "success")
    return redirect(url_for("agency.notice", fanout=fanout, address=address), 303)


def _notice(store: Session, fanout: int, address: int) -> Notice:
    found = ack.notice_of(store, fanout, address) if max(fanout, address) < 2**63 else None
    if found is None or found.agency != own(store).id:
        abort(404, description=GONE)
    return found


@agency.get("/upkeep")
@only(Role.AGENCY)
def kept() -> str:
    """What we have of the agency: where it is told, and what the public dials."""
    with house().sessions.begin() as store:
        return _kept(store)


@agency.post("/upkeep")
@only(Role.AGENCY)
def verify() -> Answer:
    """“Still right” counts at once, for what the page showed; a correction waits for an editor of the directory."""
    with house().sessions.begin() as store:
        mine = own(store)
        asks = upkeep.unasked(store, mine.id, house().clock().strftime("%Y-%m"))
        if not asks:
            return _kept(store, Said("We have no contact of yours: call the 911 authority.")), 422
        if request.form.get("do") == "right":
            for number, ask in enumerate(asks):
                seen = set(request.form.getlist("shown")) if number == 0 else set()
                upkeep.confirm(store, ask, seen, house().clock().date())
        else:
            try:
                upkeep.correct(store, house().sealer, asks[0], check.correction(store, mine.id))
            except PhoneRefused as error:
                return _kept(store, str(error)), 422
        ledger.append(store, person().email, "answered-for-its-agency", f"agency:{mine.code}")
    flash(_("Thank you. What is right is verified as of today; a correction waits for an editor."), "success")
    return redirect(url_for("agency.kept"), 303)


def _kept(store: Session, problem: str = "") -> str:
    mine, sealer = own(store), house().sealer
    query = select(AgencyContact, Address).join(Address, Address.id == AgencyContact.address_id)
    rows = store.execute(query.where(AgencyContact.agency_id == mine.id).order_by(AgencyContact.rank))
    return render_template(
        "desk/agency/upkeep.html",
        agency=mine,
        contacts=[(there.kind, sealer.open(there.value_enc, there.value_index), row) for row, there in rows],
        lines=[(place.name, number, display(number.e164)) for place, number in upkeep.numbers(store, mine.id)],
        problem=problem,
        typed=request.form,
    )
