"""911 trouble at the desk: what agencies report, a draft made from it, and the links by which they do."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from sqlalchemy import select
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from broadcaster.alert.alert import Area, Certainty, Content
from broadcaster.alert.lifecycle import AlertKind, Role
from broadcaster.channels import trouble_link
from broadcaster.directory import AgencyRole, Directory
from broadcaster.dispatch import actions
from broadcaster.messages.book import languages
from broadcaster.outage import record, trouble
from broadcaster.said import Said
from broadcaster.store.agencies import trouble as reports
from broadcaster.store.agencies.trouble import Waiting
from broadcaster.store.alerting import areas
from broadcaster.store.outage import outages
from broadcaster.store.outage.outages import Entry
from broadcaster.store.places import directory_load
from broadcaster.store.places.directory import Agency
from broadcaster.store.timeline import ledger
from broadcaster.web.form import typed as form_typed
from broadcaster.web.house import house
from broadcaster.web.outages import hanging
from broadcaster.web.release import acting
from broadcaster.web.signin.guard import only, person, require_person
from broadcaster.web.tongue import _

desk_trouble = Blueprint("desk_trouble", __name__, url_prefix="/desk/trouble")
desk_trouble.before_request(require_person)
DESK = (Role.ISSUER, Role.APPROVER, Role.ADMIN)
MOST_LINKS = 50
DECIDED = Said("Somebody has decided about it already: look at the outage.")


@dataclass(frozen=True, slots=True)
class Proposal:
    """Reports that came together, and the wider place that is proposed for them."""

    reports: tuple[Waiting, ...]
    area: Area
    place: str


@dataclass(frozen=True, slots=True)
class Heard:
    """What agencies have reported and nobody has decided about."""

    waiting: tuple[Waiting, ...]
    proposals: tuple[Proposal, ...]


@desk_trouble.get("")
def page() -> str:
    """Every report that waits, and what is proposed where several came together."""
    with house().sessions.begin() as store:
        return render_template("desk/trouble/page.html", trouble=heard(store))


@desk_trouble.get("/strip")
def strip() -> str:
    """The same in a line, for the page that is open."""
    with house().sessions.begin() as store:
        return render_template("desk/trouble/_strip.html", trouble=heard(store))


def heard(store: Session) -> Heard:
    """What waits now."""
    every = reports.waiting(store, house().sealer, house().clock())
    proposals = tuple(_proposed(store, some) for some in trouble.clusters(every))
    return Heard(tuple(one for one in every if one.waits), proposals)


def _proposed(store: Session, some: Sequence[Waiting]) -> Proposal:
    area = _wider(store, some)
    return Proposal(tuple(some), area, areas.place(store, area))


def _wider(store: Session, some: Sequence[Waiting]) -> Area:
    return trouble.wider(reports.counties_of(store, {one.agency for one in some}))


@desk_trouble.post("/draft")
@only(Role.ISSUER)
def draft() -> Response:
    """Make a draft of an alert from one report, or from several that came together."""
    with house().sessions.begin() as store:
        some = _chosen(store)
        known = directory_load.load(store)
        area = _wider(store, some) if len(some) > 1 else _own(some[0], known)
        revision = actions.new_alert(acting.actor(store), AlertKind.OUTAGE, _content(some, area), some[0].at)
        hanging.hang(store, revision, known, some[-1].outage)
        reports.settle(store, [one.id for one in some], person().id, house().clock(), revision.alert_id)
        where = revision.alert.public_id
    flash(
        _("A draft was made from it. Check every field: nothing goes out before a second person approves."), "success"
    )
    return redirect(url_for("form.edit", alert=where), 303)


@desk_trouble.post("/aside")
@only(*DESK)
def aside() -> Response:
    """It needs no alert; the log of the outage keeps it."""
    with house().sessions.begin() as store:
        some = _chosen(store)
        reports.settle(store, [one.id for one in some], person().id, house().clock())
        for one in some:
            outage = outages.by_public_id(store, one.outage)
            if outage is not None:
                record.note(hanging.writer(store), outage, f"Put aside: the report of {one.name}.", what=Entry.TROUBLE)
    flash(_("Put aside. Nothing was sent."), "success")
    return redirect(url_for("desk_trouble.page"), 303)


def _chosen(store: Session) -> list[Waiting]:
    """The reports that the button was about, oldest first; 409 when somebody has decided about all of them."""
    some = reports.locked(store, house().sealer, request.form.getlist("report")[:MOST_LINKS])
    if not any(one.waits for one in some):
        abort(409, description=DECIDED)
    return some


def _own(one: Waiting, known: Directory) -> Area:
    agency = next((agency for agency in known.agencies if agency.code == one.agency), None)
    return trouble.area_of(agency, known) if agency else Area()


def _content(some: Sequence[Waiting], area: Area) -> Content:
    """A first content for a person to correct: never more certain than a report, in the agency's own words."""
    now = house().clock()
    content = Content(trouble.failure(some), area, began=some[0].at, expires=now + form_typed.LIFE)
    note = next((one.draft for one in some if one.draft), "")
    promised = now + form_typed.NEXT_UPDATE
    return replace(content, certainty=Certainty.REPORTED, next_update=promised, note=note, languages=languages())


@dataclass(frozen=True, slots=True)
class Link:
    """The link of an agency, as it is printed for it; `made_at` when a new one was made."""

    agency: Agency
    url: str
    no: int
    last: datetime | None


@desk_trouble.get("/links")
@only(*DESK)
def links() -> str:
    """The link of each agency, by name or code, answering points first; to print, or to send again."""
    asked = request.args.get("q", "").strip()[:80]
    with house().sessions.begin() as store:
        fits = Agency.name.ilike(f"%{_literal(asked)}%") | (Agency.code == asked)
        query = select(Agency).where(Agency.retired_at.is_(None), fits)
        query = query.order_by(Agency.role != AgencyRole.PSAP, Agency.name, Agency.id).limit(MOST_LINKS + 1)
        found = [_link(store, agency) for agency in store.scalars(query)]
    return render_template("desk/trouble/links.html", links=found[:MOST_LINKS], more=len(found) > MOST_LINKS, q=asked)


@desk_trouble.post("/links/<int:key>/new")
@only(Role.ADMIN)
def renew(key: int) -> Response:
    """A new link for an agency; the one before opens nothing any more."""
    with house().sessions.begin() as store:
        agency = reports.listed(store, key) if key < 2**63 else None
        if agency is None:
            abort(404, description=Said("There is no agency of this number: start from the list of links."))
        no = reports.new_link(store, agency.id, person().id)
        ledger.append(store, f"user:{person().id}", "trouble_link_renewed", f"agency:{agency.id}", {"no": no})
    flash(_("%(name)s has a new link. Send it to them: the one before no longer works.", name=agency.name), "success")
    return redirect(url_for("desk_trouble.links", q=agency.name), 303)


def _link(store: Session, agency: Agency) -> Link:
    no, last = reports.link_no(store, agency.id), reports.last_of(store, agency.id)
    settings = house().settings
    url = trouble_link.url(settings.public_base_url, settings.secret_key, agency.id, no)
    return Link(agency, url, no, last.at if last else None)


def _literal(text: str) -> str:
    return text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
