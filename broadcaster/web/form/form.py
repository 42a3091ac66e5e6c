"""The form: what fails, where, since when. One screen, rendered on the server, right without JavaScript."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import datetime
from itertools import groupby

from flask import Blueprint, redirect, render_template, request, url_for
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from broadcaster import audience
from broadcaster.alert.alert import ChannelName, Content, RevisionKind, content_from_json
from broadcaster.alert.lifecycle import AlertKind, Role
from broadcaster.directory import Community, Directory
from broadcaster.dispatch import actions
from broadcaster.dispatch.actor import Actor
from broadcaster.dispatch.practice import drills as practising
from broadcaster.messages import standing
from broadcaster.messages.book import NAMES, languages
from broadcaster.said import Said, joined
from broadcaster.settings import Mode
from broadcaster.store.alerting import areas, wordings
from broadcaster.store.alerting import drafts as typed_drafts
from broadcaster.store.alerting.alerts import Revision
from broadcaster.store.alerting.drafts import Kept
from broadcaster.store.database import public_id
from broadcaster.store.fanout import senders
from broadcaster.store.outage import outages
from broadcaster.store.places import directory_load
from broadcaster.web import outline, town_map
from broadcaster.web.form import drafts, made, seen
from broadcaster.web.form import typed as form_typed
from broadcaster.web.form.read import Reading, read
from broadcaster.web.form.typed import FIELDS, Typed
from broadcaster.web.form.words import CHANNELS, FAILURES, NOT_SET_UP
from broadcaster.web.house import house
from broadcaster.web.outages import hanging
from broadcaster.web.release import acting, agency_lists, seat
from broadcaster.web.release.agency_lists import Offered
from broadcaster.web.signin.guard import only, person
from broadcaster.web.tongue import language

form = Blueprint("form", __name__, url_prefix="/desk")
form.before_request(drafts.let_in)

NEXT = (
    f"/alerts/<alert>/next/<any({', '.join(kind for kind in RevisionKind if kind is not RevisionKind.INITIAL)}):kind>"
)


@dataclass(frozen=True, slots=True)
class Choice:
    """What the form offers as places: communities and PSAPs by county."""

    directory: Directory
    inside: tuple[str, ...] = ()

    @property
    def counties(self) -> list[tuple[str, str, list[Community]]]:
        """FIPS, name and communities of each county, by name."""
        found = sorted(self.directory.counties, key=lambda county: county.name)
        return [(county.fips, county.name, list(self.directory.in_county(county.fips))) for county in found]

    @property
    def psaps(self) -> list[tuple[str, list[tuple[str, str]]]]:
        """County name and its PSAPs (code, name)."""
        names = self.directory.county_names
        rows = sorted(self.directory.psaps, key=lambda psap: (names[psap.county_fips], psap.name))
        grouped = groupby(rows, key=lambda psap: names[psap.county_fips])
        return [(county, [(psap.code, psap.name) for psap in group]) for county, group in grouped]

    def named(self, codes: Collection[str]) -> list[str]:
        """The names of those of these communities or PSAPs that the directory has, in its order."""
        places, psaps = self.directory.communities, self.directory.psaps
        return [one.name for one in places if one.code in codes] + [one.name for one in psaps if one.code in codes]

    @property
    def lists(self) -> list[Offered]:
        """The lists of agencies that can be left out."""
        return agency_lists.offered(self.directory)

    @property
    def inside_by_county(self) -> list[tuple[str, list[Community]]]:
        """The communities of the alert by county: those that can be restored or confirmed."""
        return [
            (name, here)
            for _, name, communities in self.counties
            if (here := [community for community in communities if community.code in self.inside])
        ]


@dataclass(frozen=True, slots=True)
class Sheet:
    """A form as it stands on the page: under `key` it is kept while somebody types; `kept` is what came back of it;
    `outage` is the record from which it was begun, `drill` the run of the drill that it is for."""

    key: str
    known: datetime
    typed: Typed
    problems: dict[str, str] = field(default_factory=dict)
    kept: Kept | None = None
    outage: str = ""
    drill: str = ""


@form.get("/new")
@only(Role.ISSUER)
def new() -> str:
    """The form with everything filled in that we can know, or as it was left."""
    with house().sessions.begin() as store:
        directory = directory_load.load(store)
        kept = typed_drafts.kept(store, person().id, request.args.get("draft", ""))
        sheet = _begun(store, request.args.get("outage", ""))
    if kept is not None:
        sent = drafts.as_form(kept.fields)
        typed, outage = form_typed.from_request(sent), sent.get("outage", "")
        sheet = Sheet(kept.key, drafts.known_since(sent), typed, {}, kept, outage, drafts.drill_of(sent))
    return _page(sheet, Choice(directory), RevisionKind.INITIAL)


def _begun(store: Session, outage: str) -> Sheet:
    """A new form: from the record of an outage, or with what we can know of any."""
    blank = form_typed.blank(house().clock(), house().zone, languages())
    row = outages.by_public_id(store, outage) if outage else None
    if row is None:
        return Sheet(public_id(), house().clock(), blank, drill=drafts.drill_of(request.args))
    typed = hanging.prefilled(store, row, blank, house().zone)
    return Sheet(public_id(), hanging.known_since(row), typed, outage=row.public_id)


@form.post("/new")
@only(Role.ISSUER)
def create() -> str | Response | tuple[str, int]:
    """Save the first draft of a new alert, or show the same form with a sentence beside what is wrong."""
    key, known, outage = drafts.sent_key(), drafts.known_since(request.form), request.form.get("outage", "")
    with house().sessions.begin() as store:
        reading = _reading(store)
        content = read(reading, RevisionKind.INITIAL, None)
        if content is not None:
            if page := made.before(store, key):
                return redirect(page, 303)
            revision = _made(acting.actor(store), content, known)
            made.note(store, key, revision)
            hanging.hang(store, revision, reading.directory, outage)
            typed_drafts.drop(store, person().id, key)
            return redirect(_after(revision), 303)
        drafts.keep(store, key)
    drill = drafts.drill_of(request.form)
    sheet = Sheet(key, known, reading.typed, reading.problems, outage=outage, drill=drill)
    return _page(sheet, Choice(reading.directory), RevisionKind.INITIAL), 422


def _made(actor: Actor, content: Content, known: datetime) -> Revision:
    """A new alert; from a drill's form a drill, whatever has become of its run."""
    if drill := drafts.drill_of(request.form):
        return practising.draft(actor, drill, content, known)
    return actions.new_alert(actor, AlertKind.OUTAGE, content, known)


@form.get("/alerts/<alert>/edit")
@only(Role.ISSUER)
def edit(alert: str) -> str:
    """The form of the newest revision, as it was saved or as this person left it."""
    with house().sessions.begin() as store:
        revision = acting.newest(store, alert)
        directory = directory_load.load(store)
        content = content_from_json(revision.content)
        typed = form_typed.from_content(content, directory, house().zone)
        if not content.confirmations and RevisionKind(revision.kind) is RevisionKind.ALL_CLEAR:
            typed = form_typed.with_hour(typed, form_typed.local(house().clock(), house().zone))
        key = drafts.key_of(alert, revision.no)
        kept = typed_drafts.kept(store, person().id, key)
        if kept is not None:
            typed = form_typed.from_request(drafts.as_form(kept.fields))
        sheet = Sheet(key, revision.alert.known_since, typed, kept=kept)
        return _page(sheet, _choice(directory, content), RevisionKind(revision.kind), revision)


@form.post("/alerts/<alert>/edit")
@only(Role.ISSUER)
def save(alert: str) -> str | Response | tuple[str, int]:
    """Save the draft; what was frozen already stays, and its successor is saved."""
    with house().sessions.begin() as store:
        revision = acting.newest(store, alert, locked=True)
        base, kind = content_from_json(revision.content), RevisionKind(revision.kind)
        key = drafts.key_of(alert, revision.no)
        reading = _reading(store)
        content = read(reading, kind, base)
        if seen.is_older(revision):
            reading.refuse("changed", seen.CHANGED)
        elif content is not None:
            typed_drafts.drop(store, person().id, key)
            return redirect(_after(actions.edit(acting.actor(store), revision, content)), 303)
        drafts.keep(store, key)
        sheet = Sheet(key, revision.alert.known_since, reading.typed, reading.problems)
        return _page(sheet, _choice(reading.directory, base), kind, revision), 422


@form.post(NEXT)
@only(Role.ISSUER)
def follow(alert: str, kind: str) -> Response:
    """Start the next revision; one of the same kind that is still a draft is gone on with."""
    with house().sessions.begin() as store:
        revision = acting.newest(store, alert)
        if revision.frozen_at is not None or revision.kind != kind:
            revision = actions.next_draft(acting.actor(store), revision.alert, RevisionKind(kind))
        if not FIELDS[RevisionKind(revision.kind)]:
            return redirect(url_for("revision.page", alert=alert, no=revision.no), 303)
    return redirect(url_for("form.edit", alert=alert), 303)


@form.get(NEXT)
@only(Role.ISSUER)
def ask(alert: str, kind: str) -> str:
    """A link to the next revision: a page with one button, for a GET changes nothing."""
    with house().sessions.begin() as store:
        place = areas.place(store, content_from_json(acting.newest(store, alert).content).area)
    return render_template("desk/next.html", alert=alert, kind=RevisionKind(kind), place=place)


def _reading(store: Session) -> Reading:
    typed = form_typed.from_request(request.form)
    return Reading(typed, directory_load.load(store), house().zone, house().clock())


def _choice(directory: Directory, content: Content) -> Choice:
    return Choice(directory, audience.affected(content.area, directory))


def _after(revision: Revision) -> str:
    """Where the form leads: to the check, which asks for missing numbers; a number change to all of them."""
    alert = revision.alert.public_id
    if RevisionKind(revision.kind) is RevisionKind.NUMBER_CHANGE:
        return url_for("numbers.page", alert=alert)
    return url_for("revision.page", alert=alert, no=revision.no)


def _seat() -> list[str]:
    with house().sessions() as store:
        return seat.standing(store)


def _to_residents(store: Session) -> tuple[str, str]:
    """Texts and calls are chosen together; the hint says which of them go out now, and why one does not."""
    label, hint = CHANNELS[ChannelName.SMS]
    off = [words for channel, words in NOT_SET_UP.items() if not senders.is_set_up(store, channel)]
    return label, joined("; ", [hint, *off])


def _named(lang: str, reviewed: bool) -> str:
    return language(lang) if reviewed else Said("%(language)s (not reviewed)", language=language(lang))


def _page(sheet: Sheet, choice: Choice, kind: RevisionKind, revision: Revision | None = None) -> str:
    with house().sessions.begin() as store:
        books = wordings.books(store, strict=house().office.mode is Mode.LIVE)
        channels = {**CHANNELS, ChannelName.SMS: _to_residents(store)}
        towns = town_map.of(store)
    return render_template(
        "desk/form.html",
        sheet=sheet,
        typed=sheet.typed,
        problems=sheet.problems,
        choice=choice,
        kind=kind,
        revision=revision,
        seen=seen.mark(revision) if revision else "",
        asked=FIELDS[kind],
        failures=FAILURES,
        channels=channels,
        seat=_seat(),
        given_up=standing.given_up([language(lang) for lang in NAMES if lang in books.given_up]),
        tongues={lang: _named(lang, books.is_reviewed(lang)) for lang in NAMES},
        drawing=outline.of_state(house().settings.state_fips),
        towns=towns,
        zone=house().clock().astimezone(house().zone).tzname(),
    )
