"""A night as the machines of others hear it: the real window over HTTP, an EAS box, and an aggregator of each feed."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from broadcaster.alert.alert import RevisionKind
from broadcaster.dispatch.actor import Actor
from broadcaster.dispatch.documents.publish import publish
from broadcaster.feeds import cap, signature
from broadcaster.local import borders
from broadcaster.settings import Mode
from broadcaster.store.database import Sessions
from tests import factories
from tests.factories import House, directory, furnish
from tests.flow import installation, story
from tests.flow.test_the_line_changes import confirmed, follow
from tests.flow.test_what_comes_back import free_port
from tests.readers import web
from tests.readers.aggregator import Aggregator
from tests.readers.eas_box import EasBox

EVERYONE = {"+15085550111": ["town-1", "town-2", "town-3"]}
BEGAN = datetime.now(UTC).replace(microsecond=0) - timedelta(minutes=45)
FORGERY = cap.identifier("broadcaster", "forged", 1)


@dataclass
class Night(House):
    """A live authority at a moment of its own, whose files stand in a folder; `keys` are its signing key and
    certificate."""

    now: datetime = BEGAN
    folder: Path = Path()
    keys: tuple[bytes, bytes] = field(default=(b"", b""))

    def actor(self, session: object, user: int | None = None) -> Actor:
        """Somebody who acts at this moment."""
        return replace(super().actor(session, user), now=self.now)

    def publish(self) -> None:
        """Write the files as the sweep does."""
        publish(self.sessions, self.office, self.folder, datetime.now(UTC))


@pytest.fixture
def night(sessions: Sessions, tmp_path: Path) -> Night:
    house = furnish(sessions, directory(3), EVERYONE)
    keys = signature.make_demo_certificate(BEGAN)
    with sessions.begin() as session:
        borders.install(session, "25")
    office = replace(factories.office(Mode.LIVE, signing=keys), clear_on=frozenset({"EAS"}))
    made = Night(sessions, office, house.issuer, house.approver, folder=tmp_path / "public", keys=keys)
    made.publish()
    return made


@contextmanager
def window(night: Night) -> Iterator[str]:
    """The window as a process of its own; its address."""
    port = free_port()
    env = installation.environment("", "", "", night.folder.parent / "data")
    with installation.process(env, "window", "--port", str(port), "--dir", str(night.folder)):
        url = f"http://127.0.0.1:{port}"
        story.until(lambda: _answers(url))
        yield url


def _answers(url: str) -> bool:
    try:
        return web.get(f"{url}/healthz").status == 200
    except OSError:
        return False


def content(night: Night) -> factories.Content:
    words = factories.content()
    return replace(words, began=night.now, expires=BEGAN + timedelta(hours=3), next_update=None)


def go_on(night: Night, first: int, kind: RevisionKind, minutes: int, **changes: object) -> None:
    """The next revision, so many minutes after the beginning, published."""
    night.now = BEGAN + timedelta(minutes=minutes)
    follow(night, first, kind, **changes)
    night.publish()


def box_of(night: Night, url: str) -> EasBox:
    return EasBox(url, night.keys[1], {"025027": "Worcester County, Massachusetts"})


def hear(box: EasBox) -> None:
    """It asks for the whole night again, as one that was switched off: it must know what it has aired."""
    box.since = BEGAN - timedelta(minutes=1)
    assert box.poll(datetime.now(UTC)) == 200


def test_a_box_airs_the_outage_its_update_and_its_end_once_each(night: Night) -> None:
    with window(night) as url:
        box = box_of(night, url)
        hear(box)
        assert (box.aired, box.dropped) == ([], [])
        first = night.release(content(night))
        night.publish()
        hear(box)
        hear(box)
        go_on(night, first, RevisionKind.UPDATE, 20)
        hear(box)
        go_on(night, first, RevisionKind.ALL_CLEAR, 40, confirmations=confirmed(EVERYONE))
        hear(box)
        hear(box)
    stamp = [f"{BEGAN + timedelta(minutes=minutes):%j%H%M}" for minutes in (0, 20, 40)]
    assert [one.header for one in box.aired] == [
        f"ZCZC-CIV-TOE-025000+0300-{stamp[0]}-WXYZ/FM -",
        f"ZCZC-CIV-TOE-025000+0200-{stamp[1]}-WXYZ/FM -",
        f"ZCZC-CIV-ADR-025000+0200-{stamp[2]}-WXYZ/FM -",
    ]
    assert "508-555-0100" in box.aired[0].text or "911.example" in box.aired[0].text
    assert all(len(one.text) <= 1800 and "***" not in one.text for one in box.aired)
    assert box.dropped == []


def test_a_false_alarm_is_logged_and_never_aired(night: Night) -> None:
    first = night.release(content(night))
    go_on(night, first, RevisionKind.FALSE_ALARM, 5)
    with window(night) as url:
        box = box_of(night, url)
        hear(box)
    assert [one.why for one in box.dropped] == ["logged: Cancel"]
    assert len(box.aired) == 1


def test_a_forged_document_among_the_files_is_not_believed(night: Night) -> None:
    night.release(content(night))
    night.publish()
    (real,) = (night.folder / "cap").glob("*.xml")
    forged = real.read_bytes().replace(real.stem.encode(), FORGERY.encode()).replace(b"911", b"912")
    (night.folder / "cap" / f"{FORGERY}.xml").write_bytes(forged)
    with window(night) as url:
        box = box_of(night, url)
        hear(box)
    assert [(one.identifier, one.why) for one in box.dropped] == [(FORGERY, "not signed by the trusted certificate")]
    assert [one.identifier for one in box.aired] == [real.stem]


@pytest.mark.parametrize("feed", ["cap/index.atom", "cap/index.rss"])
def test_an_aggregator_shows_the_thread_and_fetches_each_document_once(night: Night, feed: str) -> None:
    public, now = night.office.public_base_url, datetime.now(UTC)
    with window(night) as url:
        one = Aggregator(f"{public}/{feed}", public, url)
        one.poll(now)
        one.poll(now)
        assert one.statuses == [200, 304] and one.kept == {}
        first = night.release(content(night))
        night.publish()
        one.poll(now)
        one.poll(now)
        go_on(night, first, RevisionKind.UPDATE, 20)
        one.poll(now)
        one.poll(now)
        assert one.statuses == [200, 304, 200, 304, 200, 304]
        assert one.fetched == 2 and one.ignored == {}
        alert, news = one.kept.values()
        assert (alert.kind, alert.references, news.kind) == ("Alert", (), "Update")
        assert news.references == (alert.identifier,)
        assert alert.polygons == news.polygons != ()
        assert "911 is down" in alert.headline
        replayed = Aggregator(f"{public}/{feed}", public, url)  # it lost its memory
        replayed.poll(now)
        assert replayed.kept == one.kept
        for kept in one.kept:
            answer = web.get(kept.replace(public, url))
            assert "immutable" in answer.headers["cache-control"]
            assert web.get(kept.replace(public, url), {"If-None-Match": answer.headers["etag"]}).status == 304


def test_an_aggregator_ignores_an_exercise_and_what_is_over(night: Night) -> None:
    public, now = night.office.public_base_url, datetime.now(UTC)
    night.office = factories.office(Mode.DEMO, signing=night.keys)
    night.release(content(night))
    night.office = factories.office(Mode.LIVE, signing=night.keys)
    night.release(content(night))
    night.publish()
    with window(night) as url:
        one = Aggregator(f"{public}/cap/index.atom", public, url)
        one.poll(now)
        late = Aggregator(f"{public}/cap/index.atom", public, url)
        late.poll(BEGAN + timedelta(hours=4))
    assert list(one.ignored.values()) == ["status Exercise"] and len(one.kept) == 1
    assert sorted(late.ignored.values()) == ["expired", "status Exercise"] and late.kept == {}
