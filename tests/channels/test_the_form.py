"""What is posted is the form that the standard library would post, character for character."""

from __future__ import annotations

from urllib.parse import parse_qsl, quote_plus

from hypothesis import given
from hypothesis import strategies as st

from broadcaster.channels.twilio_http import quoted


@given(st.text())
def test_a_value_is_quoted_as_the_standard_library_does(value: str) -> None:
    encodable = value.encode("utf-8", "replace").decode()
    assert quoted(encodable) == quote_plus(encodable)


@given(st.text(alphabet=st.characters(max_codepoint=127)))
def test_every_ascii_value_comes_back(value: str) -> None:
    assert parse_qsl(f"Body={quoted(value)}", keep_blank_values=True) == [("Body", value)]
