"""What a gateway has published beside what was approved: the same document, or which of its parts are others. Pure.

Los Angeles, 9 January 2025: the polygon was lost on the way, ten million phones rang, and nothing gave a warning
(outage-domain.md section 1.2, no. 5).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

from lxml import etree

from broadcaster.feeds.xmldoor import parse_root


class Verdict(StrEnum):
    """What the comparison says; `missing` where nothing is published under the identifier."""

    SAME = "same"
    DIFFERS = "differs"
    MISSING = "missing"


@dataclass(frozen=True, slots=True)
class Echo:
    """A verdict, and the parts that are others: keys of PARTS, or ``else``."""

    verdict: Verdict
    parts: tuple[str, ...] = ()


PARTS = {
    "area": ("area",),
    "words": ("headline", "description", "instruction", "parameter"),
    "times": ("sent", "effective", "onset", "expires"),
    "kind": ("status", "msgType", "scope", "references", "event", "eventCode", "urgency", "severity", "certainty"),
}
"""The elements of a CAP alert by what they mean to people."""
ELSE = "else"


def echoed(approved: bytes, published: bytes) -> Echo:
    """The approved document in what a feed holds, by its identifier. CapRefused when the feed cannot be read.

    Two documents are one when their exclusive canonical forms are the same bytes: what a wrapper adds does not count.
    """
    ours = parse_root(approved)
    for theirs in parse_root(published).iter("{*}alert"):
        if theirs.findtext("{*}identifier") == ours.findtext("{*}identifier"):
            if _canonical(theirs) == _canonical(ours):
                return Echo(Verdict.SAME)
            return Echo(Verdict.DIFFERS, tuple(_others(ours, theirs)) or (ELSE,))
    return Echo(Verdict.MISSING)


def _others(ours: etree._Element, theirs: etree._Element) -> Iterator[str]:
    for part, names in PARTS.items():
        if any(_each(ours, name) != _each(theirs, name) for name in names):
            yield part


def _each(alert: etree._Element, name: str) -> list[bytes]:
    return [_canonical(found) for found in alert.iter(f"{{*}}{name}")]


def _canonical(element: etree._Element) -> bytes:
    return etree.tostring(element, method="c14n", exclusive=True, with_comments=False)
