"""What crosses into a channel: words, and nothing else."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Message:
    """One message, ready to send: a text message has only `text`; a mail has all three."""

    subject: str
    text: str
    html: str
