"""Before the day: a card for every town in every language, a page for every ZIP code; and the exact words of texts."""

from __future__ import annotations

import json
import re
from dataclasses import replace

import pytest
from lxml import html

from broadcaster.feeds import paper, public_page
from broadcaster.feeds.snapshot import Snapshot, Town
from broadcaster.messages.book import NAMES, shipped
from broadcaster.messages.reception import phrases
from tests.unit.feeds.samples import NOON, on_air, snapshot

LINE, DIAL = "413-555-0100", "+14135550100"
TEXTS = {"springfield": [("en", "State 911: 911 is down in Springfield <b>."), ("es", "State 911: el 911 falla.")]}


def shown(*alerts: object, **changes: object) -> Snapshot:
    made = snapshot(*alerts, **changes)
    towns = tuple(
        replace(town, line=LINE, dial=DIAL, verified_on=NOON.date()) if town.code == "springfield" else town
        for town in made.towns
    )
    return replace(made, towns=towns)


def page(name: str, given: Snapshot) -> html.HtmlElement:
    return html.fromstring(paper.files(given)[name])


@pytest.mark.parametrize("lang", NAMES)
def test_a_card_has_the_town_the_number_and_what_to_do_in_every_language(lang: str) -> None:
    (sheet,) = page("card/springfield.html", shown()).xpath(f"//section[@id='{lang}']")
    assert sheet.get("dir") == ("rtl" if lang == "ar" else "ltr")
    articles = sheet.xpath("./article")
    assert [each.get("class") for each in articles] == ["wallet", "fridge", "poster"]
    for each in articles:
        words = each.text_content()
        assert "Springfield" in words
        assert each.xpath(f".//a[@href='tel:{DIAL}']/text()") == [LINE] * 2, "large, and in what to do"
        assert phrases().book(lang).word("card_title") in words
        assert shipped().book(lang).word("no_test") in words
        assert shipped().book(lang).word("say_where") in words


def test_a_town_without_a_number_is_sent_somewhere() -> None:
    card = page("card/ware.html", shown()).text_content()
    assert "fire or police station" in card
    assert "This town has no number of its own." in card


def test_a_number_that_nobody_verified_says_so() -> None:
    made = shown()
    loose = replace(made, towns=tuple(replace(town, verified_on=None) for town in made.towns))
    assert "Number verified June 18, 2024." in page("card/springfield.html", made).text_content()
    sheets = page("card/springfield.html", loose).xpath("//section[@class='sheet']")
    assert [sheet.get("id") for sheet in sheets] == list(NAMES)
    for sheet in sheets:
        mark = phrases().book(sheet.get("id")).word("not_verified")
        assert all(mark in each.text_content() for each in sheet.xpath("./article")), "on paper too, in each language"
        assert (
            mark
            not in page("card/springfield.html", made).xpath(f"//section[@id='{sheet.get('id')}']")[0].text_content()
        )


def test_a_live_house_prints_only_reviewed_languages() -> None:
    strict = replace(shown(), books=replace(shipped(), strict=True), phrases=phrases(strict=True))
    assert [each.get("id") for each in page("card/springfield.html", strict).xpath("//section[@id]")] == ["en"]


def test_every_zip_has_a_page_that_leads_to_its_towns() -> None:
    given = shown()
    made = paper.files(given)
    codes = {code for town in given.towns for code in town.zips}
    assert {f"zip/{code}.html" for code in codes} <= made.keys()
    for code in codes:
        links = page(f"zip/{code}.html", given).xpath("//main//a/@href")
        assert {link for link in links if link.startswith("/town/")} == {
            f"/town/{town.code}.html" for town in given.towns if code in town.zips
        }


def test_the_index_of_zips_leads_everywhere() -> None:
    given = shown()
    made = {**public_page.files(given), **paper.files(given)}
    links = set(page("zips.html", given).xpath("//main//a/@href"))
    assert {link for link in links if not link.startswith("#")} <= {f"/{name}" for name in made}
    assert "/zips.html" in made["index.html"].decode()


def test_an_alert_changes_no_card_and_nothing_is_rendered_again() -> None:
    before, after = paper.files(shown()), paper.files(shown(on_air()))
    assert before == after
    assert all(before[name] is after[name] for name in before if name.startswith("card/"))


def test_hostile_names_are_only_words() -> None:
    made = shown()
    evil = replace(made, towns=(*made.towns, Town("evil", "<script>alert(1)</script>", "X", ("01999",), line=LINE)))
    for name, data in paper.files(evil).items():
        assert b"<script" not in data, name


def test_no_page_asks_anything_of_another_host_or_needs_a_script() -> None:
    for name, data in paper.files(shown()).items():
        if name.endswith(".html"):
            tree = html.fromstring(data)
            assert tree.xpath("//script") == []
            assert all(link.startswith(("/", "#", "tel:")) for link in tree.xpath("//@href | //@src")), name


def test_the_page_of_a_town_shows_the_exact_words_of_its_texts() -> None:
    given = shown(replace(on_air(), texts=TEXTS))
    town = html.fromstring(public_page.files(given)["town/springfield.html"])
    assert town.xpath("//section[@id='real']/blockquote/text()") == [text for _, text in TEXTS["springfield"]]
    assert town.xpath("//section[@id='real']/blockquote/@lang") == ["en", "es"]
    other = html.fromstring(public_page.files(given)["town/chicopee.html"])
    assert other.xpath("//section[@id='real']") == []
    assert "Is this text real?" in public_page.files(given)["index.html"].decode()
    assert "Is this text real?" not in public_page.files(shown())["index.html"].decode()


def test_the_table_has_the_line_of_every_day() -> None:
    rows = {row["code"]: row for row in json.loads(public_page.files(shown())["lookup.json"])["towns"]}
    assert (rows["springfield"]["line"], rows["springfield"]["number"]) == (LINE, "")
    assert not re.search(r"\d{3}-\d{3}-\d{4}", rows["springfield"]["answer"])
