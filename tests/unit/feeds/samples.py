"""A small Massachusetts and one bad day, for the tests of documents and pages."""

from datetime import UTC, date, datetime, timedelta

from broadcaster.alert.alert import Area, Content, FailureKind, RevisionKind
from broadcaster.directory import Community, CommunityKind, County
from broadcaster.feeds.cap import Facts, InfoTexts, Status
from broadcaster.feeds.snapshot import OnAir, PublishedDocument, Snapshot, Town, TownAnswer, Words
from broadcaster.settings import Mode

NOON = datetime(2024, 6, 18, 18, 30, tzinfo=UTC)
COUNTIES = (County("25013", "Hampden"), County("25027", "Worcester"), County("25015", "Hampshire"))
_PLACES = (
    ("springfield", "Springfield", "25013", ("01103", "01104")),
    ("chicopee", "Chicopee", "25013", ("01013",)),
    ("worcester", "Worcester", "25027", ("01608",)),
    ("amherst", "Amherst", "25015", ("01002",)),
    ("ware", "Ware", "25015", ("01082",)),
)


def community(code: str, name: str, fips: str, zips: tuple[str, ...] = ()) -> Community:
    return Community(code, name, CommunityKind.MUNICIPALITY, fips, "America/New_York", f"psap-{code}", zips)


COMMUNITIES = tuple(community(*place) for place in _PLACES)
EN = InfoTexts(
    "en",
    "911 Telephone Outage Emergency",
    "911 is down in Springfield and Chicopee",
    "911 calls are failing in Springfield (call 413-555-0100) and Chicopee (call 413-555-0101) since 1:15 PM.",
    "In an emergency, call the number of your town. Do not call 911 to test it.",
    "State 911: 911 is down in Springfield. For emergencies call 413-555-0100.",
    "State 911: 911 calls are failing in Springfield since 1:15 PM. For emergencies call 413-555-0100.",
)
ES = InfoTexts(
    "es",
    "Emergencia por falla del teléfono 911",
    "El 911 no funciona en Springfield y Chicopee",
    "Las llamadas al 911 fallan en Springfield (llame al 413-555-0100) y Chicopee (llame al 413-555-0101).",
    "En una emergencia, llame al número de su ciudad. No llame al 911 para probarlo.",
    "State 911: el 911 no funciona en Springfield. Emergencias: 413-555-0100.",
    "State 911: el 911 no funciona en Springfield. En una emergencia llame al 413-555-0100.",
)


def content(**changes) -> Content:
    values = {
        "failure": FailureKind.ALL_CALLS,
        "area": Area(communities=("springfield", "chicopee")),
        "began": NOON - timedelta(minutes=75),
        "expires": NOON + timedelta(hours=2),
    }
    return Content(**{**values, **changes})


def facts(kind: RevisionKind = RevisionKind.INITIAL, **changes) -> Facts:
    values = {
        "kind": kind,
        "content": content(),
        "communities": COMMUNITIES[:2],
        "counties": COUNTIES,
        "texts": (EN, ES),
        "identifier": "MA911-a1-1",
        "sent": NOON,
        "sender": "alerts@911.example.gov",
        "sender_name": "State 911 Department",
        "status": Status.ACTUAL,
        "incident": "a1",
        "web": "https://911.example.gov",
        "state_fips": "25",
        "state_name": "Massachusetts",
        "timezone": "America/New_York",
    }
    return Facts(**{**values, **changes})


ANSWERS = (
    TownAnswer("springfield", "Springfield", "Hampden County", "413-555-0100", "+14135550100", "", date(2024, 5, 2)),
    TownAnswer("chicopee", "Chicopee", "Hampden County", "413-555-0101", "+14135550101"),
    TownAnswer("ware", "Ware", "Hampshire County", walk_in="go to the nearest fire or police station"),
    TownAnswer("amherst", "Amherst", "Hampshire County", "413-555-0103", "+14135550103", restored=True),
)


def on_air(**changes) -> OnAir:
    values = {
        "alert": "a1",
        "kind": RevisionKind.UPDATE,
        "failure": "All 911 calls",
        "headline": "911 is down in 3 communities of western Massachusetts",
        "paragraphs": (EN.description, "Text-to-911 does not work either."),
        "began": NOON - timedelta(minutes=75),
        "issued": NOON - timedelta(minutes=5),
        "expires": NOON + timedelta(hours=2),
        "communities": ANSWERS,
        "next_update": NOON + timedelta(minutes=25),
        "advice": "Do not dial 911: your call may not be answered.",
        "translations": (Words("es", ES.headline, (ES.description, ES.instruction)),),
    }
    return OnAir(**{**values, **changes})


def snapshot(*alerts: OnAir, **changes) -> Snapshot:
    names = {county.fips: f"{county.name} County" for county in COUNTIES}
    values = {
        "as_of": NOON,
        "authority": "State 911 Department",
        "mode": Mode.LIVE,
        "state_name": "Massachusetts",
        "timezone": "America/New_York",
        "on_air": alerts,
        "towns": tuple(Town(one.code, one.name, names[one.county_fips], one.zips) for one in COMMUNITIES),
        "documents": (PublishedDocument("MA911-a1-1", "911 is down in Springfield and Chicopee", NOON),),
    }
    return Snapshot(**{**values, **changes})
