"""For people who cannot make voice calls: before anything else, the way to help that a text or a relay opens.

A line that takes texts comes first, else the relay service (711, 47 CFR 64.603), which reaches any line. Texts to 911
are named only where calls from some phones fail and texts do not: while all of 911 is down nobody knows whether they
arrive.
"""

from __future__ import annotations

from broadcaster.alert.alert import ENDINGS, CommunityAnswer, FailureKind
from broadcaster.messages.edition import Edition, isolated
from broadcaster.messages.fit import to_gsm
from broadcaster.messages.reception import phrases, say

TEXTS_ARRIVE = frozenset({FailureKind.NO_LOCATION})


def way(edition: Edition, answer: CommunityAnswer, lang: str) -> str:
    """The sentence that comes first, or nothing: at the end of an outage, in a test, or without any number."""
    if edition.kind in ENDINGS or edition.is_test:
        return ""
    books = phrases(strict=edition.books.strict)
    if edition.content.failure in TEXTS_ARRIVE:
        return say(books, lang, "text_911")
    if answer.number is None:
        return ""
    number = isolated(answer.number.display, books.book(lang))
    return say(books, lang, "text_number" if answer.number.sms else "text_relay", number=number)


def put_before(first: str, words: str, lang: str) -> str:
    """The text with that sentence before it."""
    whole = f"{first} {words}"
    return to_gsm(whole) if phrases().book(lang).in_gsm else whole


def note(places: int) -> str:
    """What the officer and the second person are told."""
    where = "one community" if places == 1 else f"{places} communities"
    return (
        f"People in {where} cannot make voice calls: their text begins with the number to text, or with 711, and then"
        " is the same."
    )
