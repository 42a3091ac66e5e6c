"""Findings on the words of an info block: what fits on phones and on the air."""

from __future__ import annotations

import re
from collections.abc import Iterator

from broadcaster.feeds.capvalues import Info
from broadcaster.feeds.finding import Finding, error, warning
from broadcaster.messages.fit import WEA_LONG, WEA_SHORT, is_gsm, septets

MOST_EAS_TEXT = 1800
"""Characters of text on an EAS box, the FCC sentence included (ECIG CAP-to-EAS guide)."""

LONGEST_HEADLINE = 160


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
    if len(info.headline) > LONGEST_HEADLINE:
        sentence = f"The headline has {len(info.headline)} characters; devices show {LONGEST_HEADLINE}."
        yield warning("headline-long", f"{at}/headline", sentence, "CAP 1.2 section 3.2.2")
    for tag, text in (("description", info.description), ("instruction", info.instruction)):
        if not text.strip():
            yield warning(f"{tag}-empty", f"{at}/{tag}", f"The {tag} is empty.", "IPAWS USA Profile v1.0, rule 9")
        if re.search(r"</?[a-zA-Z][^<>]*>", text):
            yield warning("markup", f"{at}/{tag}", f"The {tag} holds mark-up: CAP is plain text.", "CAP 1.2")
    blocked = info.parameters_named("BLOCKCHANNEL")
    room = MOST_EAS_TEXT - fcc_sentence_room(info)
    if "EAS" not in blocked and len(spoken_part(info)) > room:
        sentence = f"The spoken text has {len(spoken_part(info))} characters; a box cuts it at about {room}."
        yield warning("eas-long", f"{at}/description", sentence, "ECIG CAP-to-EAS guide")
    yield from _wea_text(info, at, "CMAMtext", WEA_SHORT)
    yield from _wea_text(info, at, "CMAMlongtext", WEA_LONG)
    if info.parameter("CMAMlongtext") and not info.parameter("CMAMtext"):
        sentence = "A long text to phones needs the short one as well."
        yield error("wea-short-missing", f"{at}/parameter", sentence, "FEMA guidance")


def _wea_text(info: Info, at: str, name: str, most: int) -> Iterator[Finding]:
    text = info.parameter(name)
    where = f"{at}/parameter[valueName='{name}']"
    if not text:
        return
    if "\n" in text or "\r" in text:
        yield error("wea-newline", where, f"{name} must be one line.", "FEMA guidance")
    if not is_gsm(text):
        odd = "".join(dict.fromkeys(character for character in text if not is_gsm(character)))
        yield error("wea-characters", where, f"{name} holds {odd[:20]}, which phones may not show.", "FEMA guidance")
    elif septets(text) > most:
        sentence = f"{name} has {septets(text)} characters; {most} fit."
        yield error("wea-long", where, sentence, "47 CFR 10.430")
