"""A number that people can dial instead of 911: what is read, what is refused, and how it is shown."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from broadcaster.alert.phone import AlternateNumber, PhoneRefused, Visibility, display, is_personal, parse

NINE_ONE_ONE = [
    "911", " 911 ", "9-1-1", "9 1 1", "9.1.1", "(911)", "911.", "911#", "*911", "tel:911", "tel:+1-911", "1-911",
    "+1911", "+1 (911)", "９１１", "911x1", "911 ext. 5", "0911", "00911", "011911", "911911", "9111", "1 1 911",
    "911;ext=1", "nine-one-one", "NINE11", "(911) 555-0123", "9115550123", "+19115550123", "1-911-555-0123",
    "978-911-0123", "+1 (978) 911-0123", "+91 11 2345 6789", "011 91 11 2345 6789",
]  # fmt: skip
OTHER_SERVICES = ["112", "+112", "999", "933", "988", "211", "311", "411", "611", "411-555-0123", "1 (611) 555-0123"]
IMPOSSIBLE = [
    "", " ", "abc", "555-0123", "5550123", "617-555-012", "617-555-01234", "617555O123", "117-555-0123",
    "017-555-0123", "617-155-0123", "617-055-0123", "617-555-0123 ext 4", "617-555-0123x4", "+1", "+1 617",
    "617-555-0123 617-555-0124",
]  # fmt: skip


@pytest.mark.parametrize("text", NINE_ONE_ONE)
def test_911_in_every_spelling_is_no_alternative_to_itself(text: str) -> None:
    with pytest.raises(PhoneRefused):
        parse(text)


@pytest.mark.parametrize("code", ["911", "112", "999", "933", "988", "211", "311"])
@pytest.mark.parametrize("before", ["", "1", "+1 ", "*"])
def test_a_service_code_is_called_by_its_name(code: str, before: str) -> None:
    with pytest.raises(PhoneRefused, match="cannot be an alternative to 911"):
        parse(before + code)


@pytest.mark.parametrize("text", OTHER_SERVICES)
def test_a_service_code_is_no_line_that_sends_help(text: str) -> None:
    with pytest.raises(PhoneRefused):
        parse(text)


@pytest.mark.parametrize("text", IMPOSSIBLE)
def test_what_nobody_can_dial_is_refused(text: str) -> None:
    with pytest.raises(PhoneRefused):
        parse(text)


def test_a_refusal_says_what_was_typed_and_what_to_type() -> None:
    with pytest.raises(PhoneRefused, match=r"^9-1-1 cannot be an alternative to 911: give the ten-digit line"):
        parse(" 9-1-1 ")
    with pytest.raises(PhoneRefused, match=r"^“abc” is not a phone number: type ten digits"):
        parse(" abc ")
    with pytest.raises(PhoneRefused, match=r"^“617-555-012” cannot be dialled: type ten digits"):
        parse("617-555-012")
    with pytest.raises(PhoneRefused, match=r"^“411-555-0123” is no number of the North American plan"):
        parse(" 411-555-0123 ")


@pytest.mark.parametrize(
    "text",
    ["617-555-0123", "6175550123", "(617) 555-0123", "+16175550123", "1-617-555-0123", "617.555.0123", "tel:6175550123",
     " 617 555 0123 "],
)  # fmt: skip
def test_one_number_however_it_is_typed(text: str) -> None:
    assert parse(text) == "+16175550123"


AREAS = st.integers(200, 999).filter(lambda area: area % 100 != 11)


@given(area=AREAS, exchange=st.integers(200, 999), line=st.integers(0, 9999))
def test_what_is_shown_reads_back_as_itself(area: int, exchange: int, line: int) -> None:
    e164 = f"+1{area}{exchange}{line:04}"
    assert parse(display(e164)) == parse(e164) == e164
    assert display(e164) == f"{area}-{exchange}-{line:04}"


def test_a_number_of_another_country_is_shown_whole() -> None:
    assert display("+442079460958") == "+442079460958"
    assert display("+1617555012") == "+1617555012"
    assert display("+161755501234") == "+161755501234"


@pytest.mark.parametrize(("days", "stale"), [(None, True), (0, False), (365, False), (366, True)])
def test_a_number_is_verified_once_a_year(days: int | None, stale: bool) -> None:
    """47 CFR 4.9(h)(1)."""
    today = date(2024, 6, 18)
    verified = None if days is None else today - timedelta(days=days)
    assert AlternateNumber("+16175550123", verified_on=verified).is_stale(today) is stale


def test_a_number_is_public_unless_somebody_says_otherwise() -> None:
    number = AlternateNumber("+16175550123")
    assert (number.visibility, number.label, number.sms, number.display) == (
        Visibility.PUBLIC, "", False, "617-555-0123",
    )  # fmt: skip


@pytest.mark.parametrize(
    ("number", "may"),
    [
        ("+14135550123", True),
        ("+14165550123", True),  # Canada
        ("+17875550123", True),  # Puerto Rico
        ("+18005550123", False),
        ("+19005550123", False),
        ("+15005550123", False),
        ("+18095550123", False),  # Dominican Republic
        ("+18765550123", False),  # Jamaica
        ("+12425550123", False),  # Bahamas
        ("+442079460018", False),
        ("+1413555012", False),
        ("withheld", False),
        ("", False),
    ],
)
def test_only_lines_of_people_here_are_sent_what_is_no_alert(number: str, may: bool) -> None:
    assert is_personal(number) is may
