"""Notices of an outage by providers (47 CFR 4.9(h)): written down, read, tied to an outage, passed on."""
