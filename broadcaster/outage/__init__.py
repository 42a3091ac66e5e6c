"""Around the alert: what comes before the form, and what is told after the all-clear.

It knows the store and never a fan-out: nothing here sends anything to the public.
"""
