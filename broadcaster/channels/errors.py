"""Every way a send can fail: is it sent again? is it our fault? what does the operator read?

A closed vocabulary: nobody inspects a message string, and whatever is not certain is `Ambiguous`.
"""

from __future__ import annotations

from broadcaster.alert.delivery import Event, StatusItem


class SendError(Exception):
    """A send that did not end in an accepted message."""

    event: Event = Event.AMBIGUOUS
    ours: bool = False
    blames_carrier: bool = True
    """Whether it counts against the carrier: enough of them in a few seconds, and another carrier takes over."""
    operator: str = "The carrier's answer was lost; it is being asked whether it has the message."

    def __init__(self, reason: str, *, wait: float | None = None, items: tuple[StatusItem, ...] = ()) -> None:
        super().__init__(reason)
        self.reason = reason
        self.wait = wait
        """Seconds that the carrier asked us to wait, or None."""
        self.items = items
        """What a carrier of several channels said of each."""


class Ambiguous(SendError):
    """Nobody knows: time-out, reset, 5xx, an answer that cannot be read. Asked after, never blindly resent."""


class Unheard(Ambiguous):
    """The same of one receiver among many, who says nothing about the others; what it may have is sent again as
    itself."""

    blames_carrier = False
    operator = "The receiver did not answer; the same message is sent again, under the same id."


class NotSent(SendError):
    """Certainly not sent: no connection, or the carrier says that it processed nothing. Sent again later."""

    event = Event.NOT_SENT
    operator = "The carrier could not be reached; the message is sent again in a moment."


class TooLate(NotSent):
    """Its second was over before a connection was there: a process that was frozen must not send what others ask
    after."""

    blames_carrier = False
    operator = "The message missed its second; it is sent again in a moment."


class Throttled(NotSent):
    """429: too many at once. The carrier's own wait is honoured."""

    blames_carrier = False
    operator = "The carrier asks us to slow down; sending goes on at its pace."


class PutOff(NotSent):
    """The carrier is well and says that this one message must wait: a full mailbox, greylisting."""

    blames_carrier = False
    operator = "The carrier puts this message off; it is sent again in a moment."


class Misconfigured(NotSent):
    """Our account, our credentials or our configuration: nothing goes out until a person repairs it."""

    ours = True
    operator = "The carrier refuses our account: check the credentials and the account's state now."


class Rejected(SendError):
    """The carrier will never take this message to this address."""

    event = Event.REJECTED
    blames_carrier = False
    operator = "The carrier refused this number for good."


class OptedOut(Rejected):
    """The person said STOP to the carrier (21610): our own suppression list learns it."""

    operator = "This person opted out at the carrier."
