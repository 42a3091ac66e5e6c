"""The address at which an agency reports 911 trouble, without a password: ``/trouble/<token>``. It does not run out.

It names the agency and which of its links this is: a new one, made at the desk, ends the one before.
"""

from __future__ import annotations

from broadcaster.channels.proof import place, placed

TROUBLE = "trouble"
"""The purpose of these proofs."""


def token(secret: str, agency: int, no: int) -> str:
    """``agency.no.proof``: nobody else can make the link of an agency."""
    return placed(secret, TROUBLE, agency, no)


def opened(secret: str, given: str) -> tuple[int, int] | None:
    """Agency and number of the link that `token` wrote, or None."""
    return place(secret, TROUBLE, given)


def url(base: str, secret: str, agency: int, no: int) -> str:
    """The whole address, under our public one."""
    return f"{base}/trouble/{token(secret, agency, no)}"
