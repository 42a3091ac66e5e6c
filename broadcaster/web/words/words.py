"""The words of every text: read by everybody at the desk, edited by an administrator, approved by a second person.

What alerts say and what residents are told are edited on pages of their own, by the same code.
"""

from __future__ import annotations

from dataclasses import dataclass

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from broadcaster.alert.lifecycle import Role
from broadcaster.messages.book import FALLBACK, NAMES, Book, Books, Review
from broadcaster.messages.lint import Problem
from broadcaster.messages.volume import ALERTS, RESIDENTS, VOLUMES, Volume
from broadcaster.said import Said, pattern
from broadcaster.store.alerting import wordings
from broadcaster.store.alerting.wordings import Wording, WordingRefused, WordingState
from broadcaster.store.desk.people import User
from broadcaster.web.house import house
from broadcaster.web.signin import stepup
from broadcaster.web.signin.guard import only, person, require_person
from broadcaster.web.tongue import _
from broadcaster.web.vocabulary import HEADINGS
from broadcaster.web.words.shown import books, shown

words = Blueprint("words", __name__, url_prefix="/desk/words")
words.before_request(require_person)

LONGEST = 400
"""Characters of a sentence; the longest shipped one has about 150."""
TOO_LONG = pattern("Keep this under %(most)s characters.")
Answer = str | Response | tuple[str, int]


@dataclass(frozen=True, slots=True)
class Line:
    """A sentence as it is edited: its name, its English, and what stands in the field."""

    name: str
    english: str
    text: str
    before: str = ""


@words.get("/")
def overview() -> str:
    """Every language: in whose words it is spoken, who reviewed them, and what waits for a second person."""
    with house().sessions.begin() as store:
        waiting = wordings.waiting(store)
        tables = {name: _rows(books(store, volume)) for name, volume in VOLUMES.items()}
        unfit = wordings.unfit(store, thorough=True)
        authors = {row.id: store.get_one(User, row.authored_by).name for row in waiting}
        return render_template(
            "desk/words/overview.html", tables=tables, waiting=waiting, names=NAMES, authors=authors, unfit=unfit
        )


def _rows(used: Books) -> list[tuple[str, Review | None, bool]]:
    return [(lang, used.reviews.get(lang), used.is_reviewed(lang)) for lang in NAMES]


@words.get("/<lang>", defaults={"volume": ALERTS.name})
@words.get("/residents/<lang>", defaults={"volume": RESIDENTS.name})
def edit(lang: str, volume: str) -> str:
    """The book in use, sentence by sentence, and every form of it; or the one that an upgrade has made unfit, with what
    is wrong with it, to be corrected."""
    with house().sessions.begin() as store:
        kind, reviewer = VOLUMES[volume], _reviewer(store, VOLUMES[volume], _known(lang))
        for one in wordings.unfit(store, thorough=True):
            if (one.volume, one.lang) == (volume, lang):
                return _page(store, kind, kind.edited(lang, one.sentences), reviewer, one.problems)
        return _page(store, kind, books(store, kind).book(lang), reviewer, ())


@words.post("/<lang>", defaults={"volume": ALERTS.name})
@words.post("/residents/<lang>", defaults={"volume": RESIDENTS.name})
@only(Role.ADMIN)
def save(lang: str, volume: str) -> Answer:
    """Show what was typed in every form, or put it forward; nothing is in use before a second person approved it."""
    typed = {name: text[: LONGEST * 2] for name, text in request.form.items() if name not in ("csrf_token", "do")}
    kind = VOLUMES[volume]
    book = kind.edited(_known(lang), typed)
    reviewer = typed.get("reviewer", "")[:200]
    if request.form.get("do") != "propose":
        with house().sessions.begin() as store:
            return _page(store, kind, book, reviewer, kind.check(book))
    try:
        with house().sessions.begin() as store:
            if long := [name for name, text in book.sentences.items() if len(text) > LONGEST]:
                raise WordingRefused(*(Problem(name, Said(TOO_LONG, most=LONGEST)) for name in long))
            key = wordings.propose(store, book, reviewer, person().id, house().clock(), kind).id
    except WordingRefused as refused:
        with house().sessions.begin() as store:
            return _page(store, kind, book, reviewer, refused.problems), 422
    flash(_("Put forward. It is not in use yet: a second person must approve it."), "success")
    return redirect(url_for("words.version", key=key), 303)


@words.get("/versions/<int:key>")
def version(key: int) -> str:
    """One version: what differs from the words in use, every form of it, and what this person may do with it."""
    with house().sessions.begin() as store:
        return _version(store, key)


@words.post("/versions/<int:key>/approve")
@only(Role.ADMIN, Role.APPROVER)
def approve(key: int) -> Answer:
    """The second person takes it into use, with a one-time code, for the hash that they saw."""
    stepup.wait()
    try:
        with house().sessions.begin() as store:
            if problem := stepup.refusal(store):
                return _version(store, key, problem), 422
            row = wordings.approve(store, key, request.form.get("hash", ""), person().id, house().clock())
    except WordingRefused as refused:
        return _refused(key, refused)
    spoken = _("Approved. %(language)s is spoken in these words from now on.", language=NAMES[row.lang])
    flash(spoken, "success")
    return redirect(url_for("words.version", key=key), 303)


@words.post("/versions/<int:key>/reject")
@only(Role.ADMIN, Role.APPROVER)
def reject(key: int) -> Answer:
    """Not to be used, with a reason."""
    try:
        with house().sessions.begin() as store:
            wordings.reject(store, key, request.form.get("reason", "")[:500], person().id, house().clock())
    except WordingRefused as refused:
        return _refused(key, refused)
    flash(_("Rejected. The words in use stay as they are."), "success")
    return redirect(url_for("words.version", key=key), 303)


def _refused(key: int, refused: WordingRefused) -> Answer:
    with house().sessions.begin() as store:
        return _version(store, key, str(refused)), 422


def _known(lang: str) -> str:
    if lang not in NAMES:
        abort(404, description=Said("There is no such language here: start from the list of languages."))
    return lang


def _reviewer(store: Session, volume: Volume, lang: str) -> str:
    review = books(store, volume).reviews.get(lang)
    return review.who if review else ""


def _page(store: Session, volume: Volume, book: Book, reviewer: str, problems: tuple[Problem, ...]) -> str:
    fixed, used = [problem.sentence for problem in problems if not problem.name], books(store, volume)
    return render_template(
        "desk/words/edit.html",
        book=book,
        native=NAMES[book.lang],
        groups=_groups(store, volume, book),
        reviewer=reviewer,
        problems={problem.name: problem.sentence for problem in problems if problem.name},
        fixed=fixed,
        may_edit=person().may(Role.ADMIN),
        versions=wordings.versions(store, volume, book.lang),
        is_reviewed=used.is_reviewed(book.lang),
        given_up=book.lang in used.given_up,
        **shown(store, volume, book),
    )


def _groups(store: Session, volume: Volume, book: Book) -> list[tuple[str, list[Line]]]:
    english = books(store, volume).book(FALLBACK)
    return [
        (
            HEADINGS.get(heading, heading),
            [
                Line(name, english.sentence(name) or "" if book.lang != FALLBACK else "", book.sentences[name])
                for name in names
            ],
        )
        for heading, names in volume.headings(book.lang)
    ]


def _version(store: Session, key: int, problem: str = "") -> str:
    row = store.get(Wording, key)
    if row is None:
        abort(404, description=Said("There is no version of this number: start from the list of languages."))
    volume, who = VOLUMES[row.volume], person()
    used = books(store, volume)
    using = used.book(row.lang).sentences
    changed = [
        Line(name, used.book(FALLBACK).sentence(name) or "", text, using.get(name, ""))
        for name, text in row.sentences.items()
        if using.get(name) != text
    ]
    people = {user: store.get_one(User, user).name for user in (row.authored_by, row.decided_by) if user}
    return render_template(
        "desk/words/version.html",
        row=row,
        native=NAMES[row.lang],
        changed=changed,
        people=people,
        problem=problem,
        decides=row.state == WordingState.PROPOSED and row.authored_by != who.id and who.may(Role.ADMIN, Role.APPROVER),
        own=row.authored_by == who.id,
        **shown(store, volume, row.book),
    )
