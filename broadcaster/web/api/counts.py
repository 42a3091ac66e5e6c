"""How many 911 calls each PSAP hears, as their equipment pushes it; what the detector listens to."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, cast

from pydantic import BaseModel, Field

from broadcaster.alert.alert import Problem
from broadcaster.outage.detector import counting
from broadcaster.outage.detector.counting import BadCount, Given
from broadcaster.store.outage import call_counts
from broadcaster.store.outage.call_counts import NewCount
from broadcaster.web.api import models as m
from broadcaster.web.api.calls import Call
from broadcaster.web.api.problem import Refused

MOST = 5_000
"""Rows of one request: a state of 204 PSAPs for 24 minutes."""
Code = Annotated[str, Field(min_length=1, max_length=80)]
Number = Annotated[int, Field(ge=0, le=counting.MOST_CALLS)]


class CallCountIn(m.In):
    """The calls of a PSAP in a minute; a zero is sent too. Sent again, the last word counts. `last_call_at` is when the
    last call came, by which silence is found soonest; `through` is until when a running minute was counted."""

    psap: Code
    minute: m.Moment
    calls: Number
    retries: Number = 0
    last_call_at: m.Moment | None = None
    through: m.Moment | None = None


class HeartbeatIn(m.In):
    """The call-handling equipment of a PSAP is alive, and says so every so many seconds."""

    psap: Code
    every_s: Annotated[float, Field(ge=1.0, le=3600.0)] = 60.0


class CallCountsIn(m.In):
    """Counts and heartbeats of any PSAPs; all of them are kept, or none."""

    counts: Annotated[list[CallCountIn], Field(default_factory=list, max_length=MOST)]
    heartbeats: Annotated[list[HeartbeatIn], Field(default_factory=list, max_length=MOST)]


class CallCountsOut(BaseModel):
    """How many minutes and heartbeats were kept."""

    counts: int
    heartbeats: int


def count_calls(call: Call) -> CallCountsOut:
    """Calls by PSAP and minute, and heartbeats, for the detector."""
    body, ids = cast(CallCountsIn, call.body), call_counts.psap_ids(call.store)
    rows, problems = _checked(call, body.counts, ids)
    problems += [
        Problem(f"heartbeats.{no}.psap", "There is no such PSAP in the directory: use its code there.")
        for no, one in enumerate(body.heartbeats)
        if one.psap not in ids
    ]
    if problems:
        raise Refused(*problems)
    kept = call_counts.put(call.store, rows, call.actor.now)
    beats = {ids[one.psap]: (call.actor.now, one.every_s) for one in body.heartbeats}
    if beats:
        call_counts.beat(call.store, beats)
    return CallCountsOut(counts=kept, heartbeats=len(beats))


def _checked(
    call: Call, given: Sequence[CallCountIn], ids: dict[str, int]
) -> tuple[list[NewCount], list[Problem]]:  # fmt: skip
    rows, problems = [], []
    for no, one in enumerate(given):
        try:
            rows.append(counting.checked(Given(**one.model_dump()), ids, call.actor.now))
        except BadCount as bad:
            problems.append(Problem(f"counts.{no}.{bad.field}", str(bad)))
    return rows, problems
