"""The transport under the official twilio client: our door, its HttpClient interface.

The library's own transport ignores its time-out and re-POSTs on a 500 when told to retry; this one does neither.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from urllib.parse import quote_plus, urlencode

from pydantic_core import from_json
from twilio.http import AsyncHttpClient
from twilio.http.response import Response

from broadcaster.channels.contract import Accepted
from broadcaster.channels.errors import Ambiguous, SendError
from broadcaster.channels.http import Door, raise_for

TWILIO = "https://api.twilio.com"
JSON = "application/json"
OVERRIDES = "#rc=5&rp=all"
"""Twilio's connection overrides in the fragment of a callback's address: five more tries after any failure, within its
15 s. The fragment is neither signed nor sent."""

QUOTED = {code: quote_plus(chr(code)) for code in range(128) if quote_plus(chr(code)) != chr(code)}
"""What an ASCII character of a form's value becomes (application/x-www-form-urlencoded)."""


DIFFERENT = frozenset({"To"})
"""The values of a form that no two texts share; the others are quoted once for a whole community."""


@dataclass(frozen=True, slots=True)
class TwilioAccount:
    """One set of the TWILIO_* settings; `callback_url` is where we hear of a text; for calls it is
    our public address alone, under which they have several."""

    sid: str
    token: str
    sender: str
    callback_url: str
    api_url: str = TWILIO
    carrier: str = "twilio"


def accepted(answer: Response, refusal: Callable[[int, int | None], SendError]) -> Accepted:
    """What the carrier took, by the sid in its answer; `refusal` names its no. Ambiguous when it says neither."""
    try:
        said = from_json(answer.text)
        if answer.status_code >= 400:
            raise refusal(answer.status_code, said.get("code"))
        sid = said["sid"]
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise Ambiguous("unreadable_answer") from error
    if not sid:
        raise Ambiguous("answer_without_sid")
    return Accepted(str(sid))


class Quoted(str):
    """A value that is quoted already: most of a callback's address is the same in every text."""

    __slots__ = ()


class TwilioTransport(AsyncHttpClient):  # type: ignore[misc]
    """Sends what the twilio client composes to any Twilio-compatible endpoint, once."""

    def __init__(self, door: Door, api_url: str = TWILIO) -> None:
        super().__init__(logger=None, is_async=True, timeout=None)
        self._door = door
        self._api_url = api_url.rstrip("/")
        self._auth: dict[tuple[str, str], str] = {}

    async def request(  # noqa: PLR0913 - the library's interface
        self,
        method: str,
        url: str,
        params: dict[str, object] | None = None,
        data: dict[str, object] | None = None,
        headers: dict[str, str] | None = None,
        auth: tuple[str, str] | None = None,
        timeout: float | None = None,
        allow_redirects: bool = False,
    ) -> Response:
        """One request; raises our own errors for 429, 401, 403 and 5xx before the library sees them."""
        sent = headers or {}
        if auth is not None:
            sent["Authorization"] = self._basic(auth)
        there = url.replace(TWILIO, self._api_url, 1)
        if params:
            there += ("&" if "?" in there else "?") + urlencode({name: str(value) for name, value in params.items()})
        reply = await self._door.request(method, there, sent, _body(sent, data))
        raise_for(reply)
        return Response(reply.status, reply.text, reply.headers)

    def _basic(self, auth: tuple[str, str]) -> str:
        known = self._auth.get(auth)
        if known is None:
            known = "Basic " + base64.b64encode(":".join(auth).encode()).decode()
            self._auth[auth] = known
        return known


def _body(headers: dict[str, str], data: dict[str, object] | None) -> bytes:
    """A form, or JSON where the library's caller says so."""
    if not data:
        return b""
    if headers.get("Content-Type") == JSON:
        return json.dumps(data).encode()
    return "&".join([f"{name}={_value(name, value)}" for name, value in data.items()]).encode("ascii")


def _value(name: str, value: object) -> str:
    if type(value) is Quoted:
        return value
    return quoted(str(value)) if name in DIFFERENT else _known(str(value))


def quoted(value: str) -> str:
    """`quote_plus`, five times as fast where all is ASCII."""
    return value.translate(QUOTED) if value.isascii() else quote_plus(value)


_known = lru_cache(maxsize=8192)(quoted)
