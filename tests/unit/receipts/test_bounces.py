"""Mail that comes back: what a report says in our words, and that nobody can make one up or choke us with one."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from broadcaster.alert.delivery import Handset
from broadcaster.channels.agency_email import envelope_id, message_id
from broadcaster.receipts.bounces import LARGEST, Desk, NoReport, Refused, Report, read
from broadcaster.store.database import Sessions
from broadcaster.store.fanout.deliveries import Delivery, Followup, Receipt, Sighting
from broadcaster.values import Keyring
from tests import onair
from tests.onair import NOW, SEALER
from tests.unit.receipts.reports import SECRET, answer, nested, report, returned

KEYS = Keyring(SECRET)
OURS = message_id(SECRET, "state911.example", 3, 7)
ENVELOPE = envelope_id(SECRET, 3, 7)

SAID = [
    ("failed", "5.1.1", Handset.UNDELIVERED, "5.1.1"),
    (" Failed ", "5.2.2 (mailbox full)", Handset.UNDELIVERED, "5.2.2"),
    ("failed", "4.4.7", Handset.UNDELIVERED, "4.4.7"),
    ("failed", "", Handset.UNDELIVERED, ""),
    ("delayed", "4.4.1", Handset.NONE, "4.4.1"),
    ("delivered", "2.1.5", Handset.DELIVERED, "2.1.5"),
    ("relayed", "2.1.9", Handset.SENT, "2.1.9"),
    ("expanded", "2.1.5", Handset.SENT, "2.1.5"),
]


@pytest.mark.parametrize(("action", "status", "handset", "code"), SAID)
def test_what_a_report_says_in_our_words(action: str, status: str, handset: Handset, code: str) -> None:
    found = read(report(OURS, action, status), KEYS)
    assert found == Report(3, 7, action.strip().lower(), code)
    assert found.handset is handset


SHAPES = {
    "headers returned": report(OURS),
    "the mail returned": report(OURS, headers="message/rfc822"),
    "named by its envelope id": report(envelope=ENVELOPE),
    "addresses beyond ASCII": report(OURS, fields="message/global-delivery-status", headers="message/global-headers"),
    "CRLF": report(OURS).replace(b"\n", b"\r\n"),
    "named in a field": report().replace(b"Reporting-MTA", f"Original-Message-ID: {OURS}\nReporting-MTA".encode()),
    "headers in base64": report(OURS, headers="text/rfc822-headers\nContent-Transfer-Encoding: 8bit"),
    "a charset that nobody knows": report(OURS).replace(b"utf-8", b"klingon"),
    "two recipients, one of them reached": report(OURS).replace(
        b"Action: failed", b"Action: delivered\nStatus: 2.0.0\n\nFinal-Recipient: rfc822; x@y.example\nAction: failed"
    ),
}


@pytest.mark.parametrize("name", SHAPES)
def test_a_report_in_every_shape(name: str) -> None:
    assert read(SHAPES[name], KEYS) == Report(3, 7, "failed", "5.1.1")


NONE = {
    "a vacation notice": (answer(OURS), "not_a_delivery_report"),
    "spam": (b"Subject: cheap\n\nbuy", "not_a_delivery_report"),
    "nothing": (b"", "not_a_delivery_report"),
    "a read receipt": (report(OURS, fields="message/disposition-notification"), "not_a_delivery_report"),
    "a report that quotes a report": (b"Content-Type: message/rfc822\n\n" + report(OURS), "not_a_delivery_report"),
    "about nobody's mail": (report(), "not_about_our_mail"),
    "about another's mail": (report("<3.7@state911.example>"), "not_about_our_mail"),
    "forged for another agency": (report(OURS.replace("<3.7", "<3.8")), "not_about_our_mail"),
    "forged for another alert": (report(envelope=ENVELOPE.replace("3.7", "4.7")), "not_about_our_mail"),
    "signed by another": (report(message_id("t" * 40, "state911.example", 3, 7)), "not_about_our_mail"),
    "an action that is none": (report(OURS, action="exploded"), "says_nothing"),
    "a proof in the text alone": (report().replace(b"This mail", OURS.encode()), "not_about_our_mail"),
}


@pytest.mark.parametrize("name", NONE)
def test_what_is_no_report_says_why(name: str) -> None:
    raw, why = NONE[name]
    with pytest.raises(NoReport) as caught:
        read(raw, KEYS)
    assert caught.value.why == why


LONG = report(OURS).replace(b"multipart/report; ", b'multipart/report; x="' + b";\r ;" * 9000)
HOSTILE = {
    "a header without end": (LONG, "too_long_a_header"),
    "a header without end, in old line ends": (
        LONG.replace(b"\r ;", b";;;").replace(b"\n", b"\r"),
        "too_long_a_header",
    ),
    "huge": (report(OURS) + b"x" * LARGEST, "too_large"),
    "nested without end": (nested(2000), "too_many_parts"),
    "mails in mails in mails": (
        b'Content-Type: multipart/report; boundary="b"\n\n--b\n' + b"Content-Type: message/rfc822\n\n" * 3000,
        "too_many_parts",
    ),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_what_would_choke_us_is_not_opened(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def opened(_: bytes) -> None:
        raise AssertionError("it was parsed")

    monkeypatch.setattr("broadcaster.receipts.bounces.message_from_bytes", opened)
    raw, why = HOSTILE[name]
    with pytest.raises(Refused) as caught:
        read(raw, KEYS)
    assert caught.value.why == why


@settings(max_examples=60, suppress_health_check=[HealthCheck.too_slow])  # a mail is long to make
@given(data=st.data())
def test_whatever_comes_is_a_report_or_said_to_be_none(data: st.DataObject) -> None:
    raw = bytearray(data.draw(st.sampled_from([SHAPES["the mail returned"], *SHAPES.values(), nested(8)])))
    junk = st.one_of(
        st.binary(max_size=8), st.sampled_from([b"\n\n", b"=?x?b?", b"--b\n", b"charset*=", b"\xff", b"; ;"])
    )
    for _ in range(data.draw(st.integers(0, 8))):
        at = data.draw(st.integers(0, len(raw)))
        raw[at : at + data.draw(st.integers(0, 40))] = data.draw(junk)
    try:
        assert read(bytes(raw), KEYS).fanout == 3
    except (NoReport, Refused) as error:
        assert error.why


def test_a_report_about_a_mail_that_we_do_not_hold_changes_nothing(sessions: Sessions) -> None:
    with sessions.begin() as session:
        Desk(KEYS, "state911.example", SEALER).take(session, report(OURS))
        assert session.query(Receipt).count() == 0


def states(sessions: Sessions, start: str, *reports: tuple[str, str]) -> tuple[str, str, str, int, int]:
    """Where a mail stands that began at `start` after some reports: state, handset, reason, receipts, follow-ups."""
    with sessions.begin() as session:
        air = onair.on_air(session)
        fanout = onair.agencies(session, air, ["Lynn Police"])
        there = air.agencies["Lynn Police"]
        row = session.query(Delivery).filter_by(fanout_id=fanout).one()
        row.state, _, row.handset = start.partition("/")
        if kind := {"unknown": "ask", "sending": "ask", "queued": "retry"}.get(row.state):
            times = {"due": NOW, "started_at": NOW, "settle_at": NOW}
            session.add(Followup(fanout_id=fanout, address_id=there, kind=kind, n=1, **times))
        session.flush()
        desk = Desk(KEYS, "state911.example", SEALER)
        for action, status in reports:
            desk.take(session, report(message_id(SECRET, "state911.example", fanout, there), action, status))
        session.refresh(row)
        later = session.query(Followup).filter_by(fanout_id=fanout).count()
        assert session.query(Sighting).count() == 0
        return row.state, row.handset, row.reason, session.query(Receipt).count(), later


FAILED, DELAYED, DELIVERED = ("failed", "5.1.1"), ("delayed", "4.4.1"), ("delivered", "2.1.5")
STORIES = [
    ("accepted/none", [FAILED], ("accepted", "undelivered", "5.1.1", 1, 0)),
    ("accepted/none", [FAILED, FAILED, FAILED], ("accepted", "undelivered", "5.1.1", 1, 0)),
    ("accepted/none", [DELAYED], ("accepted", "none", "", 1, 0)),
    ("accepted/none", [DELAYED, FAILED], ("accepted", "undelivered", "5.1.1", 2, 0)),
    ("accepted/none", [FAILED, DELAYED], ("accepted", "undelivered", "5.1.1", 2, 0)),
    ("accepted/none", [DELIVERED, FAILED], ("accepted", "delivered", "", 2, 0)),
    ("accepted/none", [FAILED, DELIVERED], ("accepted", "delivered", "", 2, 0)),
    ("unknown/none", [FAILED], ("accepted", "undelivered", "5.1.1", 1, 0)),
    ("unknown/none", [DELAYED], ("accepted", "none", "", 1, 0)),
    ("sending/none", [FAILED], ("accepted", "undelivered", "5.1.1", 1, 0)),
    ("queued/none", [FAILED], ("queued", "none", "", 1, 1)),
    ("rejected/none", [FAILED], ("rejected", "none", "", 1, 0)),
]


@pytest.mark.parametrize(("start", "reports", "expected"), STORIES)
def test_where_a_mail_stands_after_its_reports(
    sessions: Sessions, start: str, reports: list[tuple[str, str]], expected: tuple[str, str, str, int, int]
) -> None:
    assert states(sessions, start, *reports) == expected


def test_a_report_is_kept_sealed(sessions: Sessions) -> None:
    states(sessions, "accepted/none", FAILED)
    with sessions() as session:
        row = session.query(Receipt).one()
        assert row.raw_enc is not None and b"desk@lynn.example" not in row.raw_enc
        raw = SEALER.open(row.raw_enc, f"receipt:{row.ref}".encode())
    assert returned(row.ref).splitlines()[1] in raw and (row.carrier, row.status, row.code) == (
        "smtp",
        "failed",
        "5.1.1",
    )


def test_a_report_about_a_mail_of_before_the_key_changed_is_read_while_that_key_is_set() -> None:
    new = "another-secret-of-the-tests-0123456789"
    assert read(report(OURS), Keyring(new, SECRET)).fanout == 3
    with pytest.raises(NoReport):
        read(report(OURS), Keyring(new))
