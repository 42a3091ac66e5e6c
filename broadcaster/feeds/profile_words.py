"""Findings on the words of an info block: what fits on phones and on the air."""

from __future__ import annotations

import re
from collections.abc import Iterator

from broadcaster.feeds.capvalues import Info
from broadcaster.feeds.finding import Finding
from broadcaster.feeds.rules import found
from broadcaster.messages.fit import WEA_LONG, WEA_SHORT, is_gsm, septets

MOST_EAS_TEXT = 1800
"""Characters of text on an EAS box, the FCC sentence included (ECIG CAP-to-EAS guide)."""

LONGEST_HEADLINE = 160
WEA_LANGUAGES = ("en", "es")
_MARKUP = re.compile(r"</?[a-zA-Z][^<>]*>|&(?:amp|lt|gt|quot|apos|nbsp|#\d+|#x[0-9a-fA-F]+);")


def spoken_part(info: Info) -> str:
    """What a box says after the FCC sentence: EASText, else who, description and instruction (ECIG guide).

    Headline and area are not spoken. White space is collapsed; nothing is cut.
    """
    own = info.parameter("EASText")
    words = own or f"Message from {info.sender_name}. {info.description} {info.instruction}"
    return re.sub(r"\s+", " ", words).strip()


def fcc_sentence_room(info: Info) -> int:
    """Characters to keep free for the FCC sentence, which a box makes from the header: some 25 for each county."""
    return 130 + 25 * len(info.same_places)


def word_findings(info: Info, at: str) -> Iterator[Finding]:
    """Everything about the words; `at` is the info block's XPath."""
    yield from _plain_words(info, at)
    if "EAS" not in info.parameters_named("BLOCKCHANNEL"):
        yield from _spoken_words(info, at)
    yield from _wea_text(info, at, "CMAMtext", WEA_SHORT)
    yield from _wea_text(info, at, "CMAMlongtext", WEA_LONG)
    if info.parameter("CMAMlongtext") and not info.parameter("CMAMtext"):
        yield found("wea-short-missing", f"{at}/parameter", "A long text to phones needs the short one as well.")
    if info.parameter("CMAMtext") and info.spoken.partition("-")[0].lower() not in WEA_LANGUAGES:
        sentence = f"WEA carries English and Spanish: phones do not get the text in {info.spoken}."
        yield found("wea-language", f"{at}/language", sentence)


def _plain_words(info: Info, at: str) -> Iterator[Finding]:
    if len(info.headline) > LONGEST_HEADLINE:
        sentence = f"The headline has {len(info.headline)} characters; devices show {LONGEST_HEADLINE}."
        yield found("headline-long", f"{at}/headline", sentence)
    for tag in ("description", "instruction"):
        if not getattr(info, tag).strip():
            yield found(f"{tag}-empty", f"{at}/{tag}", f"The {tag} is empty.")
    for tag in ("headline", "description", "instruction"):
        if _MARKUP.search(getattr(info, tag)):
            yield found("markup", f"{at}/{tag}", f"The {tag} holds mark-up: CAP is plain text.")


def _spoken_words(info: Info, at: str) -> Iterator[Finding]:
    room = MOST_EAS_TEXT - fcc_sentence_room(info)
    if len(spoken_part(info)) > room:
        sentence = f"The spoken text has {len(spoken_part(info))} characters; a box cuts it at about {room}."
        yield found("eas-long", f"{at}/description", sentence)
    if not info.sender_name.strip() and not info.parameter("EASText"):
        yield found("eas-sender-name", f"{at}/senderName", "Boxes say who sends it: the senderName is empty.")


def _wea_text(info: Info, at: str, name: str, most: int) -> Iterator[Finding]:
    text = info.parameter(name)
    where = f"{at}/parameter[valueName='{name}']"
    if re.search(r"[\n\r\f]", text):
        yield found("wea-newline", where, f"{name} must be one line.")
    if not is_gsm(text):
        odd = "".join(dict.fromkeys(character for character in text if not is_gsm(character)))
        yield found("wea-characters", where, f"{name} holds {odd[:20]}, which phones may not show.")
    elif septets(text) > most:
        yield found("wea-long", where, f"{name} has {septets(text)} characters; {most} fit.")
