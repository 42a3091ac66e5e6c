"""What a carrier is given at its start; what can change while it runs is in `faults`."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from broadcaster.local.carrier.faults import Faults


@dataclass(frozen=True)
class Carrier:
    """One account at the simulated carrier.

    `service_sender` is the number from which texts of a Messaging Service reach the phone; `permitted` are the
    prefixes of regions that the account may text (others: 21408); `ledger` is an append-only NDJSON file that is
    read back at start; `clock` gives seconds since 1970. `test_sid` and `test_token` are the test credentials beside
    it, where there are any.
    """

    account_sid: str
    auth_token: str
    port: int = 0
    ledger: Path | None = None
    faults: Faults = field(default_factory=Faults)
    service_sender: str = "+18885550911"
    permitted: tuple[str, ...] = ("+1",)
    callback_connections: int = 64
    clock: Callable[[], float] = time.time
    test_sid: str = ""
    test_token: str = ""
