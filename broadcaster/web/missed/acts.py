"""What is written down about a caller, as a form sends it: at the desk, and by the link of an answering point."""

from __future__ import annotations

from datetime import timedelta

from flask import request

from broadcaster.alert.missed_caller import Found, Outcome
from broadcaster.outage.missed_calls import call_back
from broadcaster.outage.missed_calls.call_back import CallBackRefused, Desk
from broadcaster.said import Said

NO_ANSWER = "no_answer"
PAUSES = (5, 10, 20, 30, 60)
"""Minutes after which somebody who did not answer is called again."""
LONGEST = call_back.LONGEST_WORDS
DONE = {
    "claimed": Said("took them on"),
    "given_back": Said("gave them back"),
    "rung": Said("called them"),
    "no_answer": Said("called: nobody answered"),
    "settled": Said("wrote down the outcome"),
    "check_sent": Said("sent a welfare check"),
    "check_ended": Said("wrote down what the check found"),
    "note": Said("noted"),
    "texted": Said("had a text sent"),
    "back": Said("imported a log: they had called again"),
}
"""Each step in words, behind the name of who took it."""


def outcome(desk: Desk, key: str) -> None:
    """An outcome, a welfare check, or nobody answered. CallBackRefused says what is missing."""
    chosen, words = request.form.get("outcome", ""), typed("words")
    if chosen == NO_ANSWER:
        call_back.no_answer(desk, key, _pause(), words)
    elif chosen == Outcome.WELFARE_CHECK:
        call_back.send_check(desk, key, typed("to"), words)
    elif chosen in {each.value for each in Outcome}:
        call_back.settle(desk, key, Outcome(chosen), words)
    else:
        raise CallBackRefused(Said("Choose what became of them."))


def end_check(desk: Desk, key: str, check: int) -> None:
    """What a welfare check has found. CallBackRefused says what is missing."""
    given = request.form.get("found", "")
    if given not in {each.value for each in Found}:
        raise CallBackRefused(Said("Choose what the check has found."))
    call_back.end_check(desk, key, check, Found(given), typed("words"))


def typed(name: str) -> str:
    """A field of the form, as far as it is kept."""
    return request.form.get(name, "").strip()[:LONGEST]


def _pause() -> timedelta:
    given = request.form.get("again", "")
    return timedelta(minutes=int(given)) if given in map(str, PAUSES) else call_back.AGAIN
