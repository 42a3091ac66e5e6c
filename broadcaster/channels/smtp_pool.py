"""The door to the mail relay: a few connections, opened when they are needed, kept over waves, closed when they fail.

Connection, EHLO, STARTTLS and AUTH happen once per connection; there is no NOOP: a connection that the relay has closed
is dropped before a word is said on it, and what dies at MAIL FROM has sent nothing.
"""

from __future__ import annotations

import asyncio
import ssl
from dataclasses import dataclass
from socket import SOCK_STREAM
from urllib.parse import unquote, urlsplit

from aiosmtplib import SMTP
from aiosmtplib.errors import SMTPConnectResponseError, SMTPException

from broadcaster import logs
from broadcaster.channels.http import DoorClosed, is_loopback_address

log = logs.get(__name__)
CONNECT_S, ANSWER_S = 3.0, 10.0
"""Connecting, and a kept connection's answer to MAIL FROM, take 3 s at most; any other answer of the relay 10 s."""
NARROW_S = 30.0
"""A relay that refuses one more connection (421) beside those it serves is asked for none in that place for 30 s."""
CLOSING = 421
SCHEMES = {"smtp": 25, "smtps": 465}
LOST = (TimeoutError, OSError)


class BadRelay(ValueError):
    """SMTP_URL cannot be used; the message says what to write instead."""


@dataclass(frozen=True, slots=True)
class Relay:
    """Where mail is handed over; `tls` means from the first byte, otherwise STARTTLS where it is offered."""

    host: str
    port: int
    user: str = ""
    password: str = ""
    tls: bool = False

    @classmethod
    def of(cls, url: str) -> Relay:
        """From ``smtp://user:pass@host:port`` or ``smtps://...``; BadRelay for anything else."""
        parts = urlsplit(url)
        try:
            port = parts.port or SCHEMES.get(parts.scheme, 0)
        except ValueError as error:
            raise BadRelay("SMTP_URL has an impossible port: write smtp://user:password@host:587.") from error
        if parts.scheme not in SCHEMES or not parts.hostname:
            raise BadRelay("SMTP_URL is no relay: write smtp://user:password@host:587 or smtps://host.")
        user, password = unquote(parts.username or ""), unquote(parts.password or "")
        return cls(parts.hostname, port, user, password, parts.scheme == "smtps")


class Pool:
    """At most `size` connections to one relay, each lent to one mail at a time. `hello` is our name in EHLO.

    Whoever takes a connection gives it back by exactly one of `keep`, `reset` and `drop`.
    """

    def __init__(self, relay: Relay, *, live: bool, size: int, hello: str) -> None:
        self._relay, self._live, self._hello = relay, live, hello
        self._places = asyncio.Semaphore(size)
        self._idle: list[SMTP] = []
        self._open = 0
        self._tls: ssl.SSLContext | None = None

    @property
    def idle(self) -> int:
        """How many connections are kept and not in use."""
        return len(self._idle)

    async def take(self) -> SMTP:
        """A connection that was alive a moment ago: a kept one, or a new one; waits for a place.

        Raises what connecting, EHLO, STARTTLS and AUTH raise in aiosmtplib, and DoorClosed.
        """
        while True:
            await self._places.acquire()
            try:
                return self._kept() or await self._opened()
            except SMTPConnectResponseError as error:
                if error.code != CLOSING or not self._open:
                    self._places.release()
                    raise
                log.warning("relay_takes_no_more_connections", open=self._open)
                asyncio.get_running_loop().call_later(NARROW_S, self._places.release)
            except BaseException:
                self._places.release()
                raise

    def keep(self, client: SMTP) -> None:
        """Give a connection back on which the last mail is over."""
        if client.is_connected:
            self._idle.append(client)
        else:
            self._close(client)
        self._places.release()

    async def reset(self, client: SMTP) -> None:
        """Give a connection back on which a mail was begun and refused."""
        try:
            await client.rset(timeout=CONNECT_S)
        except (SMTPException, *LOST):
            self.drop(client)
        except BaseException:
            self.drop(client)
            raise
        else:
            self.keep(client)

    def drop(self, client: SMTP, *, others: bool = False) -> None:
        """Close a connection that failed; `others` closes the idle ones too, which are as old or older."""
        self._close(client)
        self._places.release()
        while others and self._idle:
            self._close(self._idle.pop())

    async def close(self) -> None:
        """Say goodbye on every idle connection."""
        while self._idle:
            client = self._idle.pop()
            try:
                await client.quit(timeout=1.0)
            except (SMTPException, *LOST):
                log.debug("relay_gone_before_goodbye")
            self._close(client)

    def _close(self, client: SMTP) -> None:
        client.close()
        self._open -= 1

    def _kept(self) -> SMTP | None:
        """The connection that was used last, without those that the relay has closed meanwhile."""
        while self._idle:
            client = self._idle.pop()
            if client.is_connected:
                return client
            self._close(client)
        return None

    async def _opened(self) -> SMTP:
        self._open += 1  # those that are being opened count: the relay may be busy with them
        try:
            client = await self._new()
            await client.connect()
        except BaseException:
            self._open -= 1
            raise
        client.timeout = ANSWER_S
        return client

    async def _new(self) -> SMTP:
        relay = self._relay
        self._tls = self._tls or ssl.create_default_context()  # reads every root certificate: once, not per connection
        return SMTP(
            hostname=relay.host if self._live else await _loopback(relay),
            port=relay.port,
            username=relay.user or None,
            password=relay.password or None,
            local_hostname=self._hello,  # without it aiosmtplib asks the resolver, for every connection
            use_tls=relay.tls,
            tls_context=self._tls,
            timeout=CONNECT_S,
        )


async def _loopback(relay: Relay) -> str:
    """The relay's address on this machine; DoorClosed when it is anywhere else (design law 9), before connecting."""
    loop = asyncio.get_running_loop()
    found = await loop.getaddrinfo(relay.host, relay.port, type=SOCK_STREAM)
    hosts = [str(sockaddr[0]) for *_, sockaddr in found]
    if not all(is_loopback_address(host) for host in hosts):
        raise DoorClosed(f"MODE is not live: no mail to {relay.host}.")
    return hosts[0]
