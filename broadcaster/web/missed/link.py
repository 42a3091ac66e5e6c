"""An answering point calls back whom 911 did not connect, by its link alone: its own list, and nobody else's.

GET shows and changes nothing, because mail scanners follow links; numbers and places stand on the page of a caller whom
this link has taken on. POST takes on, and writes down.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flask import Response, redirect, render_template, request, url_for
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response as AnyResponse

from broadcaster.alert.missed_caller import FINDINGS, OUTCOMES, WHY_NOT, Cannot, Standing
from broadcaster.alert.phone import display
from broadcaster.channels import missed_link
from broadcaster.outage.missed_calls import by_link, call_back
from broadcaster.outage.missed_calls.call_back import CallBackRefused, Desk
from broadcaster.outage.record import Writer
from broadcaster.store.outage import missed_callers, missed_links, outages
from broadcaster.store.outage.missed_callers import MissedCaller
from broadcaster.store.outage.outages import Outage
from broadcaster.store.places import directory_load
from broadcaster.web.by_link import NOT_OURS, pages, refused
from broadcaster.web.house import house
from broadcaster.web.missed import acts

blueprint = pages("missed_link", __name__)
ENDED = (
    "This link has ended: it was replaced or taken back, or its two days are over. Ask the 911 authority for another."
)
NOBODY = "Nobody is left to call at this moment."
LIST = "/ack/missed/<token>"
CALLER = f"{LIST}/<key>"
Answer = AnyResponse | str | tuple[str, int]


class Refused(Exception):
    """This link opens nothing; the message says why."""


@blueprint.errorhandler(Refused)
def _ended(error: Refused) -> tuple[str, int]:
    return refused(str(error))


@blueprint.after_request
def _unkept(response: Response) -> Response:
    """Nothing of these pages stays in a browser that others use."""
    response.headers["Cache-Control"] = "no-store"
    return response


@blueprint.get(LIST)
def worklist(token: str) -> str:
    """Who is to be called, the most urgent first; nothing is taken on by looking."""
    with house().sessions() as store:
        desk = _desk(store, token)
        rows = missed_callers.of(store, desk.outage.id, desk.psap)
        ranked = call_back.ranked(rows, desk.writer.now)
        return render_template(
            "ack/missed.html",
            token=token,
            name=desk.writer.name,
            ranked=ranked,
            mine=[one for one in ranked if desk.has(one.row)],
            next=any(one.free and one.due for one in ranked),
            settled=[one for one in rows if one.standing == Standing.SETTLED],
            through=sum(one.standing == Standing.THROUGH for one in rows),
            outcomes=OUTCOMES,
            can=Cannot.CAN,
            said=NOBODY if "none" in request.args else "",
        )


@blueprint.post(f"{LIST}/next")
def take_next(token: str) -> AnyResponse:
    """Take the most urgent caller on whom nobody else has."""
    with house().sessions.begin() as store:
        desk = _desk(store, token)
        row = call_back.claim_next(desk, desk.psap or "")
        key = row.public_id if row else ""
    if not key:
        return redirect(url_for("missed_link.worklist", token=token, none=1), 303)
    return redirect(url_for("missed_link.caller", token=token, key=key), 303)


@blueprint.get(CALLER)
def caller(token: str, key: str) -> Answer:
    """One caller of this list; number and place where this link has taken them on."""
    return _shown(token, key)


@blueprint.post(f"{CALLER}/claim")
def claim(token: str, key: str) -> Answer:
    """Take this caller on."""
    return _acted(token, key, lambda desk: call_back.claim(desk, key))


@blueprint.post(f"{CALLER}/give-back")
def give_back(token: str, key: str) -> Answer:
    """Put them back for somebody else."""
    return _acted(token, key, lambda desk: call_back.give_back(desk, key), on=True)


@blueprint.post(f"{CALLER}/outcome")
def outcome(token: str, key: str) -> Answer:
    """What became of the call: an outcome, a welfare check, or nobody answered."""
    return _acted(token, key, lambda desk: acts.outcome(desk, key), on=True)


@blueprint.post(f"{CALLER}/note")
def note(token: str, key: str) -> Answer:
    """Write something down beside them."""
    return _acted(token, key, lambda desk: call_back.note(desk, key, acts.typed("words")))


@blueprint.post(f"{CALLER}/checks/<int:check>")
def end_check(token: str, key: str, check: int) -> Answer:
    """What a welfare check has found."""
    return _acted(token, key, lambda desk: acts.end_check(desk, key, check))


def _desk(store: Session, token: str) -> Desk:
    """The answering point of a link that works, at its own list; Refused otherwise."""
    found = house().settings.keyring.first(lambda key: missed_link.opened(key, token))
    if found is None:
        raise Refused(NOT_OURS)
    row, now = missed_links.by_number(store, *found), house().clock()
    if row is None or not row.works(now):
        raise Refused(ENDED)
    psaps = directory_load.load(store, agencies=False).psaps
    name = next((psap.name for psap in psaps if psap.code == row.psap), row.psap)
    writer = Writer(store, f"psap:{row.psap}", name, now)
    whole = outages.remaining(store, store.get_one(Outage, row.outage_id))
    return by_link.desk_of(writer, house().sealer, whole, row)


def _acted(token: str, key: str, act: Callable[[Desk], object], *, on: bool = False) -> Answer:
    """Do it and show the caller again, or go on with the list; or say why not, with everything that was typed."""
    try:
        with house().sessions.begin() as store:
            act(_desk(store, token))
    except CallBackRefused as problem:
        return _shown(token, key, str(problem))
    if on:
        return redirect(url_for("missed_link.worklist", token=token), 303)
    return redirect(url_for("missed_link.caller", token=token, key=key), 303)


def _shown(token: str, key: str, problem: str = "") -> Answer:
    with house().sessions() as store:
        desk = _desk(store, token)
        row = missed_callers.by_public_id(store, desk.outage.id, key)
        if row is None or row.psap != desk.psap:
            return refused("There is no such caller on your list: start from the list.")
        page = render_template("ack/missed_caller.html", token=token, one=row, problem=problem, **_facts(desk, row))
    return (page, 422) if problem else page


def _facts(desk: Desk, row: MissedCaller) -> dict[str, Any]:
    """What is shown of a caller: number and place to whoever has them."""
    store, sealer, mine = desk.writer.session, desk.sealer, desk.has(row)
    ranked = call_back.ranked([row], desk.writer.now)
    number = missed_callers.phone(row, sealer) if mine else ""
    return {
        "name": desk.writer.name,
        "mine": mine,
        "free": ranked[0].free if ranked else True,
        "risk": ranked[0].risk if ranked else None,
        "number": number,
        "shown_number": display(number),
        "place": missed_callers.place(row, sealer) if mine else "",
        "why_not": WHY_NOT.get(Cannot(row.cannot), ""),
        "steps": [
            (step, missed_callers.opened(step.words_enc, row, sealer)) for step in missed_callers.steps(store, row)
        ],
        "checks": [
            (each, missed_callers.opened(each.to_enc, row, sealer)) for each in missed_callers.checks(store, row)
        ],
        "outcomes": OUTCOMES,
        "findings": FINDINGS,
        "done": acts.DONE,
        "pauses": acts.PAUSES,
        "typed": request.form,
    }
