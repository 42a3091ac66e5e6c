"""IPAWS-OPEN on this machine: it verifies both of our signatures, checks what FEMA's would, and keeps score.

The law of this package: it is the judge, so it shares nothing with what it judges. It imports nothing of the product
but `logs`, reads SOAP and CAP by itself, and its ledger holds what really was taken, whatever the client was told.
It listens on loopback only.
"""

from broadcaster.local.ipaws.group import Group
from broadcaster.local.ipaws.running import Running, start_in_thread

__all__ = ["Group", "Running", "start_in_thread"]
