"""Bulk requests to a running carrier, for tests."""

from __future__ import annotations

from typing import Any

import requests

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
