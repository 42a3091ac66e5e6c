"""The records of outages at the desk: open one, read and write on it, hand it over, close it, reopen it."""

from __future__ import annotations

from collections.abc import Callable

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from sqlalchemy import select
from sqlalchemy.orm import Session
from werkzeug.datastructures import MultiDict
from werkzeug.wrappers import Response

from broadcaster.alert.lifecycle import Role
from broadcaster.outage import one_record, record, two_records
from broadcaster.outage.notice import clocks as notice_clocks
from broadcaster.outage.record import RecordRefused, Writer
from broadcaster.said import Said
from broadcaster.store.alerting import alerts, areas
from broadcaster.store.alerting import drafts as typed_drafts
from broadcaster.store.desk import roster
from broadcaster.store.desk.people import User
from broadcaster.store.outage import outages as kept
from broadcaster.store.outage.outages import Outage
from broadcaster.store.places import directory_load
from broadcaster.web.form import drafts
from broadcaster.web.house import house
from broadcaster.web.outages import facts as outage_facts
from broadcaster.web.outages import hanging, log
from broadcaster.web.outages.facts import Stated
from broadcaster.web.outages.index import listed, open_records
from broadcaster.web.signin.guard import only, person
from broadcaster.web.tongue import said

outages = Blueprint("outages", __name__, url_prefix="/desk/outages")
outages.before_request(drafts.let_in)
DESK = (Role.ISSUER, Role.APPROVER, Role.ADMIN)
PARTS: tuple[tuple[str, str], ...] = (
    ("notices.of_outage", Said("Providers’ notices")),
    ("missed.page", Said("Missed callers")),
    ("reports.page", Said("After-action report")),
)
"""The pages below a record: the endpoint, which takes ``outage``, and the words of its link."""
LONGEST_NOTE = 1000
Answer = Response | str | tuple[str, int]


@outages.get("")
def page() -> str:
    """Every open outage with its clock, and what ended within a day and may be back."""
    with house().sessions.begin() as store:
        now = house().clock()
        opened = open_records(store)
        closed = [listed(store, one) for one in kept.lately_closed(store, now, record.RELAPSE)]
    may = {"may_write": person().may(*DESK), "may_issue": person().may(Role.ISSUER)}
    return render_template("desk/outages/page.html", opened=opened, closed=closed, **may)


@outages.get("/new")
@only(*DESK)
def new() -> str:
    """The form of a new record; all of it can wait but the first word."""
    with house().sessions.begin() as store:
        directory = directory_load.load(store, agencies=False)
    return outage_facts.page(outage_facts.blank(), directory, {})


@outages.post("/new")
@only(*DESK)
def create() -> Answer:
    """Open a record."""
    with house().sessions.begin() as store:
        stated = outage_facts.read(store)
        if stated.facts is not None:
            outage = record.begin(hanging.writer(store), stated.facts)
            return redirect(url_for("outages.one", outage=outage.public_id), 303)
    return _again(stated)


@outages.get("/<outage>")
def one(outage: str) -> str:
    """The record: what is known, who is in charge, its alerts with their clocks, its log."""
    return _shown(outage, {})


@outages.get("/<outage>/facts")
@only(*DESK)
def facts(outage: str) -> str:
    """The form of what is known."""
    with house().sessions.begin() as store:
        row = _whole(found(store, outage))
        directory = directory_load.load(store, agencies=False)
    return outage_facts.page(outage_facts.of(row, directory), directory, {}, row)


@outages.post("/<outage>/facts")
@only(*DESK)
def change(outage: str) -> Answer:
    """Put what is known now in the place of what was; the log keeps both."""
    with house().sessions.begin() as store:
        row = _whole(found(store, outage))
        stated = outage_facts.read(store)
        if stated.facts is not None:
            record.change(hanging.writer(store), row, stated.facts)
            return redirect(url_for("outages.one", outage=outage), 303)
    return _again(stated, row)


@outages.post("/<outage>/note")
@only(*DESK)
def note(outage: str) -> Answer:
    """Write a line into the log, with its own time if it did not happen now; of a record that was joined to another
    one, into the log of that."""
    problems: dict[str, str] = {}
    at = log.moment(request.form.get("at", ""), problems)
    if problems:
        return _shown(outage, problems), 422

    def act(hand: Writer, row: Outage) -> None:
        record.note(hand, kept.remaining(hand.session, row), _words("note"), at)

    return _acted(outage, "note", act)


@outages.post("/<outage>/hand-over")
@only(*DESK)
def hand_over(outage: str) -> Answer:
    """Offer the outage to the next officer, with a note."""

    def act(hand: Writer, row: Outage) -> None:
        record.offer(hand, row, _chosen(hand.session), _words("hand"))

    return _acted(outage, "hand", act, Said("Offered. Whoever has it stays in charge until it is received."))


@outages.post("/<outage>/hand-over/<int:key>/receive")
@only(*DESK)
def receive(outage: str, key: int) -> Answer:
    """The receipt: the next officer has read the note."""
    return _acted(outage, "receive", lambda hand, row: record.receive(hand, row, key), Said("You are in charge of it."))


@outages.post("/<outage>/take-over")
@only(*DESK)
def take_over(outage: str) -> Answer:
    """Be in charge of it without a hand-over."""
    return _acted(outage, "receive", record.take_over, Said("You are in charge of it."))


@outages.post("/<outage>/close")
@only(*DESK)
def close(outage: str) -> Answer:
    """It works again; not while an alert of it has no end."""
    done = Said("The outage is closed.")
    return _acted(outage, "close", lambda hand, row: record.close(hand, row, _words("close")), done)


@outages.post("/<outage>/join")
@only(Role.ISSUER)
def join(outage: str) -> Answer:
    """This record and another one are one outage: everything of this one goes there."""
    into = request.form.get("into", "")

    def act(hand: Writer, row: Outage) -> None:
        other = kept.by_public_id(hand.session, into)
        if other is None:
            raise RecordRefused(Said("Choose the record that remains."))
        one_record.join(hand, house().sealer, row, other, _words("join"))

    answer = _acted(outage, "join", act, Said("Joined: this is the record of both now."))
    return redirect(url_for("outages.one", outage=into), 303) if isinstance(answer, Response) else answer


@outages.post("/<outage>/part")
@only(Role.ISSUER)
def part(outage: str) -> Answer:
    """They are two outages after all: what this record brought goes back to it."""
    done = Said("Parted: each record stands by itself again. What came after they were joined stayed with the other.")
    return _acted(outage, "part", lambda hand, row: two_records.part(hand, house().sealer, row), done)


@outages.post("/<outage>/again")
@only(Role.ISSUER)
def again(outage: str) -> Answer:
    """It fails again: the record is open, and the form stands there with the earlier area."""
    answer = _acted(
        outage, "again", record.reopen, Said("Reopened. This is the earlier area: change it if less fails now.")
    )
    return redirect(url_for("form.new", outage=outage), 303) if isinstance(answer, Response) else answer


def found(store: Session, outage: str) -> Outage:
    """The outage of this address, or 404."""
    row = kept.by_public_id(store, outage)
    if row is None:
        abort(404, description=Said("There is no outage at this address: start from the list of outages."))
    return row


def remaining(store: Session, outage: str) -> Outage:
    """The record that holds everything of this address: of one that was joined to another, that other; or 404."""
    return kept.remaining(store, found(store, outage))


def _whole(row: Outage) -> Outage:
    if row.joined_into is not None:
        abort(409, description=Said("This record was joined to another one: change what is known of it there."))
    return row


def _acted(outage: str, field: str, act: Callable[[Writer, Outage], object], done: str = "") -> Answer:
    """Do it and come back to the record; or say beside the field why not, with everything that was typed."""
    try:
        with house().sessions.begin() as store:
            act(hanging.writer(store), found(store, outage))
            typed_drafts.drop(store, person().id, f"{drafts.RECORD}{outage}")
    except RecordRefused as refused:
        return _shown(outage, {field: str(refused)}), 422
    if done:
        flash(said(done), "success")
    return redirect(url_for("outages.one", outage=outage), 303)


def _typed(store: Session, outage: str) -> MultiDict[str, str]:
    """What was sent; else what this person had typed when their session ended."""
    kept = typed_drafts.kept(store, person().id, f"{drafts.RECORD}{outage}") if request.method == "GET" else None
    return drafts.opened(kept) if kept else request.form


def _words(name: str) -> str:
    return request.form.get(name, "").strip()[:LONGEST_NOTE]


def _chosen(store: Session) -> User:
    given = request.form.get("to", "")
    user = store.get(User, int(given)) if given.isascii() and given.isdigit() and len(given) < 10 else None
    if user is None or not user.active or user.role_names.isdisjoint(DESK):
        raise RecordRefused(Said("Choose somebody of the desk."))
    return user


def _again(stated: Stated, row: Outage | None = None) -> Answer:
    return outage_facts.page(stated.typed, stated.directory, stated.problems, row), 422


def _shown(outage: str, problems: dict[str, str]) -> str:
    with house().sessions.begin() as store:
        row = found(store, outage)
        everybody = store.scalars(select(User).where(User.active).order_by(User.name, User.id))
        return render_template(
            "desk/outages/record.html",
            item=listed(store, row),
            outage=row,
            standing=alerts.unfinished(store, row.id),
            kinds=outage_facts.KINDS,
            names=areas.names(store, row.area),
            offered=roster.offered(store, row.id),
            staff=[user for user in everybody if not user.role_names.isdisjoint(DESK) and user.id != row.officer_id],
            lines=log.lines(store, row),
            may_write=person().may(*DESK),
            may_issue=person().may(Role.ISSUER),
            may_reopen=record.may_reopen(row, house().clock()),
            parts=PARTS,
            owed=notice_clocks.overdue(store, row, house().clock()),
            remains=kept.remaining(store, row) if row.joined_into else None,
            joined=kept.joined_to(store, row.id),
            others=[one for one in open_records(store) if one.row.id != row.id] if row.is_open else [],
            problems=problems,
            typed=_typed(store, outage),
        )
