"""The words that pages use for our closed vocabularies, for what scripts say, and which pages are translated."""

from __future__ import annotations

from collections.abc import Mapping

from broadcaster.said import Said

WORDS: Mapping[str, str] = {
    # roles
    "issuer": Said("issuer"),
    "approver": Said("approver"),
    "admin": Said("admin"),
    "auditor": Said("auditor"),
    "directory-editor": Said("directory-editor"),
    "agency": Said("agency"),
    # states of a release, of a delivery
    "pending": Said("pending"),
    "released": Said("released"),
    "held": Said("held"),
    "returned": Said("returned"),
    "rejected": Said("rejected"),
    "withdrawn": Said("withdrawn"),
    "expired": Said("expired"),
    "superseded": Said("superseded"),
    "suppressed": Said("suppressed"),
    # kinds of a provider's notice
    "initial": Said("initial"),
    "update": Said("update"),
    "final": Said("final"),
    # verdicts of a review
    "right": Said("right"),
    "wrong": Said("wrong"),
    # the four groups of the map
    "reached": Said("reached"),
    "accepted": Said("accepted"),
    "unknown": Said("unknown"),
    "not-reached": Said("not reached"),
    # channels
    "sms": Said("texts"),
    "voice": Said("calls"),
    "email": Said("mail"),
    "feed": Said("page and feed"),
    "ipaws": Said("IPAWS"),
    "webhook": Said("notices to machines"),
    "handoff": Said("hand-off"),
    # what an agency is
    "psap": Said("PSAP"),
    "police": Said("police"),
    "state_police": Said("state police"),
    "tribal_police": Said("tribal police"),
    "campus_police": Said("campus police"),
    "neighbour_state": Said("neighbour state"),
    "crisis_line_988": Said("crisis line 988"),
    "fire": Said("fire"),
    "ems": Said("EMS"),
    "hospital": Said("hospital"),
    "emergency_management": Said("emergency management"),
    "vendor_911": Said("911 vendor"),
}
"""By the code that is stored."""

SCRIPT_WORDS: Mapping[str, str] = {
    "kept": Said("Kept at {at}"),
    "ended": Said("Your session has ended. Go on: you sign in when you send this, and nothing is lost."),
    "silent": Said("The desk does not answer. Go on: what you type stays on this page."),
    "device": Said("Answer the question of your device."),
    "twice": Said("This device has a passkey of yours already."),
    "nopasskey": Said("No passkey was given. Try again, or type a code."),
    "nottaken": Said("The desk did not take it. Load the page again, or type a code."),
}
"""What `desk.js` and `desk_passkeys.js` say; they find it on the page's body as `data-say-<name>`."""

SPOKEN = frozenset(
    {
        "account",
        "approval",
        "board",
        "board_stream",
        "desk",
        "desk_tongue",
        "desk_trouble",
        "detector",
        "drafts",
        "drills",
        "form",
        "glass",
        "inbox",
        "incoming",
        "ledger",
        "lines",
        "missed",
        "notices",
        "numbers",
        "outages",
        "paged",
        "passkeys",
        "provider",
        "reports",
        "revision",
        "roster",
        "signin",
        "summary",
        "together",
    }
)
"""The parts of the desk whose pages are translated; every other page is whole in English, and says so in Spanish."""
STRIPS = frozenset({"identities.connect", "identities.end_own"})
"""What a translated page asks for by itself, or sends to, from a part that is not."""
