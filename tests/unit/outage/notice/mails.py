"""Mails as they arrive, from the lines of their heads."""

from __future__ import annotations

from collections.abc import Sequence
from email import message_from_bytes, policy
from email.message import EmailMessage


def of(lines: Sequence[str]) -> EmailMessage:
    """A mail with this head and one word."""
    mail = message_from_bytes(("\n".join(lines) + "\n\nhello\n").encode(), policy=policy.default)
    assert isinstance(mail, EmailMessage)
    return mail
