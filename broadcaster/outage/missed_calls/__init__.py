"""Who could not get through: logs of several systems become callers, each of whom is called back or has a reason.

No outage closes while a caller has no outcome, and nothing is sent to a caller by itself: a text can endanger.
"""
