"""A listing of texts that cannot be read proves nothing, whatever is in it."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from broadcaster.channels.contract import Asked, Key
from broadcaster.channels.errors import Ambiguous
from broadcaster.channels.sms_twilio import TwilioSms
from broadcaster.channels.twilio_http import TwilioAccount
from tests.carrier import SENDER, SID, TOKEN
from tests.channels.test_voice_twilio import Said

ASKED = Asked(Key(7, 11, 1), "+16175550101", "911 is down.", datetime(2026, 6, 18, 16, 0, tzinfo=UTC))
BODIES: dict[str, object] = {
    "html": "<html>",
    "null": {"messages": None},
    "a list": [],
    "nothing of its form": {},
    "messages that are none": {"messages": [7], "next_page_uri": None, "page": 0},
}


@pytest.mark.parametrize("body", BODIES.values(), ids=list(BODIES))
async def test_a_listing_that_cannot_be_read_proves_nothing(body: object) -> None:
    account = TwilioAccount(SID, TOKEN, SENDER, "https://alerts.example.gov", "http://127.0.0.1:9", "twilio")
    with pytest.raises(Ambiguous):
        await TwilioSms(account, Said(200, body)).find([ASKED])
