"""Our own MAC on what comes back to us: callback addresses and acknowledgement links cannot be invented."""

from __future__ import annotations

import base64
import hmac
import re

BYTES = 16
_PLACED = re.compile(r"(\d{1,18})\.(\d{1,18})\.([A-Za-z0-9_-]{22})")


def proof(secret: str, purpose: str, text: str) -> str:
    """22 characters that prove that we wrote `text` for this purpose (HMAC-SHA-256, cut to 128 bits)."""
    mac = hmac.digest(secret.encode(), f"{purpose}|{text}".encode(), "sha256")[:BYTES]
    return base64.urlsafe_b64encode(mac).rstrip(b"=").decode()


def proves(secret: str, purpose: str, text: str, given: str) -> bool:
    """Whether `given` is our proof of `text`; takes the same time for every wrong one."""
    return hmac.compare_digest(proof(secret, purpose, text).encode(), given.encode())


def placed(secret: str, purpose: str, fanout: int, address: int) -> str:
    """``fanout.address.proof``: nobody else can name a place of ours for this purpose."""
    return f"{fanout}.{address}.{proof(secret, purpose, f'{fanout}.{address}')}"


def place(secret: str, purpose: str, given: str) -> tuple[int, int] | None:
    """Fan-out and address of what `placed` wrote for this purpose, or None."""
    parts = _PLACED.fullmatch(given)
    if parts is None or not proves(secret, purpose, f"{parts[1]}.{parts[2]}", parts[3]):
        return None
    return int(parts[1]), int(parts[2])
