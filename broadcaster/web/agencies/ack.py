"""An agency acknowledges: GET shows its notice and changes nothing (mail scanners follow links), POST answers.

No sign-in: the proof in the address is ours and nobody else can make one, so it is also what stands against forgery.
"""

from __future__ import annotations

from dataclasses import dataclass

from flask import redirect, render_template, request, url_for
from sqlalchemy import text
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response as AnyResponse

from broadcaster.channels import ack_link, missed_link, proof
from broadcaster.channels.agency_email import ACK, ack_token
from broadcaster.messages.mail import ACK_TOKEN
from broadcaster.messages.template import plain
from broadcaster.outage.missed_calls import by_link
from broadcaster.said import Said
from broadcaster.store.agencies import acknowledgements
from broadcaster.store.agencies.acknowledgements import Answer
from broadcaster.store.outage import missed_links
from broadcaster.store.places import lines
from broadcaster.store.timeline import ledger
from broadcaster.web.by_link import LONGEST_NOTE, NOT_OURS, pages, refused
from broadcaster.web.house import ASSETS, house

blueprint = pages("ack", __name__, static_folder=ASSETS / "ack", static_url_path="/ack/static")
ANSWERS = {
    "read": Said("We have read this"),
    "right": Said("We have read this, and the number you publish for us is right"),
    "wrong": Said("The number you publish for us is wrong"),
    "jammed": Said("Our lines are jammed, or calls do not reach us"),
    "other": Said("Something else"),
}
"""In English on these pages, as in the mail that leads to them; an agency's page at the desk speaks its reader's
language."""
SAID = {
    "right": Said("Answered now"),
    "jammed": Said("Jammed, or calls do not get through"),
    "wrong": Said("Not our number"),
    "other": Said("Something else"),
}
GONE = "This notice is no longer kept here. Call the 911 authority if you need it."


@dataclass(frozen=True, slots=True)
class Notice:
    """A notice to an agency: which one, what it said, and what the agency answered so far; `alert` is empty and
    `alert_id` 0 where it is a provider's word, passed on."""

    fanout: int
    address: int
    agency: int | None
    name: str
    subject: str
    text: str
    alert: str
    alert_id: int
    answer: str
    note: str
    purpose: str


_NOTICE = text(
    "SELECT t.fanout_id, t.address_id, t.agency_id, coalesce(g.name, '') AS name,"
    "   CASE WHEN b.subject = '' THEN coalesce(m.subject, '911 outage notice') ELSE b.subject END AS subject,"
    "   CASE WHEN b.subject = '' THEN coalesce(m.text, b.text) ELSE b.text END AS text,"
    "   coalesce(a.public_id, '') AS alert, coalesce(a.id, 0) AS alert_id,"
    "   coalesce(k.answer, '') AS answer, coalesce(k.note, '') AS note, f.purpose FROM target t"
    " JOIN fanout f ON f.id = t.fanout_id LEFT JOIN revision r ON r.id = f.revision_id"
    " LEFT JOIN alert a ON a.id = r.alert_id"
    " JOIN body b ON b.id = t.body_id LEFT JOIN agency g ON g.id = t.agency_id"
    " LEFT JOIN acknowledgement k ON k.fanout_id = t.fanout_id AND k.address_id = t.address_id"
    " LEFT JOIN revision_text x ON x.revision_id = r.id AND x.agency_id = t.agency_id AND x.form = 'mail'"
    " LEFT JOIN body m ON m.id = x.body_id"
    " WHERE t.fanout_id = :f AND t.address_id = :a AND f.tier = 'agency' ORDER BY t.slot LIMIT 1"
)
"""A text is short: who opens its link reads the mail that their agency got."""


@blueprint.get("/ack/<token>")
@blueprint.get("/a/<token>", endpoint="short_page")
def page(token: str) -> str | tuple[str, int]:
    """The notice, and the buttons; nothing is recorded."""
    place = _place(token)
    if place is None:
        return refused(NOT_OURS)
    with house().sessions() as store:
        notice = notice_of(store, *place)
        if notice is None:
            return refused(GONE)
        onward = _missed_callers(store, notice)
        return render_template("ack/notice.html", token=token, onward=onward, **shown(store, notice))


@blueprint.post("/ack/<token>")
@blueprint.post("/a/<token>", endpoint="short_answer")
def answer(token: str) -> AnyResponse | tuple[str, int]:
    """Record the answer; the same answer again changes nothing, another one replaces it."""
    place = _place(token)
    if place is None:
        return refused(NOT_OURS)
    with house().sessions.begin() as store:
        notice = notice_of(store, *place)
        if notice is None or not answered(store, notice):
            return refused(GONE)
    return redirect(url_for("ack.page", token=token), 303)


def answered(store: Session, notice: Notice, by: str = "") -> bool:
    """Record what was pressed, with who pressed it where they have signed in; False when the notice is kept no more."""
    given = request.form.get("answer", "read")
    given = given if given in ANSWERS else "other"
    said = Answer(given, plain(request.form.get("note", ""))[:LONGEST_NOTE], by)
    if not acknowledgements.record(store, notice.fanout, notice.address, said):
        return False
    _of_lines(store, notice, given)
    return True


def shown(store: Session, notice: Notice) -> dict[str, object]:
    """What a page of a notice shows."""
    asked = lines.own(store, notice.alert_id, notice.agency)
    return {"notice": notice, "answers": ANSWERS, "lines": asked, "words": _words(notice), "said": SAID}


def _place(token: str) -> tuple[int, int] | None:
    """Fan-out and address of the link of a mail, or of the short one of a text; None when neither is ours."""
    return house().settings.keyring.first(lambda key: proof.place(key, ACK, token) or ack_link.short_place(key, token))


def _of_lines(store: Session, notice: Notice, given: str) -> None:
    """What was said of each line that this agency can speak of; the button speaks of those that nothing was said of."""
    said = {}
    for line in lines.own(store, notice.alert_id, notice.agency):
        word = request.form.get(f"line-{line.community}", "") or (given if given in SAID and given != "other" else "")
        if word in SAID and word != line.said:
            lines.report(store, notice.alert_id, notice.agency or 0, line, word)
            said[line.community] = word
    if said:
        ledger.append(store, f"agency:{notice.agency}", "lines_reported", f"alert:{notice.alert}", said)


def notice_of(store: Session, fanout: int, address: int) -> Notice | None:
    """The notice that one address was sent in one fan-out."""
    row = store.execute(_NOTICE, {"f": fanout, "a": address}).first()
    return Notice(*row) if row else None


def _missed_callers(store: Session, notice: Notice) -> str:
    """The list of missed callers to which a mail leads on, as long as its link works; else nothing."""
    found = by_link.of_purpose(notice.purpose)
    row = missed_links.by_number(store, *found) if found else None
    settings = house().settings
    return missed_link.url("", settings.secret_key, row.id, row.no) if row and row.works(house().clock()) else ""


def _words(notice: Notice) -> str:
    """The mail as it was sent."""
    token = ack_token(house().settings.secret_key, notice.fanout, notice.address)
    return notice.text.replace(ACK_TOKEN, f"{house().settings.public_base_url}/ack/{token}")
