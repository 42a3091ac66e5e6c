"""The box of the tests airs what it must and drops the rest; and it speaks as our preview says it will."""

from dataclasses import replace
from datetime import timedelta

import pytest

from broadcaster.alert.alert import Area, RevisionKind
from broadcaster.feeds import cap, receivers, same, signature
from broadcaster.feeds.capvalues import NameValue
from broadcaster.feeds.recent import wrapped
from tests.readers.eas_box import EasBox
from tests.unit.feeds.samples import COMMUNITIES, COUNTIES, NOON, content, facts

KEYS = signature.make_demo_certificate(NOON)
OTHERS = signature.make_demo_certificate(NOON)
NAMES = receivers.place_names(COUNTIES, "25", "Massachusetts")
FIRST = cap.build(facts())
AT = NOON + timedelta(minutes=1)


def signed(alert, keys=KEYS):
    return signature.sign(cap.serialise(alert), *keys)


def box(**changes):
    return EasBox("http://127.0.0.1:1", KEYS[1], **({"places": {"025013": NAMES["025013"]}} | changes))


def heard(*documents, at=AT, **changes):
    made = box(**changes)
    made.hear(wrapped(documents), at)
    return made


def blocked(alert):
    more = (NameValue("BLOCKCHANNEL", "EAS"),)
    return replace(alert, infos=tuple(replace(info, parameters=info.parameters + more) for info in alert.infos))


VOID = cap.build(facts(RevisionKind.FALSE_ALARM, identifier="MA911-a1-2", references=cap.unexpired([FIRST], NOON)))
TORNADO = replace(FIRST, infos=tuple(replace(i, event_codes=(NameValue("SAME", "TOR"),)) for i in FIRST.infos))
DROPPED = [
    ("exercise", signed(cap.build(facts(status=cap.Status.EXERCISE))), "status Exercise"),
    ("test", signed(cap.build(facts(status=cap.Status.TEST))), "status Test"),
    ("draft", signed(cap.build(facts(status=cap.Status.DRAFT))), "status Draft"),
    ("blocked", signed(blocked(FIRST)), "blocked for EAS"),
    ("cancel", signed(VOID), "logged: Cancel"),
    ("expired", signed(cap.build(facts(content=content(expires=AT)))), "expired"),
    ("another event", signed(TORNADO), "unknown event TOR"),
    ("unsigned", cap.serialise(FIRST), "not signed"),
    ("another signer", signed(FIRST, OTHERS), "not signed"),
    ("changed", signed(FIRST).replace(b"413-555-0100", b"900-555-0100"), "not signed"),
    ("signed twice", signed(FIRST).replace(b"</alert>", signed(FIRST)[signed(FIRST).index(b"<ds:"):]), "not signed"),
]  # fmt: skip


@pytest.mark.parametrize(("document", "why"), [row[1:] for row in DROPPED], ids=[row[0] for row in DROPPED])
def test_what_must_not_air_is_dropped_and_says_why(document, why):
    made = heard(document)
    assert made.aired == []
    (dropped,) = made.dropped
    assert dropped.why.startswith(why)


@pytest.mark.parametrize("bad", [row[1] for row in DROPPED], ids=[row[0] for row in DROPPED])
def test_a_bad_message_keeps_no_good_one_off_the_air(bad):
    good = cap.build(facts(identifier="MA911-z9-1"))
    assert [one.identifier for one in heard(bad, signed(good)).aired] == ["MA911-z9-1"]


def test_what_was_heard_is_not_aired_again():
    made = box()
    for _ in range(3):
        made.hear(wrapped([signed(FIRST)]), AT)
    again = replace(FIRST, identifier="MA911-a1-9")
    made.hear(wrapped([signed(again)]), AT)
    assert [one.identifier for one in made.aired] == ["MA911-a1-1"]
    assert [one.why for one in made.dropped] == ["duplicate of what was aired"]


@pytest.mark.parametrize(
    ("place", "statewide", "airs"),
    [
        ("025013", False, True),
        ("025027", False, False),
        ("025027", True, True),
        ("009003", True, False),
    ],
)
def test_a_box_airs_for_its_region_and_for_the_state_around_it(place, statewide, airs):
    more = {"content": content(area=Area(statewide=True)), "communities": COMMUNITIES} if statewide else {}
    made = heard(signed(cap.build(facts(**more))), places={place: NAMES.get(place, "elsewhere")})
    assert bool(made.aired) is airs


@pytest.mark.parametrize("language", ["en", "es"])
@pytest.mark.parametrize("minutes", [10, 61, 120, 240])
def test_it_speaks_as_the_preview_says(language, minutes):
    alert = cap.build(facts(content=content(expires=NOON + timedelta(minutes=minutes))))
    (aired,) = heard(signed(alert), language=language, places=NAMES, station="MA911/01").aired
    (said,) = [each for each in receivers.spoken(alert, NAMES, "America/New_York") if each.lang == language]
    assert aired.text == said.text
    assert aired.header == said.header.replace("LLLLLLLL", "MA911/01") == same.header(alert, alert.infos[0], "MA911/01")
