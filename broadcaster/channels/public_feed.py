"""The feed as a channel: a signed CAP document becomes a file, once, and is never written again."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from pathlib import Path

from broadcaster.channels.contract import Accepted, Asked, Outgoing, Seen, Traits, Unsupported
from broadcaster.channels.errors import NotSent
from broadcaster.channels.files import PublishFailed, publish


class PublicFeed:
    """Writes ``cap/<identifier>.xml`` below the published folder; the message's subject is the identifier."""

    name = "feed"
    carrier = "files"
    traits = Traits(receipts=False, listing=False, segments=False, cancels=False, idempotent=True)

    def __init__(self, root: Path) -> None:
        self._root = root

    async def send(self, out: Outgoing) -> Accepted:
        """Write the document; NotSent when the disk refuses."""
        path = f"cap/{out.message.subject}.xml"
        try:
            await asyncio.to_thread(publish, self._root, {}, {path: out.message.text.encode()})
        except PublishFailed as error:
            raise NotSent("not_written") from error
        return Accepted(path)

    async def find(self, asked: Sequence[Asked]) -> list[Seen]:
        """Files are not asked after: writing them again changes nothing."""
        raise Unsupported("feed")

    async def cancel(self, ref: str) -> bool:
        """Nothing can be taken back."""
        raise Unsupported("A file is replaced by the next one.")

    async def close(self) -> None:
        """Nothing is kept open."""
