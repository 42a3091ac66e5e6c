"""Where a page leads, what an open desk shows without being asked, and the clock of who was called."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from flask import Blueprint, abort, flash, redirect, render_template, url_for
from sqlalchemy import select
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from broadcaster.alert.alert import RevisionKind, content_from_json
from broadcaster.alert.lifecycle import HEARD, AlertState, ReleaseState
from broadcaster.channels import page_link
from broadcaster.dispatch.paging import paging
from broadcaster.dispatch.revision import second_person
from broadcaster.said import Said
from broadcaster.store.alerting import areas
from broadcaster.store.alerting.alerts import Alert, Release, Revision
from broadcaster.store.desk import page_tests
from broadcaster.store.desk import paging as pages
from broadcaster.store.desk.paging import Called
from broadcaster.store.timeline import ledger
from broadcaster.web.house import house
from broadcaster.web.release import acting
from broadcaster.web.signin.guard import person, require_person
from broadcaster.web.tongue import _

paged = Blueprint("paged", __name__, url_prefix="/desk")
paged.before_request(require_person)


@dataclass(frozen=True, slots=True)
class Asked:
    """A revision that this person is asked to approve."""

    alert: str
    no: int
    kind: RevisionKind
    place: str
    since: datetime


@dataclass(frozen=True, slots=True)
class Clock:
    """Who was called about a revision, and who is next and when."""

    called: tuple[Called, ...]
    next_at: datetime | None
    next_names: tuple[str, ...]


@paged.get("/page/<token>")
def follow(token: str) -> Response:
    """The link of a page: to exactly the revision that it was about, or to the one that took its place."""
    found = house().settings.keyring.first(lambda key: page_link.opened(key, token))
    if found is None:
        abort(404, description=Said("This link is not complete, or it is not ours: start from the desk."))
    key, until = found
    if until < house().clock().timestamp():
        abort(404, description=Said("This link has run out: what waits for you stands on the desk."))
    with house().sessions() as store:
        row = store.get(Revision, key)
        if row is None:
            abort(404, description=Said("What you were called about is no longer kept here: start from the desk."))
        alert, newest = row.alert.public_id, acting.newest(store, row.alert.public_id)
        if newest.no != row.no and newest.frozen_at is not None:
            flash(_("A newer revision has taken the place of what you were called about: this is it."), "warning")
            return redirect(url_for("revision.page", alert=alert, no=newest.no), 303)
    return redirect(url_for("revision.page", alert=alert, no=row.no), 303)


@paged.get("/page-test/<token>")
def trial(token: str) -> str:
    """The page at which an approver confirms that a test page came; nothing is recorded yet."""
    if _trial(token) is None:
        abort(404, description=Said("This link is not complete, or it is not ours: open it again from the message."))
    return render_template("desk/roster/test.html", token=token)


@paged.post("/page-test/<token>")
def confirm(token: str) -> Response:
    """It came: the way works this month."""
    key = _trial(token)
    with house().sessions.begin() as store:
        mine = key is not None and page_tests.confirm(store, key, person().id, house().clock())
        if mine:
            ledger.append(store, person().email, "page-confirmed", person().email)
    words = _("Confirmed: this way works.") if mine else _("This test was sent to somebody else: sign in as them.")
    flash(words, "success" if mine else "error")
    return redirect(url_for("roster.page"), 303)


def _trial(token: str) -> int | None:
    return house().settings.keyring.first(lambda key: page_link.trial_opened(key, token))


@paged.get("/asked")
def fragment() -> str:
    """What this person is asked to approve now, for the page that is open."""
    with house().sessions.begin() as store:
        return render_template("desk/_asked.html", asked_of_me=asked(store))


@paged.get("/alerts/<alert>/revisions/<int:no>/called")
def called(alert: str, no: int) -> str:
    """Who was called about a revision, for the page that is open."""
    with house().sessions.begin() as store:
        return render_template("desk/_called.html", calls=clock(store, acting.revision_of(store, alert, no)))


def asked(store: Session) -> list[Asked]:
    """What waits for this person's approval, the oldest first."""
    query = (
        select(Revision)
        .join(Release)
        .join(Alert, Alert.id == Revision.alert_id)
        .where(Release.tier == "public", Release.state == ReleaseState.PENDING.value)
        .where(Alert.state.in_([AlertState.DRAFT.value, AlertState.OPEN.value]), Alert.kind.in_(HEARD))
        .order_by(Revision.frozen_at, Revision.id)
    )
    mine = [row for row in store.scalars(query) if _is_asked(store, row)]
    return [
        Asked(
            row.alert.public_id,
            row.no,
            RevisionKind(row.kind),
            areas.place(store, content_from_json(row.content).area),
            row.frozen_at or house().clock(),
        )
        for row in mine
    ]


def _is_asked(store: Session, row: Revision) -> bool:
    """Whether this person can still approve it: nothing newer was submitted, its end has not passed."""
    newer = any(other.no > row.no and other.frozen_at for other in row.alert.revisions)
    lives = content_from_json(row.content).expires > house().clock()
    return lives and not newer and second_person.may_approve(store, person().id, row)


def clock(store: Session, row: Revision) -> Clock | None:
    """Who was called and who is next; None where nobody is waited for."""
    public = acting.releases_of(store, row).get("public")
    if public is None or public.state != ReleaseState.PENDING or not row.alert.is_heard:
        return None
    found = tuple(pages.called(store, row.id))
    steps = max((one.step for one in found), default=0)
    since = pages.begun(store, row.id)
    at = paging.next_at(since, steps, house().settings.page_seconds)
    group = paging.people(store, row, steps + 1, house().clock())
    return Clock(found, at, tuple(user.name for user in group) if at or not found else ())
