"""An agency reports 911 trouble, in two taps and without a password: what is wrong, and send.

GET shows and changes nothing, because mail scanners follow links; POST reports. Nobody is refused for reporting often:
whoever does waits a little longer each time, and counts once.
"""

from __future__ import annotations

from flask import redirect, render_template, request, url_for
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from broadcaster import directory as plain_directory
from broadcaster.channels import trouble_link
from broadcaster.directory import Directory
from broadcaster.messages.template import plain
from broadcaster.outage import trouble as taken
from broadcaster.outage.record import Writer
from broadcaster.outage.trouble import WORDS, Given
from broadcaster.store.agencies import trouble as reports
from broadcaster.store.agencies.trouble import Trouble
from broadcaster.store.database import public_id
from broadcaster.store.places import directory_load
from broadcaster.web.by_link import LONGEST_NOTE, NOT_OURS, pages, refused
from broadcaster.web.form.drafts import LONGEST_KNOWN
from broadcaster.web.form.read import LONGEST_NOTE as LONGEST_DRAFT
from broadcaster.web.house import house

blueprint = pages("trouble", __name__)
LONGEST_NUMBER = 40
ENDED = "This link was replaced by a newer one, or your agency is no longer in the directory. Call the 911 authority."
CHOOSE = "Choose what is wrong, then send it once more."
Answer = str | Response | tuple[str, int]


@blueprint.get("/trouble/<token>")
def page(token: str) -> Answer:
    """What is wrong? And what this agency reported last, within a day."""
    with house().sessions() as store:
        return _page(store, token, {}) if _agency(store, token) else _refused(token)


@blueprint.post("/trouble/<token>")
def report(token: str) -> Answer:
    """Keep the report for the desk; the same one again changes nothing."""
    with house().sessions() as store:
        agency = _agency(store, token)
        if agency is None:
            return _refused(token)
        given = _given()
        if given is None:
            return _page(store, token, {"what": CHOOSE}), 422
    house().brake.wait(f"trouble:{agency}")
    with house().sessions.begin() as store:
        known = directory_load.load(store)
        found = _listed(store, agency, known)
        if found is None:
            return _refused(token)
        writer = Writer(store, f"agency:{agency}", found.name, house().clock())
        taken.report(writer, house().sealer, found, given, known)
    house().brake.failed(f"trouble:{agency}")
    return redirect(url_for("trouble.page", token=token), 303)


def _agency(store: Session, token: str) -> int | None:
    """The agency whose link this is, if it is the one that works and the directory still lists it."""
    found = house().settings.keyring.first(lambda key: trouble_link.opened(key, token))
    if found is None or reports.listed(store, found[0]) is None or reports.link_no(store, found[0]) != found[1]:
        return None
    return found[0]


def _listed(store: Session, agency: int, known: Directory) -> plain_directory.Agency | None:
    row = reports.listed(store, agency)
    return next((one for one in known.agencies if row and one.code == row.code), None)


def _refused(token: str) -> tuple[str, int]:
    return refused(NOT_OURS if token.count(".") != 2 else ENDED)


def _given() -> Given | None:
    """What was sent; None when it does not say what is wrong."""

    def text(name: str, most: int) -> str:
        return plain(request.form.get(name, ""))[:most]

    what, draft = request.form.get("what", ""), text("draft", LONGEST_DRAFT)
    if what not in list(Trouble):
        return None
    key = text("key", 16) or public_id()
    asks = "asks" in request.form or bool(draft)
    return Given(key, Trouble(what), text("words", LONGEST_NOTE), text("call_back", LONGEST_NUMBER), asks, draft)


def _page(store: Session, token: str, problems: dict[str, str]) -> str:
    agency = _agency(store, token) or 0
    row, last = reports.listed(store, agency), reports.last_of(store, agency)
    return render_template(
        "ack/trouble.html",
        token=token,
        name=row.name if row else "",
        last=last if last and house().clock() - last.at < LONGEST_KNOWN else None,
        words=WORDS,
        key=public_id(),
        problems=problems,
        typed=request.form,
    )
