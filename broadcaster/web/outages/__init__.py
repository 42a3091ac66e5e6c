"""The record of an outage, open until somebody closes it, and the report that is made of it."""
