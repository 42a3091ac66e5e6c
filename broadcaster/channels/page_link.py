"""The address at which somebody who was paged finds the revision: ``/desk/page/<revision>-<until>-<proof>``.

It opens nothing by itself: whoever follows it signs in first.
"""

from __future__ import annotations

import re

from broadcaster.channels.proof import proof, proves

PAGE = "page"
"""The purpose of these proofs."""
_TOKEN = re.compile(r"(\d{1,18})-(\d{1,12})-([A-Za-z0-9_-]{22})")


def url(base: str, secret: str, revision: int, until: int) -> str:
    """The whole address; `until` is in seconds since 1970."""
    return f"{base}/desk/page/{revision}-{until}-{proof(secret, PAGE, f'{revision}-{until}')}"


def opened(secret: str, token: str) -> tuple[int, int] | None:
    """Revision and end of what `url` wrote, or None."""
    parts = _TOKEN.fullmatch(token)
    if parts is None or not proves(secret, PAGE, f"{parts[1]}-{parts[2]}", parts[3]):
        return None
    return int(parts[1]), int(parts[2])
