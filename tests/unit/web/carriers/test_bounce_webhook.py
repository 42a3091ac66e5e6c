"""Mail that comes back by HTTP: only with the token, durable before 204, and what is no report changes nothing."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from sqlalchemy import event
from sqlalchemy.exc import OperationalError

from broadcaster.channels.agency_email import message_id
from broadcaster.receipts.bounces import LARGEST
from broadcaster.settings import Settings
from broadcaster.store.database import Sessions
from broadcaster.store.fanout.deliveries import Delivery, Receipt
from broadcaster.web.carriers.bounces import BOUNCE
from tests import onair
from tests.onair import SECRET
from tests.unit.receipts.reports import answer, nested, report
from tests.webhooks import Caller, Told, caller

TOKEN = "Tq8mT4vN1xR7cK2wP9sL5dH3jF6gB0yA"
SENDER = "alerts@state911.example"


def settings_of(token: str = TOKEN) -> Settings:
    return onair.settings(bounce_token=token, mail_from=SENDER)


@pytest.fixture
def client(sessions: Sessions) -> Iterator[Caller]:
    """The callbacks of an installation that has a token."""
    with caller(sessions, settings_of()) as made:
        yield made


def post(client: Caller, raw: bytes, header: str = f"Bearer {TOKEN}", path: str = BOUNCE) -> int:
    headers = {"authorization": header, "content-type": "message/rfc822", "content-length": str(len(raw))}
    return client.ask(Told("POST", path, "", raw, headers))[0]


def a_mail(sessions: Sessions) -> str:
    """The Message-ID of a mail that the relay has accepted."""
    with sessions.begin() as session:
        air = onair.on_air(session)
        fanout = onair.agencies(session, air, ["Lynn Police"])
        return message_id(SECRET, "state911.example", fanout, air.agencies["Lynn Police"])


def kept(sessions: Sessions) -> tuple[int, str]:
    with sessions() as session:
        return session.query(Receipt).count(), session.query(Delivery).filter_by(state="accepted").one().handset


def test_a_bounce_is_kept_once_and_applied_before_it_is_acknowledged(sessions: Sessions, client: Caller) -> None:
    raw = report(a_mail(sessions))
    assert [post(client, raw) for _ in range(2)] == [204, 204]
    assert kept(sessions) == (1, "undelivered")


@pytest.mark.parametrize("header", ["", "Bearer ", "Bearer wrong", TOKEN[:-1], f"Basic {TOKEN}", "Bearer \xe9"])
def test_without_the_token_nothing_is_read(sessions: Sessions, client: Caller, header: str) -> None:
    raw = report(a_mail(sessions))
    assert post(client, raw, header) == 401
    assert kept(sessions) == (0, "none")


def test_without_a_setting_there_is_no_such_address(sessions: Sessions) -> None:
    raw = report(a_mail(sessions))
    with caller(sessions, settings_of(token="")) as client:
        assert [post(client, raw, header) for header in ("", "Bearer ")] == [404, 404]


def test_what_is_no_report_or_is_not_read_changes_nothing(sessions: Sessions, client: Caller) -> None:
    ours = a_mail(sessions)
    told = {202: answer(ours), 422: nested(500), 413: report(ours) + b"x" * LARGEST}
    assert {status: post(client, raw) for status, raw in told.items()} == {status: status for status in told}
    assert kept(sessions) == (0, "none")


def test_with_the_database_away_nothing_is_acknowledged(sessions: Sessions, client: Caller) -> None:
    raw, engine = report(a_mail(sessions)), sessions.kw["bind"]

    def away(_: object, __: object, statement: str, *___: object) -> None:
        raise OperationalError(statement, None, ConnectionError("away"))

    event.listen(engine, "before_cursor_execute", away)
    assert post(client, raw) == 503
    event.remove(engine, "before_cursor_execute", away)
    assert post(client, raw) == 204
    assert kept(sessions) == (1, "undelivered")


def test_a_large_report_is_taken_here_and_nowhere_else(sessions: Sessions, client: Caller) -> None:
    assert post(client, report(a_mail(sessions)) + b"x" * 100_000) == 204
    assert post(client, b"x" * 100_000, path="/callbacks/twilio/status") == 413
