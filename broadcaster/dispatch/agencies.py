"""The agency tier of a release: one mail each, and a short word to whoever was told and is meant no longer."""

from __future__ import annotations

from collections.abc import Collection
from hashlib import sha256

from broadcaster.alert.alert import ChannelName
from broadcaster.alert.lifecycle import Tier
from broadcaster.dispatch import notices
from broadcaster.dispatch.release import Releasing, is_on, listed, supersede
from broadcaster.messages.message import Message
from broadcaster.store import directory_load, fanouts, texts

Target = tuple[int, int | None, int]
"""Address id, agency id, body id."""


def to_agencies(releasing: Releasing) -> list[int]:
    """The agency tier: one mail per agency. Returns the fan-outs made."""
    mails = texts.mail_bodies(releasing.session, releasing.revision.id)
    boxes = directory_load.mailboxes(releasing.session)
    targets: list[Target] = [(boxes[agency], agency, body) for agency, body in mails if agency in boxes]
    targets += _left_out(releasing, {address for address, _, _ in targets})
    if not targets or not is_on(releasing, ChannelName.EMAIL):
        return []
    supersede(releasing, Tier.AGENCY)
    return [listed(releasing, Tier.AGENCY, ChannelName.EMAIL, targets)]


def _left_out(releasing: Releasing, mailed: Collection[int]) -> list[Target]:
    """Agencies that were told of this alert and have no mail in this revision: a short word, once."""
    alert = releasing.revision.alert
    body = _notice(releasing, notices.left_out(alert.public_id, releasing.kind))
    told = fanouts.listed_of_alert(releasing.session, alert.id, ChannelName.EMAIL.value, body)
    return [(address, agency, body) for address, agency in told if address not in mailed]


def tell_agencies_of_the_public_tier(releasing: Releasing, happened: str) -> list[int]:
    """A short mail to every agency that was told: the public release was returned, rejected or withdrawn."""
    session, revision = releasing.session, releasing.revision
    told = fanouts.listed_of_revision(session, revision.id, ChannelName.EMAIL.value)
    if not told:
        return []
    body = _notice(releasing, notices.public_tier(revision.alert.public_id, happened))
    targets = [(address, agency, body) for address, agency in told]
    return [listed(releasing, Tier.AGENCY, ChannelName.EMAIL, targets, purpose=f"public_{happened}")]


def _notice(releasing: Releasing, message: Message) -> int:
    sha = sha256(f"{message.subject}\x00{message.text}\x00".encode()).hexdigest()
    return texts.one_body(releasing.session, sha, message.subject, message.text)
