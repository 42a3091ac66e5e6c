"""Calls over the Calls API: what each answer means, and what the listing proves."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

import pytest

from broadcaster.channels.contract import Asked, Key, Outgoing
from broadcaster.channels.errors import Ambiguous, Misconfigured, NotSent, Rejected, SendError, Throttled
from broadcaster.channels.http import Door
from broadcaster.channels.twilio_http import TwilioAccount
from broadcaster.channels.voice_twilio import ANSWERED, MACHINE, TwilioVoice, picked_up
from broadcaster.channels.wire import Reply
from broadcaster.messages.message import Message
from tests.carrier import SENDER, SID, TOKEN, carrier

TO = "+16175550101"
HERE = "https://alerts.example.gov"
OUT = Outgoing(Key(7, 11, 1), TO, Message("", "911 is down.", ""), "proof", 3600)


class Said(Door):
    """A door behind which stands one answer; `asked` is what was sent."""

    def __init__(self, status: int, body: object, headers: dict[str, str] | None = None) -> None:
        super().__init__(live=False)
        text = body if isinstance(body, str) else json.dumps(body)
        self.reply, self.asked = Reply(status, text, headers or {}), b""

    async def request(self, method: str, url: str, headers: object, body: bytes = b"") -> Reply:
        self.asked = body
        return self.reply


def voice(door: Door, url: str = "http://127.0.0.1:9") -> TwilioVoice:
    return TwilioVoice(TwilioAccount(SID, TOKEN, SENDER, HERE, url, "voice"), door)


ANSWERS: dict[str, tuple[int, object, type[SendError]]] = {
    "too many a second": (429, {"code": 20429}, Throttled),
    "too many at once": (400, {"code": 10004}, Throttled),
    "wrong token": (401, {"code": 20003}, Misconfigured),
    "account not active": (403, {"code": 10001}, Misconfigured),
    "caller ID is not ours": (400, {"code": 21210}, Misconfigured),
    "caller ID is no number": (400, {"code": 21212}, Misconfigured),
    "no permission for the country": (400, {"code": 21215}, Misconfigured),
    "our address is no address": (400, {"code": 21205}, Misconfigured),
    "no number": (400, {"code": 21211}, Rejected),
    "a code nobody knows": (400, {"code": 21999}, Rejected),
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


async def test_a_call_asks_for_a_machine_to_be_told_apart_and_says_where_we_are() -> None:
    door = Said(201, {"sid": "CA" + "1" * 32})
    assert (await voice(door).send(OUT)).ref == "CA" + "1" * 32
    asked = door.asked.decode()
    assert "MachineDetection=DetectMessageEnd" in asked and "Timeout=30" in asked
    assert "Url=https%3A%2F%2Falerts.example.gov%2Fcallbacks%2Ftwilio%2Fanswered%3Fd%3D7.11.1%26m%3Dproof&" in asked
    assert "%2Fcallbacks%2Ftwilio%2Fcall%3Fd%3D7.11.1%26m%3Dproof%23rc%3D5" in asked
    assert "down" not in asked, "no word of the notice goes before somebody picks up"


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
