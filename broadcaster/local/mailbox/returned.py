"""A mail that comes back: the report that a mail server sends when it has taken a mail and cannot deliver it."""

from __future__ import annotations

import os
from email import message_from_bytes
from email.message import Message
from email.mime.multipart import MIMEMultipart
from email.mime.text import MIMEText
from pathlib import Path
from uuid import uuid4

HOST = "mailbox.localhost"


def report(raw: bytes, to: str, sender: str, action: str = "failed", status: str = "5.1.1") -> bytes:
    """An RFC 3464 report about a mail to `to`, for its envelope's `sender`, with the mail's own headers (RFC 6522)."""
    made = MIMEMultipart("report", report_type="delivery-status")
    made["From"], made["To"] = f"Mail Delivery System <mailer-daemon@{HOST}>", sender
    made["Subject"], made["Auto-Submitted"] = "Undelivered mail returned to sender", "auto-replied"
    made["Message-ID"] = f"<{uuid4().hex}@{HOST}>"
    made.attach(MIMEText(f"Your mail to {to}: {action} ({status}).\n"))
    server, recipient = Message(), Message()
    server["Reporting-MTA"] = f"dns; {HOST}"
    recipient["Final-Recipient"], recipient["Action"], recipient["Status"] = f"rfc822; {to}", action, status
    fields = Message()
    fields["Content-Type"] = "message/delivery-status"
    fields.set_payload([server, recipient])
    made.attach(fields)
    headers = Message()
    headers["Content-Type"] = "text/rfc822-headers"
    headers.set_payload("".join(f"{name}: {value}\n" for name, value in message_from_bytes(raw).items()))
    made.attach(headers)
    return made.as_bytes()


def drop(maildir: Path, raw: bytes) -> None:
    """Deliver a mail into a Maildir: written in `tmp`, then moved to `new`, so that nobody sees half of it."""
    for name in ("cur", "new", "tmp"):
        (maildir / name).mkdir(parents=True, exist_ok=True)
    name = f"{uuid4().hex}.{os.getpid()}.{HOST}"
    (maildir / "tmp" / name).write_bytes(raw)
    (maildir / "tmp" / name).rename(maildir / "new" / name)
