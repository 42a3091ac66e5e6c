"""What a run measures: its sizes and rounds."""

from __future__ import annotations

from dataclasses import dataclass

PARTS = (
    "sink",
    "peer",
    "engine",
    "latency",
    "receipts",
    "email",
    "bulk",
    "documents",
    "directory",
    "pages",
    "detector",
)


@dataclass(frozen=True, slots=True)
class Plan:
    """`sizes` are the audiences of the engine, `peers` those of the naive peer; quantiles are over `releases`."""

    parts: tuple[str, ...] = PARTS
    sizes: tuple[int, ...] = (20_000, 1_000_000)
    peers: tuple[int, ...] = (5_000, 20_000)
    latencies: tuple[int, ...] = (1_000, 1_000_000)
    schemes: tuple[str, ...] = ("http", "https")
    rounds: int = 3
    releases: int = 30
    receipts: int = 60_000
    agencies: int = 1_000
    loads: int = 300_000
    bulk: int = 20_000
    documents: int = 300
    residents: int = 1_000_000
    state_agencies: int = 6_000
    outages: int = 40
    hours: tuple[int, ...] = (0, 4, 8, 12, 16, 20)
    years: int = 2
    state_years: int = 10
    year_weeks: int = 52
    page_views: int = 21
    quick: bool = False
    slow_ms: float = 60.0  # 0: no run with slow answers


QUICK = Plan(
    sizes=(300,),
    peers=(60,),
    latencies=(100,),
    schemes=("https",),
    rounds=1,
    releases=2,
    slow_ms=0.0,
    receipts=300,
    agencies=12,
    loads=2_000,
    bulk=100,
    documents=3,
    residents=600,
    state_agencies=40,
    outages=1,
    hours=(4, 18),
    years=1,
    state_years=1,
    year_weeks=1,
    page_views=1,
    quick=True,
)
"""Proves that the harness works; its figures say nothing."""
