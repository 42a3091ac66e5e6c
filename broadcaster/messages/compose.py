"""From an edition to words, for every way out. Pure and without a clock: the times come in with the edition."""

from __future__ import annotations

from broadcaster.alert.alert import CommunityAnswer
from broadcaster.directory import Community
from broadcaster.messages.bulletin import CapTexts, Page, cap_texts, kind_for, page, post, shared_answer
from broadcaster.messages.edition import Edition, RestrictedNumber, Voice, answer_values, dial_of, values
from broadcaster.messages.fit import Part, fewest_segments
from broadcaster.messages.mail import agency_mail, agency_mails
from broadcaster.messages.wording import Form, line, missing_languages, spoken, word

__all__ = [
    "CapTexts",
    "Edition",
    "Page",
    "RestrictedNumber",
    "Voice",
    "agency_mail",
    "agency_mails",
    "cap_texts",
    "missing_languages",
    "page",
    "post",
    "shared_answer",
    "sms",
]


def sms(edition: Edition, community: Community, answer: CommunityAnswer, lang: str) -> str:
    """The text message for the people of one community: as few segments as its least form needs, usually one.

    What gives way, in this order: link and next update, the longer wording of the test line, other longer wordings,
    the label of the number, the hour. Place, number and what to do never give way. RestrictedNumber when the number
    must not be seen.
    """
    form = Form(kind_for(edition, [community]), edition.content.failure, spoken(lang), dial_of(answer))
    common = values(edition, form.lang, community.name, community.timezone)
    mark = f"{word(form.lang, 'test_mark')} " if edition.voice.training else ""
    return fewest_segments([Part((mark,)), *line(form, "sms").parts({**common, **answer_values(answer)})])
