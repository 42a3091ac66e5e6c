"""IPAWS at a release: the same signed document is posted, or handed to the agency that has the state's seat there.

What our group may not send is refused here, before anybody waits for it; everything else goes.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from hashlib import sha256
from zoneinfo import ZoneInfo

from broadcaster.alert.alert import ChannelName
from broadcaster.alert.lifecycle import Tier
from broadcaster.dispatch.release import Releasing, make_document
from broadcaster.dispatch.revision import plan
from broadcaster.feeds import cap, cog
from broadcaster.feeds.cog import CogProfile
from broadcaster.feeds.finding import Concern, Finding, error
from broadcaster.messages import handoff
from broadcaster.messages.handoff import HandedOver, WeaTexts
from broadcaster.settings import Mode
from broadcaster.store.alerting import alerts, ipaws, texts
from broadcaster.store.alerting.alerts import Document
from broadcaster.store.fanout import fanouts, senders
from broadcaster.store.fanout.deliveries import Fanout, Source
from broadcaster.store.fanout.fanouts import LaneSpec
from broadcaster.store.public import residents

POST, HANDOFF = "ipaws", "handoff"
PLACE = "IPAWS-OPEN"
UNSIGNED = error(
    "ipaws-unsigned",
    "/alert",
    "IPAWS takes signed documents only: set CAP_SIGNING_KEY and CAP_SIGNING_CERT.",
    "postCAP status 208",
    Concern.IPAWS,
)


def give_way(releasing: Releasing) -> None:
    """Earlier posts and hand-offs that have not gone out do not go any more: the document made now replaces them."""
    revision = releasing.revision
    fanouts.supersede(releasing.session, ipaws.earlier(releasing.session, revision.alert_id, revision.id))


def alert(releasing: Releasing) -> list[int]:
    """Post the document, and hand it over, as this installation is set up; returns the fan-outs made."""
    if ChannelName.IPAWS not in releasing.content.channels:
        return []
    posts, hands = (senders.is_set_up(releasing.session, channel) for channel in (POST, HANDOFF))
    document = _document(releasing) if posts or hands else None
    made = [_post(releasing, document)] if posts else []
    return [*made, _hand_over(releasing, document)] if hands else made


def findings(document: cap.Alert, profile: CogProfile | None, *, signed: bool) -> list[Finding]:
    """What keeps a document out of IPAWS (errors), and what of it will not be passed on there (warnings)."""
    return ([] if signed else [UNSIGNED]) + cog.check(document, profile)


def _document(releasing: Releasing) -> Document | None:
    """The one document of the revision, made now where the feed has not made it; None where IPAWS would refuse it."""
    if plan.blocked(releasing.revision, Concern.IPAWS):
        return None
    return alerts.document_of(releasing.session, releasing.revision.id) or make_document(releasing)


def _post(releasing: Releasing, document: Document | None) -> int:
    session, office = releasing.session, releasing.office
    subject, words = (document.identifier, document.bytes.decode()) if document else ("", "kept out of IPAWS")
    sha = document.sha if document else sha256(words.encode()).hexdigest()
    body = texts.one_body(session, sha, subject, words)
    place = residents.address(session, releasing.sealer, "ipaws", PLACE, owner="installation")
    fanout = _fanout(releasing, POST, (place, None, body))
    kept = ipaws.path(session).profile
    profile = CogProfile.of(kept) if kept else None
    found = findings(cap.parse(document.bytes), profile, signed=office.signing is not None) if document else []
    stopped = [finding.code for finding in found if finding.is_error]
    if stopped or document is None:
        ipaws.refuse(session, fanout, stopped[0] if stopped else "cap-profile")
    return fanout


def _hand_over(releasing: Releasing, document: Document | None) -> int:
    session = releasing.session
    words = handoff.mail(_handed_over(releasing, document))
    sha = sha256("\x00".join((words.subject, words.text, words.html)).encode()).hexdigest()
    row = texts.one_body(session, sha, words.subject, words.text, words.html)
    place = residents.address(session, releasing.sealer, "email", releasing.office.handoff_to, owner="installation")
    return _fanout(releasing, HANDOFF, (place, None, row))


def _fanout(releasing: Releasing, channel: str, target: tuple[int, int | None, int]) -> int:
    fanout = Fanout(
        revision_id=releasing.revision.id,
        tier=Tier.PUBLIC.value,
        channel=channel,
        purpose="alert",
        expires_at=releasing.content.expires,
    )
    made = fanouts.make(releasing.session, fanout, "urgent", 0, [LaneSpec(Source.TARGETS, 0)])
    fanouts.add_targets(releasing.session, made, [target])
    return made


def _handed_over(releasing: Releasing, document: Document | None) -> HandedOver:
    """The facts of the mail: from the document where there is one, else from the frozen words alone."""
    office, content = releasing.office, releasing.content
    words = [json.loads(row.text) for row in texts.of_revision(releasing.session, releasing.revision.id, "cap")]
    english = next(row for row in words if row["lang"] == "en")
    infos: Sequence[cap.Info] = cap.parse(document.bytes).infos if document else ()
    areas = infos[0].areas if infos else ()
    ends = content.expires.astimezone(ZoneInfo(office.voice.timezone))
    return HandedOver(
        authority=office.voice.authority,
        seat=office.handoff_name,
        headline=english["headline"],
        event=english["event"],
        same_event=infos[0].same_event if infos else "TOE",
        expires=f"{ends:%I:%M %p %Z on %B %d}".lstrip("0"),
        description=english["description"],
        instruction=english["instruction"],
        area="; ".join(area.desc for area in areas) or english["headline"],
        same=infos[0].same_places if infos else (),
        polygons=tuple(ring for area in areas for ring in area.polygons),
        wea=tuple(
            WeaTexts(info.language, info.parameter("CMAMtext"), info.parameter("CMAMlongtext"))
            for info in infos
            if info.parameter("CMAMtext")
        ),
        phone=office.voice.watch_phone,
        document=document.bytes.decode() if document else "",
        test=office.mode is not Mode.LIVE,
    )
