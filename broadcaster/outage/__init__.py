"""Around the alert: what is known before it, beside it and after it, and the binder for when our own house is down.

Law: nothing in here sends a public word, and nothing in here may hold one up.
"""
