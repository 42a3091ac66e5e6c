"""The summary of a running alert, mailed to people whom somebody of the desk names: an emergency manager, a governor's
office. It goes behind everything else by mail, and nobody is chased for it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from broadcaster.alert.lifecycle import LifecycleRefused
from broadcaster.dispatch.actor import Actor
from broadcaster.messages.message import Message
from broadcaster.said import Said
from broadcaster.store import database
from broadcaster.store.alerting import texts
from broadcaster.store.alerting.alerts import Revision
from broadcaster.store.desk import contacts, paging
from broadcaster.store.desk.paging import Letters
from broadcaster.store.fanout import senders

LIFE = timedelta(minutes=30)
"""What it says is of one moment: later than this it would mislead."""
LAST = 9
"""The priority of its lane: any mail of an alert goes first."""
MOST = 20
"""Readers at once."""


def mail(actor: Actor, revision: Revision, to: Sequence[str], message: Message) -> int:
    """Have it mailed to these addresses; returns the fan-out. LifecycleRefused in a drill, and where no mail is set up.

    The ledger holds how many addresses they were and at which hosts: the addresses themselves are sealed.
    """
    if not revision.alert.is_heard:
        raise LifecycleRefused(Said("This is a drill: nobody outside hears of it."))
    if not senders.is_set_up(actor.session, "email"):
        raise LifecycleRefused(Said("No mail server is set up: print the page instead."))
    body = texts.notice_body(actor.session, message)
    expires = database.now(actor.session) + LIFE
    letters = Letters("email", f"summary-{database.public_id()}", expires, priority=LAST)
    rows = [(contacts.named_box(actor.session, actor.sealer, each), body) for each in dict.fromkeys(to)]
    made = paging.send(actor.session, revision.id, letters, rows)
    hosts = sorted({each.rpartition("@")[2] for each in to})
    actor.log("summary_mailed", revision.alert, no=revision.no, to=len(rows), hosts=hosts, fanout=made)
    return made
