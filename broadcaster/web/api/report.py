"""The report of an alert for programs: the same figures as on paper, each with its source and mark."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import Any

from pydantic import AwareDatetime, BaseModel

from broadcaster.outage.report.figures import Report
from broadcaster.web.api import calls
from broadcaster.web.api.calls import Call
from broadcaster.web.api.models import StateOut
from broadcaster.web.outages import outages, report_data
from broadcaster.web.release import acting


class MomentOut(BaseModel):
    """One line of the timeline; `event` is its number in the ledger, if it stands there."""

    key: str
    label: str
    at: AwareDatetime
    source: str
    event: int | None


class FigureOut(BaseModel):
    """A number and where it is from; `preliminary` says why it may still change, and is empty once it is settled."""

    key: str
    label: str
    value: float | None
    unit: str
    source: str
    preliminary: str


class ReferenceOut(BaseModel):
    """How long others took, in minutes."""

    name: str
    minutes: float
    source: str


class MeasureOut(BaseModel):
    """Our minutes, None where there are none yet, beside the target and those of others."""

    key: str
    label: str
    minutes: float | None
    target: float
    preliminary: str
    references: list[ReferenceOut]


class ReachOut(BaseModel):
    """One community in the first text: how many by state and by what the phones reported, and how many twice."""

    code: str
    name: str
    county: str
    states: dict[str, int]
    handsets: dict[str, int]
    possible_doubles: int
    confirmed_doubles: int


class ChainOut(BaseModel):
    """What was found when the whole ledger was read again at `at`; `broken` is empty where it is whole."""

    at: AwareDatetime
    events: int
    broken: str
    unread: bool
    checkpoint_size: int
    checkpoint_root: str
    checkpoint_at: AwareDatetime | None


class OutageReportOut(BaseModel):
    """The after-action report; `timeline` are the events as they stand in the ledger."""

    id: str
    about: str
    place: str
    drill: str
    as_of: AwareDatetime
    preliminary: list[str]
    moments: list[MomentOut]
    figures: list[FigureOut]
    measures: list[MeasureOut]
    communities: list[ReachOut]
    agencies: list[dict[str, Any]]
    missed_callers: dict[str, Any] | None
    ledger: ChainOut
    timeline: list[dict[str, Any]]


class ReportOut(OutageReportOut):
    """The report of an alert, and its counts of now."""

    counts: StateOut


def report(call: Call) -> ReportOut:
    """The after-action report: timeline, figures, minutes beside those of others, and the proof of the ledger."""
    alert = acting.alert_of(call.store, call.alert)
    made = report_data.of_alert(call.store, alert)
    return ReportOut(id=call.alert, counts=calls.show(call), **plain(made))


def outage_report(call: Call) -> OutageReportOut:
    """The after-action report of an outage with all of its alerts."""
    outage = outages.found(call.store, call.alert)
    return OutageReportOut(id=call.alert, **plain(report_data.of_outage(call.store, outage)))


def plain(made: Report) -> dict[str, Any]:
    """A report as plain values."""
    chain = made.chain
    return {
        "about": made.story.about,
        "place": made.story.place,
        "drill": made.story.drill,
        "as_of": made.as_of,
        "preliminary": list(made.preliminary),
        "moments": [asdict(one) for one in made.moments],
        "figures": [asdict(one) for one in made.figures],
        "measures": [
            {
                "key": one.interval.key,
                "label": one.interval.label,
                "minutes": one.minutes,
                "target": one.interval.target,
                "preliminary": one.preliminary,
                "references": [asdict(other) for other in one.interval.references],
            }
            for one in made.measures
        ],
        "communities": [
            {
                "code": one.code,
                "name": one.name,
                "county": one.county,
                "states": one.count.states,
                "handsets": one.count.handsets,
                "possible_doubles": one.possible,
                "confirmed_doubles": one.confirmed,
            }
            for one in made.facts.places
        ],
        "agencies": [asdict(one) for one in made.facts.agencies],
        "missed_callers": asdict(made.missed) if made.missed else None,
        "ledger": {
            "at": chain.at,
            "events": chain.events,
            "broken": chain.why,
            "unread": chain.unread,
            "checkpoint_size": chain.size,
            "checkpoint_root": chain.root,
            "checkpoint_at": chain.sealed_at,
        },
        "timeline": [json.loads(one.canonical) for one in made.facts.events],
    }
