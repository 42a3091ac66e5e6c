"""The address at which an agency acknowledges, short enough for a text of one segment: ``/a/<token>``.

Its proof has 60 bits instead of the 128 of a mail's link: guessed over the network, one at a time, and it lets nobody
do more than say that one agency has read one notice.
"""

from __future__ import annotations

import base64
import hmac
import re
import string

SHORT_ACK = "short_ack"
"""The purpose of these proofs."""
DIGITS = string.digits + string.ascii_lowercase
PROOF = 12
"""Letters of base 32, five bits each; no sign that a phone would leave out of a link."""
LONGEST_TOKEN = 25
"""Five digits of a fan-out (60 millions), six of an address (two billions), two dots and the proof."""
_TOKEN = re.compile(r"([0-9a-z]{1,12})\.([0-9a-z]{1,12})\.([a-z2-7]{12})")


def short_token(secret: str, fanout: int, address: int) -> str:
    """``fanout.address.proof`` in base 36: nobody else can name a place of ours."""
    return f"{_in_36(fanout)}.{_in_36(address)}.{_proof(secret, fanout, address)}"


def short_place(secret: str, token: str) -> tuple[int, int] | None:
    """Fan-out and address of what `short_token` wrote, or None; takes the same time for every wrong proof."""
    parts = _TOKEN.fullmatch(token)
    if parts is None:
        return None
    fanout, address = int(parts[1], 36), int(parts[2], 36)
    if fanout >= 2**63 or address >= 2**63 or token != f"{_in_36(fanout)}.{_in_36(address)}.{parts[3]}":
        return None
    return (fanout, address) if hmac.compare_digest(_proof(secret, fanout, address), parts[3]) else None


def short_url(base: str, secret: str, fanout: int, address: int) -> str:
    """The whole address, under our public one."""
    return f"{base}/a/{short_token(secret, fanout, address)}"


def longest(base: str) -> int:
    """Characters of the longest such address."""
    return len(f"{base}/a/") + LONGEST_TOKEN


def _proof(secret: str, fanout: int, address: int) -> str:
    mac = hmac.digest(secret.encode(), f"{SHORT_ACK}|{fanout}.{address}".encode(), "sha256")
    return base64.b32encode(mac)[:PROOF].decode().lower()


def _in_36(number: int) -> str:
    digits = ""
    while number:
        number, digit = divmod(number, 36)
        digits = DIGITS[digit] + digits
    return digits or "0"
