"""The address at which an answering point calls back whom 911 did not connect, without a password:
``/ack/missed/<token>``.

It names one list of one outage and which of its links this is: a new one, made at the desk, ends the one before.
"""

from __future__ import annotations

from broadcaster.channels.proof import place, placed

MISSED = "missed"
"""The purpose of these proofs."""


def token(secret: str, link: int, no: int) -> str:
    """``link.no.proof``: nobody else can make the link of a list."""
    return placed(secret, MISSED, link, no)


def opened(secret: str, given: str) -> tuple[int, int] | None:
    """List and number of the link that `token` wrote, or None."""
    return place(secret, MISSED, given)


def url(base: str, secret: str, link: int, no: int) -> str:
    """The whole address, under our public one."""
    return f"{base}/ack/missed/{token(secret, link, no)}"
