"""FEMA's feed of all that IPAWS has published lately, whatever it was kept from (cap-ipaws.md section 4.3)."""

from __future__ import annotations

from datetime import UTC, datetime

from broadcaster.channels.errors import Ambiguous
from broadcaster.channels.http import Door, raise_for


class IpawsFeed:
    """The feed behind the door. It asks its readers to come every two minutes at most."""

    def __init__(self, url: str, door: Door) -> None:
        self._url, self._door = url, door

    async def since(self, moment: datetime) -> bytes:
        """Every whole alert since then, as the feed gives it; SendError when it cannot be had."""
        stamp = moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        reply = await self._door.request("GET", f"{self._url}/public/recent/{stamp}", {"Accept": "application/xml"})
        raise_for(reply)
        if reply.status >= 300:
            raise Ambiguous(f"http_{reply.status}")
        return reply.text.encode()

    async def close(self) -> None:
        """Close the connection that is kept."""
        await self._door.close()
