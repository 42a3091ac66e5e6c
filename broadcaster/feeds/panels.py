"""An alert on the front page: its colour, its label, and what each of its towns is told now.

An alert that ended is not green where another one goes on, and no town stands among those where 911 works again while
it fails there by another alert: what holds in a town is the word of all alerts together (`lookup`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from itertools import groupby
from typing import Any

from broadcaster.alert.alert import RevisionKind
from broadcaster.feeds.lookup import LOUD, Advice
from broadcaster.feeds.snapshot import AirState, OnAir, Snapshot, TownAnswer, TownState

GOES_ON = "Another alert goes on: 911 does not work reliably in {names}."
MOST_NAMED = 5
"""Towns that the sentence names; of more it says how many."""
_COLOURS = {
    AirState.DOWN: ("red", "911 outage"),
    AirState.UPDATE_OVERDUE: ("red", "911 outage"),
    AirState.EXPIRED_WITHOUT_ALL_CLEAR: ("amber", "911 not confirmed"),
    AirState.ENDED: ("green", "All clear"),
    AirState.TEST: ("amber", "Test"),
}


def panel(snapshot: Snapshot, alert: OnAir, advice: Mapping[str, Advice]) -> dict[str, Any]:
    """An alert for the front page, its towns by their first letter; `advice` is every town's (`advice_by_town`)."""
    state = alert.state(snapshot.as_of)
    held = [one for one in alert.communities if _goes_on(one, state, advice)]
    towns = [_told(one, advice) if one in held else one for one in alert.communities]
    if state is AirState.ENDED:
        towns = [one for one in alert.communities if one not in held]
    towns.sort(key=lambda answer: answer.name)
    colour, label = _looks(alert, state, len(held))
    return {
        "alert": alert,
        "state": state.value,
        "colour": colour,
        "label": label,
        "loud": _held(held) if held and state is AirState.ENDED else LOUD.get(state, ""),
        "letters": [(name, list(group)) for name, group in groupby(towns, key=lambda answer: answer.name[:1].upper())],
        "down": sum(not answer.restored for answer in towns),
        "restored": sum(answer.restored for answer in towns),
    }


def _goes_on(answer: TownAnswer, state: AirState, advice: Mapping[str, Advice]) -> bool:
    """Whether this alert says that 911 works in a town, and another one that it fails there."""
    works = state is AirState.ENDED or (answer.restored and state is not AirState.TEST)
    return works and advice[answer.code].state is TownState.DOWN


def _told(answer: TownAnswer, advice: Mapping[str, Advice]) -> TownAnswer:
    """What the other alert tells the town."""
    now = advice[answer.code]
    verified = date.fromisoformat(now.verified_on) if now.verified_on else None
    return replace(answer, restored=False, number=now.number, dial=now.dial, verified_on=verified)


def _looks(alert: OnAir, state: AirState, held: int) -> tuple[str, str]:
    colour, label = _COLOURS[state]
    if state is AirState.ENDED and held:
        return ("red", "911 outage") if held == len(alert.communities) else ("amber", "Another alert goes on")
    if alert.kind is RevisionKind.RESTORED_IN_PART and state is AirState.DOWN:
        return colour, "911 restored in part"
    return colour, "False alarm" if alert.kind is RevisionKind.FALSE_ALARM else label


def _held(towns: list[TownAnswer]) -> str:
    names = sorted(one.name for one in towns)
    more = f" and {len(names) - MOST_NAMED} more" if len(names) > MOST_NAMED else ""
    return GOES_ON.format(names=", ".join(names[:MOST_NAMED]) + more)
