"""Lengths of time as people read them."""

from __future__ import annotations

from datetime import timedelta

from broadcaster.said import Counted, Said


def spoken(seconds: float) -> str:
    """``40 seconds``, ``12 minutes``, ``2 h 05 min``."""
    if seconds < 90:
        return Counted("%(num)s second", "%(num)s seconds", max(1, round(seconds)))
    minutes = round(seconds / 60)
    return Said("%(number)s minutes", number=minutes) if minutes < 100 else f"{minutes // 60} h {minutes % 60:02} min"


def ago(length: timedelta) -> str:
    """``1:20``: minutes and seconds."""
    seconds = max(0, round(length.total_seconds()))
    return f"{seconds // 60}:{seconds % 60:02}"
