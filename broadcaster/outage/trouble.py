"""911 trouble, as agencies report it: a report opens or joins an outage, and never an alert by itself.

One person of the desk makes a draft of it, or puts it aside. Two answering points within ten minutes are more than one
of each: then a wider draft is proposed (outage-domain.md 1.2, rows 11, 14 and 15).
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from broadcaster import audience, directory
from broadcaster.alert.alert import Area, FailureKind
from broadcaster.directory import AgencyRole, Directory
from broadcaster.outage import record
from broadcaster.outage.record import Facts, Writer
from broadcaster.said import Said
from broadcaster.store.agencies import trouble
from broadcaster.store.agencies.trouble import Trouble, TroubleReport, Waiting
from broadcaster.store.outage.outages import Entry, Outage
from broadcaster.store.sealed import Sealer

TOGETHER = timedelta(minutes=10)
"""So far apart, two reports are one thing that is larger than either place."""
STATEWIDE_FROM = 3
"""In so many counties at once it is the state's."""
FRESH = timedelta(minutes=30)
"""What came longer ago wakes nobody: the sweep was away, and it is found at the desk."""
STATEWIDE_WORDS = re.compile(
    r"\b(state-?wide|(whole|entire) state|(all|every) (of the )?(state|count(y|ies)|towns?|psaps?|answering point))",
    re.I,
)
SAME_AGAIN = timedelta(minutes=2)
"""Somebody who saw no answer sends the same once more."""
WORDS = {
    Trouble.NOTHING: Said("No 911 calls arrive"),
    Trouble.SOME: Said("Some 911 calls fail"),
    Trouble.NO_LOCATION: Said("Calls arrive without location"),
    Trouble.OTHER: Said("Something else is wrong with 911"),
}
FAILURES = {
    Trouble.NOTHING: FailureKind.ALL_CALLS,
    Trouble.SOME: FailureKind.INTERMITTENT,
    Trouble.NO_LOCATION: FailureKind.NO_LOCATION,
    Trouble.OTHER: FailureKind.INTERMITTENT,
}
"""What a first draft says of it; of what nobody knows, that people try 911 first."""


@dataclass(frozen=True, slots=True)
class Given:
    """What an agency has sent; `key` names the page it was sent from."""

    key: str
    what: Trouble
    words: str = ""
    call_back: str = ""
    asks: bool = False
    draft: str = ""


def area_of(agency: directory.Agency, known: Directory) -> Area:
    """Where an agency sees it: an answering point's own calls, else the communities it serves; nowhere if it serves the
    state, for it sees one call of many."""
    if agency.role is AgencyRole.PSAP and any(psap.code == agency.code for psap in known.psaps):
        return Area(psaps=(agency.code,))
    return Area() if agency.statewide else Area(communities=tuple(sorted(agency.communities)))


def report(writer: Writer, sealer: Sealer, agency: directory.Agency, given: Given, known: Directory) -> TroubleReport:
    """Keep what an agency reports, on the outage of its place. Sent twice, from one page or within two minutes, it is
    one report."""
    session = writer.session
    trouble.one_after_the_other(session)
    agency_id = trouble.agency_id(session, agency.code)
    key = f"{agency_id}.{given.key}"
    before = trouble.by_key(session, key) or _same(session, agency_id, given, writer)
    if before is not None:
        return before
    outage = _outage(writer, agency, given, known)
    row = TroubleReport(key=key, agency_id=agency_id, outage_id=outage.id, what=given.what.value, at=writer.now)
    row.words, row.asks, row.draft = given.words, given.asks, given.draft
    row.call_back_enc = sealer.seal(given.call_back, trouble.bound_to(key)) if given.call_back else None
    session.add(row)
    record.note(writer, outage, said(given), what=Entry.TROUBLE)
    session.flush()
    return row


def said(given: Given) -> str:
    """A report as a line of the log; a number to call back stands beside the report alone."""
    asks = (
        f" They ask for an alert: “{given.draft}”" if given.draft else " They ask for an alert." if given.asks else ""
    )
    words = f" “{given.words}”" if given.words else ""
    return f"{WORDS[given.what]}.{words}{asks}"


def _same(session: Session, agency: int, given: Given, writer: Writer) -> TroubleReport | None:
    last = trouble.last_of(session, agency)
    if last is None or last.settled_at is not None or writer.now - last.at > SAME_AGAIN:
        return None
    same = (last.what, last.words, last.asks, last.draft) == (given.what, given.words, given.asks, given.draft)
    return last if same else None


def _outage(writer: Writer, agency: directory.Agency, given: Given, known: Directory) -> Outage:
    """The outage of its place, or that of the reports just before it, or a new one."""
    area = area_of(agency, known)
    found = record.fitting(record.living(writer.session, writer.now), area, known)
    found = found or trouble.outage_since(writer.session, writer.now - TOGETHER)
    if found is None:
        return record.begin(writer, Facts(writer.now, agency.name, FAILURES[given.what], area))
    whole = union([found.area, area])
    if found.is_open and not set(audience.affected(area, known)) <= set(record.communities(found.area, known)):
        record.change(writer, found, replace(record.facts_of(found), area=whole))
    return found


def union(areas: Iterable[Area]) -> Area:
    """Everywhere that one of these areas is."""
    every = list(areas)
    return Area(
        any(one.statewide for one in every),
        *(
            tuple(sorted({code for one in every for code in getattr(one, name)}))
            for name in ("counties", "communities", "psaps")
        ),
    )


def clusters(waiting: Sequence[Waiting]) -> list[list[Waiting]]:
    """The reports, oldest first, that follow each other within ten minutes: of two answering points at least, and with
    one that waits for somebody of the desk."""
    found: list[list[Waiting]] = []
    for one in sorted((one for one in waiting if one.is_psap), key=lambda one: (one.at, one.id)):
        if found and one.at - found[-1][-1].at <= TOGETHER:
            found[-1].append(one)
        else:
            found.append([one])
    return [some for some in found if len({one.agency for one in some}) > 1 and any(one.waits for one in some)]


def to_page(waiting: Sequence[Waiting], now: datetime) -> list[list[Waiting]]:
    """What wakes whoever has the watch: reports for which a wider draft is proposed, and one alone that sounds as if
    the whole state had failed. Each once: not again when another report joins."""
    fresh = [some for some in clusters(waiting) if now - some[-1].at <= FRESH]
    together = {one.id for some in fresh for one in some}
    alone = [[one] for one in waiting if one.waits and now - one.at <= FRESH and sounds_statewide(one)]
    alone = [some for some in alone if some[0].id not in together]
    return [some for some in (*fresh, *alone) if not any(one.paged for one in some)]


def sounds_statewide(one: Waiting) -> bool:
    """Whether a single report speaks of the whole state: in its words, or of an agency that hears all of it and reports
    that no calls arrive."""
    whole = one.statewide and one.what == Trouble.NOTHING
    return whole or STATEWIDE_WORDS.search(f"{one.words} {one.draft}") is not None


def wider(counties: Collection[str]) -> Area:
    """What is proposed for reports that came together: all the counties (FIPS) that they come from, or the state."""
    found = tuple(sorted(set(counties)))
    return Area(statewide=True) if len(found) >= STATEWIDE_FROM else Area(counties=found)


def failure(some: Iterable[Waiting]) -> FailureKind:
    """The failure that a draft of these reports begins with: the worst of what was seen."""
    seen = {FAILURES[Trouble(one.what)] for one in some}
    order = (FailureKind.ALL_CALLS, FailureKind.INTERMITTENT, FailureKind.NO_LOCATION)
    return next(kind for kind in order if kind in seen)
