"""The peer's mails: built for each recipient, over a connection for each."""

from __future__ import annotations

import smtplib
from email.message import EmailMessage

SUBJECT = "911 is down in Massachusetts: use these numbers"
TEXT = "911 calls are not going through.\n\n" + "Springfield: call 413-555-0100.\n" * 60
HTML = (
    "<html><body><p>911 calls are not going through.</p>" + "<p>Springfield: 413-555-0100.</p>" * 60 + "</body></html>"
)


def send(port: int, boxes: list[str]) -> None:
    """Tell every mailbox."""
    for box in boxes:
        mail = EmailMessage()
        mail["From"], mail["To"], mail["Subject"] = "alerts@ma.example", box, SUBJECT
        mail.set_content(TEXT)
        mail.add_alternative(HTML, subtype="html")
        with smtplib.SMTP("127.0.0.1", port) as relay:
            relay.send_message(mail)
