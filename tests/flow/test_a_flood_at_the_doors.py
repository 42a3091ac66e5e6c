"""A flood at the sign-in and the public pages, on the server as `broadcaster web` starts it: an alert is written and
approved meanwhile, and nobody is refused. The whole 10,000 with the figure of reliability.md is row 27 of the chaos."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from broadcaster.channels.files import publish
from broadcaster.feeds import public_page
from broadcaster.store.database import Sessions
from tests.desk import ISSUER, SECOND, released
from tests.flow.served import Served, furnished, served
from tests.flow.story import until
from tests.unit.feeds.samples import on_air, snapshot
from tests.wire import Flood, percentile

AT_LEAST = 1500


@pytest.fixture
def desk(database_url: str, tmp_path: Path) -> Iterator[Served]:
    """A desk with the public page behind it."""
    publish(tmp_path, public_page.files(snapshot(on_air())), {})
    with served(database_url, tmp_path, PUBLISH_DIR=str(tmp_path)) as made:
        yield made


def said(line: str) -> None:
    """For `pytest -s`: a figure of this machine at this moment, which no test judges."""
    sys.stdout.write(f"{line}\n")


def test_an_alert_is_written_and_approved_in_a_flood(sessions: Sessions, desk: Served) -> None:
    people = furnished(sessions)
    with Flood(desk.base, at_least=AT_LEAST).coming() as flood:
        until(lambda: flood.answers.total() > 200)
        author, second = desk.browser(people, ISSUER), desk.browser(people, SECOND)
        alert = released(people, author, second, SECOND)
        assert second.open(alert).status == 200
    took = [*author.client.took, *second.client.took]
    half, most = percentile(took, 0.5), percentile(took, 0.99)
    said(f"{flood.answers.total()} answers; {len(took)} of the desk, p50 {half:.2f} s, p99 {most:.2f} s")
    assert flood.refused == {}
    assert flood.answers.total() >= AT_LEAST and flood.answers[422] > 0
