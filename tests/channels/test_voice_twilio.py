"""Calls over the Calls API: what each answer means, and what the listing proves."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from urllib.parse import parse_qs, urlsplit

import pytest

from broadcaster.alert.delivery import Handset
from broadcaster.channels.contract import Asked, Key, Outgoing, Traits
from broadcaster.channels.errors import Ambiguous, Misconfigured, NotSent, Rejected, SendError, Throttled
from broadcaster.channels.http import Door
from broadcaster.channels.twilio_http import TwilioAccount
from broadcaster.channels.voice_twilio import ANSWERED, HANDSETS, LOST, MACHINE, VOICES, TwilioVoice, ended, picked_up
from broadcaster.channels.wire import Reply
from broadcaster.messages.book import NAMES
from broadcaster.messages.message import Message
from tests.carrier import SENDER, SID, TOKEN, carrier

TO = "+16175550101"
HERE = "https://alerts.example.gov"
OUT = Outgoing(Key(7, 11, 1), TO, Message("", "911 is down.", ""), "proof", 3600)


class Said(Door):
    """A door behind which stands one answer; `asked` is what was sent last, and `urls` are those it was sent to."""

    def __init__(self, status: int, body: object, headers: dict[str, str] | None = None) -> None:
        super().__init__(live=False)
        text = body if isinstance(body, str) else json.dumps(body)
        self.reply, self.asked = Reply(status, text, headers or {}), b""
        self.urls: list[str] = []

    async def request(self, method: str, url: str, headers: object, body: bytes = b"") -> Reply:
        self.asked = body
        self.urls.append(url)
        return self.reply


def voice(door: Door, url: str = "http://127.0.0.1:9") -> TwilioVoice:
    return TwilioVoice(TwilioAccount(SID, TOKEN, SENDER, HERE, url, "voice"), door)


ANSWERS: dict[str, tuple[int, object, type[SendError]]] = {
    "too many a second": (429, {"code": 20429}, Throttled),
    "too many at once": (400, {"code": 10004}, Throttled),
    "wrong token": (401, {"code": 20003}, Misconfigured),
    "account not active": (403, {"code": 10001}, Misconfigured),
    "wrong token, said otherwise": (400, {"code": 20003}, Misconfigured),
    "account not active, said otherwise": (400, {"code": 10001}, Misconfigured),
    "caller ID is not ours": (400, {"code": 21210}, Misconfigured),
    "caller ID is no number": (400, {"code": 21212}, Misconfigured),
    "caller ID is not verified": (400, {"code": 21213}, Misconfigured),
    "no permission for the country": (400, {"code": 21215}, Misconfigured),
    "a trial account": (400, {"code": 21219}, Misconfigured),
    "our address is no address": (400, {"code": 21205}, Misconfigured),
    "no number": (400, {"code": 21211}, Rejected),
    "a code nobody knows": (400, {"code": 21999}, Rejected),
    "no such resource": (404, {"code": 20404}, Rejected),
    "a 404 without a code": (404, {}, Ambiguous),
    "another 4xx with a code": (409, {"code": 21999}, Ambiguous),
    "a 400 with our own trouble": (400, {"code": 20500}, Ambiguous),
    "a 400 that processed nothing": (400, {"code": 20503}, NotSent),
    "a 400 without a code": (400, {}, Ambiguous),
    "an internal error": (500, {"code": 20500}, Ambiguous),
    "service away, nothing processed?": (503, {"code": 20503}, Ambiguous),
    "a redirect": (302, "", Ambiguous),
    "no JSON": (201, "<html>", Ambiguous),
    "half a document": (201, '{"sid": "CA', Ambiguous),
    "no sid": (201, {}, Ambiguous),
    "an empty sid": (201, {"sid": ""}, Ambiguous),
    "a list": (201, [], Ambiguous),
}


@pytest.mark.parametrize("what", ANSWERS)
async def test_what_an_answer_means(what: str) -> None:
    status, body, kind = ANSWERS[what]
    with pytest.raises(SendError) as raised:
        await voice(Said(status, body)).send(OUT)
    assert type(raised.value) is kind
    code = body.get("code") if isinstance(body, dict) else None
    if status in (400, 404, 409):
        assert raised.value.reason == (f"http_{status}" if code is None or status == 409 else str(code))


async def test_a_call_asks_for_a_machine_to_be_told_apart_and_says_where_we_are() -> None:
    door = Said(201, {"sid": "CA" + "1" * 32})
    assert (await voice(door).send(OUT)).ref == "CA" + "1" * 32
    assert parse_qs(door.asked.decode(), strict_parsing=True) == {
        "To": [TO],
        "From": [SENDER],
        "Url": [f"{HERE}/callbacks/twilio/answered?d=7.11.1&m=proof"],
        "StatusCallback": [f"{HERE}/callbacks/twilio/call?d=7.11.1&m=proof#rc=5&rp=all"],
        "MachineDetection": ["DetectMessageEnd"],
        "Timeout": ["30"],
    }, "no word of the notice goes before somebody picks up"
    assert [urlsplit(url).path for url in door.urls] == [f"/2010-04-01/Accounts/{SID}/Calls.json"]
    assert TwilioVoice.traits == Traits(receipts=True, listing=True, segments=False, cancels=True, in_flight=20)


async def test_one_of_ours_is_rung_and_no_machine_is_told_apart() -> None:
    door = Said(201, {"sid": "CA" + "2" * 32})
    assert (await voice(door).ring(TO, f"{HERE}/say?a=1&b=2")).ref == "CA" + "2" * 32
    assert parse_qs(door.asked.decode()) == {
        "To": [TO], "From": [SENDER], "Url": [f"{HERE}/say?a=1&b=2"], "Timeout": ["30"],
    }  # fmt: skip


@pytest.mark.parametrize(
    ("status", "answer", "ended"),
    [
        (200, {"sid": "CA1", "status": "canceled"}, True),
        (400, {"code": 21220}, False),
        (404, {"code": 20404}, False),
        (404, {}, False),
    ],
)
async def test_a_call_that_rings_is_ended_and_one_that_is_over_is_not(
    status: int, answer: dict[str, object], ended: bool
) -> None:
    door = Said(status, answer)
    assert await voice(door).cancel("CA" + "1" * 32) is ended
    assert door.asked == b"Status=canceled"


async def test_a_carrier_that_does_not_say_whether_a_call_was_ended() -> None:
    with pytest.raises(SendError):
        await voice(Said(500, {})).cancel("CA" + "1" * 32)


SINCE = datetime(2026, 6, 18, 16, 0, tzinfo=UTC)
OURS: dict[str, object] = {"sid": "CA1", "to": TO, "from": SENDER, "direction": "outbound-api"}
LISTED: dict[str, tuple[dict[str, object], bool]] = {
    "began since": ({"start_time": SINCE}, True),
    "two minutes before: the clocks are apart": ({"start_time": SINCE - timedelta(minutes=2)}, True),
    "longer before": ({"start_time": SINCE - timedelta(minutes=2, seconds=1)}, False),
    "it waits: made since": ({"start_time": None, "date_created": SINCE}, True),
    "it waits: made before": ({"start_time": None, "date_created": SINCE - timedelta(hours=1)}, False),
    "made before, and began since": ({"start_time": SINCE, "date_created": SINCE - timedelta(hours=1)}, True),
    "of another sender": ({"start_time": SINCE, "from": "+18885550999"}, False),
    "they called us": ({"start_time": SINCE, "direction": "inbound"}, False),
}


def listing(**changes: object) -> dict[str, object]:
    """A page with one call, as the carrier writes it."""
    call = {**OURS, **changes}
    for name in ("start_time", "date_created"):
        moment = call.get(name)
        call[name] = format_datetime(moment) if isinstance(moment, datetime) else None
    return {"calls": [call], "next_page_uri": None, "page": 0, "page_size": 50}


@pytest.mark.parametrize("what", LISTED)
async def test_which_of_the_listed_calls_is_ours(what: str) -> None:
    changes, found = LISTED[what]
    seen = await voice(Said(200, listing(**changes))).find([asked(since=SINCE)])
    began = changes.get("start_time") or changes.get("date_created")
    assert [(one.key, one.ref, one.made_at) for one in seen] == ([(OUT.key, "CA1", began)] if found else [])


@pytest.mark.parametrize("body", [listing(), "<html>", {"calls": None}, []], ids=["no moment", "html", "null", "list"])
async def test_a_listing_that_cannot_be_read_proves_nothing(body: object) -> None:
    with pytest.raises(Ambiguous):
        await voice(Said(200, body)).find([asked(since=SINCE)])


@pytest.mark.parametrize(
    ("status", "sip", "word", "handset"),
    [
        ("completed", "200", "call_over", None),
        ("busy", "486", "call_busy", Handset.UNDELIVERED),
        ("no-answer", "487", "call_in_vain", Handset.UNDELIVERED),
        ("canceled", "487", "call_failed", Handset.FAILED),
        ("failed", "", "call_failed", Handset.FAILED),
        ("failed", "503", "call_failed", Handset.FAILED),
        ("failed", "404", "call_no_such_line", Handset.FAILED),
        ("failed", "410", "call_no_such_line", Handset.FAILED),
        ("failed", "484", "call_no_such_line", Handset.FAILED),
        ("failed", "604", "call_no_such_line", Handset.FAILED),
        ("busy", "404", "call_busy", Handset.UNDELIVERED),
    ],
)
def test_how_a_call_ended(status: str, sip: str, word: str, handset: Handset | None) -> None:
    assert ended(status, sip) == word
    assert HANDSETS.get(word) == handset
    assert (word in LOST) is (handset is not None)


def test_every_language_but_haitian_creole_has_a_voice() -> None:
    """As <Say language> names them (Twilio's TwiML reference)."""
    assert list(VOICES) == [lang for lang in NAMES if lang != "ht"]
    assert " ".join(VOICES.values()) == (
        "en-US es-US pt-BR cmn-CN cmn-TW vi-VN ru-RU arb fr-FR ko-KR it-IT de-DE hi-IN fil-PH"
    )


def test_who_heard_a_call() -> None:
    assert (HANDSETS[ANSWERED], HANDSETS[MACHINE]) == (Handset.DELIVERED, Handset.SENT)
    assert not {ANSWERED, MACHINE} & LOST
    for status in ("queued", "ringing", "in-progress"):
        with pytest.raises(KeyError):
            ended(status, "")


async def test_nobody_answers_at_all() -> None:
    with pytest.raises(NotSent):
        await voice(Door(live=False)).send(OUT)


@pytest.mark.parametrize(
    ("said", "who"),
    [
        ("human", ANSWERED),
        ("unknown", ANSWERED),
        ("", ANSWERED),
        ("machine_start", MACHINE),
        ("machine_end_beep", MACHINE),
        ("machine_end_silence", MACHINE),
        ("machine_end_other", MACHINE),
        ("fax", MACHINE),
    ],
)
def test_who_picked_up(said: str, who: str) -> None:
    assert picked_up(said) == who


def asked(to: str = TO, since: datetime | None = None) -> Asked:
    return Asked(Key(7, 11, 1), to, "", since or datetime.now(UTC))


async def test_the_listing_shows_a_call_that_still_waits_and_none_of_another_number_or_time() -> None:
    with carrier(call_rings_ms=60_000.0) as running:
        calls = voice(Door(live=False), running.url)
        ref = (await calls.send(OUT)).ref
        assert [seen.ref for seen in await calls.find([asked()])] == [ref], "it has not begun, and is there"
        assert await calls.find([asked("+16175550102")]) == []
        assert await calls.find([asked(since=datetime.now(UTC) + timedelta(minutes=5))]) == []
        await calls.close()


async def test_a_listing_that_is_down_proves_nothing() -> None:
    with carrier(listing_down=True) as running:
        calls = voice(Door(live=False), running.url)
        with pytest.raises(SendError):
            await calls.find([asked()])
        await calls.close()


async def test_the_listing_is_read_page_by_page() -> None:
    with carrier(call_answers="busy") as running:
        calls = voice(Door(live=False), running.url)
        sent = [(await calls.send(OUT)).ref for _ in range(53)]
        assert {seen.ref for seen in await calls.find([asked()])} == set(sent)
        await calls.close()


async def test_a_call_that_rings_is_ended_once_and_one_that_is_over_is_not() -> None:
    with carrier(call_rings_ms=60_000.0) as running:
        calls = voice(Door(live=False), running.url)
        ref = (await calls.send(OUT)).ref
        assert [await calls.cancel(ref), await calls.cancel(ref), await calls.cancel("CA" + "0" * 32)] == [
            True,
            False,
            False,
        ]
        assert [call["status"] for call in running.calls()] == ["canceled"]
        await calls.close()
