"""Twilio's signature on a webhook (twilio.md 5.5): over our public address, never over what a proxy made of it."""

from __future__ import annotations

import base64
import hmac
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha1
from urllib.parse import unquote_plus, urlsplit

from broadcaster.receipts.accounts import Account

PORTS = {"http": 80, "https": 443}
MOST_FIELDS = 200


class Forged(PermissionError):
    """The carrier did not sign this, or we did not make the address that it came to."""


@dataclass(frozen=True, slots=True)
class Signed:
    """What an account of ours at a carrier has signed: the raw body, its form, and the query of the address."""

    carrier: str
    raw: str
    form: Mapping[str, str]
    asked: Mapping[str, str]


def fields(text: str) -> list[tuple[str, str]]:
    """The names and values of a form or a query, as the standard library's `parse_qsl` reads them with blank values
    kept, at a third of its price. ValueError for what is no form: bytes that are not UTF-8, or too many fields."""
    parts = text.split("&")
    if len(parts) > MOST_FIELDS:
        raise ValueError(f"more than {MOST_FIELDS} fields")
    found = []
    for part in parts:
        name, _, value = part.partition("=")
        if "%" in part or "+" in part:
            found.append((unquote_plus(name, errors="strict"), unquote_plus(value, errors="strict")))
        elif part:
            found.append((name, value))
    return found


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
        said = "".join([name + value for name, value in sorted(set(form))])
        given = signature.encode()
        return any(hmac.compare_digest(self._sign(f"{each}{asked}{said}"), given) for each in self.addresses)

    def _sign(self, text: str) -> bytes:
        return base64.b64encode(hmac.digest(self.token, text.encode(), sha1))


class Webhook:
    """One address of ours that every carrier's accounts post to; the form's AccountSid says whose token must hold."""

    def __init__(self, accounts: Mapping[str, Account], url: str) -> None:
        self._accounts = {sid: (account.carrier, Verifier.of(account.token, url)) for sid, account in accounts.items()}

    def read(self, query: str, body: bytes, signature: str) -> Signed:
        """What a request says; Forged unless the account that its form names signed it for this address and query."""
        try:
            return self._read(query, body.decode(), signature)
        except ValueError as error:
            raise Forged("the body or the query is no form") from error

    def _read(self, query: str, raw: str, signature: str) -> Signed:
        pairs = fields(raw)
        form = dict(pairs)
        known = self._accounts.get(form.get("AccountSid", ""))
        if known is None:
            raise Forged("the account is not ours")
        carrier, verifier = known
        if not verifier.holds(query, pairs, signature):
            raise Forged("the signature does not hold")
        return Signed(carrier, raw, form, dict(fields(query)))
