"""What can become of somebody whose 911 call did not get through: the words for it, and which end the search."""

from __future__ import annotations

from enum import StrEnum

from broadcaster.said import Said


class Cannot(StrEnum):
    """Why a caller cannot be called back; `can`: they can."""

    CAN = "can"
    NO_NUMBER = "no_number"
    NO_SUBSCRIPTION = "no_subscription"
    ROUTING_NUMBER = "routing_number"
    NO_SUCH_NUMBER = "no_such_number"


class How(StrEnum):
    """How we know that somebody got through: by a later call, or another system saw that this one was answered."""

    LATER = "later"
    SAME_CALL = "same_call"


class Standing(StrEnum):
    """Where a caller stands: on the list, with somebody, ended with an outcome, or dropped because they got through."""

    WAITING = "waiting"
    CLAIMED = "claimed"
    SETTLED = "settled"
    THROUGH = "through"


class Outcome(StrEnum):
    """How the search for a caller ended. A call that nobody answers is no outcome: the caller is called again."""

    NO_EMERGENCY = "no_emergency"
    HELP_SENT = "help_sent"
    TESTED = "tested"
    WRONG_NUMBER = "wrong_number"
    WELFARE_CHECK = "welfare_check"
    NOT_REACHED = "not_reached"


class Found(StrEnum):
    """What a welfare check has found."""

    WELL = "well"
    HELPED = "helped"
    NOBODY = "nobody"
    NO_SUCH_PLACE = "no_such_place"


NEEDS_WORDS = frozenset({Outcome.HELP_SENT, Outcome.NOT_REACHED})
"""Outcomes that somebody will ask about: the note is not left empty."""
OUTCOMES = {
    Outcome.NO_EMERGENCY: Said("Reached: no emergency"),
    Outcome.HELP_SENT: Said("Reached: help was sent"),
    Outcome.TESTED: Said("Reached: only tested the line"),
    Outcome.WRONG_NUMBER: Said("Wrong number: somebody else has it"),
    Outcome.WELFARE_CHECK: Said("Welfare check sent"),
    Outcome.NOT_REACHED: Said("Not reached, and nothing is left to try"),
}
FINDINGS = {
    Found.WELL: Said("Found well"),
    Found.HELPED: Said("Found, and helped"),
    Found.NOBODY: Said("Nobody there"),
    Found.NO_SUCH_PLACE: Said("The place was not found"),
}
WHY_NOT = {
    Cannot.NO_NUMBER: Said("The system showed no number."),
    Cannot.NO_SUBSCRIPTION: Said("A phone without a subscription: it can call 911, and nobody can call it."),
    Cannot.ROUTING_NUMBER: Said("The network showed a number for routing only, which changes hands with every call."),
    Cannot.NO_SUCH_NUMBER: Said("What the system showed is no telephone number."),
}
