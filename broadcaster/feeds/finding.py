"""What is wrong with a document, where, and by whose rule."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Level(StrEnum):
    """An error keeps the document from its own channel; a warning is shown and the document goes."""

    ERROR = "error"
    WARNING = "warning"


@dataclass(frozen=True, slots=True)
class Finding:
    """`code` is stable, `xpath` points at the element, `sentence` says what to do, `source` names the rule."""

    code: str
    level: Level
    xpath: str
    sentence: str
    source: str


def error(code: str, xpath: str, sentence: str, source: str) -> Finding:
    """A finding that keeps the document from its channel."""
    return Finding(code, Level.ERROR, xpath, sentence, source)


def warning(code: str, xpath: str, sentence: str, source: str) -> Finding:
    """A finding that is shown, and the document goes."""
    return Finding(code, Level.WARNING, xpath, sentence, source)
