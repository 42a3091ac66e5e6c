"""The address at which somebody who was paged finds the revision: ``/desk/page/<revision>-<until>-<proof>``.

It opens nothing by itself: whoever follows it signs in first.
"""

from __future__ import annotations

import re

from broadcaster.channels.proof import proof, proves

PAGE, TRIAL = "page", "page_test"
"""The purposes of the proofs in the links of pages and of test pages."""
_TRIAL = re.compile(r"(\d{1,18})-([A-Za-z0-9_-]{22})")
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


def trial_url(base: str, secret: str, test: int) -> str:
    """Where an approver confirms that a test page came."""
    return f"{base}/desk/page-test/{test}-{proof(secret, TRIAL, str(test))}"


def trial_opened(secret: str, token: str) -> int | None:
    """The test of what `trial_url` wrote, or None."""
    parts = _TRIAL.fullmatch(token)
    return int(parts[1]) if parts and proves(secret, TRIAL, parts[1], parts[2]) else None
