"""The after-action report: its figures come from the ledger, the deliveries and the record, and from nowhere else.

What is not yet reconciled is marked preliminary. Screen, paper, CSV and statement say the same figures.
"""
