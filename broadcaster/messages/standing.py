"""In whose words a language is spoken: its own, the FCC's own text with the number, or English and Spanish together.

In `live` an unreviewed translation is replaced and never silent; elsewhere it is used and marked.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from enum import StrEnum
from functools import cache

from broadcaster.alert.alert import FailureKind, RevisionKind
from broadcaster.messages.book import ENGLISH_NAMES, FALLBACK, ROOT, SECOND, Books, lines_of, normal
from broadcaster.messages.template import Template, parse
from broadcaster.messages.wording import Form
from broadcaster.said import Said, joined

FCC_LANGUAGES = ("en", "es")
"""The languages of the FCC's templates (DA 25-12) that we hold verbatim; eleven more were published."""

_FCC_KINDS = frozenset({RevisionKind.INITIAL, RevisionKind.UPDATE, RevisionKind.NUMBER_CHANGE})
_FCC_FAILURES = frozenset({FailureKind.ALL_CALLS, FailureKind.INTERMITTENT})
"""What the FCC's text is true of: it has none for an all-clear, nor for an outage of one carrier."""


class Speech(StrEnum):
    """The rungs, best first."""

    OWN = "own"
    FCC = "fcc"
    PAIR = "pair"


def speech(books: Books, form: Form, lang: str, has_way: bool) -> Speech:
    """The rung on which a language stands for this text; `has_way` says whether there is a number to put beside it."""
    if books.may_speak(lang) or not books.strict:
        return Speech.OWN
    fits = form.kind in _FCC_KINDS and form.failure in _FCC_FAILURES and not form.is_test and has_way
    return Speech.FCC if fits and lang in FCC_LANGUAGES else Speech.PAIR


def fcc_lines(lang: str, values: Mapping[str, str]) -> list[str]:
    """The FCC's own text with its fields filled, then the number: where 9-1-1 fails, what to do, whom to call."""
    told = [template.text(values) for template in _fcc(lang)]
    return [*told[:-1], f"{told[-1]} {values['link']}".strip(), f"Tel. {values['number']}"]


@cache
def _fcc(lang: str) -> tuple[Template, ...]:
    return tuple(parse(row, f"_fcc/{lang}.txt") for row in lines_of(ROOT / "_fcc" / f"{lang}.txt"))


def spoken_languages(langs: Sequence[str], books: Books) -> tuple[str, ...]:
    """The languages of the house among these, by their own codes; English always, and first."""
    return tuple(dict.fromkeys([FALLBACK, *(found for lang in langs if (found := normal(lang)) in books.books)]))


def document_languages(langs: Sequence[str], books: Books) -> tuple[str, ...]:
    """The languages of the page and of CAP: those that may speak; where one may not, Spanish stands beside English."""
    wanted = spoken_languages(langs, books)
    replaced = any(not books.may_speak(lang) for lang in wanted)
    may = [lang for lang in wanted if books.may_speak(lang) or lang == SECOND]
    return tuple(dict.fromkeys([*may, *([SECOND] if replaced else [])]))


def notes(langs: Sequence[str], books: Books) -> Iterator[tuple[str, str]]:
    """A code and a sentence for the officer: which languages nobody has reviewed, and what their people get."""
    missing = [lang for lang in dict.fromkeys(langs) if normal(lang) not in books.books]
    if missing:
        yield "no-wording", Said("No wording yet in: %(names)s. These people get English.", names=", ".join(missing))
    if unfit := [ENGLISH_NAMES[lang] for lang in spoken_languages(langs, books) if lang in books.given_up]:
        yield (
            "given-up",
            joined(" ", [given_up(unfit), Said("An administrator corrects them under Words and languages.")]),
        )
    loose = [lang for lang in spoken_languages(langs, books) if not books.is_reviewed(lang)]
    if loose and not books.strict:
        yield (
            "unreviewed",
            Said(
                "Nobody has reviewed the words in: %(names)s. They are used here because this is not live.",
                names=_named(loose),
            ),
        )
    if loose and books.strict:
        yield from _replaced(loose)


def given_up(names: Sequence[str]) -> str:
    """What is said of languages whose approved wording an upgrade has made unfit; nothing of none."""
    if not names:
        return ""
    return Said(
        "The words approved here in %(names)s no longer fit this version of Broadcaster: the shipped ones are used.",
        names=joined(", ", names),
    )


def _replaced(loose: Sequence[str]) -> Iterator[tuple[str, str]]:
    of_fcc = [lang for lang in loose if lang in FCC_LANGUAGES]
    pair = [lang for lang in loose if lang not in FCC_LANGUAGES]
    if of_fcc:
        yield (
            "replaced-by-fcc",
            Said(
                "Nobody has reviewed the words in %(names)s: while 911 fails these people get the FCC's own text and"
                " the number, else English and Spanish together.",
                names=_named(of_fcc),
            ),
        )
    if pair:
        yield (
            "replaced-by-pair",
            Said(
                "Nobody has reviewed the words in %(names)s: these people get English and Spanish together.",
                names=_named(pair),
            ),
        )


def _named(langs: Sequence[str]) -> Said:
    return joined(", ", [ENGLISH_NAMES[lang] for lang in langs])
