"""Python's collector of cycles, in a process that stands for long."""

from __future__ import annotations

import gc


def rest_the_collector() -> None:
    """Python's collector walks what has stood since the start again and again while texts are made and forgotten; what
    stands now it leaves alone, and it looks for cycles among the new less often. Measured: a sixth of a text's cost,
    with no more memory after a million. Called once, when a process has everything that it keeps."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 20, 50)
