"""The chaos matrix: every fault that loopback can show, each judged by the carrier's own ledger.

Law: a row is true only if its fault hit something. Nobody is lost, whatever is doubled is counted, every sum closes,
and the times of the algorithm run at a tenth (LEASE, SETTLE, BLIND). `python -m tests.chaos` runs it.
"""
