"""The minutes of others, beside which ours are shown: measured outages and alerts, a federal rule, a usual tender.

Each is as its source states it; a range stands with its longer end, and says so in its name.
"""

from __future__ import annotations

from dataclasses import dataclass

from broadcaster.said import Said


@dataclass(frozen=True, slots=True)
class Reference:
    """How many minutes somebody else took for the same way, or may take by a rule."""

    name: str
    minutes: float
    source: str


@dataclass(frozen=True, slots=True)
class Interval:
    """A way from one moment of the timeline to another, and how long it may take (`target`, minutes)."""

    key: str
    label: str
    since: str
    until: tuple[str, ...]
    target: float
    references: tuple[Reference, ...]


INTERVALS: tuple[Interval, ...] = (
    Interval(
        "agencies",
        Said("From knowing to telling the agencies"),
        "known",
        ("agencies",),
        5,
        (
            Reference(
                Said("Federal rule: provider to answering points"), 30, "FCC, DOC-388713A1, since April 15, 2025"
            ),
            Reference(Said("T-Mobile 2020: provider to answering points"), 128, "fierce-network.com"),
            Reference(Said("AT&T 2024: provider to FirstNet (about)"), 180, "broadbandbreakfast.com"),
        ),
    ),
    Interval(
        "public",
        Said("From knowing to the first word to the public"),
        "known",
        ("feed", "first_text"),
        10,
        (
            Reference(Said("A usual tender: start to sent"), 10, "requests for proposals under the Clery Act"),
            Reference(Said("Nova Scotia, January 2023"), 61, "avert.ca"),
            Reference(Said("Grant County WA 2018 (about)"), 66, "press of December 2018"),
            Reference(Said("Massachusetts, June 18, 2024"), 75, "Boston Globe"),
            Reference(Said("Okanogan County WA 2018 (about)"), 103, "omakchronicle.com"),
            Reference(Said("Optus, November 2023"), 148, "press of November 2023"),
        ),
    ),
    Interval(
        "issuing",
        Said("From the first draft to the approval"),
        "drafted",
        ("approved",),
        3,
        (
            Reference(Said("LA County 2025: decision to issued, 20 to 30"), 30, "lacounty.gov, after-action review"),
            Reference(Said("Kerr County TX 2025: asked to first alert"), 68, "ksat.com"),
        ),
    ),
    Interval(
        "restored",
        Said("From 911 restored to the all-clear"),
        "restored",
        ("ended",),
        10,
        (Reference(Said("Massachusetts, June 18, 2024"), 65, "Boston Globe"),),
    ),
    Interval(
        "corrected",
        Said("From the false alert to its correction"),
        "approved",
        ("corrected",),
        3,
        (
            Reference(Said("LA County, January 9, 2025 (about)"), 15, "robertgarcia.house.gov"),
            Reference(Said("Hawaii, January 13, 2018"), 38, "civilbeat.org"),
            Reference(Said("Ontario, January 12, 2020"), 108, "torontosun.com"),
        ),
    ),
)
"""In the order of a day (outage-domain.md 2.3)."""
