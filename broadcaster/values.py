"""What the value of a setting is: key material, a mailbox, an address of this machine or of another one."""

from __future__ import annotations

import base64
import hashlib
import json
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TypeVar
from urllib.parse import urlsplit

T = TypeVar("T")

_ATOM = r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+"
_LABEL = r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
MAIL_ADDRESS = re.compile(rf"{_ATOM}(?:\.{_ATOM})*@{_LABEL}(?:\.{_LABEL})*")
"""``name@host`` in ASCII: RFC 5321 Mailbox, without quoting and literals."""
LOOPBACK_HOSTS = {"localhost", "::1"}


@dataclass(frozen=True, slots=True)
class Keyring:
    """The key that signs, and the one before it, by which what comes back may still be proved; empty: there is none."""

    newest: str = field(repr=False)
    previous: str = field(default="", repr=False)

    @property
    def keys(self) -> tuple[str, ...]:
        """Each key that is good, the newest first."""
        return (self.newest, self.previous) if self.previous else (self.newest,)

    def first(self, found_by: Callable[[str], T | None]) -> T | None:
        """What the first key finds that finds anything."""
        return next((found for key in self.keys if (found := found_by(key)) is not None), None)

    def prove(self, proved_by: Callable[[str], bool]) -> bool:
        """Whether any key proves it."""
        return any(proved_by(key) for key in self.keys)


def repeats(text: str) -> bool:
    """Whether a text is a shorter one, again and again."""
    return any(text[period:] == text[:-period] for period in range(1, len(text) // 2 + 1))


def key_bytes(text: str) -> bytes:
    """32 bytes from a base64 text of 32 bytes, or from the SHA-256 of any longer passphrase."""
    try:
        raw = base64.b64decode(text, validate=True)
    except ValueError:
        raw = b""
    return raw if len(raw) == 32 else hashlib.sha256(text.encode()).digest()


def is_loopback(url: str) -> bool:
    """Whether a URL's host is this machine by name or by literal address."""
    host = (urlsplit(url).hostname or "").lower()
    return host in LOOPBACK_HOSTS or host.startswith("127.")


def is_real(url: str) -> bool:
    """Whether a URL leads beyond this machine, under TLS."""
    return url.startswith("https:") and not is_loopback(url)


def in_rising_order(minutes: str) -> str:
    """Minutes in rising order, as ``5 15 30`` says them; ValueError says what to write."""
    try:
        given = [float(each) for each in minutes.split()]
    except ValueError as error:
        raise ValueError("is no list of minutes: write 5 15 30") from error
    if not given or given[0] <= 0 or sorted(set(given)) != given:
        raise ValueError("must be minutes in rising order: write 5 15 30")
    return minutes


def certificates_by_sender(text: str) -> str:
    """A JSON object of CAP senders and PEM certificates; ValueError says what to write."""
    try:
        read = json.loads(text or "{}")
    except ValueError as error:
        raise ValueError("is no JSON: write an object of senders and PEM certificates") from error
    if not isinstance(read, dict) or not all(
        isinstance(pem, str) and "BEGIN CERTIFICATE" in pem for pem in read.values()
    ):
        raise ValueError("must be an object of senders and PEM certificates")
    return text
