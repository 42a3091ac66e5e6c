"""The transport under the official twilio client: our door, its HttpClient interface.

The library's own transport ignores its time-out and re-POSTs on a 500 when told to retry; this one does neither.
"""

from __future__ import annotations

import base64
from typing import Any

from twilio.http import AsyncHttpClient
from twilio.http.response import Response

from broadcaster.channels.http import Door, raise_for

TWILIO = "https://api.twilio.com"


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
        sent = dict(headers or {})
        if auth is not None:
            sent["Authorization"] = self._basic(auth)
        options: dict[str, Any] = {"headers": sent}
        if params:
            options["params"] = {name: str(value) for name, value in params.items()}
        if data:
            options["data"] = {name: str(value) for name, value in data.items()}
        reply = await self._door.request(method, url.replace(TWILIO, self._api_url, 1), **options)
        raise_for(reply)
        return Response(reply.status, reply.text, reply.headers)

    def _basic(self, auth: tuple[str, str]) -> str:
        known = self._auth.get(auth)
        if known is None:
            known = "Basic " + base64.b64encode(":".join(auth).encode()).decode()
            self._auth[auth] = known
        return known
