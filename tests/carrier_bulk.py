"""Bulk requests to a running carrier, for tests."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import aiohttp
import requests
from aiohttp import web

from broadcaster.local.carrier import Running
from tests.carrier import SENDER, SID, TOKEN

TOWNS = {"+15085550100": "Lynn", "+15085550101": "Salem"}


def to(phone: str, **variables: str) -> dict[str, Any]:
    """One recipient."""
    return {"address": phone, "channel": "PHONE", "variables": variables}


def wave(*phones: str, text: str = "911 is down in {{town}}.", **more: Any) -> dict[str, Any]:
    """A request that tells each phone about its town, with a key of its own as a tag."""
    return {
        "from": {"address": SENDER, "channel": "SMS"},
        "to": [to(phone, town=TOWNS.get(phone, "Lowell"), key=f"7.{no}.1") for no, phone in enumerate(phones)],
        "content": {"text": text},
        "tags": {"delivery": "{{key}}"},
        **more,
    }


def post(running: Running, body: object, token: str = TOKEN, timeout: float = 20.0) -> requests.Response:
    """POST /v1/Messages."""
    return requests.post(f"{running.url}/v1/Messages", json=body, auth=(SID, token), timeout=timeout)


def get(running: Running, path: str = "", **query: object) -> Any:
    """GET below /v1/Messages."""
    return requests.get(f"{running.url}/v1/Messages{path}", query, auth=(SID, TOKEN), timeout=20)


def operation(running: Running, ref: str) -> tuple[str, dict[str, int]]:
    """The status of an operation and those of its counts that are not zero."""
    found = get(running, f"/Operations/{ref}").json()
    return found["status"], {name: count for name, count in found["stats"].items() if count}


@asynccontextmanager
async def altered(url: str, change: Callable[[Any], Any]) -> AsyncIterator[str]:
    """The URL of a carrier whose documents come back changed: for the forms that this simulator does not take."""
    async with aiohttp.ClientSession(url, auto_decompress=False) as session:

        async def forward(request: web.Request) -> web.Response:
            headers = {
                name: request.headers[name] for name in ("Authorization", "Content-Type") if name in request.headers
            }
            path, body = str(request.rel_url), await request.read()
            async with session.request(request.method, path, data=body, headers=headers) as answer:
                kept = {name: value for name, value in answer.headers.items() if name.startswith("operation")}
                return web.json_response(change(await answer.json()), status=answer.status, headers=kept)

        app = web.Application()
        app.router.add_route("*", "/{path:.*}", forward)
        runner = web.AppRunner(app, access_log=None)
        await runner.setup()
        try:
            await web.TCPSite(runner, "127.0.0.1", 0).start()
            yield f"http://127.0.0.1:{runner.addresses[0][1]}"
        finally:
            await runner.cleanup()
