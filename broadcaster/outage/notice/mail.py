"""A provider's notice out of a mail (RFC 5322): labelled lines of its text, or the table of its HTML.

Whose it is our own relay says or nobody (`sender`): what is not proved is a word that a person calls back about.
Attachments are not opened.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from email import message_from_bytes, policy
from email.errors import MessageError
from email.message import EmailMessage
from email.utils import parseaddr, parsedate_to_datetime
from zoneinfo import ZoneInfo

from lxml import etree, html

from broadcaster.messages.template import plain
from broadcaster.outage.notice import fields as notice_fields
from broadcaster.outage.notice import sender as notice_sender
from broadcaster.outage.notice.fields import FIELD_OF, Fields, spelt
from broadcaster.outage.notice.rule import Notice
from broadcaster.outage.notice.sender import Author

LONGEST_TEXT = 100_000
"""Characters of a text that are read: a notice is a page."""
MOST_PARTS = 60
LONGEST_WAY = timedelta(days=2)
"""How long a mail may have waited for us: longer, and its hour is not believed."""
LONGEST_LABEL = 90
_LINE = re.compile(r"^\s*(?P<label>[^\s:=|\t][^:=|\t]*?)\s*(?::|=|\||\t| - )\s*(?P<value>.*)$")
_SUBJECT_TICKET = re.compile(
    r"\b(?:ticket|incident|case|ref(?:erence)?|id)\b\.?\s*(?:no\.?|number|#|:)*\s*([A-Z0-9][\w-]*\d[\w-]*)", re.I
)
_QUOTED = re.compile(r"^\s*(>|-{2,} ?(original|forwarded) message|_{10,}|on .{5,80} wrote:$)", re.I)
_SIGNATURE = re.compile(r"^-- ?$")


class NoMail(ValueError):
    """What nobody wrote: an automatic answer, a report of a mail server; `why` is a word for the log."""

    def __init__(self, why: str) -> None:
        super().__init__(f"This is no notice: {why}.")
        self.why = why


@dataclass(frozen=True, slots=True)
class Mailed:
    """A notice as it came by mail: who says that they sent it, under which subject, and when our own mail server had
    it, if that can be read; whose it is, as far as our relay has proved it, and whether its text names the provider."""

    notice: Notice
    sender: str
    subject: str
    author: Author
    names_provider: bool
    received: datetime | None = None


def read(raw: bytes, zone: ZoneInfo, told: datetime, relay: str = "") -> Mailed:
    """The notice in a mail that `relay` (its authserv-id, RFC 8601) took in for us.

    NoMail for what a machine sent by itself; of any other mail what cannot be read is kept.
    """
    mail = message_from_bytes(raw, policy=policy.default)
    if not isinstance(mail, EmailMessage):
        raise NoMail("not_a_mail")
    if _header(mail, "Auto-Submitted", "no").split(";")[0].strip().casefold() == "auto-replied":
        raise NoMail("automatic_answer")
    if mail.get_content_type() == "multipart/report":
        raise NoMail("report_of_a_mail_server")
    fields, received = _fields(mail), _received(mail, told)
    subject, sender = _header(mail, "Subject"), _header(mail, "From")
    named = "provider" in fields.found
    _from_the_headers(fields, subject, sender)
    made = notice_fields.notice(fields, zone, received or told)
    whose = notice_sender.author(mail, relay)
    return Mailed(made, plain(sender)[:200], plain(subject)[:200], whose, named, received)


def _received(mail: EmailMessage, told: datetime) -> datetime | None:
    """When the mail server that wrote the first ``Received`` line had it, which is ours (RFC 5321 section 4.4)."""
    try:
        moment = parsedate_to_datetime(_header(mail, "Received").rpartition(";")[2].strip())
    except (ValueError, TypeError, IndexError):
        return None
    return moment if moment.tzinfo and told - LONGEST_WAY <= moment <= told else None


def _header(mail: EmailMessage, name: str, default: str = "") -> str:
    try:
        return str(mail.get(name, default))
    except (MessageError, ValueError, IndexError, TypeError, AttributeError):  # a header that the parser breaks on
        return default


def _from_the_headers(fields: Fields, subject: str, sender: str) -> None:
    """What the text left out: the ticket and the kind of a subject; the sender's name for the provider's."""
    ticket = _SUBJECT_TICKET.search(subject)
    if ticket:
        fields.found.setdefault("ticket", ticket[1])
    named = notice_fields.kind(subject)
    if named:
        fields.found.setdefault("kind", named.value)
    if fields.found:
        name, address = parseaddr(sender)
        fields.found.setdefault("provider", plain(name) or address.rpartition("@")[2])
    fields.unread[:0] = [f"Subject: {plain(subject)}"] if fields.unread and plain(subject) else []


def _fields(mail: EmailMessage) -> Fields:
    """What the text says; where a table of the HTML says more, what that says."""
    texts = {kind: _text(mail, kind) for kind in ("text/plain", "text/html")}
    by_lines = _of_lines(texts["text/plain"])
    if not texts["text/html"]:
        return by_lines
    by_table = _of_page(texts["text/html"])
    return by_table if len(by_table.found) > len(by_lines.found) else by_lines


def _text(mail: EmailMessage, kind: str) -> str:
    """The first part of a kind that is no attachment."""
    for number, part in enumerate(mail.walk()):
        if number >= MOST_PARTS:
            break
        if (
            part.get_content_type() == kind
            and part.get_content_disposition() != "attachment"
            and not part.is_multipart()
        ):
            return _decoded(part)[:LONGEST_TEXT]
    return ""


def _decoded(part: EmailMessage) -> str:
    raw = part.get_payload(decode=True)
    if not isinstance(raw, bytes):
        return ""
    try:
        return raw.decode(str(part.get_content_charset() or "utf-8"), "replace")
    except LookupError:  # a character set that nobody knows
        return raw.decode("utf-8", "replace")


def _of_lines(text: str) -> Fields:
    """``Label: value``; a value goes on over the lines below until the next label, an empty line or a quotation."""
    fields, label, value = Fields(), "", [""]

    def close() -> None:
        if label and not fields.take(label, "\n".join(value)):
            fields.unread.append(f"{label}: {' '.join(value)}")

    for line in text.splitlines():
        if _QUOTED.match(line) or _SIGNATURE.match(line):
            break
        found = _LINE.match(line)
        if found and (spelt(found["label"]) in FIELD_OF or (_is_label(found["label"]) and not line[:1].isspace())):
            close()
            label, value = found["label"].strip(), [found["value"]]
        elif not line.strip() and any(value):
            close()
            label, value = "", [""]
        elif label and line.strip():
            value.append(line.strip())
        elif line.strip():
            fields.unread.append(line.strip())
    close()
    return fields


def _is_label(text: str) -> bool:
    """Whether words before a colon look like a label that we do not know, and not like a sentence or a time."""
    words = text.split()
    return len(text) <= LONGEST_LABEL and 0 < len(words) <= 8 and text[:1].isalnum() and not text[-1:].isdigit()


def _of_page(text: str) -> Fields:
    """The rows of tables: label and value, or a row of labels above a row of values; without any, the page as lines."""
    try:
        page = html.fromstring(text)
    except (etree.ParserError, ValueError):  # nothing in it, or an XML declaration of another encoding
        return Fields()
    fields = Fields()
    plain_rows = (row for row in page.iter("tr") if row.find(".//table") is None)
    rows = [[_words(cell) for cell in row.iterchildren("td", "th")] for row in plain_rows]
    above: list[str] = []
    for row in rows:
        labels = [cell for cell in row if spelt(cell) in FIELD_OF]
        if len(row) > 1 and len(labels) == len(row):
            above = row
        elif above and len(row) == len(above):
            for label, cell in zip(above, row, strict=True):
                fields.take(label, cell)
            above = []
        elif len(row) == 2 and fields.take(row[0], row[1]):
            above = []
        elif any(row):
            fields.unread.append(" | ".join(cell for cell in row if cell))
    if not fields.found:
        return _of_lines("\n".join(_lines(page)))
    etree.strip_elements(page, "table", with_tail=False)
    fields.unread += [line for line in _lines(page) if line.strip()]
    return fields


def _words(cell: html.HtmlElement) -> str:
    return "\n".join(_lines(cell)).strip()


def _lines(element: html.HtmlElement) -> Iterator[str]:
    """The text of an element, a line for each of its blocks."""
    line: list[str] = []
    for event, node in etree.iterwalk(element, events=("start", "end")):
        if not isinstance(node.tag, str) or node.tag in {"script", "style"}:
            if event == "end" and node.tail:
                line.append(node.tail)
            continue
        is_block = node.tag in {"br", "p", "div", "li", "tr", "h1", "h2", "h3"}
        if is_block and line:
            yield " ".join("".join(line).split())
            line = []
        if event == "start" and node.text:
            line.append(node.text)
        elif event == "end" and node.tail and node is not element:
            line.append(node.tail)
    if line:
        yield " ".join("".join(line).split())
