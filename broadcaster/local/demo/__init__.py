"""`make demo`: the whole product on this machine, replaying 18 June 2024 with real parts.

Law: the judge shares no code with the judged. The carrier's own ledger is compared with the generator's own list.
"""

from broadcaster.local.demo.show import Wish, run

__all__ = ["Wish", "run"]
