"""A carrier on this machine: a stateful server that speaks Twilio's Messages API, breaks on request, and keeps score.

The law of this package: it is the judge, so it shares nothing with what it judges. It imports nothing of the product
but `logs`, counts segments by itself, and its ledger holds what really was accepted, whatever the client was told.
It listens on, and calls back to, loopback only.
"""

from broadcaster.local.carrier.config import Carrier
from broadcaster.local.carrier.faults import Faults
from broadcaster.local.carrier.running import Running, start_in_thread
from broadcaster.local.carrier.server import build_app

__all__ = ["Carrier", "Faults", "Running", "build_app", "start_in_thread"]
