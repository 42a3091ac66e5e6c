"""What is wrong with a document, where, by whose rule, and which channel it keeps it from."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Level(StrEnum):
    """An error keeps the document from the channel it concerns; a warning is shown and the document goes."""

    ERROR = "error"
    WARNING = "warning"


class Concern(StrEnum):
    """Whose rule it is, and so which way an error blocks: every one, our feed, all of IPAWS, or one of its outlets."""

    CAP = "cap"
    FEED = "feed"
    IPAWS = "ipaws"
    EAS = "eas"
    WEA = "wea"

    @property
    def includes(self) -> frozenset[Concern]:
        """Whose errors keep a document from this channel: its own, and those of everything that it travels through."""
        return frozenset(_THROUGH[self])


_THROUGH = {
    Concern.CAP: (Concern.CAP,),
    Concern.FEED: (Concern.CAP, Concern.FEED),
    Concern.IPAWS: (Concern.CAP, Concern.IPAWS),
    Concern.EAS: (Concern.CAP, Concern.IPAWS, Concern.EAS),
    Concern.WEA: (Concern.CAP, Concern.IPAWS, Concern.WEA),
}


@dataclass(frozen=True, slots=True)
class Finding:
    """`code` is stable, `xpath` points at the element, `sentence` says what to do, `source` names the rule."""

    code: str
    level: Level
    xpath: str
    sentence: str
    source: str
    concern: Concern = Concern.CAP

    @property
    def is_error(self) -> bool:
        """Whether it keeps the document from anything."""
        return self.level is Level.ERROR

    def keeps_from(self, channel: Concern) -> bool:
        """Whether it keeps the document from this channel."""
        return self.is_error and self.concern in channel.includes


def error(code: str, xpath: str, sentence: str, source: str, concern: Concern = Concern.CAP) -> Finding:
    """A finding that keeps the document from the channel it concerns."""
    return Finding(code, Level.ERROR, xpath, sentence, source, concern)


def warning(code: str, xpath: str, sentence: str, source: str, concern: Concern = Concern.CAP) -> Finding:
    """A finding that is shown, and the document goes."""
    return Finding(code, Level.WARNING, xpath, sentence, source, concern)
