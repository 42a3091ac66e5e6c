"""`/sim/...`: the knobs, the ledger and the phones, as JSON, for tests, demonstrations and judges."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import asdict
from itertools import islice
from typing import Any

from aiohttp import web

from broadcaster.local.carrier.faults import FaultError
from broadcaster.local.carrier.inbound import hear
from broadcaster.local.carrier.ledger import KINDS
from broadcaster.local.carrier.switch import Switch

ROWS_AT_ONCE = 500


class Sim:
    """Handlers that see and change the simulator itself; no credentials, loopback only."""

    def __init__(self, switch: Switch) -> None:
        self._switch = switch

    def routes(self) -> list[web.RouteDef]:
        """The paths below /sim."""
        return [
            web.get("/sim/faults", self.faults),
            web.put("/sim/faults", self.change),
            web.get("/sim/ledger", self.ledger),
            web.delete("/sim/ledger", self.clear),
            web.get("/sim/ledger/summary", self.summary),
            web.post("/sim/inbound", self.inbound),
            web.get("/sim/calls", self.calls),
        ]

    async def faults(self, _: web.Request) -> web.Response:
        """GET: every setting and its value."""
        return web.json_response(asdict(self._switch.panel.faults))

    async def change(self, request: web.Request) -> web.Response:
        """PUT: some settings; all or none of them are changed."""
        try:
            updates = await _object(request)
            return web.json_response(asdict(self._switch.panel.change(updates)))
        except FaultError as error:
            return _wrong(str(error))

    async def ledger(self, request: web.Request) -> web.StreamResponse:
        """GET: streamed; `json` is a list of each kind and the summary, `ndjson` one row a line with its kind."""
        kind = request.query.get("format", "json")
        if kind not in {"json", "ndjson"}:
            return _wrong("format must be json or ndjson.")
        response = web.StreamResponse()
        response.content_type = "application/json" if kind == "json" else "application/x-ndjson"
        await response.prepare(request)
        await (self._as_json(response) if kind == "json" else self._as_lines(response))
        await response.write_eof()
        return response

    async def clear(self, _: web.Request) -> web.Response:
        """DELETE: forget messages, attempts, queues and opt-outs; the faults stay."""
        self._switch.clear()
        return web.Response(status=204)

    async def summary(self, _: web.Request) -> web.Response:
        """GET: the counts."""
        return web.json_response(summary_of(self._switch))

    async def calls(self, _: web.Request) -> web.Response:
        """GET: every call that was placed, with what was said and pressed."""
        return web.json_response([asdict(call) for call in self._switch.calls.calls])

    async def inbound(self, request: web.Request) -> web.Response:
        """POST {from, to, body}: a phone sends a text; answers when the webhook has answered."""
        try:
            text = await _object(request)
        except FaultError as error:
            return _wrong(str(error))
        if not all(isinstance(text.get(name), str) and text[name] for name in ("from", "to", "body")):
            return _wrong("from, to and body must be texts.")
        heard = await hear(self._switch, text["from"], text["to"], text["body"])
        opted_out = text["from"] in self._switch.ledger.opted_out
        return web.json_response({**asdict(heard), "opted_out": opted_out})

    async def _as_lines(self, response: web.StreamResponse) -> None:
        if await _stream(response, self._switch.ledger.rows(), "\n"):
            await response.write(b"\n")

    async def _as_json(self, response: web.StreamResponse) -> None:
        lead = "{"
        for name, kind in KINDS.items():
            await response.write(f'{lead}"{name}":['.encode())
            await _stream(response, self._switch.ledger.rows(kind), ",")
            lead = "],"
        await response.write(f'],"summary":{json.dumps(summary_of(self._switch))}}}'.encode())


def summary_of(switch: Switch) -> dict[str, Any]:
    """The ledger's counts and what became of the status callbacks."""
    callbacks = {**switch.callbacks.counts, "waiting": switch.callbacks.waiting()}
    return {**switch.ledger.summary(), "callbacks": callbacks}


async def _stream(response: web.StreamResponse, rows: Iterator[dict[str, Any]], glue: str) -> bool:
    """Write rows in batches with glue between them; whether there was any."""
    lead = ""
    while batch := [json.dumps(row) for row in islice(rows, ROWS_AT_ONCE)]:
        await response.write((lead + glue.join(batch)).encode())
        lead = glue
    return bool(lead)


async def _object(request: web.Request) -> Mapping[str, Any]:
    """The JSON object in a request; raises FaultError if there is none."""
    try:
        found = json.loads(await request.read())
    except ValueError:
        raise FaultError("The body must be a JSON object.") from None
    if not isinstance(found, dict):
        raise FaultError("The body must be a JSON object.")
    return found


def _wrong(sentence: str) -> web.Response:
    return web.json_response({"error": sentence}, status=400)
