"""What somebody typed into the form, kept exactly as typed until it is right; no judgement in here."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from werkzeug.datastructures import MultiDict

from broadcaster.alert.alert import ChannelName, Confirmation, Content, FailureKind, RevisionKind
from broadcaster.directory import Directory
from broadcaster.web.release import agency_lists

LIFE = timedelta(hours=2)
NEXT_UPDATE = timedelta(minutes=30)
CONFIRMATIONS = 3
"""Rows of the all-clear: one for everybody is usual, more only where PSAPs confirm one by one."""
LONGEST = 50_000
"""Characters of any one field that are read: the 2,560 municipalities of a state, pasted, are 40,000. Places that are
longer are refused, never cut: nobody would be told of those at the end."""

EVERYTHING = frozenset(
    {
        "failure",
        "area",
        "began",
        "expires",
        "next_update",
        "expected_restoration",
        "note",
        "cause",
        "channels",
        "languages",
        "withheld",
    }
)
FIELDS: dict[RevisionKind, frozenset[str]] = {
    RevisionKind.INITIAL: EVERYTHING,
    RevisionKind.UPDATE: EVERYTHING | {"restored"},
    RevisionKind.NUMBER_CHANGE: frozenset({"expires", "next_update", "note"}),
    RevisionKind.RESTORED_IN_PART: frozenset({"restored", "expires", "next_update", "expected_restoration", "note"}),
    RevisionKind.ALL_CLEAR: frozenset({"confirmations", "note", "cause"}),
    RevisionKind.FALSE_ALARM: frozenset(),
}
"""What each kind of revision asks; everything else stays as it was released. A false alarm has no free field."""


@dataclass(frozen=True, slots=True)
class TypedConfirmation:
    """One row of the all-clear; `names` empty means every community of the alert."""

    who: str = ""
    how: str = ""
    at: str = ""
    names: str = ""

    @property
    def is_blank(self) -> bool:
        """Whether nothing was typed into it: the hour alone is prefilled."""
        return not (self.who.strip() or self.how.strip() or self.names.strip())


@dataclass(frozen=True, slots=True)
class Typed:
    """Every field of the form as text; moments are local, ``2024-06-18T13:15``."""

    failure: str = ""
    provider: str = ""
    certainty: str = ""
    statewide: bool = False
    counties: tuple[str, ...] = ()
    communities: tuple[str, ...] = ()
    names: str = ""
    psaps: tuple[str, ...] = ()
    began: str = ""
    expires: str = ""
    next_update: str = ""
    expected_restoration: str = ""
    note: str = ""
    cause: str = ""
    channels: tuple[str, ...] = ()
    languages: tuple[str, ...] = ()
    withheld_lists: tuple[str, ...] = ()
    withheld_names: str = ""
    withheld_reason: str = ""
    restored: tuple[str, ...] = ()
    restored_names: str = ""
    confirmations: tuple[TypedConfirmation, ...] = ()


def local(moment: datetime | None, zone: ZoneInfo) -> str:
    """A moment as the browser's own field wants it; empty without one."""
    return moment.astimezone(zone).strftime("%Y-%m-%dT%H:%M") if moment else ""


def from_request(form: MultiDict[str, str]) -> Typed:
    """What was sent."""

    def text(name: str) -> str:
        return form.get(name, "")[:LONGEST]

    def many(name: str) -> tuple[str, ...]:
        return tuple(dict.fromkeys(form.getlist(name)))

    return Typed(
        failure=text("failure"),
        provider=text("provider"),
        certainty=text("certainty"),
        statewide="statewide" in form,
        counties=many("counties"),
        communities=many("communities"),
        names=text("names"),
        psaps=many("psaps"),
        began=text("began"),
        expires=text("expires"),
        next_update=text("next_update"),
        expected_restoration=text("expected_restoration"),
        note=text("note"),
        cause=text("cause"),
        channels=many("channels"),
        languages=many("languages"),
        withheld_lists=many("withheld_lists"),
        withheld_names=text("withheld_names"),
        withheld_reason=text("withheld_reason"),
        restored=many("restored"),
        restored_names=text("restored_names"),
        confirmations=tuple(
            TypedConfirmation(*(text(f"{part}-{row}") for part in ("who", "how", "at", "names_of")))
            for row in range(CONFIRMATIONS)
        ),
    )


def from_content(content: Content, directory: Directory, zone: ZoneInfo) -> Typed:
    """The form of a content that was saved before."""
    return Typed(
        failure=content.failure.value,
        provider=content.provider,
        certainty=content.certainty.value,
        statewide=content.area.statewide,
        counties=content.area.counties,
        communities=content.area.communities,
        psaps=content.area.psaps,
        began=local(content.began, zone),
        expires=local(content.expires, zone),
        next_update=local(content.next_update, zone),
        expected_restoration=local(content.expected_restoration, zone),
        note=content.note,
        cause=content.cause,
        channels=tuple(channel.value for channel in content.channels),
        languages=content.languages,
        withheld_lists=content.withheld.lists,
        withheld_names="\n".join(agency_lists.name(code, directory) for code in content.withheld.agencies),
        withheld_reason=content.withheld.reason,
        restored=content.restored,
        confirmations=_confirmations(content.confirmations, directory, zone),
    )


def _confirmations(
    given: tuple[Confirmation, ...], directory: Directory, zone: ZoneInfo
) -> tuple[TypedConfirmation, ...]:
    rows = [
        TypedConfirmation(
            who=row.who,
            how=row.how,
            at=local(row.at, zone),
            names="\n".join(directory.community(code).name for code in row.communities),
        )
        for row in given[:CONFIRMATIONS]
    ]
    return tuple(rows + [TypedConfirmation()] * (CONFIRMATIONS - len(rows)))


def blank(now: datetime, zone: ZoneInfo, languages: tuple[str, ...]) -> Typed:
    """The form of a new alert: what we can know is filled in, what a person must decide is not."""
    return Typed(
        failure=FailureKind.ALL_CALLS.value,
        certainty="confirmed",
        began=local(now, zone),
        expires=local(now + LIFE, zone),
        next_update=local(now + NEXT_UPDATE, zone),
        channels=tuple(channel.value for channel in ChannelName),
        languages=languages,
    )


def with_hour(typed: Typed, hour: str) -> Typed:
    """The form with the hour filled in wherever a confirmation is still blank."""
    rows = tuple(replace(row, at=hour) if row.is_blank else row for row in typed.confirmations)
    return replace(typed, confirmations=rows)
