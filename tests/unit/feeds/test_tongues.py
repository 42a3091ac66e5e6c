"""The lookup in every language: pages, the answer of a town, and the answer to a query from the published table."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta

import pytest
from lxml import html

from broadcaster.alert.alert import RevisionKind
from broadcaster.feeds import public_page, tongues
from broadcaster.feeds.lookup import advice_by_town, find
from broadcaster.feeds.snapshot import Snapshot, Words
from broadcaster.messages.book import Review, languages, shipped
from broadcaster.messages.reception import phrases
from tests.unit.feeds.samples import NOON, on_air, snapshot

OTHERS = [lang for lang in languages() if lang != "en"]
SPOKEN = {"es": "En una emergencia llame al 413-555-0100.", "zh-Hant": "緊急情況請撥打413-555-0100。"}


def table(given: Snapshot) -> dict[str, object]:
    return public_page.lookup_table(given, advice_by_town(given))


def asked(query: str, lang: str, given: Snapshot) -> str:
    rows = json.loads(json.dumps(table(given)))
    return public_page.find_page(rows, query, find(rows["towns"], query), lang).decode()


def words_of(page: str | bytes) -> str:
    return " ".join(html.fromstring(page).text_content().split())


@pytest.mark.parametrize("lang", OTHERS)
def test_each_language_has_a_page_with_the_question_and_every_town(lang: str) -> None:
    told = Words(lang, f"headline in {lang}", ("paragraph",))
    page = public_page.files(snapshot(on_air(translations=(told,))))[f"l/{lang}.html"]
    book = shipped().book(lang)
    assert f"headline in {lang}" in words_of(page)
    assert book.word("find_label") in words_of(page)
    assert 'action="/find" method="get"' in page.decode()
    assert f'name="lang" value="{lang}"' in page.decode()
    assert f'href="/town/springfield.html#{lang}"' in page.decode()
    assert f'lang="{lang}" dir="{"rtl" if book.rtl else "ltr"}"' in page.decode()


@pytest.mark.parametrize("lang", OTHERS)
def test_a_town_answers_in_every_language_with_its_number(lang: str) -> None:
    page = html.fromstring(public_page.files(snapshot(on_air()))["town/springfield.html"])
    (section,) = page.xpath(f"//section[@id='{lang}']")
    said = " ".join(section.text_content().split())
    assert "413-555-0100" in said
    assert shipped().book(lang).word("say_where") in said
    assert section.xpath(".//a[@class='dial']/@href") == ["tel:+14135550100"]
    assert SPOKEN.get(lang, "") in said


@pytest.mark.parametrize("lang", OTHERS)
def test_a_query_is_answered_in_the_language_it_was_asked_in(lang: str) -> None:
    assert "413-555-0100" in words_of(asked("01103", lang, snapshot(on_air())))
    nothing = words_of(asked("Gotham", lang, snapshot(on_air())))
    assert shipped().book(lang).word("find_nothing") in nothing
    assert "911" in nothing


def test_no_number_means_a_place_to_go_and_an_alert_nobody_ended_means_911_first() -> None:
    (spanish,) = (one for one in tongues.tongues(shipped()) if one.lang == "es")
    rows = {row["code"]: row for row in table(snapshot(on_air()))["towns"]}  # type: ignore[index, union-attr]
    assert spanish.answer(rows["ware"]) == "En una emergencia vaya a la estación de bomberos o policía más cercana."
    assert spanish.answer(rows["worcester"]) == "En una emergencia llame al 911."
    assert spanish.answer(rows["amherst"]) == "El 911 ya funciona en Amherst. En una emergencia llame al 911."
    late = snapshot(on_air(), as_of=NOON + timedelta(days=1))
    rows = {row["code"]: row for row in table(late)["towns"]}  # type: ignore[index, union-attr]
    told = "En una emergencia llame primero al 911. Si falla, llame al 413-555-0100."
    assert spanish.answer(rows["springfield"]) == told


def test_what_people_typed_is_escaped_in_every_language() -> None:
    assert "<script>x" not in asked("<script>x</script>", "ar", snapshot(on_air()))
    assert "Which number do I call?" in asked("01103", "<b>", snapshot(on_air()))


def test_live_shows_only_what_somebody_reviewed() -> None:
    base = shipped()
    books = replace(base, strict=True, reviews={"ht": Review("ht", "A. Reader", "2026-01-02", base.book("ht").sha)})
    made = public_page.files(snapshot(on_air(), books=books))
    assert [name for name in made if name.startswith("l/")] == ["l/ht.html"]
    assert [row["lang"] for row in json.loads(made["lookup.json"])["languages"]] == ["ht"]
    assert b'id="vi"' not in made["town/springfield.html"]


def test_an_all_clear_is_said_in_every_language() -> None:
    over = snapshot(on_air(kind=RevisionKind.ALL_CLEAR))
    for tongue in tongues.tongues(shipped()):
        said = tongue.answer({"name": "Ayer", "state": "restored", "number": "", "unsure": False})
        assert "Ayer" in said
        assert said.endswith(tongue.call_911)
    assert b"911" in public_page.files(over)["l/ar.html"]


@pytest.mark.parametrize("lang", OTHERS)
def test_a_number_that_nobody_verified_is_marked_in_every_language(lang: str) -> None:
    mark = phrases().book(lang).word("not_verified")
    for code, marked in (("springfield", False), ("chicopee", True), ("ware", False)):
        page = html.fromstring(public_page.files(snapshot(on_air()))[f"town/{code}.html"])
        assert (mark in page.xpath(f"//section[@id='{lang}']")[0].text_content()) is marked, code
        assert (mark in words_of(asked(code, lang, snapshot(on_air())))) is marked, code


def test_a_table_of_another_version_still_answers() -> None:
    rows = json.loads(json.dumps(table(snapshot(on_air()))))
    (spanish,) = (row for row in rows["languages"] if row["lang"] == "es")
    del spanish["not_verified"]
    spanish["of_tomorrow"] = "mañana"
    page = public_page.find_page(rows, "Chicopee", find(rows["towns"], "Chicopee"), "es")
    assert "413-555-0101" in words_of(page)
