"""Whose a mail is: only our own relay's topmost word proves it, whatever a sender writes into the mail."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from broadcaster.outage.notice.sender import author
from broadcaster.store.agencies.provider_notices import Proof
from tests.unit.outage.notice.mails import of

OURS = "mx.state911.example"
FROM = "From: Example NOC <noc@ex.example>"
GOOD = f"{OURS}; dkim=pass header.d=ex.example"
PROVED, SILENT, FAILED = Proof.PROVED, Proof.NOT_SAID, Proof.FAILED
UNPROVED = (SILENT, FAILED)


def results(*values: str, sender: str = FROM) -> list[str]:
    return [*(f"Authentication-Results: {value}" for value in values), sender]


HONEST = {
    "a signature of the domain": results(GOOD),
    "DMARC": results(f"{OURS}; dmarc=pass (p=reject) header.from=ex.example"),
    "Microsoft's style": results(
        f"{OURS}; spf=pass (sender IP is 192.0.2.1)\n smtp.mailfrom=ex.example; dkim=pass (signature was verified)\n"
        " header.d=ex.example;dmarc=pass action=none\n header.from=ex.example;compauth=pass reason=100"
    ),
    "Google's style": results(
        f"{OURS};\n       dkim=pass header.i=@ex.example header.s=s1 header.b=AbC/12+=;\n       spf=neutral (x.com:"
        " 192.0.2.1 is neither (no; good)) smtp.mailfrom=noc@ex.example;\n       dmarc=none header.from=ex.example"
    ),
    "version, case, comments and quotation marks": results(
        f'(ours) {OURS.upper()} 1 ; DKIM (a\\) comment) = Pass reason="all; well" header.d = "EX.example" (x(y)z)'
    ),
    "two signatures, one of them good": results(
        f"{OURS}; dkim=fail header.d=list.example; dkim=pass header.d=ex.example"
    ),
    "another relay's word above ours": results("mx.other.example; dkim=fail header.d=ex.example", GOOD),
    "a display name with an address in it": results(GOOD, sender='From: "ceo@evil.example" <NOC@Ex.Example>'),
}
NOT_OURS = {
    "no header at all": ([FROM], SILENT),
    "nothing in it": (results(f"{OURS}; none"), SILENT),
    "the sender's own relay says so": (results("mx.evil.example; dkim=pass header.d=ex.example"), SILENT),
    "a name that begins like ours": (results(f"{OURS}.evil.example; dkim=pass header.d=ex.example"), SILENT),
    "a name that ends like ours": (results(f"evil.{OURS}; dkim=pass header.d=ex.example"), SILENT),
    "our name in a comment": (results(f"({OURS}) mx.evil.example; dkim=pass header.d=ex.example"), SILENT),
    "our name as a second word": (results(f"mx.evil.example {OURS}; dkim=pass header.d=ex.example"), SILENT),
    "another version": (results(f"{OURS} 2; dkim=pass header.d=ex.example"), SILENT),
    "a forged one below ours": (results(f"{OURS}; dkim=none", GOOD), FAILED),
    "a forged one below one of ours that a sender has spoilt": (results(f"{OURS}; spf=fail (helo ((", GOOD), SILENT),
    "an encoded word": (results(f"{OURS}; =?utf-8?q?dkim=3Dpass?= header.d=ex.example"), SILENT),
    "another header's name": ([f"X-Authentication-Results: {GOOD}", FROM], SILENT),
    "ARC": ([f"ARC-Authentication-Results: i=1; {GOOD}", FROM], SILENT),
}
NOT_THEIRS = {
    "the signature failed": f"{OURS}; dkim=fail header.d=ex.example",
    "only SPF, which speaks of the envelope": f"{OURS}; spf=pass smtp.mailfrom=noc@ex.example",
    "a signature of another domain": f"{OURS}; dkim=pass header.d=evil.example",
    "a subdomain's signature": f"{OURS}; dkim=pass header.d=mail.ex.example",
    "the domain as a subdomain of another": f"{OURS}; dkim=pass header.d=ex.example.evil.example",
    "the domain as the end of another": f"{OURS}; dkim=pass header.d=flex.example",
    "a user that looks like the domain": f"{OURS}; dkim=pass header.i=ex.example@evil.example",
    "two domains in one result": f"{OURS}; dkim=pass header.d=evil.example header.d=ex.example",
    "d= and i= that differ": f"{OURS}; dkim=pass header.d=evil.example header.i=@ex.example",
    "the pass in a comment": f"{OURS}; dkim=fail (dkim=pass header.d=ex.example)",
    "the pass in a comment in a comment": f"{OURS}; dkim=fail (a (b); dkim=pass header.d=ex.example) header.d=x.ex",
    "the pass in quotation marks": f'{OURS}; spf=fail reason="; dkim=pass header.d=ex.example"',
    "the pass in a quoted mailbox": f'{OURS}; spf=pass smtp.mailfrom="x; dkim=pass header.d=ex.example"@evil.example',
    "the pass behind an escaped quotation mark": f'{OURS}; spf=fail reason="\\"; dkim=pass header.d=ex.example"',
    "two methods in one result": f"{OURS}; spf=fail dkim=pass header.d=ex.example",
    "a word between them": f"{OURS}; dkim=pass perhaps header.d=ex.example",
    "not quite a pass": f"{OURS}; dkim=passed header.d=ex.example",
    "a method of another version": f"{OURS}; dkim/2=pass header.d=ex.example",
    "a method that only ends so": f"{OURS}; x-dkim=pass header.d=ex.example",
    "DMARC of another domain": f"{OURS}; dmarc=pass header.from=evil.example",
    "DMARC refused it": f"{OURS}; dkim=pass header.d=ex.example; dmarc=fail header.from=ex.example",
    "a domain in another script": f"{OURS}; dkim=pass header.d=xn--x-7sb.example",
}
SENDERS = {
    "another domain behind a display name": ('From: "noc@ex.example" <noc@evil.example>', FAILED),
    "another domain behind an address": ("From: noc@ex.example <noc@evil.example>", SILENT),
    "two authors": ("From: noc@ex.example, noc@evil.example", SILENT),
    "two lines of authors": ("From: noc@evil.example\nFrom: noc@ex.example", SILENT),
    "nobody": ("Subject: 911", SILENT),
    "a group": ("From: noc: ;", SILENT),
    "a comment": ("From: (noc@ex.example) evil@evil.example", SILENT),
    "a quoted mailbox": ('From: "noc@ex.example "@evil.example', SILENT),
    "a subdomain": ("From: noc@mail.ex.example", FAILED),
    "a longer domain": ("From: noc@ex.example.evil.example", FAILED),
    "letters of another script": ("From: =?utf-8?b?bm9jQGXRhS5leGFtcGxl?= <noc@\u0435x.example>", SILENT),
    "only a sender": ("Sender: noc@ex.example", SILENT),
}


@pytest.mark.parametrize("name", HONEST)
def test_what_our_relay_proves(name: str) -> None:
    found = author(of(HONEST[name]), OURS)
    assert (found.address, found.proof) == ("noc@ex.example", PROVED)
    assert author(of(HONEST[name]), "").proof is Proof.NOT_SET_UP
    assert author(of(HONEST[name]), "mx.another.example").proof is SILENT


@pytest.mark.parametrize("name", NOT_OURS)
def test_what_our_relay_has_not_said(name: str) -> None:
    lines, wanted = NOT_OURS[name]
    assert author(of(lines), OURS).proof is wanted


@pytest.mark.parametrize("name", NOT_THEIRS)
def test_what_our_relay_has_said_and_proves_nothing(name: str) -> None:
    assert author(of(results(NOT_THEIRS[name])), OURS).proof in UNPROVED


@pytest.mark.parametrize("name", SENDERS)
def test_who_is_not_the_author(name: str) -> None:
    line, wanted = SENDERS[name]
    assert author(of(results(GOOD, sender=line)), OURS).proof is wanted


PIECE = st.sampled_from(
    ["dkim=pass", "header.d=ex.example", ";", "(", ")", '"', "\\", " ", "=", "spf=fail", "dmarc=pass"]
)


@given(st.lists(PIECE, max_size=14).map("".join))
def test_nothing_in_a_comment_or_a_quotation_ever_proves(words: str) -> None:
    """A relay that writes what a sender chose writes it quoted or as a comment (RFC 8601 section 2.2)."""
    escaped = words.replace("\\", "\\\\").replace('"', '\\"').replace("(", "\\(").replace(")", "\\)")
    for held in (f"({escaped})", f'reason="{escaped}"', f'smtp.mailfrom="{escaped}"'):
        assert author(of(results(f"{OURS}; spf=fail {held}")), OURS).proof in UNPROVED
        assert author(of(results(f"{OURS}; dkim=pass {held} header.d=evil.example")), OURS).proof in UNPROVED


@given(st.text(max_size=60))
def test_no_header_breaks_it(words: str) -> None:
    plain = " ".join(words.split())
    assert author(of(results(f"{OURS}; {plain}", GOOD)), OURS).proof in UNPROVED
