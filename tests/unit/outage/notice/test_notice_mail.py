"""A notice out of a mail: any order and spelling of labels, text or table; and whatever is no field is kept."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from broadcaster.outage.notice import mail as notice_mail
from broadcaster.outage.notice.fields import CONFIDENTIAL, LABELS, is_unknown
from broadcaster.outage.notice.mail import Mailed, NoMail
from broadcaster.outage.notice.rule import Confidential, Open
from broadcaster.outage.notice.times import moment
from broadcaster.store.agencies.provider_notices import NoticeKind

ZONE = ZoneInfo("America/New_York")
TOLD = datetime(2026, 6, 18, 17, 20, tzinfo=UTC)
"""13:20 in Massachusetts."""
QUARTER = datetime(2026, 6, 18, 17, 15, tzinfo=UTC)

TIMES = {
    **dict.fromkeys(
        [
            "2026-06-18T13:15-04:00", "2026-06-18 13:15", "06/18/2026 1:15 PM EDT", "6/18/26 13:15 ET",
            "13:15 EDT",
            "June 18, 2026 at 1:15 p.m. Eastern", "18 Jun 2026 1315 EST", "2026-06-18T17:15:00Z", "1:15 PM",
            "18-Jun-2026 17:15 UTC", "06/18/2026 13:15 (UTC-04:00)", "2026-06-18T17:15:00.25+0000",
            "Thu 6/18/2026 1315", "12:15 CDT",
        ],
        QUARTER,
    ),
    "11 PM": datetime(2026, 6, 19, 3, tzinfo=UTC),
    "12:05 am": datetime(2026, 6, 19, 4, 5, tzinfo=UTC),
    **dict.fromkeys(["soon", "06/18/2026", "13:15 - 14:15", "2026-06-18 25:00", "45/45/2026 10:00", "2026", ""], None),
}  # fmt: skip


@pytest.mark.parametrize("text", TIMES)
def test_a_time_as_providers_write_it(text: str) -> None:
    assert moment(text, ZONE, TOLD) == TIMES[text]


def mail(text: str = "", page: str = "", subject: str = "911 outage", sender: str = '"Example NOC" <noc@ex.example>'):
    made = EmailMessage()
    made["From"], made["Subject"] = sender, subject
    if text:
        made.set_content(text)
    if page:
        made.add_alternative(page, subtype="html") if text else made.set_content(page, subtype="html")
    return made


def read(made: EmailMessage) -> Mailed:
    return notice_mail.read(made.as_bytes(), ZONE, TOLD)


WHOLE = Open(
    provider="Example Telecom",
    ticket="ET-4711",
    kind=NoticeKind.INITIAL,
    discovered=QUARTER,
    began=QUARTER - timedelta(minutes=10),
    expected=QUARTER + timedelta(hours=2),
    services=("wireline voice", "text"),
    area="Middlesex County\nTown of Harvard",
    effect="Calls to 9-1-1 cannot be completed.",
)
SECRET = Confidential("Nora Noc", "617-555-0147", "noc@ex.example", "a firewall", "26-0042", "12/HCGS/345", "900,000")
NUMBERED = """To whom it may concern:

1. Unique Outage Identifier: ET-4711
2. Contact Name: Nora Noc
   Telephone - 617-555-0147
   E-mail: noc@ex.example
3) Provider(s) experiencing the outage: Example Telecom
4. Date and time outage began: 06/18/2026 1:05 PM EDT
5. Types of communications service affected:
   wireline voice, text
6. GEOGRAPHIC AREA AFFECTED: Middlesex County
   Town of Harvard
7. Effect on 9-1-1 = Calls to 9-1-1 cannot be completed.
8. Expected restoration: 06/18/2026 15:15 ET
9. Best-known cause: a firewall
10. Initial, update or final: Initial
Time of discovery: 13:15 EDT
NORS Number: 26-0042
Circuit ID: 12/HCGS/345
User-minutes: 900,000
Favourite colour: blue

--
Example Telecom, Springfield
"""
ROWS = {
    "Cause": "a firewall", "Type": "INITIAL notification", "ETR": "2026-06-18 15:15 -0400", "Circuits": "12/HCGS/345",
    "Ticket #": "ET-4711", "Contact": "Nora Noc", "Phone number": "617-555-0147", "Email": "noc@ex.example",
    "Provider": "Example Telecom", "Start Date/Time": "6/18/2026 13:05", "Services affected": "wireline voice; text",
    "Impacted area": "Middlesex County<br>Town of Harvard", "911 impact": "Calls to 9-1-1 cannot be completed.",
    "Discovery time": "1:15 PM", "NORS #": "26-0042", "Users affected": "900,000", "Favourite colour": "blue",
}  # fmt: skip
DOWN = "".join(f"<tr><th>{label}</th><td>{value}</td></tr>" for label, value in ROWS.items())
ACROSS = "".join(
    f"<tr>{''.join(f'<th>{label}</th>' for label, _ in some)}</tr><tr>{''.join(f'<td>{v}</td>' for _, v in some)}</tr>"
    for some in (list(ROWS.items())[:8], list(ROWS.items())[8:16])
)
BROKEN = "".join(f"<p>{label}: {value}</p>" for label, value in ROWS.items())
WAYS = {
    "numbered lines": (mail(NUMBERED), ["To whom it may concern", "Favourite colour: blue"]),
    "a table": (mail(page=f"<html><p>Dear PSAP</p><table>{DOWN}</table></html>"), ["Favourite colour", "Dear PSAP"]),
    "a table of labels above values": (mail(page=f"<table>{ACROSS}</table>"), []),
    "a table in a table": (mail(page=f"<table><tr><td><table>{DOWN}</table></td></tr></table>"), ["Favourite colour"]),
    "paragraphs": (mail(page=BROKEN), ["Favourite colour: blue"]),
    "a text that points to its page": (mail("See the table.", f"<table>{DOWN}</table>"), ["Favourite colour"]),
    "in another order": (mail("\n".join(reversed([f"{k}: {v}" for k, v in ROWS.items()]))), ["Favourite colour: blue"]),
}


@pytest.mark.parametrize("way", [way for way in WAYS if way != "in another order"])
def test_the_same_notice_in_every_form(way: str) -> None:
    made, left = WAYS[way]
    found = read(made)
    assert found.notice.open == WHOLE
    secret = found.notice.confidential
    assert {name: getattr(secret, name) for name in CONFIDENTIAL} == {n: getattr(SECRET, n) for n in CONFIDENTIAL}
    assert all(words in secret.unread for words in left), secret.unread
    assert ("blue" in secret.unread) is bool(left) and "Springfield" not in secret.unread


def test_every_label_in_every_spelling_of_ours_is_known() -> None:
    for name, labels in LABELS.items():
        for label in labels:
            value = "2026-06-18 13:15" if name in ("began", "discovered", "expected") else "final"
            spellings = [label, label.upper(), f"12. {label.title()}", f"* {label}"]
            found = [read(mail(f"Favourite colour: blue\n{each}: {value}\n")).notice for each in spellings]
            assert all(one == found[0] and one.confidential.unread.count("\n") == 1 for one in found), label
            assert found[0] != read(mail("Favourite colour: blue\n")).notice, label


LITTLE = {
    "the subject's ticket and kind": (
        mail("Area: Ayer", subject="UPDATE: outage ticket #EX-12"),
        Open("Example NOC", "EX-12", NoticeKind.UPDATE, area="Ayer"),
        "",
    ),
    "what they do not know": (mail("Cause: unknown\nETR: TBD\nArea: N/A\nTicket: 7"), Open("Example NOC", "7"), ""),
    "a time that nobody can read": (
        mail("Ticket: 7\nStart: after lunch"),
        Open("Example NOC", "7"),
        "Began: after lunch",
    ),
    "said twice": (mail("Ticket: 7\nTicket: 7\nTicket: 8"), Open("Example NOC", "7"), "Subject: 911 outage\nTicket: 8"),
    "free words": (mail("911 seems down in Ayer."), Open(), "Subject: 911 outage\n911 seems down in Ayer."),
    "an answer above a quotation": (
        mail("Ticket: 7\nStatus: final\n\nOn June 18 NOC wrote:\n> Ticket: 6\n"),
        Open("Example NOC", "7", NoticeKind.FINAL),
        "",
    ),
    "another script": (
        mail("Ticket: №7\nImpact: 911 недоступен"),
        Open("Example NOC", "№7", effect="911 недоступен"),
        "",
    ),
    "no sender": (mail("Ticket: 7", sender=""), Open("", "7"), ""),
    "only an address": (mail("Ticket: 7", sender="noc@ex.example"), Open("ex.example", "7"), ""),
}


@pytest.mark.parametrize("name", LITTLE)
def test_what_is_missing_and_what_is_left(name: str) -> None:
    made, wanted, unread = LITTLE[name]
    found = read(made).notice
    assert (found.open, found.confidential.unread) == (wanted, unread)
    assert found.is_readable is found.open.says_something


def test_an_attachment_is_not_opened_and_a_machines_answer_is_no_notice() -> None:
    made = mail("Ticket: 7\nArea: Ayer\n")
    made.add_attachment(b"Ticket: 8\n", maintype="text", subtype="plain", filename="notice.txt")
    assert read(made).notice.open == Open("Example NOC", "7", area="Ayer")
    away = mail("I am away")
    away["Auto-Submitted"] = "auto-replied"
    report = b"Content-Type: multipart/report; boundary=x\n\n--x--\n"
    for raw, why in ((away.as_bytes(), "automatic_answer"), (report, "report_of_a_mail_server")):
        with pytest.raises(NoMail) as refused:
            notice_mail.read(raw, ZONE, TOLD)
        assert refused.value.why == why


RECEIVED = {
    "from x by mx.state.example; Thu, 18 Jun 2026 13:15:00 -0400": QUARTER,
    "from x by mx.state.example; Thu, 18 Jun 2026 13:25:00 -0400": None,
    "from x by mx.state.example; Thu, 11 Jun 2026 13:15:00 -0400": None,
    "from x; whenever": None,
}


@pytest.mark.parametrize("line", RECEIVED)
def test_we_were_told_when_our_own_mail_server_had_it(line: str) -> None:
    made = mail("Ticket: 7")
    made["Received"] = line
    assert read(made).received == RECEIVED[line]


WORD = st.text("abcdefghijklmnopqrstuvwxyz0123456789", min_size=3, max_size=12)
LABEL = st.sampled_from(["Ticket", "Cause", "Start", "Circuit", "Colour", ""])


@given(st.lists(st.tuples(LABEL, WORD), min_size=1, max_size=8))
def test_no_word_is_lost(lines: list[tuple[str, str]]) -> None:
    """What is no field is unread; only what says that nothing is known is left out."""
    found = read(mail("\n".join(f"{label}: {word}" if label else word for label, word in lines))).notice
    secret = found.confidential
    kept = " ".join([found.open.ticket, secret.cause, secret.circuits, secret.unread])
    began = [word for label, word in lines if label == "Start" and found.open.began][:1]
    assert [word for _, word in lines if word not in kept and word not in began and not is_unknown(word)] == []


@given(
    st.binary(max_size=400), st.sampled_from([b"", b"Content-Type: text/html\n\n<table><tr><td>", b"From: =?x?q?\n\n"])
)
def test_no_mail_breaks_it(noise: bytes, begins: bytes) -> None:
    try:
        found = notice_mail.read(begins + noise, ZONE, TOLD)
    except NoMail as error:
        assert error.why
    else:
        assert isinstance(found, Mailed)
