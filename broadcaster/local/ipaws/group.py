"""The one group (COG) that is known here: its certificates, and what it may send."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Group:
    """A COG with its users and certificates in PEM: of the request (`transport`) and of the alert (`alert`).

    Empty `events` or `places` allow every one. `airs` are the CAP statuses that go on air: FEMA airs Actual alone, a
    laboratory may air exercises. `ledger` is an append-only NDJSON file that is read back at start; `clock` gives
    seconds since 1970.
    """

    cog: str
    users: tuple[str, ...]
    transport: tuple[bytes, ...]
    alert: tuple[bytes, ...]
    name: str = "State 911 Department"
    enabled: bool = True
    eas: bool = True
    wea: bool = True
    public: bool = True
    events: tuple[str, ...] = ()
    places: tuple[str, ...] = ()
    wea_events: tuple[str, ...] = ()
    airs: tuple[str, ...] = ("Actual",)
    ledger: Path | None = None
    clock: Callable[[], float] = time.time
