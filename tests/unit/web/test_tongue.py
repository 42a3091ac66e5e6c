"""Which language a page speaks, and how sentences, numbers and hours are said in it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import pytest
from flask import Flask, g
from markupsafe import Markup

from broadcaster.said import Counted, Said, joined
from broadcaster.web import tongue
from broadcaster.web.tongue import COOKIE, Hours

ESSEX = Said("%(name)s County", name="Essex")
HOURS = Hours(ZoneInfo("America/New_York"))
ONE, TWO = datetime(2024, 6, 18, 17, 5, 7, tzinfo=UTC), datetime(2024, 6, 18, 18, 31, tzinfo=UTC)


@pytest.fixture
def spanish() -> Iterator[None]:
    with Flask("here").test_request_context("/desk/", headers={"Accept-Language": "es-MX, en;q=0.5"}):
        yield


@pytest.mark.parametrize(
    ("asked", "chosen", "path", "spoken"),
    [
        ("", "", "/desk/", "en"),
        ("es-PR, en;q=0.8", "", "/desk/", "es"),
        ("fr, de", "", "/desk/", "en"),
        ("en-US, es;q=0.8", "", "/desk/", "en"),
        ("en-US", "es", "/desk/", "es"),
        ("es", "en", "/desk/", "en"),
        ("es", "klingon", "/desk/", "es"),
        ("es", "es", "/elsewhere", "en"),
    ],
)
def test_who_is_spoken_to_how(asked: str, chosen: str, path: str, spoken: str) -> None:
    headers = {"Accept-Language": asked} | ({"Cookie": f"{COOKIE}={chosen}"} if chosen else {})
    with Flask("here").test_request_context(path, headers=headers):
        assert tongue.speaking() == spoken


def test_without_a_request_it_is_english() -> None:
    assert tongue.said(Said("the whole state")) == "the whole state"


@pytest.mark.usefixtures("spanish")
@pytest.mark.parametrize(
    ("sentence", "shown"),
    [
        (Said("the whole state"), "todo el estado"),
        (ESSEX, "condado de Essex"),
        (
            Said(
                "%(names)s and %(more)s more",
                names=joined(", ", [Said("%(name)s County", name="Essex"), "Ayer"]),
                more=3,
            ),
            "condado de Essex, Ayer y 3 más",
        ),
        (Counted("%(num)s second", "%(num)s seconds", 1), "1 segundo"),
        (Counted("%(num)s second", "%(num)s seconds", 40), "40 segundos"),
        (Said("%(seat_name)s is never translated", seat_name="MEMA"), "MEMA is never translated"),
        (joined("; ", []), ""),
        ("the whole state", "the whole state"),
        ("Español, 100 %(x)s", "Español, 100 %(x)s"),
    ],
)
def test_a_sentence_is_said_in_spanish(sentence: str, shown: str) -> None:
    assert tongue.said(sentence) == shown


@pytest.mark.usefixtures("spanish")
def test_what_was_stored_in_english_is_found_again() -> None:
    assert tongue.kept("there is no time.") == "no hay hora."
    assert tongue.kept("100 % of what Ana typed, %(x)s") == "100 % of what Ana typed, %(x)s"


@pytest.mark.usefixtures("spanish")
def test_what_is_put_into_a_template_is_escaped() -> None:
    made = tongue.marked("<strong>%(officer)s</strong> since %(moment)s", officer="<b>Ana</b>", moment="1:05 p. m.")
    assert made == Markup("<strong>&lt;b&gt;Ana&lt;/b&gt;</strong> desde la 1:05 p. m.")
    assert tongue.counted("%(num)s community.", "%(num)s communities.", 1351) == "1,351 localidades."


@pytest.mark.usefixtures("spanish")
def test_hours_and_days() -> None:
    assert HOURS.hour(TWO) == "2:31 p. m."
    assert HOURS.second(ONE) == "1:05:07 p. m."
    assert HOURS.short(TWO) == "2:31 p. m., 18 jun"
    assert HOURS.dated(ONE) == "18 jun, 1:05:07 p. m."
    assert HOURS.full(TWO) == "2:31 p. m. EDT, martes, 18 de junio de 2024"
    assert tongue.day(date(2024, 5, 2)) == "2 de mayo de 2024"
    assert tongue.marked("since %(moment)s", moment=HOURS.hour(ONE)) == "desde la 1:05 p. m."
    assert tongue.marked("since %(moment)s", moment=HOURS.hour(TWO)) == "desde las 2:31 p. m."
    assert tongue.language("zh-Hans") == "chino (simplificado)"
    g.desk_lang = "en"
    assert HOURS.full(TWO) == "2:31 p.m. EDT, Tuesday, June 18, 2024"
    assert HOURS.dated(ONE) == "Jun 18, 1:05:07 p.m."
    assert tongue.day("2024-05-02") == "May 2, 2024"


def test_an_hour_at_the_end_of_a_sentence_has_one_full_stop() -> None:
    at = "Approved by %(name)s at %(moment)s. Go on"
    assert tongue.marked(at, name="Abe", moment="12:01 p.m.") == "Approved by Abe at 12:01 p.m. Go on"
    assert tongue.marked(at, name="<i>", moment="9:01 a. m.") == "Approved by &lt;i&gt; at 9:01 a. m. Go on"
    assert tongue.marked("%(typed)s", typed="Hm.. 5 p.m...") == "Hm.. 5 p.m..."
