"""Any valid CAP 1.2 document reads, whoever wrote it; and what was written reads back as what it was."""

from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal

import pytest
from hypothesis import HealthCheck, given, settings
from lxml import etree

from broadcaster.feeds import cap
from broadcaster.feeds.capvalues import AreaBlock, CapRefused, NameValue, Reference, Resource
from tests.unit.feeds.models import ALERTS
from tests.unit.feeds.samples import facts
from tests.unit.feeds.test_cap import SCHEMAS

CAP12 = SCHEMAS[0]


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(ALERTS)
def test_whatever_is_written_is_valid_and_reads_back(alert):
    document = cap.serialise(alert)
    CAP12.assertValid(etree.fromstring(document))
    assert cap.parse(document) == alert
    assert cap.serialise(cap.parse(document)) == document


GOOD = cap.build(facts())
WRITTEN = cap.serialise(GOOD).decode()
MARK = '<s:Signature xmlns:s="http://www.w3.org/2000/09/xmldsig#" Id="a"><s:SignedInfo/></s:Signature>'
XSI = (
    'xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xsi:schemaLocation="urn:oasis:names:tc:emergency:cap:1.2 x"'
)
SAME = "<geocode><valueName>SAME</valueName><value>025013</value></geocode>"
OTHER = "<geocode><valueName>ZIP</valueName><value>01103</value></geocode>"
ODD = {
    "comments and instructions": lambda text: text.replace("<scope>", "<!-- x --><?x y?><scope>"),
    "a prefix on every element": lambda text: text.replace("</", "\0").replace("<", "<c:").replace("\0", "</c:")
    .replace("xmlns=", "xmlns:c=").replace("<c:?", "<?"),
    "white space between elements": lambda text: text.replace("><", ">\r\n\t <"),
    "white space around a time": lambda text: text.replace("<sent>", "<sent>\n ").replace("</sent>", " </sent>"),
    "CDATA": lambda text: text.replace("<scope>Public", "<scope><![CDATA[Public]]>"),
    "character references": lambda text: text.replace("<scope>Public", "<scope>&#80;ubli&#x63;"),
    "a schema location": lambda text: text.replace("<alert ", f"<alert {XSI} "),
    "two signatures": lambda text: text.replace("</alert>", f"{MARK}{MARK}</alert>"),
    "a signature and a key": lambda text: text.replace(
        "</alert>", f'{MARK}\n<KeyInfo xmlns="http://www.w3.org/2000/09/xmldsig#"/></alert>'
    ),
    "empty elements": lambda text: text.replace("<incidents>", "<references/><incidents>"),
    "UTC by +00:00": lambda text: text.replace("2024-06-18T14:30:00-04:00</sent>", "2024-06-18T18:30:00+00:00</sent>"),
    "no declaration": lambda text: text.partition("?>")[2],
}  # fmt: skip


@pytest.mark.parametrize("change", ODD.values(), ids=ODD.keys())
def test_other_spellings_of_the_same_message_read_the_same(change):
    document = change(WRITTEN)
    assert document != WRITTEN
    CAP12.assertValid(etree.fromstring(document.encode()))
    assert cap.parse(document.encode()) == GOOD


@pytest.mark.parametrize(
    ("encoding", "declared"),
    [("utf-8-sig", "UTF-8"), ("utf-16", "UTF-16"), ("iso-8859-1", "ISO-8859-1"), ("cp1252", "windows-1252")],
)
def test_other_encodings_read_the_same(encoding, declared):
    document = WRITTEN.replace("UTF-8", declared, 1).encode(encoding)
    CAP12.assertValid(etree.fromstring(document))
    assert cap.parse(document) == GOOD


def first_area(document):
    return cap.parse(document.encode()).infos[0].areas[0]


def test_what_others_write_is_kept():
    rest = (
        "<polygon>1,2 3,4 5,6 1,2</polygon><circle>1,2 3</circle>"
        + OTHER + SAME + "<altitude> +10.50 </altitude><ceiling>20.</ceiling>"
    )  # fmt: skip
    start, end = WRITTEN.index("<geocode>"), WRITTEN.index("</area>")
    document = WRITTEN[:start] + rest + WRITTEN[end:]
    CAP12.assertValid(etree.fromstring(document.encode()))
    assert first_area(document) == AreaBlock(
        GOOD.infos[0].areas[0].desc,
        ("1,2 3,4 5,6 1,2",),
        ("1,2 3",),
        (NameValue("ZIP", "01103"), NameValue("SAME", "025013")),
        Decimal("10.5"),
        Decimal(20),
    )


def test_a_resource_is_kept_whole():
    heard = "<resource><resourceDesc>EAS Broadcast Content</resourceDesc><mimeType>audio/x-ipaws-audio-mp3</mimeType>"
    heard += (
        "<size> 007 </size><uri>https://x.example/a.mp3</uri><derefUri>AA==</derefUri><digest>ff</digest></resource>"
    )
    document = WRITTEN.replace("<area>", heard + "<area>", 1)
    CAP12.assertValid(etree.fromstring(document.encode()))
    assert cap.parse(document.encode()).infos[0].resources == (
        Resource("EAS Broadcast Content", "audio/x-ipaws-audio-mp3", 7, "https://x.example/a.mp3", "AA==", "ff"),
    )


def test_references_are_triples_and_what_is_none_is_kept_for_the_profile_to_find():
    document = WRITTEN.replace("<incidents>", "<references>a,b,c \n\td,e  , f,g,h</references><incidents>")
    CAP12.assertValid(etree.fromstring(document.encode()))
    found = cap.parse(document.encode()).references
    assert found == (
        Reference("a", "b", "c"),
        Reference("", "d,e", ""),
        Reference("", ",", ""),
        Reference("f", "g", "h"),
    )
    assert [one.is_triple for one in found] == [True, False, False, True]


def test_a_name_with_a_comma_cannot_be_referred_to():
    with pytest.raises(CapRefused, match="comma"):
        cap.serialise(replace(GOOD, references=(Reference("State 911, MA", "b", "c"),)))


def test_midnight_is_written_in_two_ways():
    document = WRITTEN.replace("2024-06-18T14:30:00-04:00</sent>", "2024-06-17T24:00:00-00:00</sent>")
    CAP12.assertValid(etree.fromstring(document.encode()))
    assert cap.parse(document.encode()).sent == datetime(2024, 6, 18, tzinfo=UTC)


def test_a_message_without_a_category_is_not_written():
    with pytest.raises(CapRefused, match="category"):
        cap.serialise(replace(GOOD, infos=(replace(GOOD.infos[0], categories=()),)))


INVALID = {
    "an underscore in a size": WRITTEN.replace(
        "<area>", "<resource><resourceDesc/><mimeType/><size>1_0</size></resource><area>", 1
    ),
    "a height in words": WRITTEN.replace("</area>", "<altitude>high</altitude></area>", 1),
    "an offset beyond fourteen hours": WRITTEN.replace("14:30:00-04:00</sent>", "14:30:00-19:00</sent>"),
    "digits of another script": WRITTEN.replace("2024-06-18T14:30:00-04:00</sent>", "٢٠٢٤-06-18T14:30:00-04:00</sent>"),
    "a hard space between elements": WRITTEN.replace("<scope>", "\u00a0<scope>"),
    "an attribute": WRITTEN.replace("<scope>", '<scope lang="en">'),
    "an element of another kind at the end": WRITTEN.replace("</alert>", '<x xmlns="urn:x"/></alert>'),
    "no category": WRITTEN.replace("<category>Infra</category><category>Safety</category>", ""),
}


@pytest.mark.parametrize("document", INVALID.values(), ids=INVALID.keys())
def test_what_the_schema_refuses_is_refused(document):
    assert document != WRITTEN
    assert not CAP12.validate(etree.fromstring(document.encode()))
    with pytest.raises(CapRefused):
        cap.parse(document.encode())
