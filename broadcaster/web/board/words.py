"""What the board calls each channel, each state and each reason."""

from __future__ import annotations

from broadcaster.receipts.seat import REFUSED
from broadcaster.said import Said

TITLES = {
    ("sms", "public"): Said("Text messages"),
    ("voice", "public"): Said("Calls to landlines"),
    ("sms", "agency"): Said("Text messages to agencies"),
    ("email", "agency"): Said("Agency mail"),
    ("feed", "public"): Said("Public page and CAP feed"),
    ("ipaws", "public"): Said("IPAWS: radio, television, phones"),
    ("handoff", "public"): Said("Handed to the agency at IPAWS"),
}
STANDS = {
    "running": Said("Going out"),
    "held": Said("ON HOLD: nothing goes out until it is resumed"),
    "superseded": Said("Stopped: a newer message replaces it"),
    "expired": Said("Stopped at its expiry"),
    "done": Said("Finished"),
}
NOTICES = {
    "email": Said("mail"),
    "sms": Said("text"),
    "voice": Said("call"),
    "webhook": Said("message"),
    "": Said("notice"),
}
"""What an agency was sent, by channel; the last of what nothing could be sent by."""
ENDED = {"superseded": Said("Finished: a newer message replaced it"), "expired": Said("Finished at its expiry")}
REASONS = {
    "21610": Said("said STOP to the carrier"),
    "21211": Said("no valid number"),
    "21614": Said("cannot receive texts"),
    "30003": Said("phone off or out of reach"),
    "30004": Said("blocked"),
    "30005": Said("unknown number"),
    "30006": Said("landline or unreachable carrier"),
    "30007": Said("filtered by the carrier"),
    "30008": Said("unknown error at the carrier"),
    "call_busy": Said("the line was busy"),
    "call_in_vain": Said("nobody picked up"),
    "call_failed": Said("the call could not be put through"),
    "call_no_such_line": Said("no such line"),
    "smtp_550": Said("no such mailbox"),
    "bad_address": Said("no valid address"),
    "5.1.1": Said("no such mailbox"),
    "5.1.2": Said("no such mail domain"),
    "5.2.1": Said("the mailbox is switched off"),
    "5.2.2": Said("the mailbox is full"),
    "4.4.7": Said("the mail server gave up after trying for long"),
    "5.7.1": Said("refused by the recipient's mail server"),
}
"""The commonest codes in words (twilio.md 5.3, RFC 3463); others are shown as they came."""
REASONS |= {
    "no_outlet": Said("IPAWS has it, and none of its channels passes it on"),
    "cog-disabled": Said("our group is switched off at IPAWS"),
    "cog-event": Said("our group may not send this event"),
    "cog-place": Said("our group may not alert all of this area"),
    "cap-profile": Said("the document breaks a rule of IPAWS"),
    "ipaws-unsigned": Said("the document is not signed"),
    "soap_client": Said("IPAWS cannot read our request"),
    **REFUSED,
}
UNKNOWN = {
    "ipaws": Said("Unknown: IPAWS is being asked whether it has it"),
    "sms": Said("Unknown: the carrier is being asked"),
    "voice": Said("Unknown: the carrier is being asked"),
    "email": Said("Unknown: the relay did not answer, it is sent again"),
}
"""Nobody can ask a mail relay what it has."""


def in_brackets(reason: str) -> str:
    """A reason as it stands after a word, or nothing."""
    return Said(" (%(reason)s)", reason=REASONS.get(reason, reason)) if reason else ""
