"""One page of a running alert, to print and to mail: what, where, which numbers, who was reached, who has not answered,
what is due next. What is mailed is in English, whatever language the desk speaks to whoever presses the button."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from email.utils import parseaddr
from typing import Any

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from broadcaster import audience
from broadcaster.alert.alert import CommunityAnswer, Content, content_from_json
from broadcaster.alert.delivery import State
from broadcaster.alert.lifecycle import Role
from broadcaster.directory import Directory
from broadcaster.dispatch import one_page
from broadcaster.messages.message import Message
from broadcaster.receipts import tally
from broadcaster.receipts.counts import ChannelCount
from broadcaster.said import Counted, Said
from broadcaster.store.alerting import areas, texts
from broadcaster.store.fanout import senders
from broadcaster.store.places import directory_load
from broadcaster.values import MAIL_ADDRESS
from broadcaster.web.board import board
from broadcaster.web.board import cards as board_cards
from broadcaster.web.board.cards import Card
from broadcaster.web.form import numbers as form_numbers
from broadcaster.web.form.words import FAILURES
from broadcaster.web.house import house
from broadcaster.web.release import acting
from broadcaster.web.signin.guard import only, person, require_person
from broadcaster.web.tongue import said, speak, speaking

summary = Blueprint("summary", __name__, url_prefix="/desk/alerts/<alert>/summary")
summary.before_request(require_person)
DESK = (Role.ISSUER, Role.APPROVER, Role.ADMIN)
MOST_NUMBERS, MOST_SILENT, MOST_PLACES = 45, 18, 14
"""As many lines as one sheet of letter paper holds; the rest is counted."""
LONGEST = 2_000


@dataclass(frozen=True, slots=True)
class Dial:
    """What people of one community are told to dial; without a number `said` is what they do."""

    place: str
    number: str
    said: str


@dataclass(frozen=True, slots=True)
class Told:
    """A channel in three figures; `missed` are planned, accepted by no carrier, and have not said STOP."""

    card: Card

    @property
    def count(self) -> ChannelCount:
        """The newest fan-out of the channel."""
        return self.card.count

    @property
    def delivered(self) -> int | None:
        """What phones reported; None where nothing reports it."""
        reports = self.count.channel in ("sms", "voice")
        return self.count.handsets.get("delivered", 0) if reports else None

    @property
    def missed(self) -> int | None:
        """Not reached so far; None while it is being counted how many should be."""
        if self.count.planned is None:
            return None
        heard = self.card.headline + self.count.counts.get(State.SUPPRESSED, 0)
        return max(0, self.count.planned - heard)


@summary.get("")
def page(alert: str) -> str:
    """The page as of now."""
    return _page(alert, "", "")


@summary.post("")
@only(*DESK)
def mail(alert: str) -> Response | tuple[str, int]:
    """Mail it to the addresses that were typed."""
    typed = request.form.get("to", "")[:LONGEST]
    to, problem = addresses(typed)
    if problem:
        return _page(alert, typed, problem), 422
    here = speaking()
    with house().sessions.begin() as store:
        found = _facts(store, alert)
        speak("en")
        message = words(found)
        speak(here)
        one_page.mail(acting.actor(store), found["revision"], to, message)
    house().bell("urgent")
    flash(said(Counted("On its way to %(num)s mailbox.", "On its way to %(num)s mailboxes.", len(to))), "success")
    return redirect(url_for("summary.page", alert=alert), 303)


def addresses(typed: str) -> tuple[list[str], str]:
    """The addresses in a text, with commas between or one a line, and what is wrong with them."""
    parts = [part.strip() for part in re.split(r"[\n,;]+", typed) if part.strip()]
    found = [(part, parseaddr(part)[1]) for part in parts]
    if wrong := [part for part, address in found if not MAIL_ADDRESS.fullmatch(address)]:
        return [], Said("“%(typed)s” is no mail address: write name@host.", typed=wrong[0][:60])
    to = list(dict.fromkeys(address for _part, address in found))
    if not to:
        return [], Said("Type at least one mail address.")
    if len(to) > one_page.MOST:
        return [], Said("These are %(number)s addresses: take at most %(most)s.", number=len(to), most=one_page.MOST)
    return to, ""


def words(found: dict[str, Any]) -> Message:
    """The mail: the same facts as on the page, as plain text."""
    text = render_template("board/summary.txt", **found).strip() + "\n"
    subject = Said("911 outage, %(place)s", place=found["place"])
    return Message(f"{subject} [{found['revision'].alert.public_id}]", text, "")


def _page(alert: str, typed: str, problem: str) -> str:
    with house().sessions.begin() as store:
        found = _facts(store, alert)
        mails = person().may(*DESK) and found["revision"].alert.is_heard and senders.is_set_up(store, "email")
        return render_template("board/summary.html", typed=typed, problem=problem, mails=mails, **found)


def _facts(store: Session, alert: str) -> dict[str, Any]:
    """Everything that the page and the mail say, of the newest revision that anybody was sent."""
    row = acting.alert_of(store, alert)
    revision = board.out(row)
    if revision is None:
        abort(404, description=Said("Nothing of this alert has gone out yet: there is nothing to sum up."))
    made, content = tally.board(store, row, house().clock()), content_from_json(revision.content)
    directory = directory_load.load(store, agencies=False)
    inside = audience.affected(content.area, directory)
    failing = [code for code in inside if code not in content.restored]
    dials = _dials(content, directory, failing)
    silent, names = board_cards.silent_agencies(made), areas.names(store, content.area)
    return {
        "revision": revision,
        "content": content,
        "board": made,
        "place": areas.place(store, content.area),
        "places": names[:MOST_PLACES],
        "more_places": max(0, len(names) - MOST_PLACES),
        "communities": len(inside),
        "restored": len(inside) - len(failing),
        "failure": FAILURES[content.failure][0],
        "dials": dials[:MOST_NUMBERS],
        "more_dials": max(0, len(dials) - MOST_NUMBERS),
        "told": [Told(card) for card in board_cards.cards(made)],
        "silent": silent[:MOST_SILENT],
        "more_silent": max(0, len(silent) - MOST_SILENT),
        "all_silent": len(silent),
        "sample": texts.first(store, revision.id, "sms", "en"),
        "due": board.due,
        "settings": house().settings,
    }


def _dials(content: Content, directory: Directory, failing: Sequence[str]) -> list[Dial]:
    """The number of each community where 911 fails, as it was frozen, by name."""
    frozen = {answer.community: answer for answer in content.answers}
    named = [(directory.community(code).name, frozen.get(code) or directory.ladder(code).frozen) for code in failing]
    return sorted((_dial(*each) for each in named), key=lambda dial: dial.place)


def _dial(place: str, answer: CommunityAnswer) -> Dial:
    number = answer.number.display if answer.number else ""
    return Dial(place, number, form_numbers.RUNGS.get(answer.rung, ""))
