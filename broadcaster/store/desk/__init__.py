"""Whoever works at the desk: accounts and rights, sessions and passkeys, the roster, pages and practice."""
