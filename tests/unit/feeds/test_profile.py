"""What the profile finds: one broken alert for each rule, and nothing in a good one."""

from dataclasses import replace
from datetime import timedelta

import pytest

from broadcaster.feeds import cap, profile
from broadcaster.feeds.capvalues import AreaBlock, MsgType, NameValue, Scope, Severity, Status
from tests.unit.feeds.samples import NOON, facts

GOOD = cap.build(facts())
EARLIER = cap.Reference("alerts@911.example.gov", "MA911-a1-0", "2024-06-18T14:00:00-04:00")


def info_with(**changes):
    """The good alert with one thing changed in every language."""
    return replace(GOOD, infos=tuple(replace(info, **changes) for info in GOOD.infos))


def parameter(name, value):
    others = tuple(pair for pair in GOOD.infos[0].parameters if pair.name != name)
    return info_with(parameters=(*others, NameValue(name, value)))


def area(**changes):
    return info_with(areas=(replace(GOOD.infos[0].areas[0], **changes),))


def same(*codes):
    return tuple(NameValue("SAME", code) for code in codes)


BROKEN = {
    "identifier": replace(GOOD, identifier="MA 911"),
    "sender": replace(GOOD, sender="State 911"),
    "ipaws-code": replace(GOOD, codes=()),
    "no-info": replace(GOOD, infos=()),
    "sent-offset": replace(GOOD, sent=NOON.replace(tzinfo=None)),
    "restriction-scope": replace(GOOD, restriction="police"),
    "addresses": replace(GOOD, scope=Scope.PRIVATE),
    "live-code-in-test": replace(GOOD, status=Status.TEST),
    "references-missing": replace(GOOD, msg_type=MsgType.UPDATE),
    "references-in-alert": replace(GOOD, references=(EARLIER,)),
    "reference-circular": replace(
        GOOD, msg_type=MsgType.UPDATE, references=(replace(EARLIER, identifier="MA911-a1-1"),)
    ),
    "reference-time": replace(
        GOOD, msg_type=MsgType.UPDATE, references=(replace(EARLIER, sent="2024-06-18T14:00:00Z"),)
    ),
    "reference-postdated": replace(
        GOOD, msg_type=MsgType.UPDATE, references=(replace(EARLIER, sent="2024-06-18T15:00:00-04:00"),)
    ),
    "categories-differ": replace(GOOD, infos=(GOOD.infos[0], replace(GOOD.infos[1], categories=()))),
    "event-codes-differ": replace(
        GOOD, infos=(GOOD.infos[0], replace(GOOD.infos[1], event_codes=(NameValue("SAME", "LAE"),)))
    ),
    "language": info_with(language="en_US"),
    "category": info_with(categories=()),
    "web": info_with(web="911.example.gov"),
    "same-event": info_with(event_codes=(NameValue("SAME", "TOE"), NameValue("SAME", "LAE"))),
    "same-event-form": info_with(event_codes=(NameValue("SAME", "toe"),)),
    "time-offset": info_with(onset=NOON.replace(tzinfo=None)),
    "expires-missing": info_with(expires=None),
    "expires-past": info_with(expires=NOON),
    "wea-expires": info_with(expires=NOON + timedelta(hours=25)),
    "eas-org": parameter("EAS-ORG", "GOV"),
    "blockchannel": parameter("BLOCKCHANNEL", "TV"),
    "wea-handling": parameter("WEAHandling", "Broadcast"),
    "wea-handling-missing": parameter("WEAHandling", ""),
    "wea-class": info_with(severity=Severity.MODERATE),
    "wea-long": parameter("CMAMtext", "9" * 91),
    "wea-characters": parameter("CMAMlongtext", "El número no está"),
    "wea-newline": parameter("CMAMtext", "911 is down.\nCall 413-555-0100."),
    "wea-short-missing": parameter("CMAMtext", ""),
    "area-missing": info_with(areas=()),
    "area-desc": area(desc=" "),
    "same-too-many": area(geocodes=same(*(f"025{number:03}" for number in range(32)))),
    "same-form": area(geocodes=same("25013")),
    "polygon-form": area(polygons=("42.1,-72.5  42.2,-72.5 42.2,-72.6 42.1,-72.5",)),
    "polygon-open": area(polygons=("42.1,-72.5 42.2,-72.5 42.2,-72.6 42.1,-72.6",)),
    "polygon-nodes": area(polygons=(" ".join(["42.1,-72.5"] * 101),)),
    "circle": area(circles=("42.1,-72.5 -3",)),
    "ceiling": area(ceiling="100"),
}


@pytest.mark.parametrize(("code", "alert"), BROKEN.items(), ids=BROKEN.keys())
def test_each_rule_finds_its_fault_and_says_where(code, alert):
    found = {finding.code: finding for finding in profile.blocking(profile.check(alert))}
    assert code in found
    assert found[code].xpath.startswith("/alert")
    assert found[code].sentence.endswith(".")
    assert found[code].source


DOUBTFUL = {
    "exercise-note": replace(GOOD, status=Status.EXERCISE),
    "scope": replace(GOOD, scope=Scope.RESTRICTED, restriction="police"),
    "language-twice": replace(GOOD, infos=(GOOD.infos[0], GOOD.infos[0])),
    "not-translated": replace(GOOD, infos=(GOOD.infos[0], replace(GOOD.infos[0], language="es-US"))),
    "headline-long": info_with(headline="x" * 161),
    "instruction-empty": info_with(instruction=""),
    "markup": info_with(description="<b>911</b> is down."),
    "eas-long": info_with(description="911 is down. " * 160),
    "parameter-unknown": parameter("CMAMtext-Spanish", "El 911 no funciona"),
    "same-missing": area(geocodes=()),
    "polygon-crossed": area(polygons=("42.0,-72.0 42.2,-72.2 42.2,-72.0 42.0,-72.2 42.0,-72.0",)),
}


@pytest.mark.parametrize(("code", "alert"), DOUBTFUL.items(), ids=DOUBTFUL.keys())
def test_what_is_only_doubtful_is_a_warning(code, alert):
    levels = {finding.code: finding.level for finding in profile.check(alert)}
    assert levels[code] is profile.Level.WARNING


def test_a_good_alert_has_no_findings():
    assert profile.check(GOOD) == []


@pytest.mark.parametrize(
    "polygon",
    ["42.0,-72.0 42.2,-72.0 42.2,-72.2 42.0,-72.0", "1,2 3,4 5,6 7,8 1,2", "-90,-180 90,180 90,-180 -90,-180"],
)
def test_good_polygons_pass(polygon):
    shaped = replace(GOOD, infos=tuple(replace(info, areas=(AreaBlock("x", (polygon,)),)) for info in GOOD.infos))
    assert not profile.blocking(profile.check(shaped))
