"""Every kind of revision, of failure, language and form is rendered; place, number and hour are looked for in it."""

from dataclasses import replace
from datetime import date
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from broadcaster.alert.alert import CommunityAnswer, FailureKind, RevisionKind, Rung
from broadcaster.local.massachusetts.sample import load
from broadcaster.messages import standing
from broadcaster.messages.book import shipped
from broadcaster.messages.compose import RestrictedNumber, cap_texts, page, sms
from broadcaster.messages.fit import fit, is_gsm, only_gsm, septets, to_gsm
from broadcaster.messages.template import BadTemplate, MissingValue, parse, plain
from tests.unit.messages.editions import DIRECTORY, ISSUED, SECRET, VOICE, answer, community, edition, number, places

KINDS, FAILURES, LANGS = list(RevisionKind), list(FailureKind), ["en", "es"]
EVERY = list(product(KINDS, FAILURES, LANGS))
WITH_NUMBER = {RevisionKind.INITIAL, RevisionKind.UPDATE, RevisionKind.NUMBER_CHANGE}
NO_TEST = {"en": ("Do not call 911 to test", "Do not test 911"), "es": ("No llame al 911 para probar", "No pruebe el")}
TYPED = [
    "{number}",
    "${x}",
    "{{7*7}}",
    "<script>alert(1)</script>",
    "[1:a|b]",
    "%%ACK_URL%%",
    "100% & \\1 \\g<0>",
    "|]",
]

MASSACHUSETTS = load(date(2026, 6, 18))
LONGEST = sorted((town.name for town in MASSACHUSETTS.communities), key=len)[-20:]


def said(text: str, lang: str) -> bool:
    return any(line in text for line in NO_TEST[lang])


@pytest.mark.parametrize(("kind", "failure", "lang"), EVERY)
def test_a_text_names_place_number_sender_and_hour(kind: RevisionKind, failure: FailureKind, lang: str) -> None:
    for code in ("springfield", "chicopee", "ware", "gosnold"):
        text = sms(edition(kind, failure), DIRECTORY.community(code), answer(code), lang)
        assert DIRECTORY.community(code).name in text
        assert text.startswith("State 911")
        assert "911" in text
        assert said(text, lang)
        assert is_gsm(text)
        assert fit(text).segments == 1 or code in ("ware", "gosnold")
        given_number = answer(code).number
        if given_number and kind in WITH_NUMBER:
            assert given_number.display in text
    assert ", 2:30 PM:" in sms(edition(kind, failure), community("x", "Ayer", "25013"), answer("chicopee"), lang)


@pytest.mark.parametrize(("kind", "failure", "lang"), EVERY)
def test_cap_texts_carry_place_number_and_hour(kind: RevisionKind, failure: FailureKind, lang: str) -> None:
    made = cap_texts(edition(kind, failure), places("chicopee"), DIRECTORY, lang)
    for text in (made.headline, made.description, made.instruction, made.wea90, made.wea360):
        assert "Chicopee" in text
        assert "911" in text
    assert "PM EDT" in made.description
    assert "PM EDT" in made.wea360
    assert said(made.instruction, lang)
    assert said(made.wea360, lang)
    if kind in WITH_NUMBER:
        assert all("413-555-0102" in text for text in (made.instruction, made.wea90, made.wea360))
    assert len(made.headline) <= 160
    assert (septets(made.wea90) <= 90, septets(made.wea360) <= 360) == (True, True)
    assert is_gsm(made.wea90 + made.wea360)
    assert "911" in made.event


@pytest.mark.parametrize(("kind", "failure", "lang"), EVERY)
def test_the_whole_state_fits_too(kind: RevisionKind, failure: FailureKind, lang: str) -> None:
    everybody = MASSACHUSETTS.communities
    half = tuple(town.code for town in everybody[::2])
    part = {"restored": half} if kind is RevisionKind.RESTORED_IN_PART else {}
    made = cap_texts(edition(kind, failure, **part), everybody, MASSACHUSETTS, lang)
    assert (septets(made.wea90) <= 90, septets(made.wea360) <= 360, len(made.headline) <= 160) == (True, True, True)
    assert "Massachusetts" in made.headline
    if kind in WITH_NUMBER:
        assert all("mass.gov/911" in text for text in (made.instruction, made.wea90, made.wea360))


@pytest.mark.parametrize(("kind", "failure", "lang"), EVERY)
def test_the_page_says_what_where_and_when(kind: RevisionKind, failure: FailureKind, lang: str) -> None:
    made = page(edition(kind, failure, note="The cause is not known."), places("chicopee"), DIRECTORY, lang)
    whole = "\n".join(made.paragraphs)
    assert "Chicopee" in made.headline
    assert said(whole, lang)
    assert "The cause is not known." in made.paragraphs
    assert made.paragraphs[-1] == "Massachusetts State 911 Department, 2:30 PM EDT."
    assert kind not in WITH_NUMBER or "413-555-0102" in whole


@pytest.mark.parametrize(("name", "lang"), list(product(LONGEST, LANGS)))
def test_the_longest_towns_take_one_segment(name: str, lang: str) -> None:
    text = sms(edition(RevisionKind.INITIAL), community("x", name, "25013"), answer("chicopee"), lang)
    assert name in text
    assert ", 2:30 PM:" in text
    assert fit(text).segments == 1


@pytest.mark.parametrize(("failure", "lang"), list(product(FAILURES, LANGS)))
def test_every_town_of_massachusetts_takes_one_segment_with_its_own_number(failure: FailureKind, lang: str) -> None:
    told = edition(RevisionKind.INITIAL, failure, provider="Verizon" if failure is FailureKind.ONE_CARRIER else "")
    longer = [
        town.name
        for town in MASSACHUSETTS.communities
        if (reply := MASSACHUSETTS.ladder(town.code).frozen).rung is Rung.COMMUNITY
        and fit(sms(told, town, reply, lang)).segments > 1
    ]
    assert longer == []


def test_the_text_of_each_rung_says_who_answers() -> None:
    told = edition(RevisionKind.INITIAL)
    texts = {code: sms(told, DIRECTORY.community(code), answer(code), "en") for code in ("ware", "gosnold")}
    assert "call Hampshire Control at 413-555-0115" in texts["ware"]
    assert "In an emergency go to the nearest fire or police station." in texts["gosnold"]
    state = CommunityAnswer("ware", Rung.STATE, number("0120", ""))
    assert "call State Police at 413-555-0120" in sms(told, *places("ware"), state, "en")
    assert "llame a la policia estatal al 413-555-0120" in sms(told, *places("ware"), state, "es")


def test_a_restoration_in_part_tells_each_town_its_own_line() -> None:
    told = edition(RevisionKind.RESTORED_IN_PART)
    assert "911 works again in Springfield" in sms(told, *places("springfield"), answer("springfield"), "en")
    assert "911 is still down in Chicopee" in sms(told, *places("chicopee"), answer("chicopee"), "en")
    made = cap_texts(told, places("springfield", "chicopee"), DIRECTORY, "en")
    assert "911 works again in Springfield" in made.description
    assert "911 is still down in Chicopee. In an emergency call 413-555-0102." in made.description


def test_a_later_update_does_not_call_a_restored_town_down() -> None:
    for kind in (RevisionKind.UPDATE, RevisionKind.NUMBER_CHANGE):
        told = edition(kind, restored=("springfield",))
        assert "911 works again in Springfield" in sms(told, *places("springfield"), answer("springfield"), "en")
    number_change = cap_texts(told, places("springfield", "chicopee"), DIRECTORY, "en")
    assert "Springfield" not in number_change.instruction
    assert "413-555-0102" in number_change.instruction


def test_a_false_alarm_names_the_hour_of_the_message_it_takes_back() -> None:
    text = sms(edition(RevisionKind.FALSE_ALARM), *places("chicopee"), answer("chicopee"), "en")
    assert "Our message at 2:10 PM was sent in error: 911 works in Chicopee." in text


def test_hours_of_another_day_carry_their_date_and_spanish_articles_agree() -> None:
    late = edition(RevisionKind.INITIAL, began=ISSUED.replace(day=17, hour=17, minute=0))
    assert "since 1:00 PM EDT on June 17" in cap_texts(late, places("chicopee"), DIRECTORY, "en").description
    spanish = cap_texts(late, places("chicopee"), DIRECTORY, "es").description
    assert "desde la 1:00 PM EDT del 17 de junio" in spanish
    assert "antes de las 3:00 PM EDT" in spanish


def test_training_is_marked_first_in_every_text() -> None:
    told = replace(edition(RevisionKind.INITIAL), voice=replace(VOICE, training=True))
    made = cap_texts(told, places("chicopee"), DIRECTORY, "en")
    shown = page(told, places("chicopee"), DIRECTORY, "es").headline
    texts = [sms(told, *places("chicopee"), answer("chicopee"), lang) for lang in LANGS]
    texts += [made.headline, made.description, made.instruction, made.wea90, made.wea360, shown]
    assert all(text.startswith("TEST TEST") for text in texts)


def test_a_restricted_number_is_refused_and_never_printed() -> None:
    told = edition(RevisionKind.INITIAL, answers=(CommunityAnswer("ware", Rung.OVERRIDE, SECRET),))
    for make in (
        lambda: sms(told, *places("ware"), CommunityAnswer("ware", Rung.OVERRIDE, SECRET), "en"),
        lambda: cap_texts(told, places("ware"), DIRECTORY, "en"),
        lambda: page(told, places("ware", "chicopee"), DIRECTORY, "es"),
    ):
        with pytest.raises(RestrictedNumber) as refused:
            make()
        assert SECRET.display not in str(refused.value)


def test_a_language_without_templates_is_english_and_reported() -> None:
    assert standing.spoken_languages(["en", "xx", "es", "zh_TW", "xx"], shipped()) == ("en", "es", "zh-Hant")
    assert next(standing.notes(["en", "xx"], shipped())) == (
        "no-wording",
        "No wording yet in: xx. These people get English.",
    )
    told = edition(RevisionKind.INITIAL)
    unknown, english = (sms(told, *places("chicopee"), answer("chicopee"), lang) for lang in ("xx", "en"))
    assert unknown == english


@pytest.mark.parametrize("bad", ["911 is down in {plaza}", "{place", "[1:a|b", "a]", "[x:a|b]", "[1:a[2:b|]|]"])
def test_a_template_with_an_unknown_placeholder_or_a_stray_bracket_is_refused(bad: str) -> None:
    with pytest.raises(BadTemplate):
        parse(bad, "sms.txt")


def test_a_text_without_a_value_that_it_must_carry_is_refused() -> None:
    with pytest.raises(MissingValue):
        parse("911 is down in {place}.", "sms.txt").text({"place": ""})


NAMES = st.text(st.characters(exclude_categories=["Cc", "Cs", "Cn", "Zl", "Zp"]), min_size=1, max_size=40).filter(
    lambda name: plain(name) == name and only_gsm(name)
)


@given(name=st.one_of(NAMES, st.sampled_from(TYPED)), lang=st.sampled_from(LANGS), kind=st.sampled_from(KINDS))
def test_any_town_name_stands_literally_in_its_text(name: str, lang: str, kind: RevisionKind) -> None:
    text = sms(edition(kind), community("x", name, "25013"), answer("chicopee"), lang)
    assert to_gsm(f" {name}").strip() in text
    assert kind not in WITH_NUMBER or "413-555-0102" in text


@given(typed=st.one_of(st.text(max_size=80), st.sampled_from(TYPED)), lang=st.sampled_from(LANGS))
def test_any_note_and_provider_stand_literally_and_break_nothing(typed: str, lang: str) -> None:
    told = edition(RevisionKind.UPDATE, FailureKind.ONE_CARRIER, note=typed, provider=typed)
    made = cap_texts(told, places("chicopee"), DIRECTORY, lang)
    assert plain(typed) in made.description
    assert plain(typed) in page(told, places("chicopee"), DIRECTORY, lang).headline
    assert "413-555-0102" in made.wea90


def test_what_steers_a_terminal_a_header_or_a_parser_is_taken_out() -> None:
    assert plain(" Ayer\r\nBcc: x\x00\x1b[2J\u202e\ufffe ") == "Ayer Bcc: x [2J"
