"""The part of Twilio's REST API that places and lists calls, with the same faults as the texts."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from aiohttp import web

from broadcaster.local.carrier.api import read_form
from broadcaster.local.carrier.calls import Call
from broadcaster.local.carrier.errors import MAGIC_FROM, MAGIC_TO, Refusal, refusal
from broadcaster.local.carrier.front import JSON, Answer, Front, refused
from broadcaster.local.carrier.resource import VERSION, as_date
from broadcaster.local.carrier.rules import PHONE
from broadcaster.local.carrier.switch import Switch

MOST_PER_PAGE = 1000


@dataclass(frozen=True, slots=True)
class OneCall:
    """A POST to Calls: a form that asks for one call."""

    switch: Switch
    form: Mapping[str, str]

    def refusal(self) -> Refusal | None:
        """The first rule that it breaks."""
        to, sender, url = (self.form.get(name, "") for name in ("To", "From", "Url"))
        if not PHONE.fullmatch(to):
            return refusal(21211, to)
        if to in MAGIC_TO and MAGIC_TO[to] in (21211, 21614):
            return refusal(21211, to)
        if not PHONE.fullmatch(sender) or MAGIC_FROM.get(sender) == 21212:
            return refusal(21212, sender)
        return None if url.startswith(("http://", "https://")) else refusal(21205, url)

    def refuse(self, found: Refusal | None, fault: str) -> None:
        """Record it as not placed: nothing rings, and no list holds it."""

    def accept(self, fault: str) -> Answer:
        """201 and the call, before it rings."""
        call = self.switch.calls.place(self.form, fault)
        return Answer(201, json.dumps(as_call(self.switch.config.account_sid, call)).encode(), {})


class CallsApi:
    """Handlers of one account."""

    def __init__(self, switch: Switch, front: Front) -> None:
        self._switch, self._front = switch, front

    def routes(self) -> list[web.RouteDef]:
        """The paths of this API."""
        base = f"/{VERSION}/Accounts/{{account}}/Calls.json"
        return [
            web.post(base, self.create),
            web.get(base, self._front.known(self.index), allow_head=False),
            web.post(base.replace(".json", "/{sid}.json"), self._front.known(self.update)),
        ]

    async def create(self, request: web.Request) -> web.StreamResponse:
        """POST Calls."""
        return await self._front.answer(request, lambda raw: OneCall(self._switch, read_form(raw)))

    async def update(self, request: web.Request) -> web.StreamResponse:
        """POST Status=canceled or Status=completed to a call: 21220 once it is over, or too far for it."""
        switch, sid = self._switch, request.match_info["sid"]
        call = next((one for one in switch.calls.calls if one.sid == sid), None)
        if call is None:
            return refused(refusal(20404, request.path))
        status = read_form(await request.read()).get("Status", "")
        if status not in ("canceled", "completed"):
            return refused(refusal(20001, "The only updates that this simulator knows are of Status."))
        if not switch.calls.end(call, status):
            return refused(refusal(21220, call.status))
        document = json.dumps(as_call(switch.config.account_sid, call)).encode()
        return web.Response(body=document, headers={"Content-Type": JSON})

    async def index(self, request: web.Request) -> web.StreamResponse:
        """GET Calls: by To, newest first, behind the truth by the listing's lag; a page at a time."""
        switch, query = self._switch, request.query
        listed_until = switch.clock() - switch.panel.faults.listing_lag_s
        fitting = [
            call
            for call in reversed(switch.calls.calls)
            if call.at <= listed_until and query.get("To", call.to) == call.to
        ]
        size = max(1, min(int(query.get("PageSize", 50)), MOST_PER_PAGE))
        number = int(query.get("Page", 0))
        shown = fitting[number * size : (number + 1) * size]
        path = f"/{VERSION}/Accounts/{switch.config.account_sid}/Calls.json"
        more = (number + 1) * size < len(fitting)
        following = f"{path}?{urlencode({**query, 'Page': number + 1})}" if more else None
        page = {
            "calls": [as_call(switch.config.account_sid, call) for call in shown],
            "next_page_uri": following,
            "page": number,
            "page_size": size,
            "uri": path,
        }
        return web.Response(body=json.dumps(page).encode(), headers={"Content-Type": JSON})


def as_call(account: str, call: Call) -> dict[str, Any]:
    """A Call resource; `start_time` is null until it has begun."""
    return {
        "account_sid": account,
        "answered_by": call.answered_by or None,
        "api_version": VERSION,
        "date_created": as_date(call.at),
        "date_updated": as_date(call.at),
        "direction": "outbound-api",
        "from": call.sender,
        "sid": call.sid,
        "start_time": as_date(call.started_at),
        "status": call.status,
        "subresource_uris": {},
        "to": call.to,
        "uri": f"/{VERSION}/Accounts/{account}/Calls/{call.sid}.json",
    }
