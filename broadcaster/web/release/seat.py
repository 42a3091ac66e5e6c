"""IPAWS as the desk shows it before anything goes: is the path up, may our group send this, who else would."""

from __future__ import annotations

from sqlalchemy.orm import Session

from broadcaster.alert.alert import ChannelName
from broadcaster.dispatch.documents import ipaws as seat
from broadcaster.dispatch.documents import ipaws_watch
from broadcaster.dispatch.revision.preview import Preview
from broadcaster.feeds import cap
from broadcaster.feeds.cog import CogProfile
from broadcaster.feeds.finding import Finding
from broadcaster.said import Said
from broadcaster.store.alerting import ipaws
from broadcaster.store.fanout import senders
from broadcaster.web.house import house

NOBODY = Said(
    "IPAWS is off, and no agency is named that alerts for us: no alert goes to radio, television and phones."
    " The operator sets IPAWS_URL or HANDOFF_EMAIL."
)


def standing(store: Session) -> list[str]:
    """What the officer must know of IPAWS before choosing it: a sentence each, the most urgent first."""
    posts, hands = (senders.is_set_up(store, channel) for channel in (seat.POST, seat.HANDOFF))
    if not posts and not hands:
        return [NOBODY]
    found = []
    if posts:
        settings = house().settings
        warning = ipaws_watch.certificate_warning(settings.ipaws_cert, house().clock())
        found += [sentence for sentence in (path_words(store), warning) if sentence]
    if hands:
        name = house().settings.handoff_name or Said("The agency with the seat at IPAWS")
        found.append(Said("%(name)s is asked by mail to alert, and says when it is on air.", name=name))
    return found


def path_words(store: Session) -> str:
    """How the path stands, by the sweep's link test."""
    return ipaws_watch.words(ipaws.path(store), house().clock())


def is_down(store: Session) -> bool:
    """Whether the path did not answer when it was last tried."""
    return ipaws.path(store).down_since is not None


def findings(store: Session, preview: Preview) -> list[Finding]:
    """What our group may not send of a previewed document; errors keep it out of IPAWS, and out of nothing else."""
    if ChannelName.IPAWS not in preview.content.channels or not senders.is_set_up(store, seat.POST):
        return []
    kept = ipaws.path(store).profile
    profile = CogProfile.of(kept) if kept else None
    document = cap.parse(preview.cap_xml.encode())
    return seat.findings(document, profile, signed=house().office.signing is not None)


def all_findings(store: Session, preview: Preview) -> list[Finding]:
    """Those of the document, then those of our seat."""
    return [*preview.findings, *findings(store, preview)]
