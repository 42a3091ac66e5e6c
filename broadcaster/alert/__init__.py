"""The heart: plain values and rules of an outage alert; no clock, no I/O, no framework.

Law: what was submitted is frozen, and two different people stand behind every public word; where one is enough, or has
to be, `policy` says so in one table, and it is marked and reviewed.
"""
