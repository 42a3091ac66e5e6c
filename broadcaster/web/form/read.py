"""From what was typed to a content, or to a sentence beside each field that cannot be used. Pure.

Bad input is refused here; the few rules that stop an alert are the heart's (`alert.problems`), not the form's.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from broadcaster import audience
from broadcaster.alert.alert import (
    LONGEST_LIFE,
    Area,
    Certainty,
    ChannelName,
    Confirmation,
    Content,
    FailureKind,
    RevisionKind,
)
from broadcaster.directory import Directory, UnknownCommunity
from broadcaster.messages.book import languages
from broadcaster.said import Said
from broadcaster.web import moments
from broadcaster.web.form import names
from broadcaster.web.form import typed as form_typed
from broadcaster.web.form.typed import FIELDS, Typed, TypedConfirmation
from broadcaster.web.moments import SLACK, Of
from broadcaster.web.release import agency_lists

LONGEST_NOTE = 500
LONGEST_NAME = 80


@dataclass
class Reading:
    """A reading of the form: problems by field, in the order of the form."""

    typed: Typed
    directory: Directory
    zone: ZoneInfo
    now: datetime
    problems: dict[str, str] = field(default_factory=dict)

    def refuse(self, name: str, sentence: str) -> None:
        """Note what is wrong with a field; the first sentence stays."""
        self.problems.setdefault(name, sentence)

    def moment(self, name: str, text: str, of: Of = Of.PAST, *, needed: bool = True) -> datetime | None:
        """The aware moment of a local time; None (and a problem, if it is needed) when it is none."""
        if not text.strip():
            if needed:
                self.refuse(name, Said("Fill in date and time."))
            return None
        try:
            return moments.typed(text, self.zone, self.now, of)
        except ValueError:
            self.refuse(
                name,
                Said("“%(typed)s” is no date with a time: write it like 2024-06-18T13:15.", typed=text.strip()[:40]),
            )
            return None


def read(reading: Reading, kind: RevisionKind, base: Content | None) -> Content | None:
    """The content that the form means, on top of `base` (the draft so far); None when `reading` found problems."""
    asked = FIELDS[kind]
    started = base or _empty(reading.now.replace(second=0, microsecond=0))
    content = replace(started, **dict(_decided(reading, asked, started)))
    if "confirmations" in asked:
        content = replace(content, confirmations=tuple(_confirmations(reading, content)))
    if "area" in asked and not reading.problems:
        inside = set(audience.affected(content.area, reading.directory))
        content = replace(
            content,
            overrides=tuple(pair for pair in content.overrides if pair[0] in inside),
            restored=tuple(code for code in content.restored if code in inside),
        )
    return None if reading.problems else replace(content, answers=())


def _empty(now: datetime) -> Content:
    return Content(FailureKind.ALL_CALLS, Area(), began=now, expires=now + timedelta(hours=2))


def _decided(reading: Reading, asked: frozenset[str], base: Content) -> Iterator[tuple[str, Any]]:
    """Field by field, what was decided; only what this kind of revision asks for."""
    typed = reading.typed
    if "failure" in asked:
        yield from _failure(reading)
    if "area" in asked:
        yield "area", _area(reading)
    if "restored" in asked:
        yield "restored", _restored(reading, base, needed="area" not in asked)
    yield from _times(reading, asked, base)
    if "note" in asked:
        if len(typed.note) > LONGEST_NOTE:
            reading.refuse(
                "note",
                Said(
                    "The note has %(length)s characters: keep it under %(most)s.",
                    length=len(typed.note),
                    most=LONGEST_NOTE,
                ),
            )
        yield "note", " ".join(typed.note.split())
    if "cause" in asked:
        if len(typed.cause) > LONGEST_NOTE:
            reading.refuse(
                "cause",
                Said(
                    "The cause has %(length)s characters: keep it under %(most)s.",
                    length=len(typed.cause),
                    most=LONGEST_NOTE,
                ),
            )
        yield "cause", " ".join(typed.cause.split())
    if "channels" in asked:
        yield "channels", _channels(reading)
    if "withheld" in asked:
        chosen, wrong = agency_lists.read(
            typed.withheld_lists, typed.withheld_names, typed.withheld_reason, reading.directory
        )
        if wrong:
            reading.refuse("withheld", wrong)
        yield "withheld", chosen
    if "languages" in asked:
        yield "languages", ("en", *(lang for lang in languages() if lang in typed.languages and lang != "en"))


def _failure(reading: Reading) -> Iterator[tuple[str, Any]]:
    typed = reading.typed
    try:
        failure = FailureKind(typed.failure)
        yield "failure", failure
        if failure is FailureKind.ONE_CARRIER and not typed.provider.strip():
            reading.refuse("provider", Said("Name the carrier or service whose customers cannot reach 911."))
    except ValueError:
        reading.refuse("failure", Said("Choose what fails."))
    if len(typed.provider) > LONGEST_NAME:
        reading.refuse("provider", Said("Keep the name under %(most)s characters.", most=LONGEST_NAME))
    yield "provider", " ".join(typed.provider.split()) if typed.failure == FailureKind.ONE_CARRIER else ""
    try:
        yield "certainty", Certainty(typed.certainty)
    except ValueError:
        reading.refuse("certainty", Said("Say whether the outage is confirmed or only reported."))


def _area(reading: Reading) -> Area:
    area = place(reading)
    if area.is_empty and not {"names", "area"} & reading.problems.keys():
        reading.refuse(
            "area", Said("Choose where 911 fails: the whole state, counties, communities or answering points.")
        )
    return area


def place(reading: Reading) -> Area:
    """The area that was typed, which may be empty; a name that nothing has is a problem."""
    typed = reading.typed
    pasted = _named(reading, "names", typed.names)
    area = Area(
        statewide=typed.statewide,
        counties=tuple(sorted(typed.counties)),
        communities=tuple(sorted({*typed.communities, *pasted})),
        psaps=tuple(sorted(typed.psaps)),
    )
    try:
        audience.affected(area, reading.directory)
    except UnknownCommunity as error:
        reading.refuse("area", str(error))
    return area


def _named(reading: Reading, name: str, text: str, among: Sequence[str] | None = None) -> list[str]:
    if len(text) >= form_typed.LONGEST:
        most = f"{form_typed.LONGEST:,}"
        reading.refuse(name, Said("These are more than %(most)s characters: choose whole counties instead.", most=most))
        return []
    found, wrong = names.codes(reading.directory, text, among)
    if wrong:
        reading.refuse(name, wrong)
    return found


def _restored(reading: Reading, base: Content, *, needed: bool) -> tuple[str, ...]:
    inside = audience.affected(base.area, reading.directory)
    chosen = {code for code in reading.typed.restored if code in inside}
    chosen.update(_named(reading, "restored", reading.typed.restored_names, inside))
    if not chosen and needed:
        reading.refuse("restored", Said("Choose the communities in which 911 works again."))
    if chosen == set(inside):
        reading.refuse("restored", Said("That is every community: send an all-clear instead."))
    return tuple(sorted(chosen))


def _times(reading: Reading, asked: frozenset[str], base: Content) -> Iterator[tuple[str, Any]]:
    typed, now = reading.typed, reading.now
    began: datetime | None = base.began
    if "began" in asked:
        untouched = typed.began == form_typed.local(base.began, reading.zone)
        began = base.began if untouched else reading.moment("began", typed.began)
        if began and began > now + SLACK:
            reading.refuse("began", Said("That is in the future: say since when 911 has failed."))
        yield "began", began
    if "expires" in asked:
        yield "expires", _expires(reading, began)
    if "next_update" in asked:
        promised = reading.moment("next_update", typed.next_update, Of.AHEAD, needed=False)
        if promised and promised < now - SLACK:
            reading.refuse("next_update", Said("That is in the past: choose a time to come, or leave it empty."))
        yield "next_update", promised
    if "expected_restoration" in asked:
        expected = reading.moment("expected_restoration", typed.expected_restoration, Of.AHEAD, needed=False)
        if expected and began and expected <= began:
            reading.refuse("expected_restoration", Said("911 cannot be restored before it failed: check the time."))
        yield "expected_restoration", expected


def _expires(reading: Reading, began: datetime | None) -> datetime | None:
    expires = reading.moment("expires", reading.typed.expires, Of.END)
    if expires is None:
        return None
    if began and expires <= began:
        reading.refuse("expires", Said("The alert would end before the outage began: choose a later end."))
    elif expires <= reading.now:
        reading.refuse("expires", Said("The alert would be over already: choose a later end."))
    elif expires > reading.now + LONGEST_LIFE + SLACK:
        reading.refuse("expires", Said("An alert lives at most 4 hours and is then renewed: choose an earlier end."))
    return expires


def _channels(reading: Reading) -> tuple[ChannelName, ...]:
    chosen = tuple(channel for channel in ChannelName if channel.value in reading.typed.channels)
    if not chosen:
        reading.refuse("channels", Said("Choose at least one way to tell people."))
    return chosen


def _confirmations(reading: Reading, content: Content) -> Iterator[Confirmation]:
    inside = audience.affected(content.area, reading.directory)
    rows = [(number, row) for number, row in enumerate(reading.typed.confirmations) if not row.is_blank]
    if not rows:
        reading.refuse(
            "confirmations", Said("Name who confirms that 911 works: the vendor, or a PSAP that took a call.")
        )
    covered: set[str] = set()
    for number, row in rows:
        confirmation = _confirmation(reading, number, row, inside)
        if confirmation:
            covered.update(confirmation.communities)
            yield confirmation
    missing = [reading.directory.community(code).name for code in inside if code not in covered]
    if missing:
        shown = ", ".join(missing[:5]) + (f" and {len(missing) - 5} more" if len(missing) > 5 else "")
        reading.refuse("confirmations", f"Nobody has confirmed yet that 911 works again in {shown}.")


def _confirmation(reading: Reading, number: int, row: TypedConfirmation, inside: Sequence[str]) -> Confirmation | None:
    if not row.who.strip():
        reading.refuse(f"who-{number}", Said("Say who confirms it: name and organisation."))
    if not row.how.strip():
        reading.refuse(f"how-{number}", Said("Say how they know: a test call, their own systems, a 911 call taken."))
    at = reading.moment(f"at-{number}", row.at)
    if at and at > reading.now + SLACK:
        reading.refuse(f"at-{number}", Said("That is in the future: say when it was confirmed."))
    named = _named(reading, f"names_of-{number}", row.names, inside) if row.names.strip() else list(inside)
    if at is None or any(name.endswith(f"-{number}") for name in reading.problems):
        return None
    return Confirmation(tuple(sorted(named)), row.who.strip()[:LONGEST_NAME], row.how.strip()[:LONGEST_NAME], at)
