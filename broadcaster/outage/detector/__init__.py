"""Calls that are not there: counts judged against the same hour of the week, beside beats and people's reports.

A finding proposes a draft with its evidence, once, for the widest place that explains it; it never makes an alert.
"""
