"""What the profile finds: one broken message for each rule of the table, and nothing in a good one."""

import base64
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest
from hypothesis import HealthCheck, given, settings

from broadcaster.feeds import cap, profile, rules
from broadcaster.feeds.capvalues import AreaBlock, MsgType, NameValue, Severity, Urgency
from broadcaster.feeds.finding import Concern, Level
from tests.unit.feeds.models import ALERTS
from tests.unit.feeds.mutations import (
    EARLIER,
    GOOD,
    MUTATIONS,
    SOUND,
    area,
    info_with,
    parameter,
    resource,
    same,
    second,
    sha1,
    update,
)
from tests.unit.feeds.samples import NOON, facts

CASES = [(code, number, alert) for code, alerts in MUTATIONS.items() for number, alert in enumerate(alerts, 1)]


@pytest.mark.parametrize(("code", "number", "alert"), CASES, ids=[f"{code}-{number}" for code, number, _ in CASES])
def test_each_rule_finds_its_fault_and_says_where_and_what_to_do(code, number, alert):
    rule = rules.RULES[code]
    found = [finding for finding in profile.check(alert) if finding.code == code]
    assert found
    for finding in found:
        assert (finding.level, finding.concern, finding.source) == (rule.level, rule.concern, rule.source)
        assert finding.xpath.startswith("/alert")
        assert finding.sentence.endswith(".")


IN_A_THREAD = {"references-incomplete", "reference-expired", "sent-stale"}
"""Rules that need more than the document: its predecessors, or the time."""


def test_no_rule_is_without_a_mutation():
    assert set(MUTATIONS) | IN_A_THREAD | rules.OF_OUR_OWN == set(rules.RULES)
    assert all(rule.demands and rule.source for rule in rules.RULES.values())


def test_a_good_alert_has_no_findings():
    assert profile.check(GOOD, arrived=NOON + timedelta(minutes=5)) == []


ALLOWED = {
    "an identifier of NWS": replace(GOOD, identifier="urn:oid:2.49.0.1.840.0.ab.001.1.IPAWS"),
    "a sender by domain": replace(GOOD, sender="911.example.gov"),
    "other codes": replace(GOOD, codes=("profile:CAP-CP:0.4", "IPAWSv1.0")),
    "no language is English": replace(GOOD, infos=(replace(GOOD.infos[0], language=""), GOOD.infos[1])),
    "closed quotes": replace(GOOD, incidents='"one two" three'),
    "an update": update(EARLIER),
    "the same second": update(replace(EARLIER, sent="2024-06-18T14:30:00-04:00")),
    "the identifier of another sender": update(replace(EARLIER, sender="other@x.gov", identifier="MA911-a1-1")),
    "more event codes": info_with(event_codes=(*same("TOE"), NameValue("NationalWeatherService", "TOE"))),
    "must carry": parameter("EAS-Must-Carry", "True"),
    "a heading of 160": second(headline="x" * 160),
    "90 and 360": info_with(
        parameters=(*(p for p in GOOD.infos[0].parameters if not p.name.startswith("CMAM")),
                    NameValue("CMAMtext", "[" * 45), NameValue("CMAMlongtext", "9" * 360))
    ),
    "six hours": info_with(expires=NOON + timedelta(hours=6)),
    "it began before": info_with(effective=NOON, onset=NOON),
    "circles": area(circles=("42.1,-72.5 3", "-90,180 .5", "+1.5,2 0")),
    "a polygon": area(polygons=("42.0,-72.0 42.2,-72.0 42.2,-72.2 42.0,-72.0", "-90,-180 90,180 90,-180 -90,-180")),
    "heights": area(altitude=Decimal(0), ceiling=Decimal(0)),
    "a sea": area(geocodes=same("073535")),
    "a part of a county": area(geocodes=same("125013")),
    "the whole country": area(geocodes=same("000000")),
    "31 places": area(geocodes=same(*(f"025{number:03}" for number in range(31)))),
    "a map": resource(size=0, digest=sha1(b"")),
    "bytes that came along": resource(
        uri="sound.mp3", deref_uri=base64.b64encode(SOUND).decode(), digest=sha1(SOUND).upper()
    ),
    "EAS audio": resource(desc="EAS Broadcast Content", mime_type="audio/x-ipaws-audio-mp3"),
    "ampersands and comparisons": info_with(description="Police & fire; < 5 minutes > 2 towns"),
}  # fmt: skip
FINE_BUT_SHARED = {"not-translated"}


@pytest.mark.parametrize("alert", ALLOWED.values(), ids=ALLOWED.keys())
def test_what_is_allowed_is_not_found(alert):
    assert {finding.code for finding in profile.check(alert)} <= FINE_BUT_SHARED


BLOCKED_EAS = parameter("BLOCKCHANNEL", "EAS", "NWEM")


def test_eas_rules_are_silent_where_eas_is_blocked():
    quiet = replace(
        BLOCKED_EAS,
        infos=tuple(
            replace(
                info,
                description="911 is down. " * 160,
                expires=NOON + timedelta(hours=7),
                parameters=tuple(pair for pair in info.parameters if pair.name != "EAS-ORG"),
            )
            for info in BLOCKED_EAS.infos
        ),
    )
    codes = {finding.code for finding in profile.check(quiet)}
    assert not codes & {"eas-long", "eas-lifetime", "eas-org", "eas-sender-name"}


def test_a_cancel_needs_no_class_and_a_child_abduction_no_handling():
    past = {"urgency": Urgency.PAST, "severity": Severity.MINOR}
    assert "wea-class" not in {f.code for f in profile.check(replace(info_with(**past), msg_type=MsgType.CANCEL))}
    plain = parameter("WEAHandling")
    child = replace(plain, infos=tuple(replace(info, event_codes=same("CAE")) for info in plain.infos))
    assert "wea-handling-missing" not in {finding.code for finding in profile.check(child)}


def thread():
    first = cap.build(facts(identifier="MA911-a1-1"))
    then = cap.build(facts(identifier="MA911-a1-2", sent=NOON + timedelta(minutes=10)))
    return first, then, NOON + timedelta(minutes=30)


def test_a_follow_up_names_every_message_that_lives():
    first, then, at = thread()
    refer = cap.unexpired([first, then], at)
    whole = replace(GOOD, identifier="MA911-a1-3", msg_type=MsgType.UPDATE, sent=at, references=refer)
    assert list(profile.thread_findings(whole, [first, then])) == []
    lacking = replace(whole, references=refer[:1])
    [found] = profile.thread_findings(lacking, [first, then])
    assert (found.code, found.level) == ("references-incomplete", Level.ERROR)
    assert "MA911-a1-2" in found.sentence
    other_spelling = replace(whole, references=(refer[0], replace(refer[1], sent="2024-06-18T18:40:00-00:00")))
    assert [f.code for f in profile.thread_findings(other_spelling, [first, then])] == ["references-incomplete"]


def test_a_follow_up_names_no_message_that_has_ended():
    first, then, _ = thread()
    late = NOON + timedelta(hours=3)
    update = replace(GOOD, msg_type=MsgType.CANCEL, sent=late, references=cap.unexpired([first, then], NOON))
    assert {finding.code for finding in profile.thread_findings(update, [first, then])} == {"reference-expired"}
    assert list(profile.thread_findings(replace(update, msg_type=MsgType.ALERT), [first])) == []


@pytest.mark.parametrize(("minutes", "stale"), [(-6, True), (-5, False), (0, False), (5, False), (6, True)])
def test_what_comes_too_late_or_from_the_future_is_stale(minutes, stale):
    found = {finding.code for finding in profile.check(GOOD, arrived=NOON + timedelta(minutes=minutes))}
    assert ("sent-stale" in found) is stale


def test_a_profile_asks_its_own_rules_only():
    foreign = replace(GOOD, codes=(), infos=tuple(replace(info, parameters=(), event_codes=()) for info in GOOD.infos))
    web = replace(foreign, infos=tuple(replace(info, web="http://x.example/") for info in foreign.infos))
    assert profile.check(web, profile.Profile.CAP) == []
    assert {finding.concern for finding in profile.check(web, profile.Profile.FEED)} == {Concern.FEED}
    assert {finding.concern for finding in profile.check(web)} >= {Concern.FEED, Concern.IPAWS, Concern.EAS}


@pytest.mark.parametrize(
    ("concern", "kept_from"),
    [
        (Concern.CAP, {Concern.CAP, Concern.FEED, Concern.IPAWS, Concern.EAS, Concern.WEA}),
        (Concern.FEED, {Concern.FEED}),
        (Concern.IPAWS, {Concern.IPAWS, Concern.EAS, Concern.WEA}),
        (Concern.EAS, {Concern.EAS}),
        (Concern.WEA, {Concern.WEA}),
    ],
)
def test_an_error_keeps_the_document_from_what_it_concerns(concern, kept_from):
    code = next(rule.code for rule in rules.RULES.values() if rule.concern is concern and rule.level is Level.ERROR)
    found = rules.found(code, "/alert", "x.")
    assert {channel for channel in Concern if found.keeps_from(channel)} == kept_from
    assert profile.blocking([found], concern) == [found]
    doubt = replace(found, level=Level.WARNING)
    assert profile.blocking([doubt]) == profile.blocking([doubt], concern) == []


def test_errors_come_first():
    levels = [finding.level for finding in profile.check(replace(area(geocodes=()), codes=()))]
    assert levels == sorted(levels, key=lambda level: level is not Level.ERROR)
    assert len(set(levels)) == 2


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(ALERTS)
def test_whatever_the_world_sends_is_judged_and_never_breaks_the_judge(alert):
    for finding in profile.check(alert, arrived=NOON):
        assert finding.code in rules.RULES
        assert finding.sentence.endswith(".")


def test_an_area_of_ours_can_be_anything():
    assert profile.check(info_with(areas=(AreaBlock("x", geocodes=same("025013")),))) == []
