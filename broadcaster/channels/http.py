"""The only door to the network over HTTP: deadlines, the loopback rule, no redirects, no retries, errors by kind."""

from __future__ import annotations

import asyncio
import ipaddress
import socket
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import aiohttp
from aiohttp.abc import AbstractResolver, ResolveResult

from broadcaster.channels.errors import Ambiguous, Misconfigured, NotSent, Throttled

CONNECT_S = 3.0
TOTAL_S = 10.0
"""A POST is over after 10 s whatever happens (reliability.md 2.2 step 3)."""


class DoorClosed(RuntimeError):
    """Outside MODE=live no door opens beyond loopback (design law 9)."""


def is_loopback_address(host: str) -> bool:
    """Whether a literal address is of this machine."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


class LoopbackResolver(AbstractResolver):
    """Resolves names, and refuses every answer that is not of this machine."""

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        """The addresses of a name; DoorClosed when one lies beyond loopback."""
        loop = asyncio.get_running_loop()
        found = await loop.getaddrinfo(host, port, type=socket.SOCK_STREAM, family=family)
        if any(not is_loopback_address(str(sockaddr[0])) for *_, sockaddr in found):
            raise DoorClosed(f"MODE is not live: no connection to {host}.")
        return [
            ResolveResult(hostname=host, host=str(at[0]), port=port, family=kind, proto=proto, flags=0)
            for kind, _, proto, _, at in found
        ]

    async def close(self) -> None:
        """Nothing is kept open."""


@dataclass(frozen=True, slots=True)
class Reply:
    """A whole answer: status, text and headers."""

    status: int
    text: str
    headers: Mapping[str, str]


class Door:
    """One process-wide pool of connections, made inside the loop that uses it."""

    def __init__(self, *, live: bool, in_flight: int = 100) -> None:
        self._live = live
        self._in_flight = in_flight
        self._session: aiohttp.ClientSession | None = None

    def _open(self) -> aiohttp.ClientSession:
        if self._session is None:
            connector = aiohttp.TCPConnector(
                limit=self._in_flight,
                ttl_dns_cache=60,
                keepalive_timeout=60,
                resolver=None if self._live else LoopbackResolver(),
            )
            self._session = aiohttp.ClientSession(
                connector=connector,
                timeout=aiohttp.ClientTimeout(total=TOTAL_S, sock_connect=CONNECT_S),
                trust_env=False,
                cookie_jar=aiohttp.DummyCookieJar(),
            )
        return self._session

    async def request(self, method: str, url: str, **options: Any) -> Reply:
        """One request, one answer; NotSent when nothing can have left, Ambiguous when nobody knows."""
        host = urlsplit(url).hostname or ""
        if not self._live and _is_literal(host) and not is_loopback_address(host):
            raise DoorClosed(f"MODE is not live: no connection to {host}.")
        try:
            async with self._open().request(method, url, allow_redirects=False, **options) as response:
                return Reply(response.status, await response.text(errors="replace"), response.headers)
        except (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError) as error:
            raise NotSent("no_connection") from error
        except TimeoutError as error:
            raise Ambiguous("timeout") from error
        except (aiohttp.ClientError, ConnectionError) as error:
            raise Ambiguous("connection_lost") from error

    async def close(self) -> None:
        """Close every kept connection."""
        if self._session is not None:
            await self._session.close()
            self._session = None


def _is_literal(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True


def raise_for(reply: Reply) -> None:
    """The errors that every HTTP carrier shares, by status; a 2xx and an ordinary 4xx come through."""
    if reply.status == 429:
        raise Throttled("throttled", wait=_seconds(reply.headers.get("Retry-After")))
    if reply.status in (401, 403):
        raise Misconfigured("account_refused", wait=30.0)
    if reply.status >= 500 or reply.status < 200 or 300 <= reply.status < 400:
        raise Ambiguous(f"http_{reply.status}")


def _seconds(text: str | None) -> float | None:
    try:
        return max(0.0, float(text)) if text else None
    except ValueError:
        return None
