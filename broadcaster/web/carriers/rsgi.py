"""RSGI, granian's own interface, as far as the callbacks use it: no framework stands in front of a receipt."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable
from dataclasses import dataclass
from typing import Protocol

LONGEST_BODY = 64 * 1024


class Headers(Protocol):
    """The headers of a request."""

    def get(self, key: str, default: str = ...) -> str:
        """The first value of a header, by its name in lower case."""


class Scope(Protocol):
    """What is known of a request before its body; `query_string` is raw,
    `client` the address and port of whoever asks."""

    method: str
    path: str
    query_string: str
    client: str

    @property
    def headers(self) -> Headers:
        """Its headers."""


class Exchange(Protocol):
    """The body of a request, whole or piece by piece, and the way back."""

    def __call__(self) -> Awaitable[bytes]:
        """The whole body."""

    def __aiter__(self) -> AsyncIterator[bytes]:
        """The body piece by piece."""

    def response_empty(self, status: int, headers: list[tuple[str, str]]) -> None:
        """Answer with a status alone."""

    def response_str(self, status: int, headers: list[tuple[str, str]], body: str) -> None:
        """Answer with a text."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What the caller reads; without a text it is the status alone."""

    status: int
    text: str = ""
    kind: str = "text/plain; charset=utf-8"

    def give(self, exchange: Exchange) -> None:
        """Send it."""
        if self.text:
            exchange.response_str(self.status, [("content-type", self.kind)], self.text)
        else:
            exchange.response_empty(self.status, [])


class TooLong(ValueError):
    """A body longer than any carrier would send."""


async def body_of(scope: Scope, exchange: Exchange, longest: int = LONGEST_BODY) -> bytes:
    """The whole body; TooLong before much more than `longest` bytes of it are in memory."""
    length = scope.headers.get("content-length", "")
    if length.isdecimal():
        if int(length) > longest:
            raise TooLong(length)
        return await exchange()
    body = b""
    async for piece in exchange:
        body += piece
        if len(body) > longest:
            raise TooLong("more than the longest body")
    return body
