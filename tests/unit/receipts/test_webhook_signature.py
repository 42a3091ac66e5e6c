"""One pass over a webhook finds what the official library finds, whatever the form, the query and the address."""

from __future__ import annotations

from urllib.parse import parse_qsl, urlencode

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from twilio.request_validator import RequestValidator
from werkzeug.datastructures import MultiDict

from broadcaster.receipts.accounts import Account, accounts
from broadcaster.receipts.signature import MOST_FIELDS, Forged, Verifier, Webhook, fields
from tests import onair
from tests.onair import BASE, TOKEN

words = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
FORMS = st.lists(st.tuples(words, words), max_size=8)
SID = "AC" + "1" * 32


@given(
    form=FORMS,
    query=st.sampled_from(["", "d=1.2.3&m=abc", "d=1%202&x=%C3%A4", "a=b&a=c"]),
    address=st.sampled_from([BASE, "http://localhost:8911", "https://x.gov:8443/prefix", "http://x.gov"]),
    twist=st.sampled_from(["", "other", "cut", "empty"]),
    official_port=st.booleans(),
)
@settings(max_examples=400)
@example([("Body", "a"), ("Body", "b"), ("Body", "a")], "", BASE, "", False)
@example([("Body", "¡911 no está! 🙂"), ("Ñ", "ñ")], "d=1.2.3&m=abc", BASE, "", True)
@example([], "", BASE, "empty", False)
def test_one_pass_finds_what_the_official_validator_finds(
    form: list[tuple[str, str]], query: str, address: str, twist: str, official_port: bool
) -> None:
    url, official = address + "/callbacks/twilio/status", RequestValidator(TOKEN)
    asked = f"{url}?{query}" if query else url
    ported = asked if not official_port else Verifier.of(TOKEN, url).addresses[1] + asked[len(url) :]
    good = official.compute_signature(ported, MultiDict(form))
    given_signature = {"": good, "other": RequestValidator("x").compute_signature(asked, MultiDict(form))}.get(
        twist, good[:-2] if twist == "cut" else ""
    )
    theirs = official.validate(asked, MultiDict(form), given_signature)
    assert Verifier.of(TOKEN, url).holds(query, form, given_signature) is theirs
    assert theirs is (twist == "")


@given(st.one_of(st.text("ab=&+%20;éß", max_size=40), FORMS.map(urlencode)))
@settings(max_examples=400)
@example("a")
@example("=&==&&a=b=c&+=%20")
@example("To=%2B14135550123&Body=S%C3%AD+%26")
def test_a_form_is_read_as_the_standard_library_reads_it(text: str) -> None:
    try:
        theirs = parse_qsl(text, keep_blank_values=True, errors="strict")
    except UnicodeDecodeError:
        with pytest.raises(UnicodeDecodeError):
            fields(text)
        return
    assert fields(text) == theirs


def test_a_form_of_too_many_fields_is_none() -> None:
    assert len(fields("&".join(["a=b"] * MOST_FIELDS))) == MOST_FIELDS
    with pytest.raises(ValueError, match="more than"):
        fields("&".join(["a=b"] * (MOST_FIELDS + 1)))


def test_the_account_says_whose_token_must_hold() -> None:
    url = BASE + "/callbacks/twilio/status"
    webhook = Webhook({SID: Account("twilio", TOKEN), "AC2": Account("secondary", "another")}, url)
    for sid, token, carrier in ((SID, TOKEN, "twilio"), ("AC2", "another", "secondary")):
        form = {"AccountSid": sid, "MessageSid": "SM1"}
        body, query = urlencode(form), "d=1.2.3&m=x"
        signature = RequestValidator(token).compute_signature(f"{url}?{query}", form)
        said = webhook.read(query, body.encode(), signature)
        assert (said.carrier, said.form, said.raw, said.asked) == (carrier, form, body, {"d": "1.2.3", "m": "x"})
        for other in (SID, "AC2", "AC3", ""):
            if other != sid:
                with pytest.raises(Forged):
                    webhook.read(query, urlencode({**form, "AccountSid": other}).encode(), signature)


def test_the_accounts_of_an_installation() -> None:
    assert accounts(onair.settings()) == {SID: Account("twilio", TOKEN)}


@pytest.mark.parametrize("signature", ["é", "\udc80", "x" * 10_000])
def test_a_signature_of_other_letters_is_forged(signature: str) -> None:
    with pytest.raises(Forged):
        Webhook({SID: Account("twilio", TOKEN)}, BASE).read("", urlencode({"AccountSid": SID}).encode(), signature)
