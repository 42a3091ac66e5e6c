"""The telephone exchange of the simulator: it rings, somebody or something picks up, hears TwiML and may press a key.

Calls are kept in memory: a simulator that is started again has placed none.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Mapping
from dataclasses import dataclass, field
from uuid import uuid4

import aiohttp
from lxml import etree
from yarl import URL

from broadcaster import logs
from broadcaster.local.carrier.callbacks import ANSWER_S, is_loopback, signature, without_overrides
from broadcaster.local.carrier.faults import Panel

HUMAN, MACHINE = "human", "machine"
UNANSWERED = {
    "busy": ("busy", "486"),
    "no-answer": ("no-answer", "487"),
    "failed": ("failed", "503"),
    "no-such-line": ("failed", "404"),
}
"""How a call ends that nobody picks up: its status, and the SIP code in the callback."""
WAITING = frozenset({"queued", "ringing"})
LIVING = WAITING | {"in-progress"}
MOST_DOCUMENTS = 6
"""A call that is redirected in circles is hung up."""
log = logs.get(__name__)


@dataclass(slots=True)
class Call:
    """One call; `heard` are the sentences that were said into it, `pressed` the keys, `dialled` the numbers that it was
    connected with; times in seconds since 1970."""

    sid: str
    at: float
    to: str
    sender: str
    url: str
    callback: str
    detects: bool
    fault: str = ""
    status: str = "queued"
    answered_by: str = ""
    sip: str = ""
    started_at: float | None = None
    heard: list[str] = field(default_factory=list)
    pressed: list[str] = field(default_factory=list)
    dialled: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Document:
    """A TwiML document, as far as this exchange reads it: what is said, where a key goes, where it goes on, and whom it
    is connected with."""

    said: tuple[str, ...]
    gather: str = ""
    redirect: str = ""
    dialled: tuple[str, ...] = ()


def read(twiml: bytes) -> Document:
    """The verbs Say, Gather, Redirect and Dial of a document; raises etree.XMLSyntaxError if it is no XML."""
    root = etree.fromstring(twiml, etree.XMLParser(resolve_entities=False, no_network=True))
    said = tuple("".join(map(str, each.itertext())) for each in root.iter("Say"))
    gather = next((str(each.get("action", "")) for each in root.iter("Gather")), "")
    redirect = next(("".join(map(str, each.itertext())) for each in root.iter("Redirect")), "")
    dialled = tuple("".join(map(str, each.itertext())) for each in root.iter("Number"))
    return Document(said, gather, redirect, dialled)


def by_number(given_to: str, to: str, usual: str) -> str:
    """Out of `+1617=busy, +15085550100=machine, human`: the longest number that `to` begins with, or the word alone."""
    best, found = -1, usual
    for part in given_to.split(","):
        number, given, who = part.strip().rpartition("=")
        if (not given or to.startswith(number.strip())) and len(number) > best:
            best, found = len(number), who.strip()
    return found


class Exchange:
    """Every call of an account, and those that are on the line."""

    def __init__(self, account: str, token: str, panel: Panel, clock: Callable[[], float]) -> None:
        self._account, self._token, self._panel, self._clock = account, token, panel, clock
        self.calls: list[Call] = []
        self._ringing: set[asyncio.Task[None]] = set()
        self._lines: dict[str, asyncio.Task[None]] = {}

    def place(self, form: Mapping[str, str], fault: str) -> Call:
        """Take a call; it rings on its own."""
        call = Call(
            sid=f"CA{uuid4().hex}",
            at=self._clock(),
            to=form["To"],
            sender=form["From"],
            url=form["Url"],
            callback=form.get("StatusCallback", ""),
            detects=bool(form.get("MachineDetection")),
            fault=fault,
        )
        self.calls.append(call)
        self._lines[call.sid] = self._begin(self._ring(call))
        return call

    def end(self, call: Call, status: str) -> bool:
        """Status=canceled ends a call that waits or rings, Status=completed one that somebody has picked up, too; False
        for any other."""
        ends = call.status in (WAITING if status == "canceled" else LIVING)
        if ends:
            self._lines[call.sid].cancel()
            call.status = status if call.status not in WAITING else "canceled"
            if call.callback:
                self._begin(self._tell(call))
        return ends

    def _begin(self, work: Coroutine[None, None, None]) -> asyncio.Task[None]:
        task = asyncio.get_running_loop().create_task(work)
        self._ringing.add(task)
        task.add_done_callback(self._ringing.discard)
        return task

    def forget(self) -> None:
        """Hang everything up and forget it."""
        for task in self._ringing:
            task.cancel()
        self.calls.clear()
        self._lines.clear()

    async def stop(self) -> None:
        """Hang everything up."""
        ringing = list(self._ringing)
        for task in ringing:
            task.cancel()
        await asyncio.gather(*ringing, return_exceptions=True)

    async def _ring(self, call: Call) -> None:
        faults = self._panel.faults
        await asyncio.sleep(faults.call_rings_ms / 1000)
        call.started_at = self._clock()
        who = by_number(faults.call_answers, call.to, HUMAN)
        if who in UNANSWERED:
            call.status, call.sip = UNANSWERED[who]
        else:
            call.status, call.answered_by = "in-progress", "machine_end_beep" if who == MACHINE else HUMAN
            await self._talk(call, by_number(faults.call_presses, call.to, "") if who == HUMAN else "")
            call.status = "completed"
        if call.callback and self._panel.callbacks.random() >= faults.share_callbacks_dropped:
            await self._tell(call)

    async def _tell(self, call: Call) -> None:
        await self._post(without_overrides(call.callback), self._form(call))

    async def _talk(self, call: Call, key: str) -> None:
        """Hear documents one after the other, pressing the key whenever one is asked for."""
        there, form = call.url, self._form(call)
        for _ in range(MOST_DOCUMENTS):
            document = await self._fetch(there, form)
            if document is None:
                return
            call.heard += document.said
            call.dialled += document.dialled
            if document.gather and key:
                call.pressed.append(key)
                there, form = document.gather, {**self._form(call), "Digits": key}
            elif document.redirect:
                there, form = document.redirect, self._form(call)
            else:
                return

    async def _fetch(self, url: str, form: Mapping[str, str]) -> Document | None:
        status, body = await self._post(url, form)
        if status != 200:
            log.warning("no TwiML for a call (Twilio 11200)", url=url, status=status)
            return None
        try:
            return read(body)
        except etree.XMLSyntaxError as error:
            log.warning("no TwiML for a call (Twilio 12100)", url=url, error=str(error))
            return None

    async def _post(self, url: str, form: Mapping[str, str]) -> tuple[int, bytes]:
        if not is_loopback(url):
            log.warning("a call's address is not on this machine", url=url)
            return 0, b""
        headers = {"X-Twilio-Signature": signature(self._token, url, form)}
        try:
            async with (
                aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=ANSWER_S)) as session,
                session.post(URL(url, encoded=True), data=dict(form), headers=headers, allow_redirects=False) as answer,
            ):
                return answer.status, await answer.read()
        except (aiohttp.ClientError, TimeoutError) as error:
            log.warning("a call's address failed", url=url, error=repr(error))
            return 0, b""

    def _form(self, call: Call) -> dict[str, str]:
        form = {
            "AccountSid": self._account,
            "ApiVersion": "2010-04-01",
            "CallSid": call.sid,
            "CallStatus": call.status,
            "Direction": "outbound-api",
            "From": call.sender,
            "To": call.to,
        }
        detected = call.detects and call.answered_by and call.status == "in-progress"
        if call.sip:
            form["SipResponseCode"] = call.sip
        return {**form, "AnsweredBy": call.answered_by} if detected else form
