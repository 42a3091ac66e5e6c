"""The directory in the words of pages."""

from datetime import date

import pytest

from broadcaster.alert.alert import CommunityAnswer, Rung
from broadcaster.alert.phone import AlternateNumber, Visibility
from broadcaster.directory import Directory, Psap
from broadcaster.feeds.places import county_title, town_answers, towns
from tests.unit.feeds.samples import COMMUNITIES, COUNTIES

DIRECTORY = Directory(COUNTIES, COMMUNITIES, tuple(Psap(one.psap_code, "PSAP", "25013") for one in COMMUNITIES))
PUBLIC = AlternateNumber("+14135550100", verified_on=date(2024, 5, 2))
SECRET = AlternateNumber("+14135550199", visibility=Visibility.RESTRICTED)


@pytest.mark.parametrize(
    ("name", "title"),
    [("Hampden", "Hampden County"), ("Orleans Parish", "Orleans Parish"), ("Baltimore city", "Baltimore city")],
)
def test_counties_are_called_what_they_are(name, title):
    assert county_title(name) == title


def test_towns_carry_their_county_and_zips():
    springfield = towns(DIRECTORY)[0]
    assert (springfield.name, springfield.county, springfield.zips) == (
        "Springfield",
        "Hampden County",
        ("01103", "01104"),
    )


def test_answers_show_the_number_and_never_a_restricted_one():
    frozen = (
        CommunityAnswer("springfield", Rung.COMMUNITY, PUBLIC),
        CommunityAnswer("chicopee", Rung.COMMUNITY, SECRET),
        CommunityAnswer("ware", Rung.WALK_IN),
    )
    made = town_answers(DIRECTORY, frozen, restored=("ware",))
    assert [one.instead for one in made] == [
        "call 413-555-0100",
        "go to the nearest fire or police station",
        "go to the nearest fire or police station",
    ]
    assert (made[0].dial, made[0].verified_on) == ("+14135550100", date(2024, 5, 2))
    assert [one.restored for one in made] == [False, False, True]
    assert "0199" not in repr(made)
