"""Published beside approved: a wrapper changes nothing, and whatever else is changed is named by what it means."""

from __future__ import annotations

import pytest

from broadcaster.feeds import cap
from broadcaster.feeds.cap import CapRefused
from broadcaster.feeds.capvalues import NAMESPACE
from broadcaster.feeds.echo import Echo, Verdict, echoed
from tests.unit.feeds import samples

APPROVED = cap.serialise(cap.build(samples.facts(samples.RevisionKind.INITIAL)))
INSIDE = APPROVED.partition(b"?>")[2].strip().decode()


def feed(*alerts: str) -> bytes:
    """As FEMA's feeds hold alerts."""
    return f'<ns1:alerts xmlns:ns1="http://gov.fema.ipaws.services/feed">{"".join(alerts)}</ns1:alerts>'.encode()


CHANGED = {
    "nothing, but white space around it": (lambda it: f"\n  {it}\n", Echo(Verdict.SAME)),
    "a namespace said twice": (lambda it: it.replace("<info>", f"<info xmlns=\"{NAMESPACE}\">", 1), Echo(Verdict.SAME)),
    "the area": (lambda it: it.replace("<areaDesc>", "<areaDesc>All of ", 1), Echo(Verdict.DIFFERS, ("area",))),
    "a headline": (lambda it: it.replace("<headline>", "<headline>Not ", 1), Echo(Verdict.DIFFERS, ("words",))),
    "the end": (lambda it: it.replace("<expires>2", "<expires>3", 1), Echo(Verdict.DIFFERS, ("times",))),
    "the status": (lambda it: it.replace("<status>", "<status>x", 1), Echo(Verdict.DIFFERS, ("kind",))),
    "who sent it": (lambda it: it.replace("<sender>", "<sender>x", 1), Echo(Verdict.DIFFERS, ("else",))),
    "its name": (lambda it: it.replace("<identifier>", "<identifier>x", 1), Echo(Verdict.MISSING)),
}  # fmt: skip


@pytest.mark.parametrize("what", CHANGED)
def test_what_is_another(what: str) -> None:
    change, echo = CHANGED[what]
    published = change(INSIDE)
    assert published != INSIDE
    assert echoed(APPROVED, feed("<other/>", published)) == echo


def test_an_empty_feed_and_one_that_is_none() -> None:
    assert echoed(APPROVED, feed()) == Echo(Verdict.MISSING)
    with pytest.raises(CapRefused):
        echoed(APPROVED, b"<html><body>Sorry</html>")
