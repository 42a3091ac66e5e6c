"""The numbers: what each affected community will be told to dial, and what is wrong with it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from itertools import groupby

from flask import Blueprint, flash, redirect, render_template, request, url_for
from sqlalchemy.orm import Session
from werkzeug.datastructures import MultiDict
from werkzeug.wrappers import Response

from broadcaster import audience
from broadcaster.alert.alert import Content, RevisionKind, Rung, content_from_json
from broadcaster.alert.lifecycle import Role
from broadcaster.alert.phone import AlternateNumber, PhoneRefused, parse
from broadcaster.directory import Answer, Community, Directory
from broadcaster.dispatch import actions
from broadcaster.said import Said
from broadcaster.store.alerting import drafts as typed_drafts
from broadcaster.store.alerting.alerts import Revision
from broadcaster.store.places import directory_load
from broadcaster.web.form import drafts, seen
from broadcaster.web.house import house
from broadcaster.web.release import acting
from broadcaster.web.signin.guard import only, person
from broadcaster.web.tongue import said

numbers = Blueprint("numbers", __name__, url_prefix="/desk")
numbers.before_request(drafts.let_in)

Saved = Response | tuple[str, int]
OWN = frozenset({Rung.COMMUNITY, Rung.SECOND})
RUNGS = {
    Rung.SECOND: Said("its second number"),
    Rung.COUNTY: Said("the number of the county"),
    Rung.STATE: Said("the number of the State Police"),
    Rung.WALK_IN: Said("go to the nearest fire or police station"),
}


@dataclass(frozen=True, slots=True)
class Row:
    """One community on the page; `typed` is the override as typed."""

    community: Community
    county: str
    answer: Answer
    typed: str
    problem: str
    stale: bool

    @property
    def is_red(self) -> bool:
        """No number of its own, and none was given."""
        return self.answer.rung not in OWN and not self.typed

    @property
    def needs_a_look(self) -> bool:
        """Whether the row stands open at the top: no own number, an old one, one given by hand, a bad one."""
        return self.is_red or self.stale or bool(self.typed) or bool(self.problem)


@numbers.get("/alerts/<alert>/numbers")
@only(Role.ISSUER)
def page(alert: str) -> str:
    """Every number of the area, and what this person has typed and not sent."""
    with house().sessions.begin() as store:
        revision = acting.newest(store, alert)
        content, directory = content_from_json(revision.content), directory_load.load(store)
        typed = left(store, revision, content, directory).typed
        return _page(revision, rows(content, directory, {**standing(content), **typed}, {}))


@numbers.post("/alerts/<alert>/numbers")
@only(Role.ISSUER)
def save(alert: str) -> Saved:
    """Save the overrides; one that cannot be dialled is refused beside its field and nothing is saved."""
    return save_typed(alert)


def save_typed(alert: str) -> Saved:
    """Save the numbers in this request and go to the check, or show what is wrong with them."""
    with house().sessions.begin() as store:
        revision = acting.newest(store, alert, locked=True)
        content, directory = content_from_json(revision.content), directory_load.load(store)
        typed = given(audience.affected(content.area, directory), request.form)
        key = drafts.key_of(alert, revision.no, numbers=True)
        if seen.is_older(revision):
            drafts.keep(store, key)
            flash(said(seen.LOOK_AGAIN), "warning")
            return redirect(url_for("numbers.page", alert=alert), 303)
        chosen, problems = overrides(typed, directory, house().clock().date())
        if problems:
            drafts.keep(store, key)
            return _page(revision, rows(content, directory, standing(content) | typed, problems)), 422
        typed_drafts.drop(store, person().id, key)
        kept = {code: number for code, number in content.overrides if code not in typed}
        changed = replace(content, overrides=tuple(sorted((kept | chosen).items())), answers=())
        if changed.overrides != content.overrides:
            revision = actions.edit(acting.actor(store), revision, changed)
        return redirect(url_for("revision.page", alert=alert, no=revision.no), 303)


def given(inside: Sequence[str], form: MultiDict[str, str]) -> dict[str, str]:
    """The numbers in a form by community; one that its page did not ask for is not among them."""
    asked = ((code, form.get(f"number-{code}")) for code in inside)
    return {code: text.strip()[:40] for code, text in asked if text is not None}


def standing(content: Content) -> dict[str, str]:
    """The overrides of a content as they were typed."""
    return {code: number.display for code, number in content.overrides}


@dataclass(frozen=True, slots=True)
class Left:
    """The numbers of a revision that this person typed and has not sent, by community; when, if they are others than
    the draft's."""

    typed: dict[str, str]
    at: datetime | None = None


def left(store: Session, revision: Revision, content: Content, directory: Directory) -> Left:
    """What this person left in the fields, here or at the check."""
    kept = typed_drafts.kept(store, person().id, drafts.key_of(revision.alert.public_id, revision.no, numbers=True))
    if kept is None:
        return Left({})
    before, inside = standing(content), audience.affected(content.area, directory)
    typed = given(inside, drafts.as_form(kept.fields))
    if seen.FIELD in kept.fields and kept.fields[seen.FIELD] != [seen.mark(revision)]:
        typed = {code: text for code, text in typed.items() if text}  # an empty field takes no number that came since
    changed = any(text != before.get(code, "") for code, text in typed.items())
    return Left(typed, kept.saved_at if changed else None)


def were_typed(alert: str, no: int) -> bool:
    """Whether this request carries another number than the draft has: it must be seen before it is frozen."""
    with house().sessions.begin() as store:
        revision = acting.revision_of(store, alert, no)
        content, directory = content_from_json(revision.content), directory_load.load(store, agencies=False)
        before = standing(content)
        typed = given(audience.affected(content.area, directory), request.form)
        return revision.frozen_at is None and any(text != before.get(code, "") for code, text in typed.items())


def to_look_at(content: Content, directory: Directory, typed: dict[str, str]) -> list[Row]:
    """The rows that need a look: those that somebody has `typed` into and not sent, then those without a number of
    their own."""
    before = standing(content)
    found = _sorted(row for row in rows(content, directory, before | typed, {}) if row.needs_a_look)
    return sorted(found, key=lambda row: row.typed == before.get(row.community.code, ""))


def _sorted(found: Iterable[Row]) -> list[Row]:
    return sorted(found, key=lambda row: (not row.problem, not row.is_red))


def overrides(
    typed: Mapping[str, str], directory: Directory, today: date
) -> tuple[dict[str, AlternateNumber], dict[str, str]]:
    """The numbers given by hand and what is wrong with them, both by community code; the directory's own is none."""
    chosen: dict[str, AlternateNumber] = {}
    problems: dict[str, str] = {}
    hidden = audience.restricted(directory)
    for code, text in typed.items():
        if not text:
            continue
        try:
            e164 = parse(text)
        except PhoneRefused as error:
            problems[code] = str(error)
            continue
        if e164 in hidden:
            problems[code] = Said(
                "%(typed)s is restricted in the directory and cannot be published: give another number.", typed=text
            )
            continue
        own = directory.ladder(code).number
        if own is None or own.e164 != e164:
            chosen[code] = AlternateNumber(e164, verified_on=today)
    return chosen, problems


def rows(
    content: Content, directory: Directory, typed: Mapping[str, str], problems: Mapping[str, str]
) -> list[Row]:  # fmt: skip
    """The page's rows by county and name."""
    today = house().clock().date()
    found = []
    for code in audience.affected(content.area, directory):
        community, answer = directory.community(code), directory.ladder(code)
        stale = answer.number is not None and answer.rung in OWN and answer.number.is_stale(today)
        county = directory.county_names[community.county_fips]
        found.append(Row(community, county, answer, typed.get(code, ""), problems.get(code, ""), stale))
    return sorted(found, key=lambda row: (row.county, row.community.name))


def _page(revision: Revision, shown: list[Row]) -> str:
    quiet = [row for row in shown if not row.needs_a_look]
    return render_template(
        "desk/numbers.html",
        alert=revision.alert.public_id,
        known=revision.alert.known_since,
        kind=RevisionKind(revision.kind),
        no=revision.no,
        seen=seen.mark(revision),
        look=_sorted(row for row in shown if row.needs_a_look),
        counties=[(county, list(here)) for county, here in groupby(quiet, key=lambda row: row.county)],
        total=len(shown),
        red=sum(row.is_red for row in shown),
        stale=sum(row.stale for row in shown),
        bad=sum(bool(row.problem) for row in shown),
        rungs=RUNGS,
    )
