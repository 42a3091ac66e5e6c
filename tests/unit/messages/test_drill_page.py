"""Whoever is paged in a drill reads that it is one before anything else, and where to go."""

from __future__ import annotations

import pytest

from broadcaster.alert.alert import FailureKind
from broadcaster.messages.drill_page import FAILS, DrillWords


@pytest.mark.parametrize("failure", FailureKind)
@pytest.mark.parametrize(("practice", "mark"), [(False, "DRILL. "), (True, "TEST. DRILL. ")])
def test_drill_comes_first(failure: FailureKind, practice: bool, mark: str) -> None:
    words = DrillWords("State 911", failure, "Essex County", "https://911.example/x", practice)
    for text, mail in (words.to_issue(), words.to_approve()):
        assert text.text.startswith(f"{mark}State 911: ") and text.text.endswith("https://911.example/x")
        assert mail.subject.startswith(mark) and "This is a drill" in mail.text.partition("\n")[0]
        assert FAILS[failure].lower() in text.text.lower() and "Essex County" in mail.text
        assert "https://911.example/x" in mail.text
