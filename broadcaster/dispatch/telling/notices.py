"""Short mails about an alert itself: what an agency that was told must hear when its own mail no longer comes."""

from __future__ import annotations

from broadcaster.alert.alert import ENDINGS, RevisionKind
from broadcaster.messages.message import Message


def public_tier(outage: str, happened: str) -> Message:
    """The public text was returned, rejected or withdrawn after the agencies were told."""
    words = (
        f"The notice that we sent you about outage {outage} stands."
        f" The text for the public was {happened} and has not gone out."
        " We will write again when the public is told."
    )
    return Message(f"Public 911 outage notice {happened} ({outage})", words, "")


def left_out(outage: str, kind: RevisionKind) -> Message:
    """An agency was told before, and this revision is no longer about any community of its own."""
    if kind in ENDINGS:
        words = f"911 outage {outage}, of which we told you, is over. Nothing is left for you to do."
        return Message(f"911 outage {outage} is over", words, "")
    words = (
        f"We told you about 911 outage {outage}. As far as we know now, it does not affect your communities."
        " Please take back what you passed on about it. We will write again if that changes, and when it is over."
    )
    return Message(f"911 outage {outage}: your communities are not affected", words, "")


def over(outage: str, confirmed: str) -> Message:
    """An outage of which only agencies were told has ended."""
    words = (
        f"911 outage {outage}, of which we told you, is over. Confirmed by: {confirmed.rstrip('.')}."
        " The public was never told of it, so nobody needs to be called back to 911."
        " Please take back what you passed on about it."
    )
    return Message(f"911 outage {outage} is over", words, "")


def by_one_person(outage: str, reason: str) -> Message:
    """The loud mark of a public release behind which no second person stands yet."""
    words = (
        f"RELEASED BY ONE PERSON: the public has been told of 911 outage {outage} without a second person's approval."
        f" The reason given: {reason.rstrip('.')}. Another person reviews it within 15 minutes, and we write again."
        " If something in it is wrong for your communities, call us at once."
    )
    return Message(f"RELEASED BY ONE PERSON: 911 outage {outage}", words, "")


def reviewed(outage: str, right: bool) -> Message:
    """What the second person said of it afterwards."""
    if right:
        words = f"A second person has now read what the public was told of 911 outage {outage}, and stands behind it."
        return Message(f"Reviewed: the public notice of 911 outage {outage} stands", words, "")
    words = (
        f"A second person has read what the public was told of 911 outage {outage} and says that it is WRONG."
        " A correction follows. Please do not pass the notice on meanwhile."
    )
    return Message(f"WRONG: the public notice of 911 outage {outage} is being corrected", words, "")
