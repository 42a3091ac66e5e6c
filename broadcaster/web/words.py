"""The words of every text: read by everybody at the desk, edited by an administrator, approved by a second person."""

from __future__ import annotations

from dataclasses import dataclass

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from broadcaster.alert.alert import FailureKind, RevisionKind
from broadcaster.alert.lifecycle import Role
from broadcaster.messages import lint
from broadcaster.messages.book import FALLBACK, NAMES, Book, Books, shipped
from broadcaster.messages.lint import Problem
from broadcaster.messages.sample import Case, Sample, rendered
from broadcaster.messages.template import BadTemplate, MissingValue
from broadcaster.messages.volume import ALERTS
from broadcaster.settings import Mode
from broadcaster.store import directory_load, wordings
from broadcaster.store.people import User
from broadcaster.store.wordings import Wording, WordingRefused, WordingState
from broadcaster.web import stepup
from broadcaster.web.guard import only, person, require_person
from broadcaster.web.house import house

words = Blueprint("words", __name__, url_prefix="/desk/words")
words.before_request(require_person)

LONGEST = 400
"""Characters of a sentence; the longest shipped one has about 150."""
TEST = "test"
CASE_NAMES = {
    **{kind.value: kind.value.replace("_", " ").capitalize() for kind in RevisionKind},
    TEST: "Test of the system",
}
FAILURE_NAMES = {failure.value: failure.value.replace("_", " ").capitalize() for failure in FailureKind}
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
        books, waiting = _books(store), wordings.waiting(store)
        rows = [(lang, books.reviews.get(lang), books.is_reviewed(lang)) for lang in NAMES]
        authors = {row.id: store.get_one(User, row.authored_by).name for row in waiting}
        return render_template("desk/words/overview.html", rows=rows, waiting=waiting, names=NAMES, authors=authors)


@words.get("/<lang>")
def edit(lang: str) -> str:
    """The book in use, sentence by sentence, and every form of it."""
    with house().sessions.begin() as store:
        book = _books(store).book(_known(lang))
        return _page(store, book, _reviewer(store, lang), ())


@words.post("/<lang>")
@only(Role.ADMIN)
def save(lang: str) -> Answer:
    """Show what was typed in every form, or put it forward; nothing is in use before a second person approved it."""
    typed = {name: text[: LONGEST * 2] for name, text in request.form.items() if name not in ("csrf_token", "do")}
    book = ALERTS.edited(_known(lang), typed)
    reviewer = typed.get("reviewer", "")[:200]
    if request.form.get("do") != "propose":
        with house().sessions.begin() as store:
            return _page(store, book, reviewer, _problems(book))
    try:
        with house().sessions.begin() as store:
            if long := [name for name, text in book.sentences.items() if len(text) > LONGEST]:
                raise WordingRefused(*(Problem(name, f"Keep this under {LONGEST} characters.") for name in long))
            key = wordings.propose(store, book, reviewer, person().id, house().clock()).id
    except WordingRefused as refused:
        with house().sessions.begin() as store:
            return _page(store, book, reviewer, refused.problems), 422
    flash("Put forward. It is not in use yet: a second person must approve it.", "success")
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
            if not stepup.code_fits(store):
                return _version(store, key, stepup.WRONG_CODE), 422
            row = wordings.approve(store, key, request.form.get("hash", ""), person().id, house().clock())
    except WordingRefused as refused:
        return _refused(key, refused)
    flash(f"Approved. {NAMES[row.lang]} is spoken in these words from now on.", "success")
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
    flash("Rejected. The words in use stay as they are.", "success")
    return redirect(url_for("words.version", key=key), 303)


def _refused(key: int, refused: WordingRefused) -> Answer:
    with house().sessions.begin() as store:
        return _version(store, key, str(refused)), 422


def _books(store: Session) -> Books:
    return wordings.books(store, strict=house().office.mode is Mode.LIVE)


def _known(lang: str) -> str:
    if lang not in NAMES:
        abort(404, description="There is no such language here: start from the list of languages.")
    return lang


def _reviewer(store: Session, lang: str) -> str:
    review = _books(store).reviews.get(lang)
    return review.who if review else ""


def _problems(book: Book) -> tuple[Problem, ...]:
    return lint.check(book)


def _page(store: Session, book: Book, reviewer: str, problems: tuple[Problem, ...]) -> str:
    case, place = _case(), _longest(store)
    fixed = [problem.sentence for problem in problems if not problem.name]
    return render_template(
        "desk/words/edit.html",
        book=book,
        native=NAMES[book.lang],
        groups=_groups(store, book),
        reviewer=reviewer,
        problems={problem.name: problem.sentence for problem in problems if problem.name},
        fixed=fixed,
        may_edit=person().may(Role.ADMIN),
        versions=wordings.versions(store, ALERTS, book.lang),
        is_reviewed=_books(store).is_reviewed(book.lang),
        **_shown(book, case, place),
    )


def _groups(store: Session, book: Book) -> list[tuple[str, list[Line]]]:
    english = _books(store).book(FALLBACK)
    return [
        (
            heading,
            [
                Line(name, english.sentence(name) or "" if book.lang != FALLBACK else "", book.sentences[name])
                for name in names
            ],
        )
        for heading, names in ALERTS.headings(book.lang)
    ]


def _version(store: Session, key: int, problem: str = "") -> str:
    row = store.get(Wording, key)
    if row is None:
        abort(404, description="There is no version of this number: start from the list of languages.")
    books, who = _books(store), person()
    using = books.book(row.lang).sentences
    changed = [
        Line(name, books.book(FALLBACK).sentence(name) or "", text, using.get(name, ""))
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
        **_shown(row.book, _case(), _longest(store)),
    )


def _case() -> Case:
    """The kind and the failure whose texts are shown, as the address or the form asks."""
    kind, failure = request.values.get("kind", ""), request.values.get("failure", "")
    return Case(
        RevisionKind(kind) if kind in CASE_NAMES and kind != TEST else RevisionKind.INITIAL,
        FailureKind(failure) if failure in FAILURE_NAMES else FailureKind.ALL_CALLS,
        kind == TEST,
    )


def _longest(store: Session) -> str:
    """The longest name of a community: what fits it fits everybody."""
    names = [community.name for community in directory_load.load(store).communities]
    return max(names, key=len, default="Manchester-by-the-Sea")


def _shown(book: Book, case: Case, place: str) -> dict[str, object]:
    """Every form of one case, and the segments of every text message, for the longest name."""
    books, voice = shipped().with_book(book), house().office.voice
    failed: list[str] = []

    def made(one: Case) -> list[Sample]:
        try:
            return list(rendered(one, books, book.lang, place, voice))
        except (BadTemplate, MissingValue) as error:
            failed.append(str(error))
            return []

    table = [
        (CASE_NAMES[kind.value], [made(Case(kind, failure))[:1] for failure in FailureKind]) for kind in RevisionKind
    ]
    return {
        "samples": made(case),
        "table": table,
        "failed": failed[:1],
        "case": TEST if case.is_test else case.kind.value,
        "failure": case.failure.value,
        "cases": CASE_NAMES,
        "failures": FAILURE_NAMES,
        "parts": lint.PART_NAMES,
        "longest_place": place,
    }
