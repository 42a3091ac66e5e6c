"""The agencies' mailboxes: what came is shown, nothing in it runs, and the faults are as asked for."""

from __future__ import annotations

import json
import smtplib
import urllib.error
import urllib.request
from collections.abc import Iterator
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from pathlib import Path
from typing import Any

import pytest

from broadcaster.local.mailbox import Mailboxes, start_in_thread
from broadcaster.local.mailbox.pages import linked
from broadcaster.local.mailbox.post import FaultError, Office


@pytest.fixture
def boxes() -> Iterator[Mailboxes]:
    with start_in_thread() as running:
        yield running


def mail(to: str = "desk@lynn.example", subject: str = "911 is <down>") -> EmailMessage:
    made = EmailMessage()
    made["From"], made["To"], made["Subject"], made["Message-ID"] = "a@b.example", to, subject, "<1.2@b.example>"
    made.set_content("Read this: https://alerts.example.gov/ack/1.2.abc. <script>")
    made.add_alternative("<h1>Down</h1><script>alert(1)</script>", subtype="html")
    return made


def post(boxes: Mailboxes, *mails: EmailMessage) -> None:
    with smtplib.SMTP(boxes.smtp_url.removeprefix("smtp://")) as client:
        for each in mails:
            client.send_message(each)


def get(url: str, data: bytes | None = None) -> tuple[int, str, Any]:
    try:
        with urllib.request.urlopen(urllib.request.Request(url, data)) as answer:
            return answer.status, answer.read().decode(), answer.headers
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.read().decode(), error.headers


def test_a_mail_can_be_found_by_its_mailbox_and_read(boxes: Mailboxes) -> None:
    post(boxes, mail(), mail("Desk@Lynn.example"), mail("desk@ayer.example"))
    assert "desk@ayer.example" in get(boxes.url)[1]
    assert get(f"{boxes.url}/box/desk@lynn.example")[1].count("<li>") == 2
    page = get(f"{boxes.url}/mail/1")[1]
    assert "911 is &lt;down&gt;" in page and "<script>" not in page
    assert 'href="https://alerts.example.gov/ack/1.2.abc"' in page
    assert [each["to"] for each in json.loads(get(f"{boxes.url}/sim/mails?to=desk@ayer.example")[1])] == [
        "desk@ayer.example"
    ]
    assert boxes.summary() == {"mails": 3, "mailboxes": 2, "doubles": 1, "unanswered": 0, "returned": 0, "refused": {}}


def test_the_html_of_a_mail_is_locked_up(boxes: Mailboxes) -> None:
    post(boxes, mail())
    status, _, headers = get(f"{boxes.url}/mail/1/html")
    assert status == 200
    policy = headers["Content-Security-Policy"]
    assert "sandbox" in policy and "allow-scripts" not in policy and "default-src 'none'" in policy


def test_what_is_not_there_is_404(boxes: Mailboxes) -> None:
    assert [get(f"{boxes.url}{path}")[0] for path in ("/mail/1", "/mail/0", "/nothing")] == [404, 404, 404]


def test_a_folder_keeps_the_source(tmp_path: Path) -> None:
    with start_in_thread(Office(tmp_path)) as running:
        post(running, mail())
    assert b"Message-ID: <1.2@b.example>" in (tmp_path / "000001.eml").read_bytes()


@pytest.mark.parametrize(
    ("faults", "error"),
    [
        ({"share_4xx": 1}, smtplib.SMTPRecipientsRefused),
        ({"share_5xx": 1}, smtplib.SMTPRecipientsRefused),
        ({"share_dropped_after_data": 1}, smtplib.SMTPServerDisconnected),
    ],
)
def test_faults(boxes: Mailboxes, faults: dict[str, float], error: type[Exception]) -> None:
    status, _, _ = get(f"{boxes.url}/sim/faults", json.dumps(faults).encode())
    assert status == 200
    with pytest.raises(error):
        post(boxes, mail())
    kept = 1 if "share_dropped_after_data" in faults else 0
    assert (boxes.summary()["mails"], boxes.summary()["unanswered"]) == (kept, kept)


def test_what_is_returned_is_reported_to_its_sender(tmp_path: Path) -> None:
    with start_in_thread(Office(bounces=tmp_path / "bounces")) as running:
        post(running, mail())
        running.set_faults(share_returned=1)
        post(running, mail("desk@ayer.example"))
        assert (running.summary()["mails"], running.summary()["returned"]) == (2, 1)
    (bounce,) = (tmp_path / "bounces" / "new").iterdir()
    read = message_from_bytes(bounce.read_bytes(), policy=default)
    assert (read.get_content_type(), read["To"]) == ("multipart/report", "a@b.example")
    _, fields, headers = read.iter_parts()
    assert [block["Action"] for block in fields.get_payload()] == [None, "failed"]
    assert fields.get_payload()[1]["Final-Recipient"] == "rfc822; desk@ayer.example"
    assert "Message-ID: <1.2@b.example>" in headers.get_content()


@pytest.mark.parametrize("body", [b'{"share_4xx": 2}', b'{"no": 1}', b'{"latency_s": "1"}', b"[]", b"{"])
def test_a_fault_that_is_none_is_refused_with_a_sentence(boxes: Mailboxes, body: bytes) -> None:
    status, said, _ = get(f"{boxes.url}/sim/faults", body)
    assert status == 422 and json.loads(said)["error"]
    with pytest.raises(FaultError):
        boxes.set_faults(share_4xx=-1)


def test_only_addresses_become_links() -> None:
    assert linked("<b> http://a.b/c?d=1&e=2.") == (
        '&lt;b&gt; <a href="http://a.b/c?d=1&amp;e=2" target="_blank" rel="noopener">http://a.b/c?d=1&amp;e=2</a>.'
    )
    assert linked("javascript:alert(1)") == "javascript:alert(1)"
