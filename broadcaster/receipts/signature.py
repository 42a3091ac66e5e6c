"""Twilio's signature on a webhook (twilio.md 5.5): over our public address, never over what a proxy made of it."""

from __future__ import annotations

import base64
import hmac
from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha1
from urllib.parse import urlsplit

PORTS = {"http": 80, "https": 443}


def _with_and_without_port(url: str) -> tuple[str, str]:
    """Both spellings of an address: Twilio signs either (its own validator tries both)."""
    parts = urlsplit(url)
    if parts.port is None:
        return url, parts._replace(netloc=f"{parts.netloc}:{PORTS[parts.scheme]}").geturl()
    return parts._replace(netloc=parts.netloc.rpartition(":")[0]).geturl(), url


@dataclass(frozen=True, slots=True)
class Verifier:
    """The official RequestValidator in one pass, for one webhook; a test proves them equal."""

    token: bytes
    addresses: tuple[str, str]

    @classmethod
    def of(cls, token: str, url: str) -> Verifier:
        """For a webhook at a public address without a query."""
        return cls(token.encode(), _with_and_without_port(url))

    def holds(self, query: str, form: Sequence[tuple[str, str]], signature: str) -> bool:
        """Whether Twilio signed this form for our address with this raw query; an empty signature never holds."""
        asked = f"?{query}" if query else ""
        said = "".join(name + value for name, value in sorted(set(form)))
        given = signature.encode()
        wanted = [self._sign(f"{address}{asked}{said}") for address in self.addresses]
        return any(hmac.compare_digest(each, given) for each in wanted)

    def _sign(self, text: str) -> bytes:
        return base64.b64encode(hmac.digest(self.token, text.encode(), sha1))
