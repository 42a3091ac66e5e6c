"""Texts for a whole area: CAP and WEA, the public page, the post that agencies can paste. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from broadcaster.alert.alert import CommunityAnswer, RevisionKind
from broadcaster.directory import Community, Directory
from broadcaster.messages import standing, together
from broadcaster.messages.book import FALLBACK, Book
from broadcaster.messages.edition import Edition, answer_values, answers_of, dial_of, door_of, shared, values
from broadcaster.messages.fit import WEA_LONG, WEA_SHORT, Part, only_gsm, septets, shorten
from broadcaster.messages.places import MOST_NAMES, area_words
from broadcaster.messages.standing import Speech
from broadcaster.messages.template import plain
from broadcaster.messages.wording import Form, line, lines, said

HEADLINE_LIMIT = 160
"""Characters of a CAP headline that every display shows (CAP 1.2 section 3.2.2)."""

_OF_EVERYBODY = frozenset({RevisionKind.INITIAL, RevisionKind.ALL_CLEAR, RevisionKind.FALSE_ALARM})
"""Kinds that say the same to everybody; the others tell apart who is restored."""


@dataclass(frozen=True, slots=True)
class CapTexts:
    """The words of one CAP info block. `wea90` and `wea360` are GSM-7 within 90 and 360 septets wherever the least
    text fits; place and number are never cut, so a longer one is possible and is the profile's finding."""

    headline: str
    description: str
    instruction: str
    wea90: str
    wea360: str
    event: str


@dataclass(frozen=True, slots=True)
class Page:
    """The words of the public page: a headline and its paragraphs, plain text."""

    headline: str
    paragraphs: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Bulletin:
    """An edition for these communities in this language, with the values for each way to say where; `edition` is that
    of the other alert where only that goes on in all of them."""

    edition: Edition
    form: Form
    ways: tuple[Mapping[str, str], ...]
    mark: str

    def text(self, part: str) -> str:
        """The fullest text of a part."""
        return self.mark + line(self.form, part).text(self.ways[0])

    def within(self, part: str, fits: Callable[[str], bool]) -> str:
        """The fullest text that fits: a precise place goes before an optional part; the least where nothing fits."""
        text = ""
        for way in self.ways:
            text = shorten([Part((self.mark,)), *line(self.form, part).parts(way)], fits)
            if fits(text):
                break
        return text

    def on_phones(self, part: str, most: int) -> str:
        """A text for WEA: in GSM-7 where the script of the language has it, else as it is written; by its limit."""
        if not self.form.book.in_gsm:
            return self.within(part, lambda text: len(text) <= most)
        return only_gsm(self.within(part, lambda text: septets(only_gsm(text)) <= most))

    def paragraphs(self, part: str) -> tuple[str, ...]:
        """The lines of a part that have something to say."""
        texts = (template.text(self.ways[0]) for template in lines(self.form, part))
        return tuple(text for text in texts if text)


def cap_texts(edition: Edition, affected: Sequence[Community], directory: Directory, lang: str) -> CapTexts:
    """The words of the CAP info block in this language; `affected` are the communities of the area.

    Description and instruction carry place and number, because EAS boxes speak neither headline nor areaDesc (ECIG
    CAP-to-EAS guide 1.0). RestrictedNumber when an answer must not be seen.
    """
    made = bulletin(edition, affected, directory, lang)
    if standing.speech(edition.books, made.form, lang, bool(made.ways[0]["number"])) is Speech.FCC:
        return _cap_of_fcc(made)
    return CapTexts(
        headline=made.within("cap-headline", lambda text: len(text) <= HEADLINE_LIMIT),
        description=made.text("cap-description"),
        instruction=made.text("cap-instruction"),
        wea90=made.on_phones("wea-90", WEA_SHORT),
        wea360=made.on_phones("wea-360", WEA_LONG),
        event=made.form.book.word("event"),
    )


def _cap_of_fcc(made: Bulletin) -> CapTexts:
    """The FCC's own words in a CAP block; they are too long for the short text on phones, which is left out."""
    head, *rest = standing.fcc_lines(made.form.book.lang, made.ways[0])
    return CapTexts(
        headline=made.mark + head,
        description=made.mark + head,
        instruction=made.mark + " ".join(rest),
        wea90="",
        wea360="",
        event=made.form.book.word("event"),
    )


def page(edition: Edition, affected: Sequence[Community], directory: Directory, lang: str) -> Page:
    """The words of the public page in this language."""
    made = bulletin(edition, affected, directory, lang)
    if standing.speech(edition.books, made.form, lang, bool(made.ways[0]["number"])) is Speech.FCC:
        told = standing.fcc_lines(made.form.book.lang, made.ways[0])
        return Page(made.mark + told[0], (*told[1:], "{authority}, {issued}.".format_map(made.ways[0])))
    headline, *paragraphs = made.paragraphs("page")
    return Page(made.mark + headline, tuple(paragraphs))


def post(edition: Edition, affected: Sequence[Community], directory: Directory, lang: str = FALLBACK) -> str:
    """A public post that an agency can paste: the long WEA text without its limit."""
    return bulletin(edition, affected, directory, lang).text("wea-360")


def bulletin(edition: Edition, affected: Sequence[Community], directory: Directory, lang: str) -> Bulletin:
    """The form and the values of an edition for these communities; where another alert goes on, it says so."""
    whole = together.of_area(edition, affected)
    edition, affected = whole.edition, whole.affected
    book = edition.books.book(lang)
    answers = answers_of(edition.content, failing(edition, affected) or affected, directory)
    one = shared(answers)
    kind = kind_for(edition, affected)
    dial = dial_of(one) if one else door_of(edition.voice)
    form = Form(kind, edition.content.failure, book, dial, edition.is_test)
    mark = f"{book.word('test_mark')} " if edition.voice.training else ""
    also = " ".join(_goes_on(each, places, directory, lang) for each, places in whole.others)
    told = {**answer_values(one, book), "each": "" if one else _each(form, answers, directory), "also": also}
    return Bulletin(edition, form, tuple(_ways(edition, affected, directory, form, told)), mark)


def _goes_on(edition: Edition, places: Sequence[Community], directory: Directory, lang: str) -> str:
    """That another alert goes on in these places, and what to do there."""
    made = bulletin(edition, places, directory, lang)
    return said(made.form, "{still}{stop} {act}").text(made.ways[0])


def shared_answer(edition: Edition, affected: Sequence[Community], directory: Directory) -> CommunityAnswer | None:
    """The one answer that texts for the whole area print; None where they name the door."""
    return shared(answers_of(edition.content, failing(edition, affected) or affected, directory))


def kind_for(edition: Edition, affected: Sequence[Community]) -> RevisionKind:
    """What the edition is to these communities: news of a restoration where 911 works again, else an update."""
    if edition.kind in _OF_EVERYBODY:
        return edition.kind
    still = failing(edition, affected)
    if len(still) == len(affected) and edition.kind is RevisionKind.RESTORED_IN_PART:
        return RevisionKind.UPDATE
    if len(still) == len(affected) or (still and edition.kind is RevisionKind.NUMBER_CHANGE):
        return edition.kind
    return RevisionKind.RESTORED_IN_PART


def failing(edition: Edition, affected: Sequence[Community]) -> list[Community]:
    """Who has no 911 by this edition: everybody, less those whom it calls restored."""
    if edition.kind in _OF_EVERYBODY:
        return list(affected)
    restored = set(edition.content.restored)
    return [community for community in affected if community.code not in restored]


def _ways(
    edition: Edition, affected: Sequence[Community], directory: Directory, form: Form, told: Mapping[str, str]
) -> Iterator[dict[str, str]]:
    """The values for each way to say where; the page is not linked twice where it is the number's place."""
    state, book = edition.voice.state_name, form.book
    still = failing(edition, affected)
    down = {community.code for community in still}
    works = [community for community in affected if community.code not in down]
    whole = still if form.kind is RevisionKind.NUMBER_CHANGE else affected
    wholes = area_words(whole, directory, state, book)
    backs, stills = (area_words(group, directory, state, book) if group else ("",) for group in (works, still))
    for step in range(max(len(wholes), len(backs), len(stills))):
        way = {**values(edition, book, _at(wholes, step)), **told}
        if form.dial == "door":
            way["link"] = ""
        yield {**way, **_in_part(form, way, _at(backs, step), _at(stills, step))}


def _in_part(form: Form, way: Mapping[str, str], back: str, still: str) -> dict[str, str]:
    """Sentences of a restoration in part: where 911 works again, where not yet and what to do there."""
    return {
        "restored": said(form, "{back}").text({**way, "place": back}) if back else "",
        "remaining": said(form, "{still}{stop} {act}").text({**way, "place": still}) if still else "",
        "elsewhere": said(form, "{act_short}").text(way) if still else "",
    }


def _at(ways: Sequence[str], step: int) -> str:
    return ways[min(step, len(ways) - 1)]


def _each(form: Form, answers: Sequence[CommunityAnswer], directory: Directory) -> str:
    """``Ayer: call 978-555-0101; Groton: call 978-555-0102``, where they are few."""
    if len(answers) > MOST_NAMES:
        return ""
    return "; ".join(
        f"{plain(directory.community(answer.community).name)}: {way_out(answer, form.book)}" for answer in answers
    )


def way_out(answer: CommunityAnswer, book: Book) -> str:
    """What the people of one community do: ``call 617-555-0123``, or go to the nearest fire or police station."""
    return book.template("dial", dial_of(answer)).text(answer_values(answer, book))
