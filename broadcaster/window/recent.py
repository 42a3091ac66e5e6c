"""The timestamp in the path of `recent`: the one place where a ``Z`` is right."""

from __future__ import annotations

import re
from datetime import UTC, datetime


class BadTimestamp(ValueError):
    """The path's moment is none; the message is a sentence."""


def parse_timestamp(text: str) -> datetime:
    """``2024-06-18T18:30:00Z``; BadTimestamp for anything else."""
    if not re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", text, re.ASCII):
        raise BadTimestamp("Give the time as YYYY-MM-DDTHH:MM:SSZ.")
    try:
        return datetime.strptime(text, "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC)
    except ValueError as error:
        raise BadTimestamp(f"There is no such time as {text}.") from error
