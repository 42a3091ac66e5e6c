"""For people who cannot make voice calls: before anything else, the way to help that a text or a relay opens.

Texts to 911 come first where the directory says that the PSAP which answers the community first takes them and the
failure leaves them alone; else a line that takes texts; else the relay service (711, 47 CFR 64.603), which reaches any
line. Where only some calls fail nobody knows whether each text arrives: the sender is told at once when it does not
(47 CFR 9.10(n), the bounce-back message), and the next way stands beside 911.
"""

from __future__ import annotations

from dataclasses import replace

from broadcaster.alert.alert import ENDINGS, CommunityAnswer, FailureKind
from broadcaster.alert.phone import AlternateNumber
from broadcaster.directory import Directory
from broadcaster.messages.edition import Edition, answer_values, isolated
from broadcaster.messages.fit import to_gsm
from broadcaster.messages.reception import phrases, say

TEXTS_ARRIVE = frozenset({FailureKind.NO_LOCATION})
TEXTS_MAY_ARRIVE = frozenset({FailureKind.INTERMITTENT, FailureKind.ONE_CARRIER})


def way(edition: Edition, answer: CommunityAnswer, directory: Directory, lang: str) -> str:
    """What comes first, or nothing: where 911 works again, in a test, or without any number.

    RestrictedNumber when the answer's number is one that nobody may see.
    """
    if _works(edition, answer):
        return ""
    books = replace(edition.phrases, strict=edition.books.strict)
    named = edition.content.failure in TEXTS_ARRIVE | TEXTS_MAY_ARRIVE
    taken = named and directory.takes_text_to_911(answer.community)
    said = [say(books, lang, "text_911")] if taken else []
    if said and edition.content.failure in TEXTS_ARRIVE:
        return said[0]
    line = textable(answer, directory)
    if line is not None:
        said.append(say(books, lang, "text_number", number=isolated(line.display, books.book(lang))))
    elif answer.number is not None:
        said.append(say(books, lang, "text_relay", number=answer_values(answer, books.book(lang))["number"]))
    return " ".join(said)


def _works(edition: Edition, answer: CommunityAnswer) -> bool:
    return edition.is_test or edition.kind in ENDINGS or answer.community in edition.content.restored


def textable(answer: CommunityAnswer, directory: Directory) -> AlternateNumber | None:
    """The line that is named for texts: the one that everybody calls if it takes them, else the community's own."""
    if answer.number is not None and answer.number.sms:
        return next(iter(directory.open_to_all((answer.number,))), None)
    return next(iter(directory.textable(answer.community)), None)


def put_before(first: str, words: str, lang: str) -> str:
    """The text with that sentence before it."""
    whole = f"{first} {words}"
    return to_gsm(whole) if phrases().book(lang).in_gsm else whole


def note(places: int) -> str:
    """What the officer and the second person are told."""
    where = "one community" if places == 1 else f"{places} communities"
    return (
        f"People in {where} cannot make voice calls: their text begins with texts to 911 where those arrive, else with"
        " the number to text or with 711, and then is the same."
    )
