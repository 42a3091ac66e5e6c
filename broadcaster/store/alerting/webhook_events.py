"""Which events of the ledger other people's machines are told of, by the name that they have outside: one table, from
which the notices, their filter and the OpenAPI document are made.

Nobody's name is in any of them. Of an outage's record and of a proposal only what is listed goes out: the rest may have
been said in confidence (47 CFR 4.2).
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, and_, cast, false, func, or_
from sqlalchemy.dialects.postgresql import JSONB

from broadcaster.alert.alert import RevisionKind
from broadcaster.store.timeline.ledger import AuditEvent

NAMES_OF_PEOPLE = frozenset({"people"})


@dataclass(frozen=True, slots=True)
class Event:
    """One kind of notice: what it is about, the action in the ledger, what has happened; `fields` are all that go out
    of its data, and None is all but people's names."""

    about: str
    action: str
    says: str
    fields: tuple[str, ...] | None = None
    last: str = ""

    @property
    def type(self) -> str:
        """``alert.approved``."""
        return f"{self.about}.{self.last or self.action}"

    def data(self, said: Mapping[str, Any]) -> dict[str, Any]:
        """What of an event's data goes out."""
        kept = said.keys() - NAMES_OF_PEOPLE if self.fields is None else set(self.fields)
        return {name: value for name, value in said.items() if name in kept}


_ALERT = {
    "draft": "Somebody begins an alert, or its next revision",
    "edited": "A draft was changed",
    "discarded": "A draft of which nobody was told was thrown away",
    "joined": "A draft became part of an earlier alert",
    "replaced": "A draft took the place of what an earlier alert said",
    "submitted": "The words are frozen, and wait for a second person",
    "paged": "People were called to approve it",
    "pages_taken_back": "It is decided: calls that rang were ended",
    "released_to_agencies": "Agencies are told",
    "approved": "The public is told; `kind`: initial, update, number_change, restored_in_part, all_clear, false_alarm",
    "broke_glass": "The public is told on one person's word",
    "review_paged": "People were called because nobody has reviewed that yet",
    "reviewed": "Another person has reviewed it",
    "withdrawn_as_own_error": "Our own false alarm was taken back",
    "number_switched": "A number that is not answered gave way to another one of the directory",
    "returned": "A second person gave it back to its author",
    "rejected": "A second person refused it",
    "held": "Sending was stopped",
    "resumed": "Sending goes on",
    "escalated": "Agencies that had not answered were tried another way",
    "acknowledged": "An agency has read it",
    "lines_reported": "An agency says which of its lines work",
    "aired": "The agency with the seat at IPAWS has put it on air",
    "cannot_air": "That agency cannot",
    "expired": "A sending ended before everybody was told",
    "ended": "A sending is complete",
    "ended_for_agencies": "It is over for the agencies; the public was never told",
}
_OTHERS = (
    Event(
        "outage",
        "outage_opened",
        "The record of an outage was opened",
        ("kind", "statewide", "counties", "communities", "psaps", "known_at"),
        "opened",
    ),
    Event("outage", "outage_closed", "The record of an outage was closed", (), "closed"),
    Event("outage", "outage_reopened", "It fails again, within a day", (), "reopened"),
    Event("proposal", "proposed", "The detector proposes an outage; people decide", ("unit", "sign", "began"), "made"),
    Event("proposal", "proposal_drafted", "A draft was made from a proposal", (), "drafted"),
    Event("proposal", "proposal_dismissed", "A proposal was dismissed", (), "dismissed"),
)
EVENTS: tuple[Event, ...] = (*(Event("alert", action, says) for action, says in _ALERT.items()), *_OTHERS)
BY_KIND = tuple(kind.value for kind in RevisionKind if kind is not RevisionKind.INITIAL)
"""A watcher may ask for approvals of one kind alone: ``all_clear``, ``number_change``."""


def chosen(name: str) -> Sequence[Event]:
    """The events that a watcher's name for them means: ``alert.held``, of alerts also ``held``; none for another."""
    return [each for each in EVENTS if name in (each.type, each.action if each.about == "alert" else "")]


def is_known(name: str) -> bool:
    """Whether a watcher can ask for this."""
    return name in BY_KIND or bool(chosen(name))


def of(about: str, action: str) -> Event | None:
    """The event of the ledger by what it is about and its action."""
    return next((each for each in EVENTS if (each.about, each.action) == (about, action)), None)


def wanted(names: Collection[str]) -> ColumnElement[bool]:
    """The condition on an event of the ledger that a watcher asked for it; without names: every step of an alert."""
    asked = [each for name in names for each in chosen(name)] if names else [e for e in EVENTS if e.about == "alert"]
    kinds = [kind for kind in BY_KIND if kind in names]
    ways = [and_(AuditEvent.object.like(f"{one.about}:%"), AuditEvent.action == one.action) for one in asked]
    if kinds:
        said = cast(func.convert_from(AuditEvent.canonical, "UTF8"), JSONB)["data"]["kind"].astext
        ways.append(and_(AuditEvent.object.like("alert:%"), AuditEvent.action == "approved", said.in_(kinds)))
    return or_(false(), *ways)
