"""What an editor of phrases is shown: every sentence of the book, in every language, as people get it."""

from __future__ import annotations

import re

import pytest

from broadcaster.feeds import phrase_sample
from broadcaster.messages.book import Book, languages, shipped
from broadcaster.messages.fit import fit
from broadcaster.messages.reception import phrases
from broadcaster.messages.sample import VOICE, Sample
from broadcaster.messages.volume import RESIDENTS

LONGEST = "Manchester-by-the-Sea"
BASE = "https://alerts.example"


def shown(book: Book) -> list[Sample]:
    desk = phrase_sample.desk_of(phrases().with_book(book), shipped(), book.lang, LONGEST, VOICE, BASE)
    made = (phrase_sample.texts, phrase_sample.calls, phrase_sample.pages)
    return [sample for make in made for sample in make(desk, book.lang)]


def test_every_sentence_that_may_be_edited_is_shown() -> None:
    own = phrases().book("en").sentences
    marked = {name: text if name in RESIDENTS.fixed else f"{name}~ {text}" for name, text in own.items()}
    words = "\n".join(sample.text for sample in shown(Book.of("en", marked)))
    assert set(re.findall(r"([a-z]\w+)~", words.replace("9 1 1", "911"))) == set(own) - RESIDENTS.fixed


@pytest.mark.parametrize("lang", languages())
def test_every_language_is_shown_for_the_longest_name_with_its_segments(lang: str) -> None:
    samples = shown(phrases().book(lang))
    texts = [sample for sample in samples if "segment" in sample.size]
    assert len(texts) == 19
    assert all(sample.segments == fit(sample.text).segments for sample in texts)
    assert sum(LONGEST in sample.text for sample in texts) == 10
    assert not [sample for sample in samples if re.search(r"[{}]", sample.text)]
