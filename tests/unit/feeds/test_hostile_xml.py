"""Whatever comes in through the door of XML is read or refused, at once, and reaches for nothing."""

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import etree

from broadcaster.feeds import cap
from broadcaster.feeds.capvalues import CapRefused
from broadcaster.feeds.xmldoor import DEEPEST, MOST_BYTES, MOST_MARKS, parse_root
from tests.unit.feeds.samples import facts

GOOD = cap.serialise(cap.build(facts()))
LAUGHS = b"<!DOCTYPE alert [" + b"".join(
    b'<!ENTITY a%d "%s">' % (n, b"&a%d;" % (n - 1) * 10 if n else b"ha") for n in range(12)
)
QUICK_MS = 250
"""Far above the few milliseconds that each takes, and far below what a bomb would cost."""


def with_doctype(inside):
    return GOOD.replace(b"<alert", b"<!DOCTYPE alert " + inside + b"><alert", 1)


HOSTILE = {
    "a billion laughs": GOOD.replace(b"<alert", LAUGHS + b"]><alert", 1).replace(b"Infra", b"&a11;", 1),
    "a quadratic blow-up": with_doctype(b'[<!ENTITY a "' + b"x" * 50_000 + b'">]').replace(b"Infra", b"&a;" * 50_000),
    "a file of this machine": with_doctype(b'[<!ENTITY x SYSTEM "file:///etc/passwd">]').replace(b"Infra", b"&x;", 1),
    "a call to elsewhere": with_doctype(b'SYSTEM "http://127.0.0.1:1/x.dtd"'),
    "a parameter entity": with_doctype(b'[<!ENTITY % x SYSTEM "http://127.0.0.1:1/x"> %x;]'),
    "a small doctype": GOOD.replace(b"<alert", b"<!doctype alert><alert", 1),
    "a doctype in UTF-16": with_doctype(b"[]").replace(b"UTF-8", b"UTF-16", 1).decode().encode("utf-16"),
    "a doctype in UTF-7": b'<?xml version="1.0" encoding="UTF-7"?>+ADwAIQ-DOCTYPE alert+AD4-<alert/>',
    "an entity nobody declared": GOOD.replace(b"Infra", b"&xxe;", 1),
    "another file included": GOOD.replace(
        b"<scope>", b'<xi:include xmlns:xi="http://www.w3.org/2001/XInclude" href="file:///etc/passwd"/><scope>', 1
    ),
    "an unknown encoding": GOOD.replace(b"UTF-8", b"EBCDIC-CP-BE", 1),
    "a declared encoding that is not so": GOOD.replace(b"UTF-8", b"UTF-16", 1),
    "not UTF-8": GOOD.replace(b"Infra", b"\xff\xfe", 1),
    "overlong UTF-8": GOOD.replace(b"<scope>", b"\xc0\xbcscope>", 1),
    "half a surrogate": GOOD.replace(b"Infra", b"\xed\xa0\x80", 1),
    "a null byte": GOOD.replace(b"Infra", b"Inf\x00ra", 1),
    "too large": GOOD + b" " * MOST_BYTES,
    "too many tags": GOOD.replace(b"<scope>", b"<a/>" * MOST_MARKS + b"<scope>", 1),
    "too many elements of one kind": GOOD.replace(b"<scope>", b"<note>x</note>" * 100_000 + b"<scope>", 1),
    "very deep": GOOD.replace(b"<scope>", b"<a>" * 100_000, 1),
    "rather deep": GOOD.replace(b"<scope>", b"<a>" * DEEPEST + b"</a>" * DEEPEST + b"<scope>", 1),
    "many attributes": GOOD.replace(
        b"<scope>", b"<scope " + b" ".join(b'a%d="x"' % n for n in range(100_000)) + b">", 1
    ),
    "the same attribute": GOOD.replace(b"<scope>", b'<scope xsi:a="1" xsi:a="2">', 1),
    "many namespaces": GOOD.replace(
        b"<alert ", b"<alert " + b" ".join(b'xmlns:a%d="urn:%d"' % (n, n) for n in range(50_000)) + b" ", 1
    ).replace(b"<scope>", b"<scoep/><scope>", 1),
    "one enormous name": GOOD.replace(b"<scope>", b"<" + b"a" * 1_000_000 + b"/><scope>", 1),
    "an endless comment": GOOD.replace(b"<scope>", b"<!--" + b"-<" * 100_000 + b"<scope>", 1),
    "a cut": GOOD[: len(GOOD) // 2],
    "two roots": GOOD + b"<alert/>",
    "a declaration in the middle": GOOD.replace(b"<scope>", b'<?xml version="1.0"?><scope>', 1),
    "nothing at all": b"",
    "only white space": b" " * 1000,
    "a page of the web": b"<html><body>404</body></html>",
}  # fmt: skip


@pytest.mark.parametrize("document", HOSTILE.values(), ids=HOSTILE.keys())
def test_hostile_documents_are_refused_at_once(document):
    begun = time.process_time()
    with pytest.raises(CapRefused) as refused:
        cap.parse(document)
    assert (time.process_time() - begun) * 1000 < QUICK_MS
    assert str(refused.value).endswith(".")
    assert "root:" not in str(refused.value)


def test_the_largest_message_that_is_let_in_is_read_in_time():
    codes = b"<geocode><valueName>SAME</valueName><value>025013</value></geocode>" * 60_000
    document = GOOD.replace(b"</area>", codes + b"</area>", 1)
    begun = time.process_time()
    assert len(cap.parse(document).infos[0].areas[0].geocodes) > 60_000
    assert time.process_time() - begun < 10


@settings(max_examples=300, deadline=None)
@given(st.data())
def test_a_document_with_anything_in_it_is_read_or_refused(data):
    """Bytes cut, doubled, changed or put in: never another exception, and what is read can be written and read."""
    at = data.draw(st.integers(0, len(GOOD)))
    to = data.draw(st.integers(at, min(len(GOOD), at + 200)))
    within = data.draw(
        st.binary(max_size=12)
        | st.sampled_from([b"<!DOCTYPE a>", b"&x;", b"]]>", b"<![CDATA[", b"<a>", b"\x00", GOOD[at:to] * 2, b"&#xD;"])
    )
    try:
        alert = cap.parse(GOOD[:at] + within + GOOD[to:])
    except CapRefused as refused:
        assert str(refused)
    else:
        assert cap.parse(cap.serialise(alert)) == alert


@settings(max_examples=200, deadline=None)
@given(st.binary(max_size=300))
def test_bytes_are_read_or_refused(data):
    with pytest.raises(CapRefused):
        cap.parse(data)


def test_a_text_of_xml_stays_text():
    assert parse_root(b"<a>&lt;!DOCTYPE x&gt;</a>").text == "<!DOCTYPE x>"
    assert etree.tostring(parse_root(b"<a><!-- x --><b/></a>")) == b"<a><b/></a>"
