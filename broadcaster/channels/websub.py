"""WebSub (W3C Recommendation, 23 January 2018): a hub is told that a feed has changed, and tells its readers."""

from __future__ import annotations

from urllib.parse import urlencode

from broadcaster.channels.errors import Rejected
from broadcaster.channels.http import Door, raise_for

FORM = "application/x-www-form-urlencoded"


class Hub:
    """One hub behind the door. Told twice, it reads the feed twice: nothing is doubled."""

    def __init__(self, url: str, door: Door) -> None:
        self._url, self._door = url, door

    async def tell(self, topic: str) -> None:
        """Tell the hub that the feed at `topic` has news; SendError when it has not taken it."""
        body = urlencode({"hub.mode": "publish", "hub.url": topic, "hub.topic": topic}).encode()
        reply = await self._door.request("POST", self._url, {"Content-Type": FORM}, body)
        raise_for(reply)
        if reply.status >= 400:
            raise Rejected(f"http_{reply.status}")

    async def close(self) -> None:
        """Close the connection that is kept."""
        await self._door.close()
