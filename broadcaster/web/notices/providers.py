"""From which mail addresses the providers write to us: by these alone a notice by mail is surely theirs."""

from __future__ import annotations

from flask import Blueprint, flash, redirect, render_template, request, url_for
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from broadcaster.alert.lifecycle import Role
from broadcaster.messages.template import plain
from broadcaster.outage.notice.rule import name_key
from broadcaster.said import Said
from broadcaster.store.agencies import provider_senders
from broadcaster.store.agencies.provider_senders import ProviderSender
from broadcaster.store.timeline import ledger
from broadcaster.values import MAIL_ADDRESS
from broadcaster.web.house import house
from broadcaster.web.outages.outages import DESK
from broadcaster.web.signin.guard import only, person, require_person
from broadcaster.web.tongue import _

providers = Blueprint("providers", __name__, url_prefix="/desk/outages/providers")
providers.before_request(require_person)

LONGEST = 200
FREE = frozenset(
    f"{name}.com" for name in ("gmail", "googlemail", "outlook", "hotmail", "live", "yahoo", "icloud", "aol", "gmx")
) | {"proton.me", "protonmail.com", "me.com", "msn.com", "comcast.net", "verizon.net", "att.net"}
"""Where anybody can have an address: its domain proves nobody."""
NO_NAME = Said("Write the name of the provider, as its notices have it.")
NO_SENDER = Said("Write an address like noc@provider.example, or a domain like provider.example.")
Answer = Response | str | tuple[str, int]


@providers.get("")
@only(*DESK)
def page() -> str:
    """Every known sender, and whether our own mail relay is known by whose word one is proved."""
    return _page({})


@providers.post("")
@only(Role.ADMIN)
def add() -> Answer:
    """A provider writes from this address, or from this domain."""
    name = plain(request.form.get("provider", ""))[:LONGEST]
    sender = plain(request.form.get("sender", "")).lower().removeprefix("@")[:LONGEST]
    problems = _problems(name, sender)
    if problems:
        return _page(problems), 422
    with house().sessions.begin() as store:
        if provider_senders.find(store, name_key(name), sender) is None:
            row = ProviderSender(provider=name, provider_key=name_key(name), sender=sender, added_by=person().id)
            store.add(row)
            _written(store, "provider_sender_added", name, sender)
    told = _("A mail from %(sender)s counts as %(name)s’s once our relay has proved it.", sender=sender, name=name)
    flash(told, "success")
    return redirect(url_for("providers.page"), 303)


@providers.post("/<int:key>/remove")
@only(Role.ADMIN)
def remove(key: int) -> Response:
    """This is no address of theirs any more; what was proved by it stays proved."""
    with house().sessions.begin() as store:
        row = store.get(ProviderSender, key) if key < 2**63 else None
        if row is not None:
            _written(store, "provider_sender_removed", row.provider, row.sender)
            store.delete(row)
    flash(_("Taken off the list. A mail from there is not proved to be the provider’s from now on."), "success")
    return redirect(url_for("providers.page"), 303)


def _problems(name: str, sender: str) -> dict[str, str]:
    found: dict[str, str] = {}
    if not name_key(name):
        found["provider"] = NO_NAME
    address = sender if "@" in sender else f"noc@{sender}"
    if "." not in sender or not MAIL_ADDRESS.fullmatch(address):
        found["sender"] = NO_SENDER
    elif sender in FREE:
        found["sender"] = Said("Anybody can have an address at %(domain)s: write the whole address.", domain=sender)
    return found


def _page(problems: dict[str, str]) -> str:
    with house().sessions.begin() as store:
        return render_template(
            "desk/notices/providers.html",
            senders=provider_senders.every(store),
            relay=house().settings.notice_authserv_id,
            mailbox=house().settings.notice_mailbox,
            problems=problems,
            typed=request.form,
            may_edit=person().may(Role.ADMIN),
        )


def _written(store: Session, action: str, provider: str, sender: str) -> None:
    said = {"provider": provider, "sender": sender}
    ledger.append(store, f"user:{person().id}", action, f"provider:{name_key(provider)}", said)
