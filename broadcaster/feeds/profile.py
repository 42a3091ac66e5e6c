"""Findings on a CAP message that the XML schema cannot see: CAP semantics, the IPAWS USA profile, EAS, WEA, feeds.

`rules` holds the table; the checks of the envelope are in `profile_alert`, of one info block in `profile_info` and
`profile_codes`, of its areas in `profile_area`, of its words in `profile_words`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from enum import StrEnum

from broadcaster.feeds.capvalues import Alert, CapRefused, MsgType, Reference
from broadcaster.feeds.capxml import format_time, serialise
from broadcaster.feeds.finding import Concern, Finding, Level
from broadcaster.feeds.profile_alert import alert_findings
from broadcaster.feeds.profile_info import info_findings
from broadcaster.feeds.rules import found

__all__ = ["Concern", "Finding", "Level", "Profile", "blocking", "check", "thread_findings"]

LARGE, TOO_LARGE = 100_000, 900_000
"""Bytes of a document that feed readers like, and that they take."""


class Profile(StrEnum):
    """Whose rules a document is held against: CAP's alone, those of feed readers too, or all of IPAWS."""

    CAP = "cap"
    FEED = "feed"
    IPAWS = "ipaws"


_CONCERNS = {
    Profile.CAP: frozenset({Concern.CAP}),
    Profile.FEED: frozenset({Concern.CAP, Concern.FEED}),
    Profile.IPAWS: frozenset(Concern),
}


def check(alert: Alert, profile: Profile = Profile.IPAWS, arrived: datetime | None = None) -> list[Finding]:
    """Everything that is wrong or doubtful; errors first, then in document order. `arrived` is when IPAWS gets it."""
    try:
        size = len(serialise(alert))
    except CapRefused as refused:
        return [found("unwritable", "/alert", str(refused))]
    every = [*_size(size), *alert_findings(alert, arrived)]
    for number, info in enumerate(alert.infos, 1):
        every += info_findings(alert, info, f"/alert/info[{number}]")
    asked = [finding for finding in every if finding.concern in _CONCERNS[profile]]
    return sorted(asked, key=lambda finding: not finding.is_error)


def blocking(findings: Iterable[Finding], channel: Concern | None = None) -> list[Finding]:
    """The findings that keep the document from this channel, or from any."""
    return [finding for finding in findings if (finding.keeps_from(channel) if channel else finding.is_error)]


def thread_findings(alert: Alert, earlier: Sequence[Alert]) -> Iterator[Finding]:
    """What only the earlier messages of the thread can tell: a follow-up names all that live, and none that ended."""
    if alert.msg_type not in (MsgType.UPDATE, MsgType.CANCEL):
        return
    alive = [one for one in earlier if one.expires is None or one.expires > alert.sent]
    for one in alive:
        if _as_reference(one) not in alert.references:
            sentence = f"{one.identifier} has not expired and is not referred to: IPAWS refuses the message."
            yield found("references-incomplete", "/alert/references", sentence)
    for one in earlier:
        if one not in alive and _as_reference(one) in alert.references:
            sentence = f"{one.identifier} has expired and cannot be referred to: IPAWS refuses the message."
            yield found("reference-expired", "/alert/references", sentence)


def _as_reference(alert: Alert) -> Reference:
    return Reference(alert.sender, alert.identifier, format_time(alert.sent))


def _size(size: int) -> Iterator[Finding]:
    if size > TOO_LARGE:
        yield found("too-large", "/alert", f"The document has {size // 1000} KB: feed readers take 900.")
    elif size > LARGE:
        yield found("large", "/alert", f"The document has {size // 1000} KB: feed readers like 100 at most.")
