"""IPAWS-OPEN, FEMA's aggregator: one signed alert in, and from there to EAS, WEA, NWEM and the public feed.

The law of this channel: the same bytes under the same identifier, or nothing. What became of a post whose answer was
lost is asked for; posting it again unchanged can at worst be answered with "duplicate", which says that it is there.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from lxml import etree

from broadcaster.channels import ipaws_words as words
from broadcaster.channels.contract import Accepted, Asked, Outgoing, Seen, Traits, Unsupported
from broadcaster.channels.errors import Ambiguous, Misconfigured, NotSent, SendError
from broadcaster.channels.http import Door, DoorClosed, raise_for
from broadcaster.channels.soap import Fault, Identity, SoapRefused, content, signed
from broadcaster.feeds.cap import CapRefused, parse
from broadcaster.feeds.cog import CogProfile


@dataclass(frozen=True, slots=True)
class Seat:
    """Our place at IPAWS-OPEN: where it is, for which group who logs on, and the files of its certificate (PEM).

    The files are read for each request, so that a renewed certificate needs no restart.
    """

    url: str
    cog: str
    user: str
    key: Path
    cert: Path

    def identity(self) -> Identity:
        """Key and certificate; Misconfigured when a file cannot be read."""
        try:
            return Identity(self.key.read_bytes(), self.cert.read_bytes())
        except OSError as error:
            raise Misconfigured("certificate_unreadable", wait=words.REPAIR_S) from error


class Ipaws:
    """postCAP and getRequest of SOAP 1.1, each once, within the door's deadline."""

    name = "ipaws"
    carrier = "ipaws"
    traits = Traits(receipts=False, listing=True, segments=False, cancels=False, idempotent=True, in_flight=4)

    def __init__(self, seat: Seat, door: Door) -> None:
        self._seat, self._door = seat, door

    async def send(self, out: Outgoing) -> Accepted:
        """Post a document: its bytes are the message's text, its identifier the subject."""
        answer = await self._asked("postCAP", words.post_cap(out.message.text))
        try:
            return words.judged(out.message.subject, words.statuses(answer))
        except SoapRefused as error:
            raise Ambiguous("unreadable_answer") from error

    async def find(self, asked: Sequence[Asked]) -> list[Seen]:
        """Which documents our group's list of messages names."""
        try:
            listed = words.identifiers(await self._asked("getRequest", words.get_request("getMessageList")))
            found = [(ask, parse(ask.text.encode())) for ask in asked]
        except CapRefused as error:
            raise Ambiguous("unreadable_document") from error
        return [Seen(ask.key, made.identifier, made.sent) for ask, made in found if made.identifier in listed]

    async def ping(self) -> None:
        """PING; a `SendError` unless PONG comes back."""
        if not words.is_pong(await self._asked("getRequest", words.get_request("getAck", {"ACK": "PING"}))):
            raise Ambiguous("no_pong")

    async def profile(self) -> CogProfile:
        """What our group may send; a `SendError` when it cannot be had."""
        try:
            return words.profile(await self._asked("getRequest", words.get_request("getCOGProfile")))
        except SoapRefused as error:
            raise Ambiguous("unreadable_answer") from error

    async def cancel(self, ref: str) -> bool:
        """Nothing can be taken back."""
        raise Unsupported("An alert that IPAWS-OPEN has is ended by the next one.")

    async def close(self) -> None:
        """Close connections."""
        await self._door.close()

    async def _asked(self, operation: str, payload: bytes) -> etree._Element:
        """One signed request; the element in the answer's Body. A Fault comes with HTTP 500 and is read first."""
        seat = self._seat
        try:
            whole = signed(words.header(seat.user, seat.cog), payload, seat.identity())
        except (ValueError, TypeError, etree.XMLSyntaxError) as error:
            raise Misconfigured("cannot_sign", wait=words.REPAIR_S) from error
        headers = {"Content-Type": "text/xml; charset=utf-8", "SOAPAction": f'"{words.SERVICE}{operation}"'}
        try:
            reply = await self._door.request("POST", seat.url, headers, whole)
        except DoorClosed as error:
            raise Misconfigured("door_closed", wait=words.REPAIR_S) from error
        said = _said(reply.text)
        if isinstance(said, Fault):
            raise words.refusal(said)
        raise_for(reply)
        if said is None or reply.status >= 300:
            raise _unreadable(reply.status)
        return said


def _said(answer: str) -> etree._Element | Fault | None:
    try:
        return content(answer)
    except SoapRefused:
        return None


def _unreadable(status: int) -> SendError:
    """A page of somebody in between: 4xx says that nothing was processed, anything else says nothing."""
    return NotSent(f"http_{status}", wait=words.REPAIR_S) if 400 <= status < 500 else Ambiguous("unreadable_answer")
