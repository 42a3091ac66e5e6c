"""The short link of an agency's text: ours alone, whatever was changed in it."""

from __future__ import annotations

import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from broadcaster.channels.ack_link import longest, short_place, short_token, short_url
from broadcaster.messages.fit import is_gsm

SECRET = "a-secret-of-the-tests-0123456789abcdef"
IDS = st.integers(min_value=0, max_value=2**63 - 1)


@given(IDS, IDS)
def test_what_we_wrote_we_read(fanout: int, address: int) -> None:
    assert short_place(SECRET, short_token(SECRET, fanout, address)) == (fanout, address)


@given(st.integers(0, 36**5 - 1), st.integers(0, 36**6 - 1))
def test_it_is_never_longer_than_what_a_text_keeps_free_for_it(fanout: int, address: int) -> None:
    url = short_url("https://alerts.example.gov", SECRET, fanout, address)
    assert len(url) <= longest("https://alerts.example.gov") <= 56
    assert is_gsm(url) and url[-1].isalnum()


GOOD = short_token(SECRET, 12, 3456)
FORGED = {
    "empty": "",
    "of another secret": short_token("another-secret-of-the-tests-0123456789", 12, 3456),
    "of another fan-out": GOOD.replace("c.", "d.", 1),
    "of another address": short_token(SECRET, 12, 3457).rpartition(".")[0] + GOOD[-13:],
    "cut short": GOOD[:-1],
    "one letter more": GOOD + "a",
    "capitals": GOOD.upper(),
    "a zero in front": f"0{GOOD}",
    "a newline": f"{GOOD}\n",
    "a number beyond the database": f"zzzzzzzzzzzzz.1.{GOOD[-12:]}",
}


@pytest.mark.parametrize("what", FORGED)
def test_nobody_else_can_write_one(what: str) -> None:
    assert short_place(SECRET, FORGED[what]) is None


@given(st.integers(0, len(GOOD) - 1), st.sampled_from(string.ascii_letters + string.digits + ".-_/%"))
def test_no_changed_letter_goes_through(place: int, letter: str) -> None:
    changed = GOOD[:place] + letter + GOOD[place + 1 :]
    assert changed == GOOD or short_place(SECRET, changed) is None
