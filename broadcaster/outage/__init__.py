"""What happens around an alert: how an outage is noticed, and what is known of it.

Law: what a machine notices is a proposal with its evidence; only people make an alert of it.
"""
