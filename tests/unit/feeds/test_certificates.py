"""Whose signature counts: a pinned certificate or a pinned authority's, at that time; and when ours runs out."""

from datetime import timedelta

import pytest
from cryptography import x509
from lxml import etree
from signxml import (
    CanonicalizationMethod,
    DigestAlgorithm,
    SignatureConstructionMethod,
    SignatureMethod,
    XMLSigner,
)

from broadcaster.feeds import cap, certificates, signature
from broadcaster.feeds.certificates import CertificateRefused
from broadcaster.feeds.signature import DSIG, SignatureRefused
from tests.unit.feeds.authority import holder, locked
from tests.unit.feeds.samples import NOON, facts

DOCUMENT = cap.serialise(cap.build(facts()))
ROOT = holder("Root", NOON, ca=True, days=900)
MIDDLE = holder("Middle", NOON, ROOT, ca=True)
COG = holder("120006", NOON, MIDDLE)
STRANGER = holder("Stranger", NOON)
OTHER_ROOT = holder("Root", NOON, ca=True)
CHAIN = COG.pem + MIDDLE.pem
SIGNED = signature.sign(DOCUMENT, COG.key_pem, CHAIN)


def test_the_intermediates_travel_with_the_signature():
    shown = etree.fromstring(SIGNED).findall(f".//{DSIG.replace('Signature', 'X509Certificate')}")
    assert len(shown) == 2


@pytest.mark.parametrize("pinned", [COG.pem, CHAIN, MIDDLE.pem, ROOT.pem, OTHER_ROOT.pem + ROOT.pem])
def test_the_pinned_certificate_or_its_authority_is_enough(pinned):
    assert cap.parse(signature.verify(SIGNED, pinned, NOON)) == cap.build(facts())


NOT_OURS = {
    "a stranger": (SIGNED, STRANGER.pem, "does not hold"),
    "another root of the same name": (SIGNED, OTHER_ROOT.pem, "No chain"),
    "a chain with a gap": (signature.sign(DOCUMENT, COG.key_pem, COG.pem), ROOT.pem, "No chain"),
    "signed by the authority's own name": (
        signature.sign(DOCUMENT, STRANGER.key_pem, STRANGER.pem), ROOT.pem, "No chain"
    ),
}  # fmt: skip


@pytest.mark.parametrize(("document", "pinned", "words"), NOT_OURS.values(), ids=NOT_OURS.keys())
def test_anybody_else_is_refused(document, pinned, words):
    with pytest.raises(SignatureRefused, match=words):
        signature.verify(document, pinned, NOON)


def signed_by(one, *above, **how):
    """Signed by a library's own means, as a partner may do it."""
    method = how.get("method", SignatureMethod.RSA_SHA256)
    c14n = how.get("c14n", CanonicalizationMethod.EXCLUSIVE_XML_CANONICALIZATION_1_0)
    signer = XMLSigner(SignatureConstructionMethod.enveloped, method, DigestAlgorithm.SHA256, c14n)
    chain = [one.certificate, *(each.certificate for each in above)]
    made = signer.sign(etree.fromstring(DOCUMENT), key=one.key, cert=chain, **how.get("more", {}))
    return etree.tostring(made)


def test_an_authority_cannot_be_made_of_a_leaf():
    """COG's certificate is good, and issues nothing."""
    forged = holder("Forged", NOON, COG)
    with pytest.raises(SignatureRefused, match="No chain"):
        signature.verify(signed_by(forged, COG, MIDDLE), ROOT.pem, NOON)


def test_a_certificate_that_is_none_for_signatures_is_refused():
    server = holder("Server", NOON, ROOT, signs=False)
    with pytest.raises(SignatureRefused):
        signature.verify(signed_by(server), ROOT.pem, NOON)


@pytest.mark.parametrize("days", [-1, 91])
def test_a_chain_counts_while_all_of_it_is_valid(days):
    with pytest.raises(SignatureRefused, match="No chain"):
        signature.verify(SIGNED, ROOT.pem, NOON + timedelta(days=days))


def test_a_partner_may_sign_otherwise_than_we_do():
    partner = holder("WMO member", NOON, ecdsa=True)
    how = {"method": SignatureMethod.ECDSA_SHA256, "c14n": CanonicalizationMethod.CANONICAL_XML_1_1}
    assert cap.parse(signature.verify(signed_by(partner, **how), partner.pem, NOON)) == cap.build(facts())


def test_too_many_certificates_are_not_walked():
    with pytest.raises(SignatureRefused, match="too many"):
        signature.verify(signed_by(COG, *[MIDDLE] * 9), ROOT.pem, NOON)


PAIRS = {
    "no key": (b"no key", COG.pem, "The key cannot be read"),
    "a key with a password": (locked(COG), COG.pem, "without a password"),
    "another key": (STRANGER.key_pem, COG.pem, "does not belong to the first certificate"),
    "the chain upside down": (COG.key_pem, MIDDLE.pem + COG.pem, "does not belong to the first certificate"),
    "an intermediate of others": (COG.key_pem, COG.pem + OTHER_ROOT.pem, "out of order"),
    "no certificate": (COG.key_pem, b"nothing", "There is no certificate"),
    "an elliptic key": ((elliptic := holder("EC", NOON, ecdsa=True)).key_pem, elliptic.pem, "not RSA"),
}


@pytest.mark.parametrize(("key", "cert", "words"), PAIRS.values(), ids=PAIRS.keys())
def test_a_key_and_certificates_that_do_not_fit_are_refused_before_anything_is_signed(key, cert, words):
    with pytest.raises(CertificateRefused, match=words):
        certificates.check_pair(key, cert)
    with pytest.raises(SignatureRefused, match="CAP_SIGNING_KEY"):
        signature.sign(DOCUMENT, key, cert)


@pytest.mark.parametrize(
    ("days_left", "words"),
    [(61, ""), (60, "Ask for a new one"), (31, "Ask for a new one"), (30, "this week"), (8, "this week"), (7, "today"),
     (0, "today"), (-1, "will be refused")],
)  # fmt: skip
def test_the_certificate_warns_at_60_30_and_7_days(days_left, words):
    ends = COG.certificate.not_valid_after_utc
    sentence = certificates.expiry_warning(COG.pem, ends - timedelta(days=days_left, hours=-1 if days_left < 0 else 1))
    assert words in sentence
    assert bool(words) == bool(sentence)


def test_the_first_of_a_chain_to_end_counts():
    short = holder("Short", NOON, ROOT, ca=True, days=20)
    leaf = holder("Leaf", NOON, short, days=300)
    assert "in 20 days" in certificates.expiry_warning(leaf.pem + short.pem, NOON)


def test_a_certificate_that_is_broken_inside_is_refused_in_a_sentence():
    broken = SIGNED.replace(b"<ds:X509Certificate>", b"<ds:X509Certificate>AAAA", 1)
    with pytest.raises(SignatureRefused, match="cannot be read"):
        signature.verify(broken, ROOT.pem, NOON)
    assert isinstance(COG.certificate, x509.Certificate)
