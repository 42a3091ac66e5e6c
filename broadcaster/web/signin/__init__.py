"""Who asks, and how they prove it: sign-in, sessions, passkeys, rights, and the agency's identity provider.

Authorisation fails closed; what slows down somebody who guesses never locks anybody out.
"""
