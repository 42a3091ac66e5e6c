"""What a command ends with when it cannot do what was asked: one sentence on standard error, and the status 2."""

from __future__ import annotations


class Refusal(Exception):
    """Its message is one sentence that says what to change or what to do first."""
