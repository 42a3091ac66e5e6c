"""Sizes on the air, as Twilio's own calculator gives them; and what gives way when room is short."""

import pytest
import regex
from hypothesis import given
from hypothesis import strategies as st

from broadcaster.messages.fit import (
    GSM_DEFAULT,
    GSM_EXTENSION,
    Encoding,
    Fit,
    Part,
    fewest_segments,
    fit,
    only_gsm,
    septets,
    shorten,
    to_gsm,
)

FAMILY, FLAG, THUMB = "👨‍👩‍👧‍👦", "🇺🇸", "👍🏽"

# Encoding and segments by sms-segments-calculator 1.3.0 (Twilio's); units are ours.
AS_TWILIO_COUNTS = [
    ("a", "GSM-7", 1),
    ("a" * 160, "GSM-7", 1),
    ("a" * 161, "GSM-7", 2),
    ("a" * 306, "GSM-7", 2),
    ("a" * 307, "GSM-7", 3),
    ("a" * 459, "GSM-7", 3),
    ("a" * 460, "GSM-7", 4),
    ("€" * 80, "GSM-7", 1),
    ("€" * 81, "GSM-7", 2),
    ("€" * 153, "GSM-7", 3),
    ("a" * 152 + "€" + "b" * 10, "GSM-7", 2),
    ("\r\n" * 80, "GSM-7", 1),
    ("\r\n" * 81, "GSM-7", 2),
    ("ñ é ü ¿ ¡ à ò ù", "GSM-7", 1),
    ("á" + "a" * 69, "UCS-2", 1),
    ("á" + "a" * 70, "UCS-2", 2),
    ("á" + "a" * 133, "UCS-2", 2),
    ("á" + "a" * 134, "UCS-2", 3),
    ("ç", "UCS-2", 1),
    ("`", "UCS-2", 1),
    ("\t", "UCS-2", 1),
    ("\x1b", "UCS-2", 1),
    ("😀" * 35, "UCS-2", 1),
    ("😀" * 36, "UCS-2", 2),
    ("😀" * 66, "UCS-2", 2),
    ("😀" * 67, "UCS-2", 3),
    ("😀" * 134, "UCS-2", 5),
    (FLAG * 17, "UCS-2", 1),
    (FLAG * 33, "UCS-2", 3),
    (FAMILY * 6, "UCS-2", 1),
    (FAMILY * 7, "UCS-2", 2),
    (FAMILY * 13, "UCS-2", 3),
    (THUMB * 17, "UCS-2", 1),
    ("á\r\n" * 30, "UCS-2", 2),
]


@pytest.mark.parametrize(("text", "encoding", "segments"), AS_TWILIO_COUNTS)
def test_sizes_are_those_of_twilios_calculator(text: str, encoding: str, segments: int) -> None:
    size = fit(text)
    assert (size.encoding.value, size.segments) == (encoding, segments)


def test_nothing_takes_no_segment() -> None:
    assert fit("") == Fit(Encoding.GSM7, 0, 0)


def test_units_are_septets_or_sixteen_bits() -> None:
    assert fit("a€").units == 3
    assert fit("á😀").units == 3


def test_the_alphabet_is_complete() -> None:
    assert (len(GSM_DEFAULT), len(GSM_EXTENSION)) == (127, 10)  # 128 less the escape; the extension with form feed


@pytest.mark.parametrize(
    ("typed", "sent"),
    [
        ("“Don’t” – wait…", '"Don\'t" - wait...'),
        ("a\u00a0b\u202fc", "a b c"),
        ("José Ríos está aquí según Núñez", "José Rios esta aqui segun Nuñez"),
        ("¿Qué? ¡Añasco, Mayagüez!", "¿Qué? ¡Añasco, Mayagüez!"),
        ("Cafe\u0301", "Café"),
        ("Łódź", "Lodz"),
        ("中文 😀", "中文 😀"),
    ],
)
def test_look_alikes_keep_a_text_in_gsm(typed: str, sent: str) -> None:
    assert to_gsm(typed) == sent


def test_wea_is_gsm_without_exception() -> None:
    assert only_gsm("En 中 esta: ¿sí?") == "En ? esta: ¿si?"
    assert septets("€a") == 3


@given(st.text())
def test_gsm_is_reached_once_and_for_all(text: str) -> None:
    assert to_gsm(to_gsm(text)) == to_gsm(text)
    assert fit(only_gsm(text)).encoding is Encoding.GSM7


@given(st.text(max_size=400))
def test_a_text_never_takes_fewer_segments_than_its_units_need(text: str) -> None:
    size = fit(text)
    room = 153 if size.encoding is Encoding.GSM7 else 67
    assert size.segments >= -(-size.units // room) or size.segments <= 1


SCRIPTS = st.sampled_from("aé중한文字天ا ьйвиệ각\n\r🇺👍🏽👨\u200d\u0301\u0e33ह\u094dन")


@given(st.text(SCRIPTS, min_size=60, max_size=220))
def test_what_is_counted_at_a_glance_is_what_is_counted_grapheme_by_grapheme(text: str) -> None:
    sizes = [
        len(whole.encode("utf-16-le")) // 2
        for grapheme in regex.findall(r"\r|\X", f"文{text}")
        for whole in regex.split(r"(?<=[\p{M}\u200d])(?=\p{Lo})", grapheme, flags=regex.V1)
    ]
    segments, used = 1, 0
    for size in sizes:
        segments, used = (segments + 1, size) if used + size > 67 else (segments, used + size)
    assert fit(f"文{text}") == Fit(Encoding.UCS2, sum(sizes), segments if sum(sizes) > 70 else 1)


PARTS = [
    Part(("State 911",)),
    Part((", 2:30 PM", ""), 3),
    Part((": 911 is down in Ayer. Call 978-555-0101.",)),
    Part((" Do not call 911 to test.", " Do not test 911."), 2),
    Part((" mass.gov/911", ""), 1),
]


@pytest.mark.parametrize(
    ("room", "text"),
    [
        (160, "State 911, 2:30 PM: 911 is down in Ayer. Call 978-555-0101. Do not call 911 to test. mass.gov/911"),
        (90, "State 911, 2:30 PM: 911 is down in Ayer. Call 978-555-0101. Do not call 911 to test."),
        (80, "State 911, 2:30 PM: 911 is down in Ayer. Call 978-555-0101. Do not test 911."),
        (70, "State 911: 911 is down in Ayer. Call 978-555-0101. Do not test 911."),
        (10, "State 911: 911 is down in Ayer. Call 978-555-0101. Do not test 911."),
    ],
)
def test_link_then_test_line_then_hour_give_way_and_place_and_number_never(room: int, text: str) -> None:
    assert shorten(PARTS, lambda shown: len(shown) <= room) == text


def test_a_text_that_needs_two_segments_uses_them() -> None:
    long = [Part(("x" * 161,)), *PARTS]
    assert fit(fewest_segments(long)).segments == 2
    assert fewest_segments(long).endswith("Do not call 911 to test. mass.gov/911")
