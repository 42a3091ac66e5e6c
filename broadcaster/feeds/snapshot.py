"""What the public may know at one moment: plain values, from which every page is made."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum

from broadcaster.alert.alert import ENDINGS, RevisionKind
from broadcaster.directory import WALK_IN
from broadcaster.feeds.picture import AreaMap
from broadcaster.messages.book import Books, shipped
from broadcaster.messages.reception import phrases
from broadcaster.settings import Mode


class AirState(StrEnum):
    """How an alert stands. One that expired without an all-clear is loud, not over (design law 10)."""

    DOWN = "down"
    UPDATE_OVERDUE = "update_overdue"
    EXPIRED_WITHOUT_ALL_CLEAR = "expired_without_all_clear"
    ENDED = "ended"
    TEST = "test"


class TownState(StrEnum):
    """What we know about 911 in one town."""

    DOWN = "down"
    RESTORED = "restored"
    WORKS = "works"


@dataclass(frozen=True, slots=True)
class Town:
    """A community that people may look for, whether or not anything is on air; `places` are villages within it.

    `line` is the number that its people call whenever 911 fails, as they read it, and `dial` as phones dial it.
    """

    code: str
    name: str
    county: str
    zips: tuple[str, ...] = ()
    places: tuple[str, ...] = ()
    line: str = ""
    dial: str = ""
    verified_on: date | None = None


@dataclass(frozen=True, slots=True)
class TownAnswer:
    """What a town is told: the number as people read it and as phones dial it, or else the words of the last rung."""

    code: str
    name: str
    county: str
    number: str = ""
    dial: str = ""
    walk_in: str = ""
    verified_on: date | None = None
    restored: bool = False
    zips: tuple[str, ...] = ()

    @property
    def instead(self) -> str:
        """What to do, never nothing: "call 413-555-0100", or the words of the last rung."""
        return f"call {self.number}" if self.number else self.walk_in or WALK_IN


@dataclass(frozen=True, slots=True)
class Words:
    """An alert in one language, as it was approved."""

    lang: str
    headline: str
    paragraphs: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class OnAir:
    """An alert as its newest public revision has it; `advice` comes before every number ("Do not dial 911.")."""

    alert: str
    kind: RevisionKind
    failure: str
    headline: str
    paragraphs: tuple[str, ...]
    began: datetime
    issued: datetime
    expires: datetime
    communities: tuple[TownAnswer, ...]
    next_update: datetime | None = None
    advice: str = ""
    translations: tuple[Words, ...] = ()
    is_test: bool = False
    texts: Mapping[str, Sequence[tuple[str, str]]] = field(default_factory=dict, compare=False)
    """The exact words of its texts, by the code of their town: (language, text)."""
    drawing: AreaMap | None = field(default=None, compare=False)
    """Where it holds, as far as the outlines were known when it was submitted."""
    beside: frozenset[str] = frozenset()
    """The codes of the towns whose words speak of another alert that goes on there, too."""

    def fails_in(self, code: str) -> bool:
        """Whether its words for a town leave 911 down there, by this alert or by another one that they speak of."""
        restored = {answer.code for answer in self.communities if answer.restored}
        return code in self.beside or not (self.kind in ENDINGS or code in restored)

    def state(self, as_of: datetime) -> AirState:
        """How the alert stands at that moment."""
        if self.is_test:
            return AirState.TEST
        if self.kind in ENDINGS:
            return AirState.ENDED
        if self.expires <= as_of:
            return AirState.EXPIRED_WITHOUT_ALL_CLEAR
        overdue = self.next_update is not None and self.next_update <= as_of
        return AirState.UPDATE_OVERDUE if overdue else AirState.DOWN


@dataclass(frozen=True, slots=True)
class PublishedDocument:
    """A CAP document that stands beside the pages."""

    identifier: str
    title: str
    sent: datetime

    @property
    def path(self) -> str:
        """Where it is served."""
        return f"/cap/{self.identifier}.xml"


@dataclass(frozen=True, slots=True)
class Sealed:
    """The ledger's newest checkpoint: how many events, their Merkle root in hex, when, and the signed note."""

    size: int
    root: str
    at: datetime
    note: str


@dataclass(frozen=True, slots=True)
class Snapshot:
    """Everything the public window says. `as_of` is now; `changed` is when any of the rest last changed.

    Pages of towns carry `changed` instead of `as_of`, so that hundreds of files are not rewritten every ten seconds.
    """

    as_of: datetime
    authority: str
    mode: Mode
    state_name: str
    timezone: str
    on_air: tuple[OnAir, ...] = ()
    towns: tuple[Town, ...] = ()
    documents: tuple[PublishedDocument, ...] = ()
    changed: datetime | None = None
    lookup_url: str = ""
    lookup_sms: str = ""
    lookup_voice: str = ""
    books: Books = field(default_factory=shipped, compare=False)
    phrases: Books = field(default_factory=phrases, compare=False)
    ledger: Sealed | None = None
