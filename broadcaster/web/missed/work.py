"""The worklist of an answering point and each caller on it: take one on, call, write down what became of them.

Its pages are those of `missed`.
"""

from __future__ import annotations

from collections.abc import Callable

from flask import abort, flash, redirect, render_template, request, url_for
from sqlalchemy import select
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from broadcaster.alert.missed_caller import FINDINGS, OUTCOMES, WHY_NOT, Cannot, Standing
from broadcaster.alert.phone import display
from broadcaster.directory import AgencyRole
from broadcaster.messages.book import ENGLISH_NAMES, FALLBACK
from broadcaster.outage.missed_calls import call_back
from broadcaster.outage.missed_calls.call_back import CallBackRefused, Desk
from broadcaster.said import Said
from broadcaster.store.desk import contacts
from broadcaster.store.desk.contacts import What
from broadcaster.store.desk.people import User
from broadcaster.store.outage import missed_callers
from broadcaster.store.outage.missed_callers import MissedCaller
from broadcaster.store.outage.outages import Outage
from broadcaster.store.places import directory_load
from broadcaster.store.public import residents
from broadcaster.web.house import house
from broadcaster.web.missed import acts, bridge
from broadcaster.web.missed.missed import NOBODYS, WORKERS, Answer, missed, psap_names
from broadcaster.web.outages import hanging
from broadcaster.web.outages.outages import remaining as outage_of
from broadcaster.web.signin.guard import only, person
from broadcaster.web.tongue import _, said

__all__ = ["missed"]
NO_PHONE = Said("Give your phone under Roster, How you are reached; until then dial the number.")
NOBODY_KNOWS = Said("No answering point known")
SENDERS = (AgencyRole.POLICE, AgencyRole.FIRE, AgencyRole.EMS, AgencyRole.STATE_POLICE, AgencyRole.TRIBAL_POLICE)


@missed.get("/psaps/<psap>")
def worklist(outage: str, psap: str) -> str:
    """Who is to be called, the most urgent first; then who got through and who has an outcome, with the reason."""
    with house().sessions.begin() as store:
        row = outage_of(store, outage)
        rows = missed_callers.of(store, row.id, _code(psap))
        ranked = call_back.ranked(rows, house().clock())
        users = _users(store, rows)
        return render_template(
            "desk/missed/worklist.html",
            outage=row,
            psap=psap,
            name=psap_names(store).get(psap, NOBODY_KNOWS if psap == NOBODYS else psap),
            ranked=ranked,
            next=any(one.free and one.due for one in ranked),
            users=users,
            through=[one for one in rows if one.standing == Standing.THROUGH],
            settled=[one for one in rows if one.standing == Standing.SETTLED],
            outcomes=OUTCOMES,
            can=Cannot.CAN,
            loud=call_back.LOUD,
            may_work=person().may(*WORKERS),
        )


@missed.post("/psaps/<psap>/next")
@only(*WORKERS)
def take_next(outage: str, psap: str) -> Response:
    """Take the most urgent caller on whom nobody else has."""
    with house().sessions.begin() as store:
        row = call_back.claim_next(_desk(store, outage), _code(psap))
    if row is None:
        flash(_("Nobody is left to call at this moment."), "success")
        return redirect(url_for("missed.worklist", outage=outage, psap=psap), 303)
    return redirect(url_for("missed.caller", outage=outage, key=row.public_id), 303)


@missed.get("/callers/<key>")
def caller(outage: str, key: str) -> str:
    """One caller; number and place are shown to the officer who has taken them on."""
    return _shown(outage, key, "")


@missed.post("/callers/<key>/claim")
@only(*WORKERS)
def claim(outage: str, key: str) -> Answer:
    """Take this caller on."""
    return _acted(outage, key, lambda desk: call_back.claim(desk, key))


@missed.post("/callers/<key>/give-back")
@only(*WORKERS)
def give_back(outage: str, key: str) -> Answer:
    """Put them back for somebody else."""
    return _acted(outage, key, lambda desk: call_back.give_back(desk, key), Said("Back on the list."), on=True)


@missed.post("/callers/<key>/outcome")
@only(*WORKERS)
def outcome(outage: str, key: str) -> Answer:
    """What became of the call: an outcome, a welfare check, or nobody answered."""
    return _acted(outage, key, lambda desk: acts.outcome(desk, key), Said("Written down."), on=True)


@missed.post("/callers/<key>/note")
@only(*WORKERS)
def note(outage: str, key: str) -> Answer:
    """Write something down beside them."""
    return _acted(outage, key, lambda desk: call_back.note(desk, key, acts.typed("words")))


@missed.post("/callers/<key>/checks/<int:check>")
@only(*WORKERS)
def end_check(outage: str, key: str, check: int) -> Answer:
    """What a welfare check has found."""
    return _acted(outage, key, lambda desk: acts.end_check(desk, key, check), Said("Written down."))


@missed.post("/callers/<key>/ring")
@only(*WORKERS)
def ring(outage: str, key: str) -> Answer:
    """Ring this officer's own phone; when they press 1 there it is connected with the caller's."""
    home = house()
    try:
        with home.sessions.begin() as store:
            desk = _desk(store, outage)
            mine = contacts.of(store, home.sealer, person().id).get(What.PHONE)
            if mine is None or not bridge.is_set_up(home.settings):
                raise CallBackRefused(NO_PHONE)
            call_back.rung(desk, key)
            caller_id = _found(store, desk.outage, key).id
        sentence = bridge.ring(home.settings, mine.value, caller_id, person().id, home.clock())
    except CallBackRefused as refused:
        return _shown(outage, key, str(refused)), 422
    flash(said(sentence), "success")
    return redirect(url_for("missed.caller", outage=outage, key=key), 303)


@missed.post("/callers/<key>/text")
@only(*WORKERS)
def send_text(outage: str, key: str) -> Answer:
    """Ask for one text to them, where their answering point allows it."""

    def act(desk: Desk) -> None:
        places = directory_load.load(desk.writer.session, agencies=False).communities
        psap = desk_psap(desk, key)
        towns, lang = tuple(one.code for one in places if one.psap_code == psap), request.form.get("lang", "")
        call_back.send_text(desk, key, towns, lang if lang in ENGLISH_NAMES else FALLBACK)

    return _acted(outage, key, act, Said("The text goes out within a minute, if no alert is going out."))


def desk_psap(desk: Desk, key: str) -> str:
    """The answering point of a caller, empty when nobody knows it."""
    row = missed_callers.by_public_id(desk.writer.session, desk.outage.id, key)
    return row.psap if row else ""


def _code(psap: str) -> str:
    return "" if psap == NOBODYS else psap


def _desk(store: Session, outage: str) -> Desk:
    return Desk(hanging.writer(store), house().sealer, outage_of(store, outage))


def _acted(outage: str, key: str, act: Callable[[Desk], object], done: str = "", *, on: bool = False) -> Answer:
    """Do it and show the caller again, or go on with their list; or say why not, with everything that was typed."""
    try:
        with house().sessions.begin() as store:
            act(_desk(store, outage))
    except CallBackRefused as refused:
        return _shown(outage, key, str(refused)), 422
    if done:
        flash(said(done), "success")
    if on:
        with house().sessions.begin() as store:
            psap = _found(store, outage_of(store, outage), key).psap or NOBODYS
        return redirect(url_for("missed.worklist", outage=outage, psap=psap), 303)
    return redirect(url_for("missed.caller", outage=outage, key=key), 303)


def _found(store: Session, outage: Outage, key: str) -> MissedCaller:
    row = missed_callers.by_public_id(store, outage.id, key)
    if row is None:
        abort(404, description=Said("There is no such caller: start from the list."))
    return row


def _users(store: Session, rows: list[MissedCaller]) -> dict[int, str]:
    wanted = {user for row in rows for user in (row.claimed_by, row.outcome_by) if user}
    return {row.id: row.name for row in store.execute(select(User.id, User.name).where(User.id.in_(wanted)))}


def _shown(outage: str, key: str, problem: str) -> str:
    with house().sessions.begin() as store:
        row = outage_of(store, outage)
        one = _found(store, row, key)
        mine = one.standing == Standing.CLAIMED and one.claimed_by == person().id
        sealer = house().sealer
        number = missed_callers.phone(one, sealer) if mine else ""
        directory = directory_load.load(store)
        ranked = call_back.ranked([one], house().clock())
        return render_template(
            "desk/missed/caller.html",
            outage=row,
            one=one,
            mine=mine,
            free=ranked[0].free if ranked else True,
            risk=ranked[0].risk if ranked else None,
            number=number,
            shown_number=display(number),
            place=missed_callers.place(one, sealer) if mine else "",
            why_not=WHY_NOT.get(Cannot(one.cannot), ""),
            psap=one.psap or NOBODYS,
            name=next((psap.name for psap in directory.psaps if psap.code == one.psap), NOBODY_KNOWS),
            steps=[
                (step, missed_callers.opened(step.words_enc, one, sealer)) for step in missed_callers.steps(store, one)
            ],
            checks=[
                (each, missed_callers.opened(each.to_enc, one, sealer)) for each in missed_callers.checks(store, one)
            ],
            departments=sorted({each.name for each in directory.agencies if each.role in SENDERS}),
            users=_users(store, [one]),
            outcomes=OUTCOMES,
            findings=FINDINGS,
            pauses=acts.PAUSES,
            done=acts.DONE,
            rings=bridge.is_set_up(house().settings) and person().at_desk,
            texting=one.psap in missed_callers.texting(store) and person().at_desk,
            languages=ENGLISH_NAMES,
            theirs=residents.who(store, sealer.index(f"sms:{number}")).lang if number else "",
            may_work=person().may(*WORKERS),
            problem=problem,
            typed=request.form,
        )
