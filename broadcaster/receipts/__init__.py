"""What comes back, and what is watched: receipts, words from phones, and how many of how many.

Law: a receipt is verified, counted once and always kept; it is durable before it is acknowledged; order and repetition
change nothing. Accepted is not delivered: no count of one is ever shown as the other.
"""
