"""Findings as a revision froze them: read back as they were, and a document is kept from its own channel alone."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from broadcaster.alert.alert import RevisionKind
from broadcaster.dispatch.revision import plan
from broadcaster.feeds.finding import Concern, Finding, Level, error, warning

WEA = error("long", "/alert/info", "It is too long.", "CMAM 5.1", Concern.WEA)


@pytest.mark.parametrize("finding", [WEA, error("a", "b", "c", "d"), warning("a", "b", "c", "d", Concern.EAS)])
def test_a_finding_comes_back_as_it_was(finding: Finding) -> None:
    assert plan.as_finding(plan._plain(finding)) == finding


def test_one_of_before_concerns_were_kept_concerns_everything() -> None:
    old = {name: value for name, value in plan._plain(WEA).items() if name != "concern"}
    assert plan.as_finding(old) == Finding("long", Level.ERROR, "/alert/info", "It is too long.", "CMAM 5.1")


@pytest.mark.parametrize(
    ("findings", "kept_from"),
    [
        ((), set()),
        ((warning("a", "b", "c", "d"),), set()),
        ((WEA,), {Concern.WEA}),
        ((warning("a", "b", "c", "d"), WEA), {Concern.WEA}),
        ((error("a", "b", "c", "d", Concern.FEED),), {Concern.FEED}),
        ((error("a", "b", "c", "d"),), set(Concern)),
    ],
)
def test_what_a_finding_keeps_a_revision_from(findings: tuple[Finding, ...], kept_from: set[Concern]) -> None:
    row = SimpleNamespace(findings=[plan._plain(each) for each in findings])
    assert {each for each in Concern if plan.blocked(row, each)} == kept_from  # type: ignore[arg-type]


@pytest.mark.parametrize("kind", RevisionKind)
def test_which_kinds_end_an_alert(kind: RevisionKind) -> None:
    ends = plan.is_ending(SimpleNamespace(kind=kind.value))  # type: ignore[arg-type]
    assert ends is (kind in (RevisionKind.ALL_CLEAR, RevisionKind.FALSE_ALARM))
