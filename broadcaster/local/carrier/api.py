"""The part of Twilio's REST API that sends, lists, fetches and cancels messages, with its faults."""

from __future__ import annotations

import json
from dataclasses import dataclass
from urllib.parse import unquote_plus

from aiohttp import web

from broadcaster.local.carrier.errors import Refusal, refusal
from broadcaster.local.carrier.front import JSON, Answer, Front, refused, seen
from broadcaster.local.carrier.records import Message
from broadcaster.local.carrier.resource import VERSION, as_account, as_message, as_page, listing
from broadcaster.local.carrier.rules import refusal_of, trial_refusal
from broadcaster.local.carrier.switch import Switch


def read_form(raw: bytes) -> dict[str, str]:
    """A form-encoded body; of a repeated field the last value counts."""
    pairs = (pair.partition("=") for pair in raw.decode("utf-8", "replace").split("&"))
    return {_plain(name): _plain(value) for name, _, value in pairs if name}


@dataclass(frozen=True, slots=True)
class SingleText:
    """A POST to Messages: a form that asks for one text."""

    switch: Switch
    form: dict[str, str]

    def refusal(self) -> Refusal | None:
        """The first rule that it breaks."""
        return refusal_of(self.switch, self.form)

    def refuse(self, found: Refusal | None, fault: str) -> None:
        """Record it as not accepted."""
        self.switch.refuse(self.form, found, fault)

    def accept(self, fault: str) -> Answer:
        """201 and the message. What happens to the message while the answer is late is not in it."""
        message = self.switch.accept(self.form, fault, seen(fault, 201))
        return Answer(201, json.dumps(as_message(self.switch.config.account_sid, message)).encode(), {})


@dataclass(frozen=True, slots=True)
class TrialText(SingleText):
    """The same POST with test credentials: judged, answered, and sent to nobody."""

    def refusal(self) -> Refusal | None:
        """The first rule that it breaks."""
        return trial_refusal(self.form)

    def accept(self, fault: str) -> Answer:
        """201 and a message that is queued for ever."""
        message = self.switch.accept_trial(self.form, fault, seen(fault, 201))
        return Answer(201, json.dumps(as_message(self.switch.config.test_sid, message)).encode(), {})


class Api:
    """Handlers of one account."""

    def __init__(self, switch: Switch, front: Front) -> None:
        self._switch, self._front = switch, front
        self._account = switch.config.account_sid

    def routes(self) -> list[web.RouteDef]:
        """The paths of this API; `{account}` is checked together with the credentials."""
        base, known = f"/{VERSION}/Accounts/{{account}}", self._front.known
        return [
            web.post(f"{base}/Messages.json", self.create),
            web.get(f"{base}/Messages.json", known(self.index), allow_head=False),
            web.get(f"{base}/Messages/{{sid}}.json", known(self.fetch), allow_head=False),
            web.post(f"{base}/Messages/{{sid}}.json", known(self.update)),
            web.get(f"{base}.json", known(self.account), allow_head=False),
        ]

    async def create(self, request: web.Request) -> web.StreamResponse:
        """POST Messages."""
        return await self._front.answer(
            request,
            lambda raw: SingleText(self._switch, read_form(raw)),
            lambda raw: TrialText(self._switch, read_form(raw)),
        )

    async def index(self, request: web.Request) -> web.StreamResponse:
        """GET Messages: filtered, paged, newest first, and behind the truth by the listing's lag."""
        switch, query = self._switch, request.query
        try:
            asked = listing(query)
        except ValueError as error:
            return refused(refusal(20001, f"Invalid query: {error}"))
        found = asked.page(switch.ledger, switch.clock() - switch.panel.faults.listing_lag_s)
        return web.Response(body=as_page(self._account, query, asked, found), headers={"Content-Type": JSON})

    async def fetch(self, request: web.Request) -> web.StreamResponse:
        """GET one message; it is there at once, only the listing lags."""
        message = self._switch.ledger.by_sid.get(request.match_info["sid"])
        return self._document(message) if message else refused(refusal(20404, request.path))

    async def update(self, request: web.Request) -> web.StreamResponse:
        """POST Status=canceled to a message: only while it waits, otherwise 30409."""
        switch = self._switch
        message = switch.ledger.by_sid.get(request.match_info["sid"])
        if message is None:
            return refused(refusal(20404, request.path))
        if read_form(await request.read()).get("Status") != "canceled":
            return refused(refusal(20001, "The only update that this simulator knows is Status=canceled."))
        if not switch.network.cancel(message, switch.clock()):
            return refused(refusal(30409, message.status))
        return self._document(message)

    async def account(self, _: web.Request) -> web.StreamResponse:
        """GET the account, by which a client checks its credentials."""
        return web.json_response(as_account(self._account))

    def _document(self, message: Message) -> web.Response:
        body = json.dumps(as_message(self._account, message)).encode()
        return web.Response(body=body, headers={"Content-Type": JSON})


def _plain(text: str) -> str:
    return unquote_plus(text) if "%" in text or "+" in text else text
