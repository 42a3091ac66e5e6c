"""What a release decides without a database: who goes first, by which queue, and the moment that its document says."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

import pytest

from broadcaster.alert.alert import RevisionKind
from broadcaster.alert.lifecycle import AlertKind
from broadcaster.dispatch import release
from broadcaster.dispatch.release import Releasing

NOW = datetime(2026, 6, 18, 16, 0, 0, 250_000, tzinfo=UTC)
WHOLE = NOW.replace(microsecond=0)
PRIORITIES = {
    RevisionKind.INITIAL: 1, RevisionKind.NUMBER_CHANGE: 1, RevisionKind.FALSE_ALARM: 1, RevisionKind.ALL_CLEAR: 2,
    RevisionKind.UPDATE: 3, RevisionKind.RESTORED_IN_PART: 3,
}  # fmt: skip


def releasing(kind: RevisionKind = RevisionKind.INITIAL, alert: AlertKind = AlertKind.OUTAGE) -> Releasing:
    row = SimpleNamespace(kind=kind.value, alert=SimpleNamespace(kind=alert.value), alert_id=1)
    return Releasing(None, None, None, row, NOW)  # type: ignore[arg-type]


@pytest.mark.parametrize("kind", RevisionKind)
def test_what_is_new_goes_before_what_goes_on_and_a_test_after_everything(kind: RevisionKind) -> None:
    assert releasing(kind).priority == PRIORITIES[kind]
    assert releasing(kind, AlertKind.TEST).priority == 9 > max(PRIORITIES.values())


@pytest.mark.parametrize(("channel", "queue"), [("sms", "sms"), ("voice", "urgent"), ("email", "urgent")])
def test_texts_have_a_queue_of_their_own(channel: str, queue: str) -> None:
    assert release._queue(channel) == queue


SENT = {
    "nothing was sent before": (None, WHOLE),
    "the last one is of before": (WHOLE - timedelta(seconds=1), WHOLE),
    "the last one is of now": (WHOLE, WHOLE),
    "the clock was set back a little": (WHOLE + timedelta(seconds=1), WHOLE + timedelta(seconds=1)),
    "as far as is believed": (WHOLE + timedelta(seconds=299), WHOLE + timedelta(seconds=299)),
    "further: IPAWS would take it for stale": (WHOLE + timedelta(minutes=5), WHOLE),
}


@pytest.mark.parametrize("case", SENT)
def test_a_document_is_never_of_before_the_one_that_it_goes_on_with(case: str, monkeypatch: pytest.MonkeyPatch) -> None:
    last, sent = SENT[case]
    monkeypatch.setattr(release.alerts, "last_sent", lambda *_: last)
    assert release._sent(releasing()) == sent
