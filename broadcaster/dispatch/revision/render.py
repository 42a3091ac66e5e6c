"""Every word of a revision, made once: the preview shows these, submit freezes them, the release sends them."""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import asdict, dataclass
from functools import cached_property
from hashlib import sha256
from typing import TypeVar

from broadcaster import audience
from broadcaster.alert.alert import ENDINGS, ChannelName, CommunityAnswer, Content, RevisionKind
from broadcaster.channels import ack_link
from broadcaster.channels.voice_twilio import VOICES
from broadcaster.directory import Agency, Community, County, Directory
from broadcaster.dispatch.office import Office
from broadcaster.dispatch.revision import where
from broadcaster.feeds import shapes
from broadcaster.feeds.cap import InfoTexts
from broadcaster.feeds.shapes import NOTHING, Drawn, Outlines
from broadcaster.messages import compose, standing, text_first, together
from broadcaster.messages.book import NAMES
from broadcaster.messages.edition import Edition
from broadcaster.messages.fit import Encoding, fit
from broadcaster.messages.machine_notice import machine_notice
from broadcaster.messages.message import Message
from broadcaster.messages.press import Press, Printed
from broadcaster.messages.short_notice import sent, short_notices

EVERYBODY = "all"
DESK_SMS, DESK_VOICE, MACHINE = "desk-sms", "desk-voice", "machine"
OF_AGENCIES = ("mail", DESK_SMS, DESK_VOICE)
"""The forms whose audience is an agency."""
TEXT_FIRST = "sms_text"
"""The form of a text for people who cannot make voice calls."""
CALL = "voice"
"""The form of a call to landlines: a line for each language that it is said in, and these languages as its subject."""
Listed = TypeVar("Listed")
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
class Look:
    """How much somebody looks at: the mails and texts of the first `mails` agencies, or those of one `agency`; the
    calls of one community, `called`, or of the first where that is not meant. None: of all."""

    mails: int | None = None
    agency: str | None = None
    called: str | None = None

    def of_agencies(self, listed: Sequence[Listed], code: Callable[[Listed], str]) -> list[Listed]:
        """Those that are looked at."""
        return [one for one in listed if self.agency in (None, code(one))][: self.mails]

    def of_communities(self, codes: Collection[str]) -> Collection[str]:
        """The same."""
        if self.called is None:
            return codes
        return (self.called,) if self.called in codes else tuple(codes)[:1]


EVERYTHING = Look()


@dataclass(frozen=True)
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

    @cached_property
    def drawn(self) -> Drawn:
        """The polygons: as they were frozen, else drawn now."""
        return self.frozen or where.drawn(self.edition, self.affected, self.directory, self.outlines)

    @property
    def content(self) -> Content:
        """What was decided."""
        return self.edition.content

    @cached_property
    def affected(self) -> list[Community]:
        """The communities of the area, and those that were told and must hear how it goes on."""
        codes = sorted({*audience.affected(self.content.area, self.directory), *self.told})
        return [self.directory.community(code) for code in codes]

    @cached_property
    def agencies(self) -> list[Agency]:
        """Who is told where agencies are told."""
        return audience.agencies(self.content, self.directory, self.told)

    @cached_property
    def counties(self) -> list[County]:
        """The counties that they lie in."""
        touched = {community.county_fips for community in self.affected}
        return [county for county in self.directory.counties if county.fips in touched]


def answered(content: Content, directory: Directory, told: Sequence[str] = ()) -> tuple[CommunityAnswer, ...]:
    """What each community is told to do: the area's answers, and the ladder's for those told before."""
    answers = audience.answers(content, directory)
    here = {answer.community for answer in answers}
    return (*answers, *(directory.ladder(code).frozen for code in sorted(set(told) - here)))


def texts(work: Work, look: Look = EVERYTHING) -> list[Text]:
    """Every text of a revision, for the channels that were chosen; whoever looks may do with some (`Look`)."""
    phones = (
        Text(code, lang, form, Message("", words, ""), size.encoding.value, size.segments)
        for code, form, (lang, words, size) in to_phones(work)
    )
    return [*phones, *others(work, look)]


def others(work: Work, look: Look = EVERYTHING) -> list[Text]:
    """The same without the texts to phones, of which there are thousands."""
    made: list[Text] = []
    if ChannelName.SMS in work.content.channels:
        made += _calls(work, look)
    if is_mailed(work.content):
        made += _to_agencies(work, look)
    if look == EVERYTHING:
        made += _for_machines(work)
    return [*made, *_for_everybody(work, look)]


def is_mailed(content: Content) -> bool:
    """Whether agencies are told at all: the mail stands for every way to them."""
    return ChannelName.EMAIL in content.channels


def to_phones(work: Work) -> Iterator[tuple[str, str, Printed]]:
    """Each text to phones with the code of its community and its form; nothing where that channel was not chosen."""
    if ChannelName.SMS not in work.content.channels:
        return
    answers = {answer.community: answer for answer in work.content.answers}
    press = Press(work.edition, standing.spoken_languages(work.content.languages, work.edition.books))
    for community in work.affected:
        for printed in press.texts(community, answers[community.code]):
            yield community.code, "sms", printed
            if (community.code, printed.lang) in work.cannot_call:
                yield from _text_first(work, community, answers[community.code], printed)


def _text_first(
    work: Work, community: Community, answer: CommunityAnswer, printed: Printed
) -> Iterator[tuple[str, str, Printed]]:
    speaks, said = together.lead(work.edition, community, answer)
    if first := text_first.way(speaks, said, work.directory, printed.lang):
        both = text_first.put_before(first, printed.text, printed.lang)
        yield community.code, TEXT_FIRST, Printed(printed.lang, both, fit(both))


def _calls(work: Work, look: Look) -> Iterator[Text]:
    """Wherever the installation can call, also where no landline is yet: one that joins tomorrow hears these words, in
    its language. (Measured: 5,265 calls are a tenth of the work of as many texts.)"""
    if not work.calls:
        return
    answers = {answer.community: answer for answer in work.content.answers}
    here = look.of_communities({community.code: community for community in work.affected})
    for community in (each for each in work.affected if each.code in here):
        for lang in standing.spoken_languages(work.content.languages, work.edition.books):
            said = compose.call(work.edition, community, answers[community.code], lang, MUTE)
            tongues, words = " ".join(one.lang for one in said), "\n".join(one.text for one in said)
            yield Text(community.code, lang, CALL, Message(tongues, words, ""))


def _to_agencies(work: Work, look: Look) -> Iterator[Text]:
    """One mail per agency, however many of its communities are affected; what its phones get: a text with its link, and
    the words of a call."""
    agencies = look.of_agencies(work.agencies, lambda agency: agency.code)
    for agency, message in compose.agency_mails(work.edition, agencies, work.affected, work.directory):
        yield Text(agency.code, "en", "mail", message)
    room = ack_link.longest(work.office.public_base_url)
    for notice in short_notices(work.edition, agencies, work.affected, work.directory, room):
        code, segments = notice.agency.code, sent(notice.sms, room)
        yield Text(code, "en", DESK_SMS, Message("", notice.sms, ""), Encoding.GSM7.value, segments)
        yield Text(code, "en", DESK_VOICE, Message("", notice.voice, ""))


def _for_machines(work: Work) -> Iterator[Text]:
    """What nobody reads: the notice to agencies' machines, and the polygons."""
    if is_mailed(work.content):
        notice = machine_notice(work.edition, work.affected, work.directory)
        yield Text(EVERYBODY, "en", MACHINE, Message("", notice, ""))
    yield Text(EVERYBODY, "", where.FORM, Message("", shapes.to_json(work.drawn), ""))


def _for_everybody(work: Work, look: Look) -> Iterator[Text]:
    """The words of the CAP document and of the public page; whoever looks sees the page in English."""
    for number, info in enumerate(infos(work)):
        yield Text(EVERYBODY, info.lang, "cap", Message("", json.dumps(asdict(info), ensure_ascii=False), ""))
        if number == 0 or look == EVERYTHING:
            page = compose.page(work.edition, work.affected, work.directory, info.lang)
            paragraphs = json.dumps(page.paragraphs, ensure_ascii=False)
            yield Text(EVERYBODY, info.lang, "page", Message(page.headline, paragraphs, ""))


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
