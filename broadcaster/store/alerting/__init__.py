"""Alerts, their revisions and every frozen word; what was typed, and what other systems said of them."""
