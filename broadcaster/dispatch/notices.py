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
