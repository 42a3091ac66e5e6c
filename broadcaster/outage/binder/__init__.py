"""The binder: what still speaks when our servers, our sign-in or our carrier is what failed, signed and sealed.

One HTML file opens without a server; the rest loads into an empty database, from which two people can still release.
"""
