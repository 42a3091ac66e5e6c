"""The CAP document of a revision: built, judged by every rule, kept from what its errors concern, and signed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from broadcaster import logs
from broadcaster.alert.alert import ChannelName, CommunityAnswer
from broadcaster.dispatch.office import Office
from broadcaster.dispatch.revision import where
from broadcaster.dispatch.revision.render import Work
from broadcaster.feeds import cap, profile, signature
from broadcaster.feeds.cap import Facts, InfoTexts, Reference
from broadcaster.feeds.door import Crowd, door_findings
from broadcaster.feeds.finding import Concern, Finding, warning
from broadcaster.feeds.rules import found as finding_of
from broadcaster.feeds.signature import SignatureRefused
from broadcaster.messages import compose, standing, text_first

log = logs.get(__name__)
MOST_NAMED = 3
WORDS = "words-"
"""How the codes of findings about the words begin."""


@dataclass(frozen=True, slots=True)
class Stamp:
    """What a CAP document gets at the moment of its release; a test is none of an outage."""

    identifier: str
    sent: datetime
    references: tuple[Reference, ...] = ()
    is_test: bool = False


_OUTLETS = {Concern.EAS: "EAS", Concern.WEA: "CMAS"}


def judged(work: Work, words: Sequence[InfoTexts], stamp: Stamp) -> tuple[cap.Alert, list[Finding]]:
    """The CAP message of a revision, kept out of the outlets of IPAWS that its errors concern, and every finding."""
    alert = cap_alert(work, words, stamp)
    found = [*word_findings(work), *findings(work, alert)]
    kept = [finding for finding in found if finding.is_error and finding.concern in _OUTLETS]
    if not kept:
        return alert, found
    alert = cap_alert(work, words, stamp, frozenset(_OUTLETS[finding.concern] for finding in kept))
    return alert, list(dict.fromkeys([*kept, *word_findings(work), *findings(work, alert)]))


def cap_alert(work: Work, words: Sequence[InfoTexts], stamp: Stamp, blocked: frozenset[str] = frozenset()) -> cap.Alert:
    """The CAP message of a revision, closed to these outlets of IPAWS."""
    office = work.office
    return cap.build(
        Facts(
            kind=work.edition.kind,
            content=work.content,
            communities=work.affected,
            counties=work.counties,
            texts=words,
            identifier=stamp.identifier,
            sent=stamp.sent,
            sender=office.cap_sender,
            sender_name=office.cap_sender_name,
            status=office.status,
            incident=work.edition.reference,
            web=f"{office.public_base_url}/",
            state_fips=office.state_fips,
            state_name=office.voice.state_name,
            timezone=office.voice.timezone,
            references=stamp.references,
            is_test=stamp.is_test,
            test_event=office.test_event,
            blocked=blocked,
            clear_on=office.clear_on,
            polygons=work.drawn.polygons,
        )
    )


def cap_bytes(office: Office, alert: cap.Alert) -> bytes:
    """The document as it will be stored, served and referenced: signed where there is a key.

    A key that does not sign never stops an alert: then it goes unsigned, and that is logged.
    """
    document = cap.serialise(alert)
    if office.signing is None:
        return document
    try:
        return signature.sign(document, *office.signing)
    except SignatureRefused as refused:
        log.error("cap_not_signed", alert=alert.identifier, why=str(refused))
        return document


def findings(work: Work, alert: cap.Alert) -> list[Finding]:
    """What the officer should know about the CAP document; an error blocks the channel it concerns, nothing else."""
    found = profile.check(alert)
    people = sum(community.population for community in work.affected)
    one = compose.shared_answer(work.edition, work.affected, work.directory)
    found += door_findings(alert, one, work.office.doors, Crowd(len(work.affected), people))
    found += where.findings(work.drawn, work.edition, work.affected, work.directory)
    found += _of_signature(work.office, alert.sent)
    found += _of_numbers(work)
    return found


def _of_numbers(work: Work) -> list[Finding]:
    """A number that nobody ever found answered, or not within a year, is not published in silence; it stops nothing."""
    today = work.edition.issued.date()
    named = [(one.community, one.number) for one in (*work.content.answers, *_to_text(work)) if one.number]
    given = [(place, number) for place, number in dict.fromkeys(named) if number.is_stale(today)]
    found = []
    kinds = (("never-verified", False, "nobody ever found answered"), ("stale", True, "was not verified"))
    for code, old, what in kinds:
        shown = [
            f"{work.directory.community(place).name} {number.display}"
            for place, number in given
            if (number.verified_on is not None) is old
        ]
        if shown:
            more = f" and {len(shown) - MOST_NAMED} more" if len(shown) > MOST_NAMED else ""
            when = " within a year" if old else ""
            sentence = f"A number goes out that {what}{when}: {', '.join(shown[:MOST_NAMED])}{more}. Ring it first."
            found.append(warning(f"number-{code}", "/alert/info", sentence, "house: verified numbers"))
    return found


def _to_text(work: Work) -> list[CommunityAnswer]:
    """The lines that are named for texts, where somebody lives who cannot make voice calls."""
    silent = {code for code, _ in work.cannot_call if ChannelName.SMS in work.content.channels}
    here = [one for one in work.content.answers if one.community in silent]
    return [replace(one, number=text_first.textable(one, work.directory)) for one in here]


def _of_signature(office: Office, at: datetime) -> list[Finding]:
    if office.signing is None:
        why = office.unsigned_why or "No signing key is configured."
        return [finding_of("UNSIGNED", "/alert", f"{why} The CAP document goes unsigned.")]
    sentence = office.certificate_warning(at)
    return [finding_of("certificate", "/alert/Signature", sentence)] if sentence else []


def word_findings(work: Work) -> list[Finding]:
    """Which languages nobody has reviewed, and what their people get instead; stops nothing."""
    told = list(standing.notes(work.content.languages, work.edition.books))
    silent = {code for code, _ in work.cannot_call} & {community.code for community in work.affected}
    if silent and ChannelName.SMS in work.content.channels:
        told.append(("text-first", text_first.note(len(silent))))
    return [warning(f"{WORDS}{code}", "/alert/info", sentence, "house: reviewed words") for code, sentence in told]
