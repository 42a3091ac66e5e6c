"""Agencies and whoever else must hear: told first, chased by another way until they say that they have heard."""
