"""A practice record on its way to the live installation: one POST of a signed note, which may come twice."""

from __future__ import annotations

import json

from broadcaster.channels.errors import Rejected
from broadcaster.channels.http import Door, raise_for

PATH = "/api/v1/practice"
TYPE = "text/plain; charset=utf-8"


class LiveDesk:
    """The live installation at its address, behind the door."""

    def __init__(self, url: str, door: Door) -> None:
        self._url, self._door = url.rstrip("/") + PATH, door

    async def post(self, note: str) -> None:
        """Post a record; SendError when it was not taken: Rejected, with the live desk's own sentence."""
        headers = {"Content-Type": TYPE, "Accept": "application/problem+json"}
        reply = await self._door.request("POST", self._url, headers, note.encode())
        if 400 <= reply.status < 500 and reply.status != 429:
            raise Rejected(_sentence(reply.text) or f"http_{reply.status}")
        raise_for(reply)

    async def close(self) -> None:
        """Close the connection that is kept."""
        await self._door.close()


def _sentence(text: str) -> str:
    """The `detail` of a problem document (RFC 9457), or nothing."""
    try:
        read = json.loads(text)
    except ValueError:
        return ""
    return str(read.get("detail", ""))[:200] if isinstance(read, dict) else ""
