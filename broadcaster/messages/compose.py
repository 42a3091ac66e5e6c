"""From an edition to words, for every way out. Pure and without a clock: the times come in with the edition."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, replace

from broadcaster.alert.alert import CommunityAnswer, RevisionKind
from broadcaster.directory import Community
from broadcaster.messages import standing, together
from broadcaster.messages.book import FALLBACK, SECOND
from broadcaster.messages.bulletin import CapTexts, Page, cap_texts, kind_for, page, post, shared_answer
from broadcaster.messages.edition import (
    Edition,
    RestrictedNumber,
    Voice,
    answer_values,
    dial_of,
    values,
)
from broadcaster.messages.fit import Part, fewest_segments, joined
from broadcaster.messages.mail import agency_mail, agency_mails
from broadcaster.messages.standing import Speech
from broadcaster.messages.wording import Form, line, said

__all__ = [
    "CapTexts",
    "Edition",
    "Page",
    "RestrictedNumber",
    "Said",
    "Voice",
    "agency_mail",
    "agency_mails",
    "as_said",
    "call",
    "cap_texts",
    "page",
    "post",
    "shared_answer",
    "sms",
    "voice",
]

_DIGITS = re.compile(r"(?<!\d)(\d{3})-(\d{3})-(\d{4})(?!\d)|(?<![\d-])911(?![\d-])")


def sms(edition: Edition, community: Community, answer: CommunityAnswer, lang: str) -> str:
    """The text message for the people of one community: as few segments as its least form needs, usually one.

    What gives way, in this order: link and next update, the longer wording of the test line, other longer wordings,
    the label of the number, the hour. Place, number and what to do never give way. A language that may not speak is
    replaced (`standing`). Where another alert stands beside this one the text says what holds now (`together`).
    RestrictedNumber when the number must not be seen.
    """
    edition, answer = together.lead(edition, community, answer)
    form = _form(edition, community, answer, lang)
    match standing.speech(edition.books, form, lang, answer.number is not None):
        case Speech.PAIR:
            return f"{sms(edition, community, answer, FALLBACK)}\n{_second(edition, community, answer)}"
        case Speech.FCC:
            words = _of_fcc(edition, community, answer, form)
            return f"{sms(edition, community, answer, FALLBACK)}\n{words}" if edition.also else words
    return _own(edition, community, answer, form)


def _of_fcc(edition: Edition, community: Community, answer: CommunityAnswer, form: Form) -> str:
    """The FCC's own text, which has no words for what another alert says: the English before it has."""
    head, *rest = standing.fcc_lines(form.book.lang, _told(edition, community, answer, form))
    return fewest_segments([Part((f"{mark(edition, form)}{head} {' '.join(rest)}",))])


@dataclass(frozen=True, slots=True)
class Said:
    """A line of a call and the language that it is said in."""

    lang: str
    text: str


def voice(edition: Edition, community: Community, answer: CommunityAnswer, lang: str) -> str:
    """What a call to the people of one community says, a line for each language that it is said in (`call`)."""
    return "\n".join(said.text for said in call(edition, community, answer, lang))


def call(
    edition: Edition, community: Community, answer: CommunityAnswer, lang: str, mute: Collection[str] = ()
) -> tuple[Said, ...]:
    """What a call to the people of one community says; numbers are spelled digit by digit, and what to do comes twice.

    A `mute` language, which no machine can speak, is replaced by English and Spanish together, as one that nobody has
    reviewed is. RestrictedNumber when the number must not be heard.
    """
    edition, answer = together.lead(edition, community, answer)
    form = _form(edition, community, answer, lang)
    told = _told(edition, community, answer, form)
    rung = standing.speech(edition.books, form, lang, answer.number is not None)
    if rung is Speech.PAIR or form.book.lang in mute:
        spanish = _form(edition, community, answer, SECOND)
        words = line(spanish, "voice").text(_told(edition, community, answer, spanish))
        return *call(edition, community, answer, FALLBACK), _said(edition, spanish, words)
    if rung is Speech.FCC:
        fcc = _said(edition, form, " ".join(standing.fcc_lines(form.book.lang, {**told, "link": ""})))
        return (*call(edition, community, answer, FALLBACK), fcc) if edition.also else (fcc,)
    return (_said(edition, form, line(form, "voice").text(told)),)


def _said(edition: Edition, form: Form, words: str) -> Said:
    return Said(form.book.lang, as_said(mark(edition, form) + " ".join(words.split())))


def _own(edition: Edition, community: Community, answer: CommunityAnswer, form: Form) -> str:
    told = _told(edition, community, answer, form)
    return fewest_segments([Part((mark(edition, form),)), *line(form, "sms").parts(told)])


def _second(edition: Edition, community: Community, answer: CommunityAnswer) -> str:
    """The Spanish half of a pair: reviewed, or the FCC's, or else as it ships, beside the English that counts."""
    form = _form(edition, community, answer, SECOND)
    if standing.speech(edition.books, form, SECOND, answer.number is not None) is Speech.FCC:
        return _of_fcc(edition, community, answer, form)
    return _own(edition, community, answer, form)


def _form(edition: Edition, community: Community, answer: CommunityAnswer, lang: str) -> Form:
    kind = kind_for(edition, [community])
    return Form(kind, edition.content.failure, edition.books.book(lang), dial_of(answer), edition.is_test)


def _told(edition: Edition, community: Community, answer: CommunityAnswer, form: Form) -> Mapping[str, str]:
    common = values(edition, form.book, community.name, community.timezone)
    told = {**common, **answer_values(answer, form.book)}
    return {**told, "also": " ".join(_also(edition, community, answer, form))} if edition.also else told


def _also(edition: Edition, community: Community, answer: CommunityAnswer, form: Form) -> Iterator[str]:
    """What other alerts say here: that it fails, where that is another thing, and their number, where it is another."""
    for one in edition.also:
        content = replace(edition.content, failure=one.failure, provider=one.provider)
        common = values(replace(edition, content=content), form.book, community.name, community.timezone)
        if (one.failure, one.provider) != (edition.content.failure, edition.content.provider):
            fact = "{what}{stop}" if one.is_new else "{still}{stop}"
            yield said(replace(form, failure=one.failure, kind=RevisionKind.UPDATE), fact).text(common)
        if together.other_number(answer, one.answer):
            act = said(replace(form, dial=dial_of(one.answer)), "{act}")
            yield act.text(_told(replace(edition, also=()), community, one.answer, form))


def mark(edition: Edition, form: Form) -> str:
    """What stands before every text of a training installation."""
    return f"{form.book.word('test_mark')} " if edition.voice.training else ""


def as_said(text: str) -> str:
    """The text for a voice, digits one by one: a machine would read 911 as nine hundred and eleven."""
    return joined(_DIGITS.sub(lambda found: ", ".join(" ".join(group) for group in re.findall(r"\d+", found[0])), text))
