"""The links of answering points to their own lists, at the desk: made, mailed and taken back."""

from __future__ import annotations

from flask import abort, flash, redirect, render_template, url_for
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from broadcaster.channels import missed_link
from broadcaster.dispatch.telling import outage_words
from broadcaster.dispatch.telling.outage_words import Word
from broadcaster.outage.missed_calls import by_link
from broadcaster.outage.missed_calls.call_back import CallBackRefused
from broadcaster.said import Said, pattern
from broadcaster.settings import Mode
from broadcaster.store.outage import missed_figures, missed_links
from broadcaster.store.outage.missed_links import MissedLink
from broadcaster.store.outage.outages import Outage
from broadcaster.store.places import directory_load
from broadcaster.web.house import house
from broadcaster.web.missed.missed import IMPORTERS, psap_names
from broadcaster.web.missed.work import missed
from broadcaster.web.outages import hanging
from broadcaster.web.outages.outages import found as outage_of
from broadcaster.web.signin.guard import only
from broadcaster.web.tongue import _, said

__all__ = ["missed"]
MAILED = pattern("%(name)s has a link. It is on its way to their mailbox.")
NO_BOX = pattern("%(name)s has a link. %(name)s has no mailbox in the directory: read the link to them, or print it.")


@missed.get("/links")
@only(*IMPORTERS)
def links(outage: str) -> str:
    """Every answering point with a list, and the link that it works by."""
    with house().sessions.begin() as store:
        row = outage_of(store, outage)
        made, now = missed_links.of(store, row.id), house().clock()
        return render_template(
            "desk/missed/links.html",
            outage=row,
            names=psap_names(store),
            by_psap=missed_figures.by_psap(store, row.id),
            links={psap: (one, _url(one)) for psap, one in made.items() if one.works(now)},
        )


@missed.post("/psaps/<psap>/link")
@only(*IMPORTERS)
def make_link(outage: str, psap: str) -> Response:
    """Make a link, the one before ends, and mail it to the answering point's own mailbox, if there is one."""
    with house().sessions.begin() as store:
        row, name = outage_of(store, outage), _named(store, psap)
        made = by_link.make(hanging.writer(store), row, psap)
        mailed = _mail(store, row, made, name)
    if mailed:
        house().bell("urgent")
    flash(said(Said(MAILED if mailed else NO_BOX, name=name)), "success")
    return redirect(url_for("missed.links", outage=outage), 303)


@missed.post("/psaps/<psap>/link/end")
@only(*IMPORTERS)
def end_link(outage: str, psap: str) -> Response:
    """Take a link back: it opens nothing from now on."""
    with house().sessions.begin() as store:
        name = _named(store, psap)
        try:
            by_link.end(hanging.writer(store), outage_of(store, outage), psap)
        except CallBackRefused as refused:
            flash(said(str(refused)), "error")
            return redirect(url_for("missed.links", outage=outage), 303)
    flash(
        _("Taken back. %(name)s sees its list no longer; whom they had taken on is free after 30 minutes.", name=name),
        "success",
    )
    return redirect(url_for("missed.links", outage=outage), 303)


def _named(store: Session, psap: str) -> str:
    name = psap_names(store).get(psap)
    if name is None:
        abort(404, description=Said("There is no answering point of this code: start from the list of links."))
    return name


def _mail(store: Session, outage: Outage, link: MissedLink, name: str) -> bool:
    """Whether a mail about it is on its way; the link is on the page that the mail's own link opens."""
    agency = directory_load.agency_ids(store).get(link.psap)
    if agency is None:
        return False
    left = missed_figures.by_psap(store, outage.id).get(link.psap)
    practice = house().office.mode is Mode.TRAINING
    words = by_link.mail(house().settings.authority, name, left.left if left else 0, practice=practice)
    return outage_words.mail_to(store, Word(outage.id, by_link.purpose(link)), agency, words)


def _url(link: MissedLink) -> str:
    settings = house().settings
    return missed_link.url(settings.public_base_url, settings.secret_key, link.id, link.no)
