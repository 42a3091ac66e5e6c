"""Every table of the house, imported once, so that metadata and migrations see the same schema."""

from broadcaster.store import (
    alerts,
    boundaries,
    chases,
    deliveries,
    directory,
    directory_history,
    incoming,
    ipaws,
    ledger,
    lines,
    outlines,
    people,
    residents,
    senders,
    wordings,
)
from broadcaster.store.database import Base

__all__ = [
    "Base",
    "alerts",
    "boundaries",
    "chases",
    "deliveries",
    "directory",
    "directory_history",
    "incoming",
    "ipaws",
    "ledger",
    "lines",
    "outlines",
    "people",
    "residents",
    "senders",
    "wordings",
]
