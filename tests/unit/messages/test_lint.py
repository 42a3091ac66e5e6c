"""What may be sent, by a linter that explains itself; and in whose words a language speaks where nobody reviewed it."""

from __future__ import annotations

import re
from dataclasses import replace
from itertools import product

import pytest

from broadcaster.alert.alert import CommunityAnswer, FailureKind, RevisionKind, Rung
from broadcaster.messages import lint, standing
from broadcaster.messages.book import ROOT, Book, Books, Review, languages, shipped
from broadcaster.messages.compose import cap_texts, page, sms, voice
from broadcaster.messages.fit import to_gsm
from tests.unit.messages.editions import DIRECTORY, answer, edition, places

LANGS = list(languages())
OUTAGE = [RevisionKind.INITIAL, RevisionKind.UPDATE, RevisionKind.NUMBER_CHANGE]


def changed(lang: str, **sentences: str) -> Book:
    own = shipped().book(lang).sentences
    return Book.of(lang, {**own, **{name.replace("__", "."): text for name, text in sentences.items()}})


def said(book: Book) -> dict[str, str]:
    return {problem.name: problem.sentence for problem in lint.check(book)}


@pytest.mark.parametrize("lang", LANGS)
def test_every_shipped_book_passes(lang: str) -> None:
    assert lint.check(shipped().book(lang)) == ()


@pytest.mark.parametrize(("lang", "name"), list(product(LANGS, lint.NO_TEST)))
def test_the_line_about_test_calls_is_locked_in_every_language(lang: str, name: str) -> None:
    sentence = said(changed(lang, **{name: "911"}))[name]
    assert sentence.startswith("“Do not call 911 to test it” is locked in every language: keep ")


def test_taking_the_words_that_are_locked_out_of_the_book_unlocks_nothing() -> None:
    assert "no_test" in said(changed("en", locked="911", no_test="Call 911 to see."))


@pytest.mark.parametrize(
    ("sentences", "told"),
    [
        ({"all_calls__what": "911 is down"}, "The text message (initial, all calls) does not say where: it is read"),
        ({"all_calls__what": "Phones are out in {place}"}, "The CAP headline (initial, all calls) does not say 911"),
        ({"dial": "call somebody"}, "does not say what to do: without the number"),
        ({"this_is": "Hello."}, "The call (initial, all calls and 30 more) says nobody's name: people believe"),
        ({"since": "{what}.", "began_at": "It began."}, "gives no hour: an old message that is passed on looks like"),
        ({"say": "{what}. {act} [1:x"}, "opens or closes nothing"),
        ({"say": "{what}. {plaza}"}, "{plaza}, which is no placeholder"),
        ({"sorry": " "}, "This sentence is empty"),
        ({"say": "[6:{what}|{what}]. [7:{act}|{act_short}]", "intermittent__act": "[1:911|], {dial}."}, "bracket"),
        ({"as_usual": "Expected {expected}."}, "needs a value that is empty"),
    ],
)  # fmt: skip
def test_a_wording_that_lacks_something_is_refused_with_the_reason(sentences: dict[str, str], told: str) -> None:
    problems = [problem.sentence for problem in lint.check(changed("en", **sentences))]
    assert any(told in problem for problem in problems), problems


def strict(*reviewed: str, **more: str) -> Books:
    """Live, with reviews of these languages; `more` are reviews of other words."""
    base = shipped()
    right = {lang: Review(lang, "A. Reader", "2026-01-02", base.book(lang).sha) for lang in reviewed}
    stale = {lang: Review(lang, "A. Reader", "2026-01-02", sha) for lang, sha in more.items()}
    return replace(base, reviews={**right, **stale}, strict=True)


def live(kind: RevisionKind, books: Books, lang: str, failure: FailureKind = FailureKind.ALL_CALLS) -> str:
    told = replace(edition(kind, failure), books=books)
    return sms(told, *places("chicopee"), answer("chicopee"), lang)


FCC = {
    "en": "State 911: A 9-1-1 OUTAGE ALERT is in effect for Chicopee. Please contact police, fire, medical, or other"
    " emergency services directly at their local phone numbers in case of emergency. If you dial 9-1-1, you may not get"
    " help.",
    "es": "State 911: UNA ALERTA POR INTERRUPCIÓN DE LOS SERVICIOS 9-1-1 está en efecto en Chicopee. En caso de"
    " emergencia, comuníquese directamente con la policía, los bomberos, los servicios médicos u otros servicios de"
    " emergencia, llamando a sus números locales. Si llama al 9-1-1, es posible que no reciba ayuda.",
}


@pytest.mark.parametrize("kind", OUTAGE)
def test_live_unreviewed_spanish_is_the_fccs_own_text_and_the_number(kind: RevisionKind) -> None:
    assert live(kind, strict(), "es") == to_gsm(f"{FCC['es']} mass.gov/911 Tel. 413-555-0102")


def test_the_fccs_english_is_held_verbatim_too() -> None:
    told = {"authority_short": "State 911", "place": "Chicopee", "link": "", "number": "413-555-0102"}
    assert " ".join(standing.fcc_lines("en", told)) == f"{FCC['en']} Tel. 413-555-0102"
    assert sorted(path.stem for path in (ROOT / "_fcc").iterdir()) == sorted(standing.FCC_LANGUAGES)


@pytest.mark.parametrize(
    ("kind", "lang"), list(product(RevisionKind, [one for one in LANGS if one not in ("en", "es")]))
)
def test_live_any_other_unreviewed_language_is_english_and_spanish_together(kind: RevisionKind, lang: str) -> None:
    for books in (strict(), strict("es")):
        english, spanish = live(kind, books, lang).split("\n")
        assert english == live(kind, shipped(), "en")
        own = live(kind, shipped(), "es")
        down = kind in OUTAGE or kind is RevisionKind.RESTORED_IN_PART  # Chicopee is not restored in it
        assert spanish == (live(kind, books, "es") if down and not books.is_reviewed("es") else own)
        assert "Chicopee" in english
        assert "Chicopee" in spanish


@pytest.mark.parametrize("kind", list(RevisionKind))
def test_live_a_reviewed_language_speaks_in_its_own_words_and_changed_words_are_not_reviewed(
    kind: RevisionKind,
) -> None:
    assert live(kind, strict("ht"), "ht") == live(kind, shipped(), "ht")
    assert live(kind, strict(ht="another hash"), "ht") == live(kind, strict(), "ht")


def test_what_the_fcc_does_not_say_is_not_put_into_its_mouth() -> None:
    for failure in (FailureKind.ONE_CARRIER, FailureKind.NO_LOCATION, FailureKind.TEXT_TO_911):
        assert "9-1-1" not in live(RevisionKind.INITIAL, strict(), "es", failure)
    nobody = CommunityAnswer("gosnold", Rung.WALK_IN)
    told = replace(edition(RevisionKind.INITIAL), books=strict())
    english, spanish = sms(told, *places("gosnold"), nobody, "es").split("\n")
    assert "nearest fire or police station" in english
    assert "bomberos" in spanish


@pytest.mark.parametrize(("kind", "lang"), list(product(RevisionKind, LANGS)))
def test_live_nobody_meets_silence(kind: RevisionKind, lang: str) -> None:
    told = replace(edition(kind), books=strict())
    heard = voice(told, *places("chicopee"), answer("chicopee"), lang)
    assert "Chicopee" in heard
    assert not re.search(r"(?<![\d-])911(?![\d-])", heard)
    for document in standing.document_languages([lang], told.books):
        made = cap_texts(told, places("chicopee"), DIRECTORY, document)
        shown = page(told, places("chicopee"), DIRECTORY, document)
        assert all("Chicopee" in each for each in (made.headline, made.description, shown.headline))
        assert kind not in OUTAGE or "413-555-0102" in made.instruction
        assert kind not in OUTAGE or "413-555-0102" in "\n".join(shown.paragraphs)


def test_documents_speak_reviewed_languages_and_spanish_beside_english_where_one_is_replaced() -> None:
    assert standing.document_languages(["ht"], strict()) == ("en", "es")
    assert standing.document_languages(["ht", "fr"], strict("fr", "es")) == ("en", "fr", "es")
    assert standing.document_languages(["ht"], strict("ht")) == ("en", "ht")
    assert standing.document_languages(["ht", "vi"], shipped()) == ("en", "ht", "vi")


@pytest.mark.parametrize(
    ("books", "codes"),
    [
        (strict(), ["replaced-by-fcc", "replaced-by-pair"]),
        (strict("es"), ["replaced-by-pair"]),
        (strict("es", "ht"), []),
        (shipped(), ["unreviewed"]),
    ],
    ids=["nothing reviewed", "spanish reviewed", "all reviewed", "not live"],
)
def test_the_officer_is_told_who_gets_other_words(books: Books, codes: list[str]) -> None:
    told = list(standing.notes(["en", "es", "ht"], books))
    assert [code for code, _ in told] == codes
    assert all("review" in sentence for _, sentence in told)
