"""Residents on quiet days, and the answers that a phone gets when it texts or calls."""
