"""What phones are told to do when an area shares no number, and what the preview says of the door."""

import pytest

from broadcaster.alert.alert import CommunityAnswer, Rung
from broadcaster.alert.phone import AlternateNumber
from broadcaster.feeds import cap
from broadcaster.feeds.door import Crowd, Door, door_findings, spoken_time
from broadcaster.feeds.finding import Concern, Level
from tests.unit.feeds.samples import content, facts

ALERT = cap.build(facts())
PAGE, TEXTS = Door("911.example.gov", 500.0), Door("413-555-0199", 1.0)
POLICE = CommunityAnswer("springfield", Rung.COMMUNITY, AlternateNumber("+14135550100", "Police"))
MILLIONS = Crowd(351, 7_000_000)
SHARES = "because 351 communities share no number. 1 % of 7,000,000 phones keep it busy for"
WALK = CommunityAnswer("ware", Rung.WALK_IN)
CASES = {
    "the number": (POLICE, [PAGE], Crowd(1, 155_000), "wea-number", "1 % of 155,000 phones are 1,550 calls"),
    "the number of how many": (POLICE, [PAGE], Crowd(1, 0), "wea-number", "the directory does not say"),
    "the page": (None, [PAGE, TEXTS], MILLIONS, "wea-door", f"911.example.gov, {SHARES} 3 minutes at 500 a second"),
    "texts": (None, [TEXTS], MILLIONS, "wea-door", f"413-555-0199, {SHARES} 20 hours at 1 a second"),
    "people unknown": (None, [PAGE], Crowd(2, 0), "wea-door", "fill in the population"),
    "no door": (None, [], MILLIONS, "wea-nowhere", "set LOOKUP_URL"),
    "nobody to call": (WALK, [PAGE], Crowd(1, 10), "wea-nowhere", "nearest fire or police station"),
}


@pytest.mark.parametrize(("one", "doors", "crowd", "code", "words"), CASES.values(), ids=CASES.keys())
def test_the_preview_says_where_phones_are_sent_and_how_long_it_jams(one, doors, crowd, code, words):
    [finding] = door_findings(ALERT, one, doors, crowd)
    assert (finding.code, finding.level, finding.concern) == (code, Level.WARNING, Concern.WEA)
    assert words in finding.sentence and finding.sentence.endswith(".")


def test_nothing_is_said_where_no_text_goes_to_phones():
    quiet = cap.build(facts(content=content(), blocked=frozenset({"CMAS"})))
    assert door_findings(quiet, None, [PAGE], Crowd(2, 10)) == []


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (0, "1 second"),
        (0.2, "1 second"),
        (120, "120 seconds"),
        (121, "3 minutes"),
        (7200, "120 minutes"),
        (7201, "3 hours"),
    ],
)
def test_a_time_is_rounded_up(seconds, words):
    assert spoken_time(seconds) == words
