"""Every table of the house, imported once, so that metadata and migrations see the same schema."""

from broadcaster.store import (
    alerts,
    boundaries,
    chases,
    consent,
    deliveries,
    directory,
    directory_history,
    inbound,
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
    "consent",
    "deliveries",
    "directory",
    "directory_history",
    "inbound",
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
