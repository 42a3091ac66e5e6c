"""Every sentence of the translated pages has its Spanish, with the same parts in it; none is left that nobody says."""

from __future__ import annotations

import re
from html.parser import HTMLParser

import jinja2
import pytest
from jinja2 import nodes

from broadcaster.messages.book import NAMES as LANGUAGES
from broadcaster.messages.volume import VOLUMES
from broadcaster.web.blueprints import PAGES as BLUEPRINTS
from broadcaster.web.vocabulary import HEADINGS, SPOKEN
from tests.house import sentences
from tests.house.trees import at

PART = re.compile(r"%\(\w+\)s|\{\w+\}|</?\w+[^>]*>")
TEMPLATE = re.compile(r"\{#.*?#\}|\{%.*?%\}|\{\{.*?\}\}", re.S)
SEEN = {"aria-label", "alt", "placeholder", "title"}
A_MACRO = re.compile(r'="|^usa-|^report-')
"""What a macro writes into a tag."""
OURS = {"min", "Esta página todavía está solo en inglés."}
"""What is the same in both languages, and what says to a Spanish reader that a page is English."""
NAMES = {"What and where", "Your session", "Alerta de emergencia", "Emergency Alert"}
"""Names within a template, and the words that phones put above an alert."""
LIKE_A_SENTENCE = re.compile(r"^[A-Z][a-z]+\b|[a-z]{2,} [a-z]{2,}")
PARTS_OF_PAGES = re.compile(r"usa-|^is-|^[\w.]+$|^ | role=|selected|checked")


def test_every_sentence_has_its_spanish_and_nothing_else_has() -> None:
    """``python -m tests.house.sentences`` brings the catalogue up to date; then translate what it names."""
    said, catalogue = sentences.said(), sentences.catalogue()
    kept = {
        message.id if isinstance(message.id, str) else message.id[0]: message for message in catalogue if message.id
    }
    assert sorted(said.keys() - kept.keys()) == [], "not in the catalogue"
    assert sorted(kept.keys() - said.keys()) == [], "nobody says this any more"
    assert [key for key, message in kept.items() if not all(sentences.forms(message))] == [], "not translated"


def test_a_translation_holds_the_same_parts() -> None:
    wrong = []
    for message in filter(lambda each: each.id, sentences.catalogue()):
        english = message.id if isinstance(message.id, str) else message.id[-1]
        wanted = sorted(set(PART.findall(english)) - {"%(num)s"})
        for spanish in sentences.forms(message):
            if sorted(set(PART.findall(spanish)) - {"%(num)s"}) != wanted:
                wrong.append(spanish)
    assert wrong == []


@pytest.mark.parametrize("page", sentences.pages(), ids=lambda page: page.relative_to(sentences.PAGES).as_posix())
def test_no_page_says_anything_in_english_only(page) -> None:  # type: ignore[no-untyped-def]
    seen = Seen()
    seen.feed(TEMPLATE.sub("", page.read_text(encoding="utf-8")))
    assert [words for words in seen.words if re.search(r"[A-Za-z]{3,}", words) and words not in OURS] == [], at(page)
    assert list(_bare(page)) == [], at(page)


class Seen(HTMLParser):
    """What a reader sees or hears of a page, outside the expressions of its template."""

    def __init__(self) -> None:
        super().__init__()
        self.words: list[str] = []

    def handle_data(self, data: str) -> None:
        self.words += [line.strip() for line in data.splitlines() if line.strip() and not A_MACRO.search(line)]

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.words += [value for name, value in attrs if name in SEEN and value]


def _bare(page) -> list[str]:  # type: ignore[no-untyped-def]
    """Literals in the expressions of a template that look like a sentence and are not marked as one."""
    tree = jinja2.Environment(autoescape=True).parse(page.read_text(encoding="utf-8"))
    calls = [call for call in tree.find_all(nodes.Call) if getattr(call.node, "name", "") in ("_", "ngettext")]
    unmarked = [call for call in calls if not isinstance(call.args[0], nodes.Const)]
    assert unmarked == [], f"{at(page)}: _ takes a literal, `said` takes everything else"
    fine = {id(const) for call in calls for const in call.find_all(nodes.Const)}
    fine |= {
        id(const) for each in tree.find_all((nodes.Compare, nodes.Getitem)) for const in each.find_all(nodes.Const)
    }
    found = [const.value for const in tree.find_all(nodes.Const) if id(const) not in fine]
    texts = [each for each in found if isinstance(each, str) and not PARTS_OF_PAGES.search(each)]
    return [each for each in texts if LIKE_A_SENTENCE.search(each) and each not in NAMES]


def test_every_heading_of_the_books_is_a_sentence() -> None:
    found = [volume.headings(lang) for volume in VOLUMES.values() for lang in LANGUAGES]
    assert {heading for each in found for heading, names in each if names} == HEADINGS.keys()


def test_what_is_spoken_exists() -> None:
    assert SPOKEN - {blueprint.name for blueprint in BLUEPRINTS} == set()
