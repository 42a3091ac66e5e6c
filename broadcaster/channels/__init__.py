"""The ways out; one carrier, one file. A channel knows its carrier's words and nothing of the database.

Law: one request, once, without retries; and every failure is one of `errors`.
"""
