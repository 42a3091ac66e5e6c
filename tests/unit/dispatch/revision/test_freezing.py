"""Submit: with what a draft is rendered, and what is written of it, once; a draft that is stopped writes nothing."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

import pytest

from broadcaster.alert import alert as heart
from broadcaster.alert.alert import Area, Content, RevisionKind
from broadcaster.alert.lifecycle import AlertKind, Tier
from broadcaster.directory import County
from broadcaster.dispatch.revision import plan
from broadcaster.dispatch.revision.plan import Draft
from broadcaster.dispatch.revision.render import Text
from broadcaster.feeds.cap import InfoTexts
from broadcaster.feeds.finding import Concern, warning
from broadcaster.messages.message import Message
from broadcaster.messages.volume import RESIDENTS
from broadcaster.settings import Mode
from tests.factories import content, directory, office

NOW = datetime(2026, 6, 18, 16, 0, tzinfo=UTC)
PLACES = replace(directory(3), counties=(County("25027", "Worcester"), County("25001", "Barnstable")))
"""Three towns in one county, and none in the other."""
WORDS = content()
ANSWERED = replace(WORDS, note="answered")
SAID: Any = SimpleNamespace(outlines="outlines", silent=frozenset({("town-1", "es")}), beside="beside")


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[tuple[object, ...]]:
    """Every question about wordings, and what else the store would say."""
    found: list[tuple[object, ...]] = []

    def books(_: object, *volume: object, strict: bool) -> object:
        found.append((*volume, strict))
        return SimpleNamespace(of=volume)

    def answered(words: Content, places: object, told: object) -> object:
        assert places is PLACES
        found.append(("answers", told))
        return ANSWERED.answers

    def standing(_: object, alert: object, kind: object, words: Content, now: object) -> object:
        found.append(("beside", alert, kind, words.beside, now))
        return ()

    released = [SimpleNamespace(frozen_at=NOW.replace(hour=hour), content=later(hour)) for hour in (13, 14)]
    monkeypatch.setattr(plan.wordings, "books", books)
    monkeypatch.setattr(plan.render, "answered", answered)
    monkeypatch.setattr(plan.beside, "standing", standing)
    monkeypatch.setattr(plan.texts, "told_communities", lambda _, alert: ["town-2"] if alert == 5 else [])
    monkeypatch.setattr(
        plan.alerts, "released_revisions", lambda _, alert, tier: released if (alert, tier) == (5, Tier.PUBLIC) else []
    )
    monkeypatch.setattr(plan.where, "known", lambda _, fips: f"outlines of {fips}")
    monkeypatch.setattr(plan.residents, "cannot_call", lambda _: SAID.silent)
    monkeypatch.setattr(plan.senders, "is_set_up", lambda _, channel: channel == "voice")
    return found


def later(hour: int) -> dict[str, object]:
    return heart.content_to_json(replace(WORDS, note=f"said at {hour}"))


def test_a_first_draft_has_no_history(asked: list[tuple[object, ...]]) -> None:
    work = plan.work_for(None, office(), PLACES, Draft(None, RevisionKind.INITIAL, WORDS), NOW)  # type: ignore[arg-type]
    edition = work.edition
    assert (work.told, edition.earlier, edition.previous, edition.reference, edition.is_test) == (
        (),
        None,
        None,
        "",
        False,
    )
    assert (edition.kind, edition.issued, work.directory, work.calls) == (RevisionKind.INITIAL, NOW, PLACES, True)
    assert (work.outlines, work.cannot_call) == ("outlines of 25", SAID.silent)
    assert asked == [
        ("answers", ()), ("beside", None, RevisionKind.INITIAL, (), NOW), (False,), (RESIDENTS, False),
    ]  # fmt: skip


@pytest.mark.parametrize("kind", [AlertKind.OUTAGE, AlertKind.TEST])
@pytest.mark.parametrize("mode", [Mode.LIVE, Mode.TRAINING])
def test_a_later_one_goes_on_from_what_was_released_last(
    kind: AlertKind, mode: Mode, asked: list[tuple[object, ...]]
) -> None:
    """Words that nobody has reviewed are held back where it is live, and only there."""
    alert: Any = SimpleNamespace(id=5, public_id="abc", kind=kind.value)
    draft = Draft(alert, RevisionKind.UPDATE, WORDS)
    work = plan.work_for(None, office(mode), PLACES, draft, NOW)  # type: ignore[arg-type]
    edition = work.edition
    assert work.told == ("town-2",)
    assert (edition.earlier, edition.reference) == (NOW.replace(hour=14), "abc")
    assert edition.previous == heart.content_from_json(later(14))
    assert edition.is_test is (kind is AlertKind.TEST)
    assert asked[0] == ("answers", ["town-2"])
    assert asked[2:] == [(mode is Mode.LIVE,), (RESIDENTS, mode is Mode.LIVE)]


# What is written

INFO = json.dumps({name: name[0] for name in InfoTexts.__dataclass_fields__})
FINDING = warning("long", "/alert/info", "It is long.", "CAP 1.2", Concern.WEA)
MADE = [
    Text("town-1", "en", "sms", Message("", "911 is down", ""), "GSM-7", 1),
    Text("town-1", "es", "sms_text", Message("", "El 911", ""), "UCS-2", 2),
    Text("town-2", "en", "voice", Message("en", "911 is down", "")),
    Text("town-1-police", "en", "mail", Message("911", "text", "<p>"), "", 1),
    Text("town-1-police", "en", "desk-sms", Message("", "911", ""), "GSM-7", 1),
    Text("all", "en", "cap", Message("", INFO, "")),
    Text("all", "en", "page", Message("911", "[]", "")),
]
IDS = [(1, None), (1, None), (2, None), (None, 7), (None, 7), (None, None), (None, None)]
"""Whose each text is: a community's, an agency's, or everybody's."""


class Flushes:
    """A session that counts."""

    flushed = 0

    def flush(self) -> None:
        self.flushed += 1


def row(words: Content = WORDS, *, canary: bool = False) -> Any:
    """A draft in the store."""
    alert = SimpleNamespace(public_id="abc", id=5, kind="canary" if canary else "outage", is_canary=canary)
    return SimpleNamespace(
        id=3, no=2, kind="initial", alert=alert, content=heart.content_to_json(words), hash=None, frozen_at=None,
        findings=["as before"],
    )  # fmt: skip


@pytest.fixture
def written(monkeypatch: pytest.MonkeyPatch) -> list[tuple[int, list[Any]]]:
    """What is frozen in the store."""
    found: list[tuple[int, list[Any]]] = []
    work = SimpleNamespace(content=ANSWERED)

    def work_for(session: object, bureau: object, places: object, draft: Draft, now: datetime) -> object:
        assert (draft.kind, draft.content, now) == (RevisionKind.INITIAL, WORDS, NOW)
        return work

    def judged(given: object, infos: list[Any], stamped: object) -> tuple[None, list[Any]]:
        assert (given, [info.headline for info in infos], stamped) == (work, ["h"], ("stamp", NOW, 2))
        return None, [FINDING]

    monkeypatch.setattr(plan, "work_for", work_for)
    monkeypatch.setattr(plan.render, "texts", lambda given: list(MADE) if given is work else [])
    monkeypatch.setattr(plan.cap_document, "judged", judged)
    monkeypatch.setattr(plan.stamp, "of", lambda _, given, now, before: ("stamp", now, before))
    monkeypatch.setattr(plan.directory_load, "community_ids", lambda _: {"town-1": 1, "town-2": 2})
    monkeypatch.setattr(plan.directory_load, "agency_ids", lambda _: {"town-1-police": 7})
    monkeypatch.setattr(plan.texts, "freeze", lambda _, revision, rows: found.append((revision, rows)))
    return found


def frozen(draft: Any) -> tuple[list[heart.Problem], int]:
    session = Flushes()
    return plan.freeze(session, office(), PLACES, draft, NOW), session.flushed  # type: ignore[arg-type]


def test_what_goes_out_is_written_with_its_audience_and_bound_by_one_hash(written: list[tuple[int, list[Any]]]) -> None:
    draft = row()
    assert frozen(draft) == ([], 1)
    ((revision, rows),) = written
    assert revision == 3
    assert [(one.community_id, one.agency_id) for one in rows] == IDS
    told = [(one.lang, one.form, one.sha, one.subject, one.text, one.html, one.encoding, one.segments) for one in rows]
    assert told == [
        (t.lang, t.form, t.sha, t.message.subject, t.message.text, t.message.html, t.encoding, t.segments) for t in MADE
    ]
    whole = heart.Revision("abc", 2, RevisionKind.INITIAL, ANSWERED, {text.key: text.sha for text in MADE})
    assert (draft.hash, draft.frozen_at) == (whole.hash, NOW)
    assert heart.content_from_json(draft.content) == ANSWERED, "its answers are resolved"
    assert json.loads(json.dumps(draft.findings)) == [plan._plain(FINDING)]


def test_of_a_canary_only_its_text_is_written_and_nothing_judged(written: list[tuple[int, list[Any]]]) -> None:
    draft = row(canary=True)
    assert frozen(draft) == ([], 1)
    assert [one.form for one in written[0][1]] == ["sms"]
    assert draft.findings == []
    assert draft.hash == heart.Revision("abc", 2, RevisionKind.INITIAL, ANSWERED, {MADE[0].key: MADE[0].sha}).hash


@pytest.mark.parametrize("area", [Area(), Area(counties=("25001",))], ids=["no area", "an area without a community"])
def test_a_draft_that_is_stopped_stays_a_draft(area: Area, written: list[tuple[int, list[Any]]]) -> None:
    draft = row(replace(WORDS, area=area))
    problems, flushed = frozen(draft)
    assert ([one.field for one in problems][:1], flushed, written) == (["area"], 0, [])
    assert (draft.hash, draft.frozen_at, draft.findings) == (None, None, ["as before"])
