"""Addresses and fields that PostgreSQL cannot keep: a sentence, and never a broken page."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from broadcaster.alert.alert import content_from_json
from broadcaster.store.alerting.alerts import Release, Revision
from broadcaster.store.database import Sessions
from tests.desk import BOTH, ISSUER, SECOND, Desk, walk

HUGE, ZERO = "9" * 27, "%00"


@pytest.fixture
def desk(sessions: Sessions) -> Desk:
    return Desk(sessions)


@pytest.mark.parametrize(
    "page",
    [
        *(f"/desk/{page}/{ZERO}" for page in ("alerts", "outages", "detector", "incoming", "notices")),
        f"/desk/alerts/{ZERO}/revisions/1",
        f"/desk/outages/{ZERO}/report",
        f"/desk/words/versions/{HUGE}",
        f"/desk/ledger/{HUGE}",
        f"/desk/people/{HUGE}",
        f"/desk/new?outage={ZERO}",
        f"/desk/new?draft={ZERO}",
    ],
)
def test_an_address_that_nothing_can_have(desk: Desk, page: str) -> None:
    author = desk.browser(BOTH)
    assert author.open(page).status in (200, 403, 404), author.words
    assert "broken" not in author.words
    assert author.client.post(page).status_code in (400, 403, 404, 405)


def test_a_revision_of_thirty_digits(desk: Desk) -> None:
    author = desk.browser(ISSUER)
    alert = walk(desk, author)
    assert author.open(f"{alert}/revisions/{HUGE}").status == 404


def test_a_character_of_code_zero_is_left_out_and_nothing_else(desk: Desk) -> None:
    author, second = desk.browser(ISSUER), desk.browser(SECOND)
    walk(desk, author, note="Fibre\0 cut", cause="Digger\0", outage="\0", drill="\0", known="\0")
    author.send("/submit")
    second.open(author.path).send("/return", reason="Which\0 town?")
    assert "Returned: “Which town?”" in second.words
    with desk.sessions.begin() as store:
        said = content_from_json(store.scalars(select(Revision)).one().content)
        assert (said.note, said.cause) == ("Fibre cut", "Digger")
        assert store.scalar(select(Release.reason).where(Release.tier == "public")) == "Which town?"
