"""What is posted is the form that the standard library would post, character for character."""

from __future__ import annotations

from urllib.parse import parse_qsl, quote_plus

from hypothesis import given
from hypothesis import strategies as st

from broadcaster.channels.contract import Key
from broadcaster.channels.proof import proof
from broadcaster.channels.twilio_http import quoted


@given(st.text())
def test_a_value_is_quoted_as_the_standard_library_does(value: str) -> None:
    encodable = value.encode("utf-8", "replace").decode()
    assert quoted(encodable) == quote_plus(encodable)


@given(st.text(alphabet=st.characters(max_codepoint=127)))
def test_every_ascii_value_comes_back(value: str) -> None:
    assert parse_qsl(f"Body={quoted(value)}", keep_blank_values=True) == [("Body", value)]


@given(st.builds(Key, *[st.integers(1, 2**62)] * 3), st.text(min_size=1))
def test_an_attempt_and_its_proof_need_no_quoting(key: Key, secret: str) -> None:
    """Texts carry them as they are; the rest of a callback's address is quoted once."""
    written = f"{key}{proof(secret.encode('utf-8', 'replace').decode(), 'delivery', str(key))}"
    assert quote_plus(written) == written
