"""Missed callers as people of the desk handle them: what the stories about them share."""

from __future__ import annotations

import io

from broadcaster.alert.missed_caller import Cannot, Found, Outcome
from broadcaster.outage.missed_calls import call_back
from broadcaster.outage.record import Writer
from broadcaster.store.database import Sessions
from broadcaster.store.desk import people
from broadcaster.store.outage import missed_callers, missed_figures
from broadcaster.store.outage.outages import Outage
from broadcaster.web.signin import accounts
from tests.calls import Logs
from tests.desk import ISSUER, PASSWORD, Browser, Desk

ADMIN = "ana@desk.example"


def upload(browser: Browser, page: str, system: str, data: bytes) -> Browser:
    token = browser.open(page).values("/missed/read")["csrf_token"][0]
    sent = {"csrf_token": token, "system": system, "file": (io.BytesIO(data), "calls.csv")}
    return browser._see(browser.client.post(f"{page}/read", data=sent, follow_redirects=True))


def imported(browser: Browser, page: str, logs: Logs) -> None:
    upload(browser, page, "Router", logs.router_csv).send("/import", skip="yes")
    upload(browser, page, "CPE", logs.cpe_csv).send("/import")
    assert browser.path == page, browser.words


def with_a_number(browser: Browser, page: str, town: str) -> str:
    """Take callers on until one can be called; their page."""
    browser.open(f"{page}/psaps/{town}-psap").send("/next")
    while "tel:" not in browser.text:
        browser.open(f"{page}/psaps/{town}-psap").send("/next")
    return browser.path


def figures(desk: Desk) -> missed_figures.Figures:
    with desk.sessions() as store:
        return missed_figures.whole(store, store.query(Outage).one().id)


def at_the_list(desk: Desk, store, email: str) -> call_back.Desk:
    user = people.by_email(store, email)
    assert user is not None
    writer = Writer(store, f"user:{user.id}", user.name, desk.now, user.id)
    return call_back.Desk(writer, desk.sealer, store.query(Outage).one())


def desk_with_an_administrator(sessions: Sessions) -> Desk:
    """A desk that has one."""
    made = Desk(sessions)
    with sessions.begin() as store:
        accounts.add_user(store, made.sealer, ADMIN, "Ana", PASSWORD, ["admin"])
    return made


def talk(hers: call_back.Desk, row: missed_callers.MissedCaller, says: dict[str, str]) -> str:
    """Call one, and write down what the generator lets them say; whoever has no number is looked after."""
    if row.cannot != Cannot.CAN:
        call_back.send_check(hers, row.public_id, "Police")
        check = missed_callers.checks(hers.writer.session, row)[0]
        call_back.end_check(hers, row.public_id, check.id, Found.WELL)
        return "welfare_check"
    word = says[call_back.rung(hers, row.public_id)[2:]]
    if word == "no_answer":
        call_back.no_answer(hers, row.public_id)
    else:
        call_back.settle(hers, row.public_id, Outcome(word), "As they said.")
    return word


def everybody_is_called_back(desk: Desk, logs: Logs) -> None:
    """One officer goes through every list, and again to whoever had not answered."""
    for last in (False, True):
        with desk.sessions.begin() as store:
            hers = at_the_list(desk, store, ISSUER)
            for psap in sorted(town.lower() + "-psap" for town in logs.truth.by_psap):
                while (row := call_back.claim_next(hers, psap)) is not None:
                    if last:
                        call_back.settle(hers, row.public_id, Outcome.NOT_REACHED, "Called twice, no answer.")
                    else:
                        talk(hers, row, logs.truth.says)
        desk.later(minutes=11)
