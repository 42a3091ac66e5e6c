"""The only door to the network over HTTP: deadlines, the loopback rule, no redirects, no retries, errors by kind."""

from __future__ import annotations

import asyncio
import ipaddress
import socket
import ssl
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from time import monotonic
from urllib.parse import urlsplit

from broadcaster.channels.contract import START_BY
from broadcaster.channels.errors import Ambiguous, Misconfigured, NotSent, Throttled, TooLate
from broadcaster.channels.wire import Connection, Reply

CONNECT_S = 3.0
TOTAL_S = 10.0
"""A POST is over after 10 s whatever happens (reliability.md 2.2 step 3)."""
KEEP_S = 30.0
"""A connection that was idle for longer is not trusted with a text: the other side may be hanging up just now."""
PORTS = {"http": 80, "https": 443}


class DoorClosed(RuntimeError):
    """Outside MODE=live no door opens beyond loopback (design law 9)."""


def is_loopback_address(host: str) -> bool:
    """Whether a literal address is of this machine."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


NOT_PUBLIC = tuple(
    ipaddress.ip_network(network) for network in ("192.0.0.0/24", "192.88.99.0/24", "64:ff9b:1::/48", "3fff::/20")
)
"""What the standard library of some Python takes for public: protocol assignments (a cloud keeps its credentials at
192.0.0.192), relays of 6to4, local translators (RFC 8215), documentation (RFC 9637)."""
NAT64 = ipaddress.ip_network("64:ff9b::/96")
"""Addresses of IPv4 in IPv6 behind a translator (RFC 6052)."""


def is_public_address(host: str) -> bool:
    """Whether a literal address is one of the public internet, also as it hides in another: mapped, 6to4, translated.

    Not: private, loopback, link-local (where clouds keep their credentials), shared, reserved, multicast.
    """
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return False
    if isinstance(address, ipaddress.IPv6Address):
        if address.scope_id or address.teredo:
            return False
        inner = address.ipv4_mapped or address.sixtofour
        if address in NAT64:
            inner = ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
        if inner is not None:
            address = inner
    if any(address in network for network in NOT_PUBLIC if network.version == address.version):
        return False
    return address.is_global and not address.is_multicast and not address.is_reserved


@dataclass(frozen=True, slots=True)
class Site:
    """One end of connections: scheme, host and port."""

    scheme: str
    host: str
    port: int


@lru_cache(maxsize=4096)
def _parts(url: str) -> tuple[Site, str]:
    """Where a URL leads, and the path and query to ask for there."""
    parts = urlsplit(url)
    if parts.scheme not in PORTS or not parts.hostname or "@" in parts.netloc:
        raise ValueError(f"no address of the web: {url[:100]}")
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    return Site(parts.scheme, parts.hostname, parts.port or PORTS[parts.scheme]), path


async def _looked_up(site: Site) -> list[str]:
    """Every address of a host, as the resolver gives them; OSError when there is none."""
    found = await asyncio.get_running_loop().getaddrinfo(site.host, site.port, type=socket.SOCK_STREAM)
    return [str(sockaddr[0]) for *_, sockaddr in found]


class PrivateAddress(ValueError):
    """An address that anybody may name must not lead into a network of ours, or to one without TLS."""


@dataclass(frozen=True, slots=True)
class Limits:
    """What a door lets through: `public` only to addresses of the public internet, over TLS, at the port of https;
    seconds of a whole request, bytes of an answer (0: as many as a listing has)."""

    public: bool = False
    total_s: float = TOTAL_S
    longest: int = 0


class Door:
    """One process-wide pool of kept connections, opened inside the loop that uses it.

    Its callers bound how many are open at once; nothing is logged, followed, retried or read from a proxy's setting.
    """

    def __init__(self, *, live: bool, limits: Limits = Limits()) -> None:
        self._live, self._limits = live, limits
        self._idle: dict[Site, list[Connection]] = {}
        self._tls: ssl.SSLContext | None = None

    async def request(self, method: str, url: str, headers: Mapping[str, str], body: bytes = b"") -> Reply:
        """One request, one answer; NotSent when nothing can have left, Ambiguous when nobody knows."""
        site, path = _parts(url)
        loop = asyncio.get_running_loop()
        until = loop.time() + self._limits.total_s
        connection = self._kept(site, loop.time()) or await self._connected(site)
        if monotonic() > START_BY.get():
            self._keep(site, connection)
            raise TooLate("too_late_to_start")
        waiting = connection.ask(_written(method, site, path, headers, body), until - loop.time())
        try:
            reply = await waiting
        except asyncio.CancelledError:
            connection.close()
            raise
        self._keep(site, connection)
        return reply

    def _keep(self, site: Site, connection: Connection) -> None:
        if connection.is_open:
            self._idle.setdefault(site, []).append(connection)

    async def close(self) -> None:
        """Close every kept connection."""
        for kept in self._idle.values():
            for connection in kept:
                connection.close()
        self._idle.clear()

    def _kept(self, site: Site, now: float) -> Connection | None:
        """The connection that was used last and still stands; the ones that were idle for long are closed."""
        kept = self._idle.get(site)
        while kept:
            connection = kept.pop()
            if connection.is_open and now - connection.idle_since < KEEP_S:
                return connection
            connection.close()
        return None

    async def _connected(self, site: Site) -> Connection:
        loop = asyncio.get_running_loop()
        tls = self._context() if site.scheme == "https" else None
        try:
            async with asyncio.timeout(CONNECT_S):
                host = await self._where(site)
                _, connection = await loop.create_connection(
                    lambda: Connection(loop, self._limits.longest),
                    host,
                    site.port,
                    ssl=tls,
                    server_hostname=site.host if tls else None,
                )
        except (OSError, TimeoutError) as error:  # certificates that do not hold are OSErrors, too
            raise NotSent("no_connection") from error
        return connection

    def _context(self) -> ssl.SSLContext:
        """Made once: reading the certificates costs more than a thousand texts."""
        if self._tls is None:
            self._tls = ssl.create_default_context()
            self._tls.set_alpn_protocols(["http/1.1"])
        return self._tls

    async def _where(self, site: Site) -> str:
        """What is connected to: looked up once, judged, and that very address is used (no second answer counts)."""
        if not self._live:
            return await self._on_this_machine(site)
        if not self._limits.public:
            return site.host
        if site.scheme != "https" or site.port != PORTS["https"]:
            raise PrivateAddress("only https at its own port")
        hosts = await _looked_up(site)
        if not hosts or not all(is_public_address(host) for host in hosts):
            raise PrivateAddress("an address that is not of the public internet")
        return hosts[0]

    @staticmethod
    async def _on_this_machine(site: Site) -> str:
        """The host's address; DoorClosed when any of them lies beyond loopback."""
        hosts = await _looked_up(site)
        if not all(is_loopback_address(host) for host in hosts):
            raise DoorClosed(f"MODE is not live: no connection to {site.host}.")
        return hosts[0]


def _written(method: str, site: Site, path: str, headers: Mapping[str, str], body: bytes) -> bytes:
    """A request as bytes; ValueError when a header would break out of its line."""
    head = _head(method, site, tuple(headers.items()))
    if "\r" in path or "\n" in path or " " in path:
        raise ValueError("no path of a URL")
    return b"%s %s HTTP/1.1\r\n%sContent-Length: %d\r\n\r\n%s" % (
        method.encode("ascii"),
        path.encode("ascii"),
        head,
        len(body),
        body,
    )


@lru_cache(maxsize=256)
def _head(method: str, site: Site, headers: tuple[tuple[str, str], ...]) -> bytes:
    """The header lines that all requests of a kind share."""
    port = "" if site.port == PORTS[site.scheme] else f":{site.port}"
    host = f"[{site.host}]" if ":" in site.host else site.host
    lines = [f"Host: {host}{port}", *(f"{name}: {value}" for name, value in headers)]
    if any("\r" in line or "\n" in line for line in lines) or not method.isalpha():
        raise ValueError("no header of a request")
    return "".join(f"{line}\r\n" for line in lines).encode("latin-1")


def raise_for(reply: Reply) -> None:
    """The errors that every HTTP carrier shares, by status; a 2xx and an ordinary 4xx come through."""
    if 200 <= reply.status < 300:
        return
    if reply.status == 429:
        raise Throttled("throttled", wait=_seconds(reply.headers.get("retry-after")))
    if reply.status in (401, 403):
        raise Misconfigured("account_refused", wait=30.0)
    if reply.status >= 500 or reply.status < 400:
        raise Ambiguous(f"http_{reply.status}")


def _seconds(text: str | None) -> float | None:
    try:
        return max(0.0, float(text)) if text else None
    except ValueError:
        return None
