"""One run: from the web server to the carrier's callback, step by step, each with its seconds."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any

from passlib.totp import TOTP

from broadcaster.alert.delivery import Handset, State
from broadcaster.channels.errors import SendError
from broadcaster.channels.http import Door, DoorClosed
from broadcaster.settings import Settings, SettingsError
from broadcaster.store.canaries import Outcome, Run, Step

API = "/api/v1"
PATIENCE_S = 90.0
"""A text that no carrier has taken, or whose delivery nobody has reported by then, is missed."""
LOOK_EVERY_S = 0.25
CODE_S = 30
"""Seconds that a one-time code lasts (RFC 6238)."""
CONFLICT, CREATED, OK = 409, 201, 200
SAID_MOST = 200
WAYS = {"canary": "it is", "canary-second": "over the second carrier it is"}
"""Its text goes once over each carrier that is set up (`dispatch.practice.canary`): how the page speaks of each."""
IN_VAIN = {State.REJECTED, State.SUPPRESSED, State.EXPIRED, Handset.UNDELIVERED, Handset.FAILED}
"""Nothing better comes after these."""


class Missed(Exception):
    """A step did not come to its end; the message says why, for whoever is paged."""


class GaveWay(Exception):
    """Texts of an alert are going out: the canary waits for its next turn."""


@dataclass(frozen=True, slots=True)
class Keys:
    """The tokens of the two accounts, and the second factor of the one that approves."""

    issuer: str = field(repr=False)
    approver: str = field(repr=False)
    factor: str = field(repr=False)

    @classmethod
    def of(cls, settings: Settings) -> Keys:
        """From CANARY_KEYS; SettingsError when it is not set."""
        words = settings.canary_keys.split()
        if len(words) != 3:
            raise SettingsError("CANARY_KEYS is not set: make it with `broadcaster users canary`.")
        return cls(*words)


@dataclass
class Path:
    """The way of every run; `calls_back` says whether the carrier reports delivery (its test credentials do not)."""

    door: Door
    base: str
    keys: Keys
    calls_back: bool = True
    patience: float = PATIENCE_S
    clock: Callable[[], float] = time.time
    _spent: int = 0

    @classmethod
    def of(cls, settings: Settings, door: Door) -> Path:
        """For an installation: at CANARY_URL, or where everybody else finds the desk."""
        return cls(
            door,
            settings.canary_url or settings.public_base_url,
            Keys.of(settings),
            calls_back=not settings.canary_account_sid,
            patience=min(PATIENCE_S, settings.canary_every),
        )

    async def walk(self) -> Run:
        """One run, to its end or to the step that failed it, over a new connection, as a stranger comes."""
        await self.door.close()
        flight = _Flight(self)
        run = Run(datetime.fromtimestamp(self.clock(), UTC), Outcome.GOOD, Step.WEB)
        seconds: dict[str, float] = {}
        for step, way in flight.ways().items():
            began, run = time.monotonic(), replace(run, step=step)
            try:
                await way()
            except Missed as missed:
                run = replace(run, outcome=Outcome.MISSED, why=str(missed))
            except GaveWay as way_given:
                run = replace(run, outcome=Outcome.GAVE_WAY, why=str(way_given))
            seconds[step.value] = round(time.monotonic() - began, 3)
            if run.outcome is not Outcome.GOOD:
                break
        return replace(run, alert=flight.alert, seconds=seconds)

    async def code(self) -> str:
        """A code that was not used yet: this half minute's, or the next one's, which counts already; never a third."""
        counter = max(int(self.clock()) // CODE_S, self._spent + 1)
        await asyncio.sleep(max(0.0, (counter - 1) * CODE_S - self.clock()))
        self._spent = counter
        return str(TOTP(self.keys.factor).generate(counter * CODE_S).token)

    async def ask(self, method: str, path: str, token: str = "", body: object = None, fits: int = OK) -> Any:
        """One question to the web server; the JSON of its answer. Missed says in words what came instead."""
        headers = {"Accept": "application/json", "Content-Type": "application/json"}
        if token:
            headers["Authorization"] = f"Bearer {token}"
        sent = b"" if body is None else json.dumps(body).encode()
        try:
            reply = await self.door.request(method, self.base + path, headers, sent)
        except (SendError, DoorClosed, OSError, ValueError) as error:
            raise Missed(f"the web server at {self.base} cannot be reached ({error})") from error
        said = _json(reply.text)
        if reply.status == CONFLICT and path.startswith(f"{API}/canaries"):
            raise GaveWay(_detail(said))
        if reply.status != fits:
            raise Missed(f"the web server answered {reply.status}: {_detail(said)}")
        return said


@dataclass
class _Flight:
    """What one run learns on its way."""

    path: Path
    alert: str = ""
    digest: str = ""

    def ways(self) -> dict[Step, Callable[[], Awaitable[None]]]:
        """The steps in order; without the last one where the carrier reports nothing."""
        found: dict[Step, Callable[[], Awaitable[None]]] = {
            Step.WEB: self.web,
            Step.DRAFT: self.draft,
            Step.SUBMIT: self.submit,
            Step.APPROVE: self.approve,
            Step.CARRIER: self.carrier,
        }
        return {**found, Step.CALLBACK: self.callback} if self.path.calls_back else found

    async def web(self) -> None:
        await self.path.ask("GET", "/healthz")

    async def draft(self) -> None:
        made = await self.path.ask("POST", f"{API}/canaries?previews=none", self.path.keys.issuer, {}, CREATED)
        self.alert = str(made["id"])

    async def submit(self) -> None:
        frozen = await self.path.ask("POST", f"{self._here}/submit?previews=none", self.path.keys.issuer)
        self.digest = str(frozen["hash"])

    async def approve(self) -> None:
        act = {"hash": self.digest, "totp": await self.path.code()}
        await self.path.ask("POST", f"{self._here}/approve?previews=none", self.path.keys.approver, act)

    async def carrier(self) -> None:
        await self._until("accepted", "no worker has handed the text to the carrier")

    async def callback(self) -> None:
        await self._until("delivered", "the carrier has the text, and has not reported its delivery")

    @property
    def _here(self) -> str:
        return f"{API}/alerts/{self.alert}"

    async def _until(self, wanted: str, otherwise: str) -> None:
        """Look until the text is `wanted` over each carrier; Missed says how it stands when patience ends."""
        until = time.monotonic() + self.path.patience
        while True:
            stands = _stands(await self.path.ask("GET", self._here, self.path.keys.issuer))
            late = {way: words for way, words in stands.items() if wanted not in words}
            if not late:
                return
            if any(words & IN_VAIN for words in late.values()) or time.monotonic() > until:
                raise Missed(f"{otherwise}; {'; '.join(_said(way, words) for way, words in late.items())}")
            await asyncio.sleep(LOOK_EVERY_S)


def _stands(board: Any) -> dict[str, set[str]]:
    """How the text stands over each carrier, by the counts of its alert: its states, and what the handset said."""
    ways: list[dict[str, Any]] = [one for one in board["channels"] if one["channel"] in WAYS]
    return {one["channel"]: _counted(one) for one in ways} or {next(iter(WAYS)): set()}


def _counted(way: dict[str, Any]) -> set[str]:
    counts = {**{state: way.get(state, 0) for state in State}, **way.get("handset", {})}
    return {str(name) for name, number in counts.items() if number and name != Handset.NONE}


def _said(way: str, words: set[str]) -> str:
    return f"{WAYS[way]} {', '.join(sorted(words)) or 'waiting to be taken up'}"


def _json(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return {"detail": text[:SAID_MOST].strip()}


def _detail(said: Any) -> str:
    """The sentence of a problem document, with those of its fields."""
    if not isinstance(said, dict):
        return ""
    more = [str(one.get("detail", "")) for one in said.get("errors", ()) if isinstance(one, dict)]
    return " ".join([str(said.get("detail", "")), *more]).strip()[:SAID_MOST]
