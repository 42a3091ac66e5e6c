"""The agency tier of a release: one mail each, a text to their phones, a document to their machines; and a short word
to whoever was told and is meant no longer."""

from __future__ import annotations

from collections.abc import Collection

from broadcaster import audience
from broadcaster.alert.alert import ENDINGS, ChannelName
from broadcaster.alert.lifecycle import AlertKind, Tier
from broadcaster.dispatch.release import Releasing, is_on, listed, supersede
from broadcaster.dispatch.revision import render
from broadcaster.dispatch.telling import notices
from broadcaster.messages.message import Message
from broadcaster.store.agencies import chases
from broadcaster.store.agencies.chases import Ended
from broadcaster.store.alerting import texts
from broadcaster.store.fanout import fanouts
from broadcaster.store.places import directory_load

Target = tuple[int, int | None, int]
"""Address id, agency id, body id."""
WEBHOOK = "webhook"
WAYS: tuple[str, ...] = (ChannelName.SMS.value, WEBHOOK, ChannelName.EMAIL.value)
"""Phones first: they are read at once."""
FORMS = {"sms": render.DESK_SMS, "email": "mail"}
"""The words that an agency has of its own in each channel; machines all get the same document."""


def to_agencies(releasing: Releasing) -> list[int]:
    """The agency tier: a text to every phone of an agency that takes one, and one mail per agency however many lists
    it is on. Returns the fan-outs made."""
    alert = releasing.revision.alert
    chases.end_of_alert(releasing.session, alert.id, releasing.revision.id, Ended.SUPERSEDED)
    told = {channel: _targets(releasing, channel) for channel in WAYS if is_on(releasing, channel)}
    _chase(releasing, {agency for targets in told.values() for _, agency, _ in targets if agency})
    if not any(told.values()):
        return []
    supersede(releasing, Tier.AGENCY)
    return [listed(releasing, Tier.AGENCY, channel, targets) for channel, targets in told.items() if targets]


def _chase(releasing: Releasing, told: Collection[int]) -> None:
    """Every agency that this notice is for is chased until it acknowledges; an ending and a test ask for no chase."""
    revision = releasing.revision
    if releasing.kind in ENDINGS or revision.alert.kind == AlertKind.TEST:
        return
    meant = texts.agency_bodies(releasing.session, revision.id, render.DESK_SMS)
    after = releasing.office.chase_after[0]
    chases.begin(releasing.session, revision.id, {agency: agency in told for agency, _ in meant}, after)


def _targets(releasing: Releasing, channel: str) -> list[Target]:
    if channel == WEBHOOK:
        return _machines(releasing)
    named = _phones(releasing) if channel == ChannelName.SMS else _mailboxes(releasing)
    named += _tried(releasing, channel, {address for address, _, _ in named})
    return named + _left_out(releasing, channel, {address for address, _, _ in named})


def _mailboxes(releasing: Releasing) -> list[Target]:
    mails = texts.agency_bodies(releasing.session, releasing.revision.id, "mail")
    boxes = directory_load.mailboxes(releasing.session)
    return [(boxes[agency], agency, body) for agency, body in mails if agency in boxes]


def _phones(releasing: Releasing) -> list[Target]:
    """Every phone once, in the order of the agencies: one that two agencies share hears of the first one's places."""
    bodies = texts.agency_bodies(releasing.session, releasing.revision.id, render.DESK_SMS)
    numbers: dict[int, list[int]] = {}
    for agency, address in directory_load.reached_by(releasing.session, "sms"):
        numbers.setdefault(agency, []).append(address)
    return [(address, agency, body) for agency, body in bodies for address in numbers.get(agency, ())]


def _machines(releasing: Releasing) -> list[Target]:
    """The machines of the agencies that this notice is for; those that a newer one leaves out read its communities."""
    session, revision = releasing.session, releasing.revision
    document = [text.body_id for text in texts.of_revision(session, revision.id, render.MACHINE)]
    meant = {agency for agency, _ in texts.agency_bodies(session, revision.id, "mail")}
    meant |= {agency for _, agency in fanouts.listed_of_alert(session, revision.alert_id, WEBHOOK, 0) if agency}
    meant -= _withheld(releasing)
    return [
        (address, agency, body)
        for body in document
        for agency, address in directory_load.reached_by(session, WEBHOOK)
        if agency in meant
    ]


def _tried(releasing: Releasing, channel: str, told: Collection[int]) -> list[Target]:
    """Further contacts that a chase of this alert has told: they hear how it goes on, and that it is over."""
    session = releasing.session
    bodies = dict(texts.agency_bodies(session, releasing.revision.id, FORMS[channel]))
    chased = fanouts.chased_of_alert(session, releasing.revision.alert_id, channel)
    return [(address, agency, bodies[agency]) for address, agency in chased if address not in told and agency in bodies]


def _left_out(releasing: Releasing, channel: str, told: Collection[int]) -> list[Target]:
    """Agencies that were told of this alert and have no notice in this revision: a short word, once. Whom an officer
    leaves out from now on is still affected: no word says otherwise, and the end is told."""
    alert = releasing.revision.alert
    body = texts.notice_body(releasing.session, notices.left_out(alert.public_id, releasing.kind))
    before = fanouts.listed_of_alert(releasing.session, alert.id, channel, body)
    silent = _withheld(releasing)
    return [(address, agency, body) for address, agency in before if address not in told and agency not in silent]


def _withheld(releasing: Releasing) -> set[int]:
    """The ids of those whom an officer leaves out of this revision; nobody of an ending."""
    content, session = releasing.content, releasing.session
    if content.withheld.is_empty or releasing.kind in ENDINGS:
        return set()
    directory, ids = directory_load.load(session), directory_load.agency_ids(session)
    meant = [answer.community for answer in content.answers]
    return {ids[one.code] for one in audience.withheld(content, directory, meant)}


def tell_agencies_of_the_public_tier(releasing: Releasing, happened: str) -> list[int]:
    """A short word to every agency that was told: the public release was returned, rejected or withdrawn."""
    message = notices.public_tier(releasing.revision.alert.public_id, happened)
    return tell_agencies(releasing, message, f"public_{happened}")


def tell_agencies(releasing: Releasing, message: Message, purpose: str) -> list[int]:
    """A short word to every agency that was told of a revision, by mail and text. Returns the fan-outs made."""
    made = []
    for channel in FORMS:
        told = fanouts.listed_of_revision(releasing.session, releasing.revision.id, channel)
        if told:
            body = texts.notice_body(releasing.session, message)
            targets = [(address, agency, body) for address, agency in told]
            made.append(listed(releasing, Tier.AGENCY, channel, targets, purpose=purpose))
    return made
