"""Where exactly each rule begins, and where in the document its finding points."""

import re
from dataclasses import replace
from datetime import timedelta

import pytest
from lxml import etree

from broadcaster.feeds import cap, profile
from broadcaster.feeds.capvalues import CapRefused, MsgType, NameValue, Status
from tests.unit.feeds.mutations import GOOD, MUTATIONS, area, event, info_with, parameter, second
from tests.unit.feeds.samples import NOON

CAP = {"c": "urn:oasis:names:tc:emergency:cap:1.2"}


def resolved(root, xpath):
    """The parent of what a finding points at: the element itself may be what is missing."""
    steps = xpath.strip("/").split("/")
    steps = steps[:-1] if len(steps) > 1 and not steps[-1].endswith("]") else steps
    path = "/" + "/".join(re.sub(r"\[(valueName)", r"[c:\1", f"c:{step}") for step in steps)
    return root.xpath(path, namespaces=CAP)


@pytest.mark.parametrize("code", sorted(MUTATIONS))
def test_every_finding_points_into_the_document(code):
    for alert in MUTATIONS[code]:
        try:
            root = etree.fromstring(cap.serialise(alert))
        except CapRefused:
            continue
        for finding in profile.check(alert):
            assert resolved(root, finding.xpath), finding


def places(alert, code):
    return [finding.xpath for finding in profile.check(alert) if finding.code == code]


def test_a_finding_counts_from_one():
    assert places(second(expires=None), "expires-missing") == ["/alert/info[2]/expires"]
    assert places(info_with(event_codes=()), "same-event") == ["/alert/info[1]/eventCode", "/alert/info[2]/eventCode"]
    two = (GOOD.infos[0].areas[0], replace(GOOD.infos[0].areas[0], geocodes=(NameValue("zip", ""),)))
    assert "/alert/info[1]/area[2]/geocode" in places(info_with(areas=two), "value-empty")
    assert places(replace(GOOD, status=Status.TEST), "live-code-in-test")[0] == "/alert/info[1]/eventCode"
    shapes = area(polygons=("42.0,-72.0 42.2,-72.0 42.2,-72.2 42.0,-72.0", "x"), circles=("1,2 3", "x"))
    assert places(shapes, "polygon-form")[0] == "/alert/info[1]/area[1]/polygon[2]"
    assert places(shapes, "circle")[0] == "/alert/info[1]/area[1]/circle[2]"


def of_size(size):
    """The good alert with a note that makes it so many bytes."""
    empty = len(cap.serialise(replace(GOOD, note="x"))) - 1
    made = replace(GOOD, note="x" * (size - empty))
    assert len(cap.serialise(made)) == size
    return made


@pytest.mark.parametrize(
    ("size", "codes", "words"),
    [
        (100_000, set(), ""),
        (100_001, {"large"}, "100 KB"),
        (900_000, {"large"}, "900 KB"),
        (900_001, {"too-large"}, "900 KB"),
        (999_999, {"too-large"}, "999 KB"),
    ],
)
def test_a_document_is_large_from_a_byte_on(size, codes, words):
    found = [finding for finding in profile.check(of_size(size)) if "large" in finding.code]
    assert {finding.code for finding in found} == codes
    assert all(words in finding.sentence for finding in found)


def test_a_message_that_ends_as_the_next_is_sent_has_ended():
    update = replace(GOOD, msg_type=MsgType.UPDATE, identifier="MA911-a1-2", sent=GOOD.expires)
    assert list(profile.thread_findings(update, [GOOD])) == []
    refers = replace(update, references=cap.unexpired([GOOD], NOON))
    assert [finding.code for finding in profile.thread_findings(refers, [GOOD])] == ["reference-expired"]
    endless = info_with(expires=None)
    assert [finding.code for finding in profile.thread_findings(update, [endless])] == ["references-incomplete"]


def codes(alert):
    return {finding.code for finding in profile.check(alert)}


def test_a_long_text_alone_needs_a_class_as_well():
    only = tuple(pair for pair in GOOD.infos[0].parameters if pair.name not in ("WEAHandling", "CMAMtext"))
    assert "wea-handling-missing" in codes(info_with(parameters=only))
    handled = tuple(pair for pair in GOOD.infos[0].parameters if pair.name != "CMAMtext")
    assert "wea-text-missing" not in codes(info_with(parameters=handled))


@pytest.mark.parametrize(
    "shape", [{"polygons": ("42.0,-72.0 42.2,-72.0 42.2,-72.2 42.0,-72.0",)}, {"circles": ("42.1,-72.5 3",)}]
)
def test_phones_are_found_by_a_shape_alone(shape):
    assert "wea-area" not in codes(area(geocodes=(), **shape))


@pytest.mark.parametrize(("seconds", "found"), [(0, False), (1, True)])
def test_a_text_to_phones_lasts_a_day(seconds, found):
    lasting = info_with(expires=NOON + timedelta(hours=24, seconds=seconds))
    assert ("wea-expires" in codes(lasting)) is found
    begun = info_with(onset=NOON - timedelta(hours=1), expires=NOON - timedelta(seconds=seconds))
    assert "expires-past" in codes(begun) and "expires-early" not in codes(begun)


STATES = set(range(1, 57)) - {3, 7, 14, 43, 52}
"""FIPS 5-2, the District of Columbia among them."""
ABROAD, SEA = {60, 64, 66, 68, 69, 70, 72, 74, 78}, {57, 58, 59, 61, 65, 73, 75, 77, *range(91, 99)} - {95}
COUNTRY = {0}


@pytest.mark.parametrize("number", range(100))
def test_a_place_lies_in_a_state_a_territory_or_the_sea(number):
    found = "same-state" in codes(area(geocodes=(NameValue("SAME", f"0{number:02}001"),)))
    assert found is (number not in STATES | ABROAD | SEA | COUNTRY)


@pytest.mark.parametrize(("nodes", "found"), [(100, False), (101, True)])
def test_a_polygon_has_a_hundred_points(nodes, found):
    ring = [f"{42 + no * 0.001:.3f},-72.0" for no in range(nodes - 2)]
    assert ("polygon-nodes" in codes(area(polygons=(" ".join([*ring, "42.0,-71.0", ring[0]]),)))) is found


@pytest.mark.parametrize(("characters", "found"), [(1800 - 130 - 25, False), (1800 - 130 - 25 + 1, True)])
def test_a_box_speaks_1800_characters_with_its_own_sentence(characters, found):
    assert ("eas-long" in codes(parameter("EASText", "x" * characters))) is found


def sentence(alert, code):
    return next(finding.sentence for finding in profile.check(alert) if finding.code == code)


@pytest.mark.parametrize(
    ("alert", "code", "words"),
    [
        (replace(event(), status=Status.TEST), "live-code-in-test", "carry no code"),
        (replace(GOOD, status=Status.TEST), "live-code-in-test", "carry TOE"),
        (event("DMO"), "wea-drill", "DMO as “Imminent Threat”"),
        (parameter("WEAHandling", "WEA Test"), "wea-drill", "TOE as “WEA Test”"),
        (parameter("", "x"), "value-empty", "(no name)"),
        (parameter("EAS-ORG", " "), "value-empty", "(EAS-ORG)"),
        (info_with(expires=NOON + timedelta(hours=7)), "eas-lifetime", "six hours"),
        (parameter("CMAMtext", "9" * 91), "wea-long", "has 91 characters; 90 fit"),
        (event("TOE", "LAE"), "same-event", "there are 2"),
        (parameter("CMAMtext", "911 está caído"), "wea-characters", "holds áí, which"),
    ],
)
def test_a_sentence_names_what_is_wrong(alert, code, words):
    assert words in sentence(alert, code)
