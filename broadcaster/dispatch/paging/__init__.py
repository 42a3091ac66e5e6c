"""Calling people of the desk: approvers at once and in parallel, then more of them, until somebody has decided."""
