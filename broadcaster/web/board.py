"""The board of one alert: how many of how many, who is not reached, what is due next. It only looks."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from flask import Blueprint, jsonify, render_template, request
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from broadcaster.alert.alert import RevisionKind, content_from_json
from broadcaster.alert.lifecycle import AlertState, ReleaseState, Role
from broadcaster.receipts import tally
from broadcaster.receipts.counts import Board
from broadcaster.store.alerts import Alert, Revision
from broadcaster.web import acting, board_cards, watch
from broadcaster.web.guard import person, require_person
from broadcaster.web.house import house

blueprint = Blueprint("board", __name__, url_prefix="/desk", static_folder="assets/board", static_url_path="/board")
blueprint.before_request(require_person)

NEXT = (
    (RevisionKind.UPDATE, "Update"),
    (RevisionKind.NUMBER_CHANGE, "Change a number"),
    (RevisionKind.RESTORED_IN_PART, "Restored in part"),
    (RevisionKind.ALL_CLEAR, "All-clear"),
    (RevisionKind.FALSE_ALARM, "False alarm"),
)


@dataclass(frozen=True, slots=True)
class Steering:
    """What this person can do from here: which revision is out, what is held, what waits."""

    out: Revision | None
    running: tuple[str, ...]
    held: tuple[str, ...]
    pending: Revision | None
    pending_words: str
    may_issue: bool


@blueprint.get("/alerts/<alert>")
def page(alert: str) -> str:
    """The board; with `live=1` only the part that changes."""
    by = request.args.get("sort", board_cards.WORST)
    by = by if by in board_cards.COLUMNS else board_cards.WORST
    with house().sessions.begin() as store:
        row = acting.alert_of(store, alert)
        made = tally.board(store, row, house().clock())
        return render_template(
            "board/live.html" if "live" in request.args else "board/board.html",
            alert=row,
            board=made,
            place=_place(store, row),
            cards=board_cards.cards(made),
            earlier=board_cards.earlier(made),
            rows=board_cards.rows(made.texts, by) if made.texts else [],
            sort=by,
            columns=board_cards.COLUMNS,
            silent=board_cards.silent_agencies(made),
            answered=board_cards.answered_agencies(made),
            steering=_steering(store, row),
            next_kinds=NEXT,
            stands=board_cards.stands,
            due=due,
        )


@blueprint.get("/alerts/<alert>/board.json")
def data(alert: str) -> Response:
    """The same numbers for programs; their sums close."""
    with house().sessions.begin() as store:
        made: Board = tally.board(store, acting.alert_of(store, alert), house().clock())
    return jsonify(made.json())


def due(moment: datetime, now: datetime) -> str:
    """``in 12 min``, ``5 min ago``: a clock that somebody under stress can read."""
    minutes = round((moment - now).total_seconds() / 60)
    length = abs(minutes)
    words = f"{length} min" if length < 120 else f"{length // 60} h {length % 60:02} min"
    return f"in {words}" if minutes > 0 else "now" if minutes == 0 else f"{words} ago"


def _place(store: Session, alert: Alert) -> str:
    """Where, by the newest revision that is out, or by the newest draft."""
    shown = _out(alert) or (alert.revisions[-1] if alert.revisions else None)
    return watch.place(store, content_from_json(shown.content).area) if shown else ""


def _out(alert: Alert) -> Revision | None:
    """The newest revision that anybody was sent."""
    sent = (ReleaseState.RELEASED, ReleaseState.HELD)
    return next((row for row in reversed(alert.revisions) if any(each.state in sent for each in row.releases)), None)


def _steering(store: Session, alert: Alert) -> Steering:
    out = _out(alert)
    states = {tier: row.state for tier, row in acting.releases_of(store, out).items()} if out else {}
    newest = alert.revisions[-1] if alert.revisions else None
    pending = newest if newest is not None and newest is not out else None
    return Steering(
        out=out,
        running=tuple(sorted(tier for tier, state in states.items() if state == ReleaseState.RELEASED)),
        held=tuple(sorted(tier for tier, state in states.items() if state == ReleaseState.HELD)),
        pending=pending if alert.state in (AlertState.OPEN, AlertState.DRAFT) else None,
        pending_words=_pending_words(store, pending),
        may_issue=person().may(Role.ISSUER),
    )


def _pending_words(store: Session, pending: Revision | None) -> str:
    if pending is None:
        return ""
    if pending.frozen_at is None:
        return "is a draft"
    public = acting.releases_of(store, pending).get("public")
    if public is None or public.state == ReleaseState.PENDING:
        return "waits for a second person"
    return f"was {public.state}"
