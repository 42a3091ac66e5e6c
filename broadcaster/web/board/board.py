"""The board of one alert: how many of how many, who is not reached, what is due next. It only looks."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from flask import Blueprint, current_app, jsonify, render_template, request
from markupsafe import Markup
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from broadcaster.alert.alert import RevisionKind, content_from_json
from broadcaster.alert.lifecycle import AlertState, ReleaseState, Role
from broadcaster.alert.phone import AlternateNumber
from broadcaster.alert.reach import WORDS, CountyCount
from broadcaster.dispatch.documents import ipaws_watch
from broadcaster.dispatch.telling import switch
from broadcaster.receipts import tally
from broadcaster.receipts.counts import AgencyLine, Board, ChannelCount
from broadcaster.receipts.seat import UNHEARD
from broadcaster.said import Said
from broadcaster.store.alerting import areas, reviews
from broadcaster.store.alerting.alerts import Alert, Revision
from broadcaster.store.fanout.deliveries import FanoutState
from broadcaster.store.outage.outages import Outage
from broadcaster.store.places import directory_load, lines
from broadcaster.store.places.lines import Line
from broadcaster.store.public import inbound
from broadcaster.web import outline, town_map, vocabulary
from broadcaster.web.board import cards as board_cards
from broadcaster.web.board import map as board_map
from broadcaster.web.board import words as board_words
from broadcaster.web.board.cards import Card
from broadcaster.web.house import ASSETS, house
from broadcaster.web.release import acting, agency_lists
from broadcaster.web.release.agency_lists import LeftOut
from broadcaster.web.signin.guard import person, require_person
from broadcaster.web.tongue import speaking
from broadcaster.web.town_map import TownMap

blueprint = Blueprint("board", __name__, url_prefix="/desk", static_folder=ASSETS / "board", static_url_path="/board")
blueprint.before_request(require_person)

KEPT_S = 0.8
LOUD_FIRST = {"jammed": 0, "wrong": 0, "other": 1, "": 2, "right": 3}
NEXT = (
    (RevisionKind.UPDATE, Said("Update")),
    (RevisionKind.NUMBER_CHANGE, Said("Change a number")),
    (RevisionKind.RESTORED_IN_PART, Said("Restored in part")),
    (RevisionKind.ALL_CLEAR, Said("All-clear")),
    (RevisionKind.FALSE_ALARM, Said("False alarm")),
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


@dataclass(frozen=True, slots=True)
class View:
    """What everybody who looks at this alert sees alike."""

    board: Board
    cards: list[Card]
    earlier: list[ChannelCount]
    rows: str
    silent: list[AgencyLine]
    answered: list[AgencyLine]
    going: frozenset[str]
    lines: list[Line]
    switched: dict[str, AlternateNumber]
    left_out: LeftOut | None
    counties: list[CountyCount]
    by_fips: dict[str, CountyCount]
    towns: list[CountyCount]
    town_map: TownMap


@blueprint.get("/alerts/<alert>")
def page(alert: str) -> str:
    """The board; with `live=1` only the part that changes."""
    with house().sessions.begin() as store:
        row = acting.alert_of(store, alert)
        by = sorting(request.args.get("sort", ""))
        return drawn(store, row, by, live="live" in request.args, may_issue=person().may(Role.ISSUER))


def sorting(asked: str) -> str:
    """The column to sort by: the one asked for, or the usual one."""
    return asked if asked in board_cards.COLUMNS else board_cards.WORST


def drawn(store: Session, row: Alert, by: str, *, live: bool, may_issue: bool) -> str:
    """The board as a page, or the part of it that changes."""
    key = (row.id, by, speaking()) if live else None
    return render_template(
        "board/live.html" if live else "board/board.html",
        alert=row,
        outage=store.get(Outage, row.outage_id) if row.outage_id else None,
        view=_kept().view(key, lambda: _view(store, row, by)),
        place=_place(store, row),
        alone=reviews.of_alert(store, row.id),
        sort=by,
        columns=board_cards.COLUMNS,
        steering=_steering(store, row, may_issue),
        next_kinds=NEXT,
        stands=board_cards.stands,
        reasons=board_words.REASONS,
        notices=board_words.NOTICES,
        in_brackets=board_words.in_brackets,
        tried_words=board_cards.tried_words,
        due=due,
        once=once(),
        chase_after=house().settings.handoff_loud_after,
        seat_name=house().settings.handoff_name or Said("the agency with the seat at IPAWS"),
        unheard=UNHEARD,
        path_reasons=ipaws_watch.REASONS,
        drawing=outline.of_state(house().settings.state_fips),
        county_words=WORDS,
        texts_waiting=inbound.how_many(store),
    )


def _view(store: Session, row: Alert, by: str) -> View:
    made = tally.board(store, row, house().clock())
    rows = board_cards.rows(made.texts, by) if made.texts else []
    told = sorted(lines.lines(store, row.id), key=lambda line: (LOUD_FIRST.get(line.said, 2), line.name))
    jammed = any(line.said in lines.UNANSWERED for line in told)
    places, drawn_towns = made.texts.per_community if made.texts else [], town_map.of(store)
    return View(
        board=made,
        cards=board_cards.cards(made),
        earlier=board_cards.earlier(made),
        rows=Markup(render_template("board/rows.html", rows=rows)) if rows else "",  # noqa: S704 - a template's own
        silent=board_cards.silent_agencies(made),
        answered=board_cards.answered_agencies(made),
        going=frozenset(each.tier for each in made.newest if each.state == FanoutState.RUNNING),
        lines=told,
        switched=switch.waiting(acting.actor(store), row, directory_load.load(store, agencies=False)) if jammed else {},
        left_out=_left_out(store, row),
        counties=board_map.counties(store, places),
        by_fips=board_map.by_county(store, places, drawn_towns),
        towns=board_map.towns(places, drawn_towns),
        town_map=drawn_towns,
    )


def _left_out(store: Session, alert: Alert) -> LeftOut | None:
    """Whom the revision that is out leaves out; the agencies are only read where it leaves out somebody."""
    sent = out(alert)
    content = content_from_json(sent.content) if sent else None
    if content is None or content.withheld.is_empty:
        return None
    return agency_lists.left_out(content, directory_load.load(store))


class Kept:
    """What one look at the database showed, for everybody who asks within the same moment: twenty people who watch
    cost as much as one."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._views: dict[tuple[int, str, str], tuple[float, View]] = {}

    def view(self, key: tuple[int, str, str] | None, make: Callable[[], View]) -> View:
        """The kept view, or a new one; without a key always a new one."""
        if key is None:
            return make()
        with self._lock:
            born, kept = self._views.get(key, (0.0, None))
            if kept is None or time.monotonic() - born > KEPT_S:
                self._views = {other: it for other, it in self._views.items() if time.monotonic() - it[0] < KEPT_S}
                kept = make()
                self._views[key] = (time.monotonic(), kept)
            return kept


def _kept() -> Kept:
    kept: Kept = current_app.extensions.setdefault("broadcaster-board", Kept())
    return kept


@blueprint.get("/alerts/<alert>/board.json")
def data(alert: str) -> Response:
    """The same numbers for programs; their sums close."""
    with house().sessions.begin() as store:
        made: Board = tally.board(store, acting.alert_of(store, alert), house().clock())
    return jsonify(made.json())


def once() -> Callable[[Callable[[Any], Markup], Any, tuple[object, ...]], Markup]:
    """For one page: what a macro says of something, worded once for everything of which there is the same to say, which
    is its key."""
    kept: dict[object, Markup] = {}

    def said(macro: Callable[[Any], Markup], of: Any, key: tuple[object, ...]) -> Markup:
        if (macro, key) not in kept:
            kept[macro, key] = macro(of)
        return kept[macro, key]

    return said


def due(moment: datetime, now: datetime) -> str:
    """``in 12 min``, ``5 min ago``: a clock that somebody under stress can read."""
    minutes = round((moment - now).total_seconds() / 60)
    length = abs(minutes)
    words = f"{length} min" if length < 120 else f"{length // 60} h {length % 60:02} min"
    if minutes == 0:
        return Said("now")
    return Said("in %(length)s", length=words) if minutes > 0 else Said("%(length)s ago", length=words)


def _place(store: Session, alert: Alert) -> str:
    """Where, by the newest revision that is out, or by the newest draft."""
    shown = out(alert) or (alert.revisions[-1] if alert.revisions else None)
    return areas.place(store, content_from_json(shown.content).area) if shown else ""


def out(alert: Alert) -> Revision | None:
    """The newest revision that anybody was sent."""
    sent = (ReleaseState.RELEASED, ReleaseState.HELD)
    return next((row for row in reversed(alert.revisions) if any(each.state in sent for each in row.releases)), None)


def _steering(store: Session, alert: Alert, may_issue: bool) -> Steering:
    sent = out(alert)
    states = {tier: row.state for tier, row in acting.releases_of(store, sent).items()} if sent else {}
    newest = alert.revisions[-1] if alert.revisions else None
    pending = newest if newest is not None and newest is not sent else None
    return Steering(
        out=sent,
        running=tuple(sorted(tier for tier, state in states.items() if state == ReleaseState.RELEASED)),
        held=tuple(sorted(tier for tier, state in states.items() if state == ReleaseState.HELD)),
        pending=pending if alert.state in (AlertState.OPEN, AlertState.DRAFT) else None,
        pending_words=_pending_words(store, pending),
        may_issue=may_issue,
    )


def _pending_words(store: Session, pending: Revision | None) -> str:
    if pending is None:
        return ""
    if pending.frozen_at is None:
        return Said("is a draft")
    public = acting.releases_of(store, pending).get("public")
    if public is None or public.state == ReleaseState.PENDING:
        return Said("waits for a second person")
    return Said("was %(state)s", state=vocabulary.WORDS.get(public.state, public.state))
