"""Texts over the Messages API: what is posted, what is taken back, and what the carrier's listing proves."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from urllib.parse import parse_qs, urlsplit

import pytest

from broadcaster.channels.contract import Accepted, Asked, Key, Outgoing, Seen, Traits
from broadcaster.channels.errors import Ambiguous, Misconfigured, OptedOut, Rejected, SendError, Throttled
from broadcaster.channels.http import Door
from broadcaster.channels.sms_twilio import LISTED_ONE_BY_ONE, TwilioSms
from broadcaster.channels.twilio_http import TwilioAccount
from broadcaster.messages.message import Message
from tests.carrier import PHONE, SENDER, SERVICE, SID, TEXT, TOKEN, carrier
from tests.channels.test_voice_twilio import Said

STATUS = "https://alerts.example.gov/callbacks/twilio/status"
KEY, REF = Key(7, 11, 1), "SM" + "1" * 32
OUT = Outgoing(KEY, PHONE, Message("", f"{TEXT} ¿Y tú? & more", ""), "proof", 900)


def texts(door: Door, sender: str = SENDER, url: str = "http://127.0.0.1:9") -> TwilioSms:
    return TwilioSms(TwilioAccount(SID, TOKEN, sender, STATUS, url), door)


# What is posted


@pytest.mark.parametrize("sender", [SENDER, SERVICE])
async def test_a_text_is_one_form_with_all_that_the_carrier_must_know(sender: str) -> None:
    door = Said(201, {"sid": REF})
    assert await texts(door, sender).send(OUT) == Accepted(REF)
    assert parse_qs(door.asked.decode(), strict_parsing=True) == {
        "To": [PHONE],
        "Body": [OUT.message.text],
        "StatusCallback": [f"{STATUS}?d=7.11.1&m=proof#rc=5&rp=all"],
        "ValidityPeriod": ["900"],
        ("From" if sender == SENDER else "MessagingServiceSid"): [sender],
    }
    assert [urlsplit(url).path for url in door.urls] == [f"/2010-04-01/Accounts/{SID}/Messages.json"]
    way = texts(door)
    assert (way.name, way.carrier) == ("sms", "twilio")
    assert way.traits == Traits(receipts=True, listing=True, segments=True, cancels=True)


LIVES = [(36_001, 36_000), (36_000, 36_000), (7_200, 7_200), (61, 61), (60, 60), (59, 60), (0, 60), (-5, 60)]


@pytest.mark.parametrize(("left", "waits"), LIVES)
async def test_no_text_waits_at_the_carrier_for_longer_than_its_alert_lives(left: int, waits: int) -> None:
    """Seconds; the carrier takes no more than ten hours, and does with less than a minute what it likes."""
    door = Said(201, {"sid": REF})
    await texts(door).send(replace(OUT, life_s=left))
    assert parse_qs(door.asked.decode())["ValidityPeriod"] == [str(waits)]


ANSWERS: dict[str, tuple[int, object, type[SendError]]] = {
    "no mobile phone": (400, {"code": 21614}, Rejected),
    "STOP at the carrier": (400, {"code": 21610}, OptedOut),
    "a filter": (400, {"code": 30007}, Misconfigured),
    "too many at once": (429, {"code": 20429}, Throttled),
    "an internal error": (500, {"code": 20500}, Ambiguous),
    "a redirect": (302, "", Ambiguous),
    "no JSON": (201, "<html>", Ambiguous),
    "half a document": (201, '{"sid": "SM', Ambiguous),
    "no sid": (201, {}, Ambiguous),
    "an empty sid": (201, {"sid": ""}, Ambiguous),
    "a sid that is none": (201, {"sid": None}, Ambiguous),
    "a list": (201, [], Ambiguous),
}


@pytest.mark.parametrize("what", ANSWERS)
async def test_what_an_answer_means(what: str) -> None:
    status, body, kind = ANSWERS[what]
    door = Said(status, body, {"retry-after": "7"})
    with pytest.raises(SendError) as raised:
        await texts(door).send(OUT)
    assert type(raised.value) is kind
    assert raised.value.wait == (7.0 if kind is Throttled else None), "the carrier's own wait"
    assert len(door.urls) == 1, "never a second time"


# What was taken back

CANCELS: dict[str, tuple[int, object, bool | type[SendError]]] = {
    "it waited": (200, {"sid": REF, "status": "canceled"}, True),
    "it has left": (400, {"code": 30409}, False),
    "it was never there": (404, {"code": 20404}, False),
    "it was never there, and no code says so": (404, {}, False),
    "an account that is not ours": (400, {"code": 20003}, Misconfigured),
    "too many at once": (429, {"code": 20429}, Throttled),
    "an error": (500, {"code": 20500}, Ambiguous),
    "no JSON": (200, "<html>", Ambiguous),
}


@pytest.mark.parametrize("what", CANCELS)
async def test_whether_a_text_was_taken_back(what: str) -> None:
    status, body, ended = CANCELS[what]
    door = Said(status, body)
    if isinstance(ended, bool):
        assert await texts(door).cancel(REF) is ended
    else:
        with pytest.raises(SendError) as raised:
            await texts(door).cancel(REF)
        assert type(raised.value) is ended
    assert door.asked == b"Status=canceled"
    assert urlsplit(door.urls[0]).path.endswith(f"/Messages/{REF}.json")


# What the listing proves

SINCE = datetime(2026, 6, 18, 16, 0, tzinfo=UTC)
ASKED = Asked(KEY, PHONE, TEXT, SINCE)
APART, HOUR, SECOND = timedelta(minutes=2), timedelta(hours=1), timedelta(seconds=1)
LISTED: dict[str, tuple[dict[str, object], bool]] = {
    "made since, and it still waits": ({}, True),
    "made since, and sent long after": ({"date_sent": SINCE + HOUR}, True),
    "two minutes before: the clocks are apart": ({"date_created": SINCE - APART}, True),
    "longer before": ({"date_created": SINCE - APART - SECOND}, False),
    "made before, and sent since": ({"date_created": SINCE - HOUR, "date_sent": SINCE}, False),
    "other words": ({"body": TEXT + "."}, False),
    "another phone": ({"to": "+15085550101"}, False),
    "they texted us": ({"direction": "inbound"}, False),
    "an answer to a text of theirs": ({"direction": "outbound-reply"}, False),
}


def row(**changes: object) -> dict[str, object]:
    """A text as the carrier lists it; one that waits has no date on which it was sent."""
    made: dict[str, object] = {"sid": "SM1", "to": PHONE, "body": TEXT, "direction": "outbound-api"}
    made |= {"date_created": SINCE, "date_sent": None, "status": "queued", **changes}
    dates = {name: format_datetime(each) for name, each in made.items() if isinstance(each, datetime)}
    return {**made, **dates}


def page(*rows: dict[str, object], following: str | None = None) -> Said:
    return Said(200, {"messages": list(rows), "next_page_uri": following, "page": 0, "page_size": 50})


@pytest.mark.parametrize("what", LISTED)
async def test_which_of_the_listed_texts_is_ours(what: str) -> None:
    """By To, text, direction and the moment it was made; when it was sent is neither asked for nor believed."""
    changes, found = LISTED[what]
    door = page(row(**changes))
    made = changes.get("date_created", SINCE)
    assert await texts(door).find([ASKED]) == ([Seen(KEY, "SM1", made)] if found else [])
    assert [parse_qs(urlsplit(url).query) for url in door.urls] == [{"To": [PHONE], "PageSize": ["50"]}]


async def test_each_question_has_its_own_time() -> None:
    """Asked together with an older one, a younger question does not take a text from before it."""
    later = replace(ASKED, key=Key(7, 11, 2), since=SINCE + HOUR)
    door = page(row(date_created=SINCE + HOUR - APART), row(sid="SM2"))
    seen = await texts(door).find([ASKED, later])
    assert [(one.key.n, one.ref) for one in seen] == [(1, "SM1"), (2, "SM1"), (1, "SM2")]
    assert len(door.urls) == 1, "one listing of a phone, however many questions"


async def test_nothing_is_read_beyond_what_is_older_than_the_question() -> None:
    """The listing is newest first: a carrier with a long history is not read to its end."""
    door = page(row(), row(date_created=SINCE - HOUR), row(sid="SM3"), following="/2010-04-01/next")
    assert [one.ref for one in await texts(door).find([ASKED])] == ["SM1"]
    assert len(door.urls) == 1


@pytest.mark.parametrize(("many", "listings"), [(0, 0), (2, 2), (LISTED_ONE_BY_ONE, LISTED_ONE_BY_ONE), (21, 1)])
async def test_few_are_asked_for_by_number_and_many_are_looked_up_in_one_listing(many: int, listings: int) -> None:
    asked = [Asked(Key(7, no, 1), f"+1508555{no:04}", TEXT, SINCE) for no in range(many)]
    door = page(*(row(sid=f"SM{no}", to=one.to) for no, one in enumerate(asked)))
    seen = await texts(door).find(asked)
    assert sorted((one.key.address, one.ref) for one in seen) == sorted((no, f"SM{no}") for no in range(many))
    queries = [parse_qs(urlsplit(url).query) for url in door.urls]
    assert len(queries) == listings
    assert all(query == {"PageSize": ["1000"]} for query in queries) is (many > LISTED_ONE_BY_ONE or not many)


BODIES: dict[str, object] = {
    "html": "<html>",
    "null": {"messages": None},
    "a list": [],
    "nothing of its form": {},
    "messages that are none": {"messages": [7], "next_page_uri": None, "page": 0},
    "no moment": {"messages": [row(date_created=None)], "next_page_uri": None, "page": 0},
}


@pytest.mark.parametrize("body", BODIES.values(), ids=list(BODIES))
async def test_a_listing_that_cannot_be_read_proves_nothing(body: object) -> None:
    with pytest.raises(Ambiguous):
        await texts(Said(200, body)).find([ASKED])


async def test_a_text_that_waits_in_the_carriers_queue_is_found_and_can_be_taken_back_once() -> None:
    """Of two texts the second stands behind the first for hours: a filter by the date of sending would hide it."""
    with carrier(sender_mps=0.0001) as running:
        way = texts(Door(live=False), url=running.url)
        sent = [(await way.send(replace(OUT, key=Key(7, no, 1), to=f"+1508555010{no}"))).ref for no in (1, 2)]
        waiting = running.ledger()["messages"][1]
        question = Asked(Key(7, 2, 1), "+15085550102", OUT.message.text, datetime.now(UTC))
        assert (waiting["status"], waiting["sent_at"]) == ("queued", None)
        assert waiting["expires_at"] - waiting["at"] == pytest.approx(900.0)
        assert [one.ref for one in await way.find([question])] == sent[1:]
        assert [await way.cancel(sent[1]), await way.cancel(sent[1])] == [True, False]
        assert [one.ref for one in await way.find([question])] == sent[1:], "taken back is not absent"
        await way.close()
