"""Every word of a revision, made once: the preview shows these, submit freezes them, the release sends them."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from hashlib import sha256

from broadcaster import audience
from broadcaster.alert.alert import ENDINGS, ChannelName, CommunityAnswer, Content, RevisionKind
from broadcaster.channels import ack_link
from broadcaster.channels.voice_twilio import VOICES
from broadcaster.directory import Agency, Community, County, Directory
from broadcaster.dispatch import where
from broadcaster.dispatch.office import Office
from broadcaster.feeds import shapes
from broadcaster.feeds.cap import InfoTexts
from broadcaster.feeds.shapes import NOTHING, Drawn, Outlines
from broadcaster.messages import compose, standing, text_first, together
from broadcaster.messages.book import NAMES
from broadcaster.messages.edition import Edition
from broadcaster.messages.fit import Encoding, fit
from broadcaster.messages.machine_notice import machine_notice
from broadcaster.messages.message import Message
from broadcaster.messages.short_notice import sent, short_notices

EVERYBODY = "all"
DESK_SMS, DESK_VOICE, MACHINE = "desk-sms", "desk-voice", "machine"
OF_AGENCIES = ("mail", DESK_SMS, DESK_VOICE)
"""The forms whose audience is an agency."""
TEXT_FIRST = "sms_text"
"""The form of a text for people who cannot make voice calls."""
CALL = "voice"
"""The form of a call to landlines: a line for each language that it is said in, and these languages as its subject."""
MUTE = frozenset(NAMES) - VOICES.keys()
"""The languages that no machine of the carrier can speak."""


@dataclass(frozen=True, slots=True)
class Text:
    """One rendered message: `audience` is a code, or ``all``; `form` is sms, voice, cap, page, shape, machine, or one
    of OF_AGENCIES."""

    audience: str
    lang: str
    form: str
    message: Message
    encoding: str = ""
    segments: int = 1

    @property
    def key(self) -> str:
        """Its name in the hash of the revision."""
        return f"{self.audience}/{self.lang}/{self.form}"

    @property
    def sha(self) -> str:
        """SHA-256 over subject, text and HTML."""
        parts = (self.message.subject, self.message.text, self.message.html)
        return sha256("\x00".join(parts).encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class Work:
    """What is to be rendered: an edition, the directory, and the communities that were told before.

    `cannot_call` are the (community, language) where somebody lives who cannot make voice calls; `calls` says whether
    this installation can call landlines.
    """

    office: Office
    directory: Directory
    edition: Edition
    told: tuple[str, ...] = ()
    outlines: Outlines = NOTHING
    frozen: Drawn | None = None
    cannot_call: frozenset[tuple[str, str]] = frozenset()
    calls: bool = False

    @property
    def drawn(self) -> Drawn:
        """The polygons: as they were frozen, else drawn now."""
        return self.frozen or where.drawn(self.edition, self.affected, self.directory, self.outlines)

    @property
    def content(self) -> Content:
        """What was decided."""
        return self.edition.content

    @property
    def affected(self) -> list[Community]:
        """The communities of the area, and those that were told and must hear how it goes on."""
        codes = sorted({*audience.affected(self.content.area, self.directory), *self.told})
        return [self.directory.community(code) for code in codes]

    @property
    def counties(self) -> list[County]:
        """The counties that they lie in."""
        touched = {community.county_fips for community in self.affected}
        return [county for county in self.directory.counties if county.fips in touched]


def answered(content: Content, directory: Directory, told: Sequence[str] = ()) -> tuple[CommunityAnswer, ...]:
    """What each community is told to do: the area's answers, and the ladder's for those told before."""
    answers = audience.answers(content, directory)
    here = {answer.community for answer in answers}
    return (*answers, *(directory.ladder(code).frozen for code in sorted(set(told) - here)))


def texts(work: Work, most_mails: int | None = None) -> list[Text]:
    """Every text of a revision, for the channels that were chosen; a preview may do with the first mails."""
    channels = work.content.channels
    made: list[Text] = []
    if ChannelName.SMS in channels:
        made += _sms(work)
        made += _calls(work)
    if ChannelName.EMAIL in channels:
        made += [Text(agency.code, "en", "mail", message) for agency, message in mails(work, most_mails)]
        made += _to_phones_of_agencies(work, most_mails)
        notice = machine_notice(work.edition, work.affected, work.directory)
        made.append(Text(EVERYBODY, "en", MACHINE, Message("", notice, "")))
    made.append(Text(EVERYBODY, "", where.FORM, Message("", shapes.to_json(work.drawn), "")))
    for info in infos(work):
        made.append(Text(EVERYBODY, info.lang, "cap", Message("", json.dumps(asdict(info), ensure_ascii=False), "")))
        page = compose.page(work.edition, work.affected, work.directory, info.lang)
        made.append(
            Text(
                EVERYBODY,
                info.lang,
                "page",
                Message(page.headline, json.dumps(page.paragraphs, ensure_ascii=False), ""),
            )
        )
    return made


def _sms(work: Work) -> Iterator[Text]:
    answers = {answer.community: answer for answer in work.content.answers}
    for community in work.affected:
        for lang in standing.spoken_languages(work.content.languages, work.edition.books):
            words = compose.sms(work.edition, community, answers[community.code], lang)
            fitted = fit(words)
            yield Text(community.code, lang, "sms", Message("", words, ""), fitted.encoding.value, fitted.segments)
            speaks, answer = together.lead(work.edition, community, answers[community.code])
            first = text_first.way(speaks, answer, work.directory, lang)
            if first and (community.code, lang) in work.cannot_call:
                both = text_first.put_before(first, words, lang)
                fitted = fit(both)
                message = Message("", both, "")
                yield Text(community.code, lang, TEXT_FIRST, message, fitted.encoding.value, fitted.segments)


def _calls(work: Work) -> Iterator[Text]:
    """Wherever the installation can call, also where no landline is yet: one that joins tomorrow hears these words, in
    its language. (Measured: 5,265 calls are a tenth of the work of as many texts.)"""
    if not work.calls:
        return
    answers = {answer.community: answer for answer in work.content.answers}
    for community in work.affected:
        for lang in standing.spoken_languages(work.content.languages, work.edition.books):
            said = compose.call(work.edition, community, answers[community.code], lang, MUTE)
            tongues, words = " ".join(one.lang for one in said), "\n".join(one.text for one in said)
            yield Text(community.code, lang, CALL, Message(tongues, words, ""))


def mails(work: Work, most: int | None = None) -> list[tuple[Agency, Message]]:
    """One mail per agency, however many of its communities are affected."""
    agencies = audience.agencies(work.content, work.directory, work.told)[:most]
    return list(compose.agency_mails(work.edition, agencies, work.affected, work.directory))


def _to_phones_of_agencies(work: Work, most: int | None = None) -> Iterator[Text]:
    """What the phones of each agency get: a text with its link, and the words of a call."""
    agencies = audience.agencies(work.content, work.directory, work.told)[:most]
    room = ack_link.longest(work.office.public_base_url)
    for notice in short_notices(work.edition, agencies, work.affected, work.directory, room):
        code, segments = notice.agency.code, sent(notice.sms, room)
        yield Text(code, "en", DESK_SMS, Message("", notice.sms, ""), Encoding.GSM7.value, segments)
        yield Text(code, "en", DESK_VOICE, Message("", notice.voice, ""))


def infos(work: Work) -> list[InfoTexts]:
    """The words of the CAP info blocks, one per language."""
    found = []
    for lang in standing.document_languages(work.content.languages, work.edition.books):
        made = compose.cap_texts(work.edition, work.affected, work.directory, lang)
        found.append(
            InfoTexts(lang, made.event, made.headline, made.description, made.instruction, made.wea90, made.wea360)
        )
    return found


def ends(kind: RevisionKind) -> bool:
    """Whether a revision of this kind ends its alert."""
    return kind in ENDINGS
