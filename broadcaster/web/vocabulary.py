"""The words that pages use for our closed vocabularies, for our books and scripts, and which pages are translated."""

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
    # states of a version of a wording, besides
    "proposed": Said("proposed"),
    "approved": Said("approved"),
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

HEADINGS: Mapping[str, str] = {
    heading: heading
    for heading in (
        Said("Signs, and names of what the texts speak of"),
        Said("The line that must stand in every text: these words may not go from it"),
        Said("What fails: every call"),
        Said("What fails: some calls"),
        Said("What fails: the location of callers"),
        Said("What fails: one carrier or service"),
        Said("What fails: texts to 911"),
        Said("911 works"),
        Said("What to do instead, as half a sentence; and how a new number is announced"),
        Said("Sentences"),
        Said("The page where people look up their number"),
        Said("What a phone is told that texts us"),
        Said("What a caller hears"),
        Said("The page for signing up"),
        Said("Texts about the sign-up"),
        Said("A text to somebody whose 911 call did not get through"),
        Said("For people who cannot make voice calls"),
        Said("On paper"),
    )
}
"""The headings of the books of words, which stand in files."""

SPOKEN = frozenset(
    {
        "account",
        "agency",
        "approval",
        "board",
        "board_stream",
        "desk",
        "desk_tongue",
        "desk_trouble",
        "detector",
        "directory",
        "drafts",
        "drills",
        "form",
        "glass",
        "history",
        "identities",
        "inbox",
        "incoming",
        "keeping",
        "ledger",
        "lines",
        "missed",
        "notices",
        "numbers",
        "outages",
        "paged",
        "passkeys",
        "people",
        "provider",
        "providers",
        "reports",
        "revision",
        "roster",
        "signin",
        "summary",
        "together",
        "words",
    }
)
"""The parts of the desk whose pages are translated; every other page is whole in English, and says so in Spanish."""
