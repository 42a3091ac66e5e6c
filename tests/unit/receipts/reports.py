"""Mails that come back, as mail servers write them: Postfix, Exchange, a server of RFC 6533, and what is none."""

from __future__ import annotations

SECRET = "s" * 40

FIELDS = """\
Reporting-MTA: dns; mx.lynn.example
{envelope}
Final-Recipient: rfc822; desk@lynn.example
Action: {action}
Status: {status}
Diagnostic-Code: smtp; 550 5.1.1 unknown
"""


def returned(message_id: str) -> str:
    """The returned headers of a mail of ours."""
    return f"From: alerts@state911.example\nTo: desk@lynn.example\nMessage-ID: {message_id}\nSubject: 911 is down\n"


def report(
    message_id: str = "",
    action: str = "failed",
    status: str = "5.1.1",
    envelope: str = "",
    fields: str = "message/delivery-status",
    headers: str = "text/rfc822-headers",
) -> bytes:
    """A multipart/report; every part can be left out or be of another kind."""
    blocks = FIELDS.format(action=action, status=status, envelope=f"Original-Envelope-Id: {envelope}\n")
    blocks = blocks if envelope else blocks.replace("Original-Envelope-Id: \n", "")
    parts = [("text/plain; charset=utf-8", "This mail could not be delivered.\n"), (fields, blocks)]
    if message_id:
        parts.append((headers, returned(message_id)))
    text = "".join(f"--b\nContent-Type: {kind}\n\n{content}\n" for kind, content in parts)
    head = 'Content-Type: multipart/report; report-type=delivery-status;\n boundary="b"\n'
    return f"From: mailer-daemon@mx.example\nTo: alerts@state911.example\n{head}\n{text}--b--\n".encode()


def answer(message_id: str) -> bytes:
    """A vacation notice that names our mail."""
    head = (
        f"From: chief@lynn.example\nSubject: Out of office\nAuto-Submitted: auto-replied\nIn-Reply-To: {message_id}\n"
    )
    return f"{head}\nI am away until Monday.\n".encode()


def nested(depth: int) -> bytes:
    """A report in which everything stands in something else, `depth` times over."""
    opening = "".join(f'Content-Type: multipart/mixed; boundary="b{n}"\n\n--b{n}\n' for n in range(depth))
    return f'Content-Type: multipart/report; boundary="b"\n\n--b\n{opening}Content-Type: text/plain\n\nx\n'.encode()
