"""The shape that EAS boxes and IPAWS clients poll: whole signed alerts since a moment, by way out.

Every status is served: in `live` there is only Actual, and elsewhere a box may learn to read us. A box must never air
what is not Actual (ECIG guide), whatever it polls.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime

from broadcaster.feeds.atom import recent
from broadcaster.feeds.capvalues import Alert, MsgType
from broadcaster.window.shelf import Shelf

BLOCKED_BY = {"public": "", "public_non_eas": "PUBLIC", "eas": "EAS", "nwem": "NWEM", "PublicWEA": "CMAS"}
"""Each feed and the BLOCKCHANNEL value that keeps an alert out of it; `public` holds all (cap-ipaws.md 4.3)."""


class BadTimestamp(ValueError):
    """The path's moment is none; the message is a sentence."""


def parse_timestamp(text: str) -> datetime:
    """``2024-06-18T18:30:00Z``, the one place where a ``Z`` is right; BadTimestamp for anything else."""
    if not re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", text, re.ASCII):
        raise BadTimestamp("Give the time as YYYY-MM-DDTHH:MM:SSZ.")
    try:
        return datetime.strptime(text, "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC)
    except ValueError as error:
        raise BadTimestamp(f"There is no such time as {text}.") from error


def recent_alerts(shelf: Shelf, feed: str, since: datetime, now: datetime) -> bytes:
    """The alerts of a feed sent at or after `since` that have not expired, oldest first, byte for byte."""
    chosen = [data for alert, data in shelf.alerts() if alert.sent >= since and _is_on(alert, feed, now)]
    return recent(chosen)


def _is_on(alert: Alert, feed: str, now: datetime) -> bool:
    if alert.expires is not None and alert.expires <= now:
        return False
    infos = alert.infos
    if BLOCKED_BY[feed] and any(BLOCKED_BY[feed] in info.parameters_named("BLOCKCHANNEL") for info in infos):
        return False
    needs_text = feed == "PublicWEA" and alert.msg_type is not MsgType.CANCEL
    return not needs_text or any(info.parameter("CMAMtext") for info in infos)
