"""An answering point without an account works its own list by a link: made at the desk, for two days, and taken back.

Whoever has the link acts for that answering point, sees its callers alone, and stands in the ledger as it.
"""

from __future__ import annotations

from datetime import timedelta

from broadcaster.messages.mail import ACK_TOKEN
from broadcaster.messages.message import Message
from broadcaster.outage.missed_calls.call_back import CallBackRefused, Desk
from broadcaster.outage.record import Writer
from broadcaster.said import Said
from broadcaster.store.outage import missed_links
from broadcaster.store.outage.missed_links import MissedLink
from broadcaster.store.outage.outages import Outage
from broadcaster.store.sealed import Sealer
from broadcaster.store.timeline import ledger

LIVES = timedelta(hours=48)
"""By then whoever waited has been called or looked after; another two days are one press away."""


def make(writer: Writer, outage: Outage, psap: str) -> MissedLink:
    """A new link for the list of an answering point; one that there was opens nothing any more."""
    row = missed_links.locked(writer.session, outage.id, psap)
    if row is None:
        row = MissedLink(outage_id=outage.id, psap=psap, no=0)
        writer.session.add(row)
    row.no, row.made_at, row.made_by = row.no + 1, writer.now, writer.user_id
    row.until, row.ended_at = writer.now + LIVES, None
    writer.session.flush()
    _note(writer, outage, row, "missed-link-made")
    return row


def end(writer: Writer, outage: Outage, psap: str) -> None:
    """Take a link back; CallBackRefused when there is none that works."""
    row = missed_links.locked(writer.session, outage.id, psap)
    if row is None or not row.works(writer.now):
        raise CallBackRefused(Said("This answering point has no link that works."))
    row.ended_at = writer.now
    _note(writer, outage, row, "missed-link-ended")


def desk_of(writer: Writer, sealer: Sealer, outage: Outage, link: MissedLink) -> Desk:
    """The answering point at its own list."""
    return Desk(writer, sealer, outage, link.id, link.psap)


def purpose(link: MissedLink) -> str:
    """The purpose of the mail that brings a link: each one is mailed once."""
    return f"missed-{link.id}.{link.no}"


def of_purpose(given: str) -> tuple[int, int] | None:
    """List and number of the link that a mail of this purpose brings, or None."""
    kind, _, numbers = given.partition("-")
    link, _, no = numbers.partition(".")
    return (int(link), int(no)) if kind == "missed" and link.isdigit() and no.isdigit() else None


def mail(authority: str, name: str, callers: int, *, practice: bool = False) -> Message:
    """What an answering point is written; the link itself stands on the page that this mail's own link opens."""
    mark, many = "TEST. " if practice else "", "1 caller waits" if callers == 1 else f"{callers:,} callers wait"
    words = (
        f"{mark}People called 911 while it failed and were not connected: {many} on the list of {name}.\n\n"
        "Call them back, the most urgent first, and write down what became of each:\n"
        f"{ACK_TOKEN}\n\n"
        "Whoever has this link sees your callers. Do not pass it on. It works for two days.\n\n"
        f"{authority}"
    )
    return Message(f"{mark}{many} to be called back by {name}", words, "")


def _note(writer: Writer, outage: Outage, row: MissedLink, what: str) -> None:
    said = {"psap": row.psap, "no": row.no}
    ledger.append(writer.session, writer.actor, what, f"outage:{outage.public_id}", said)
