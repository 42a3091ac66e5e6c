"""The agencies' mail on this machine: a relay that takes everything, delivers nothing, and shows every mailbox.

The law of this package: it is a judge, so it shares nothing with what it judges; it keeps what it really took,
whatever the sender was told; it listens on loopback only and follows no link.
"""

from broadcaster.local.mailbox.post import Faults, Mail
from broadcaster.local.mailbox.server import Mailboxes, start_in_thread

__all__ = ["Faults", "Mail", "Mailboxes", "start_in_thread"]
