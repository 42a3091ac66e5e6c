"""The address of a status callback: Twilio tries again after a failure, and signs what arrives."""

from __future__ import annotations

from urllib.parse import parse_qs, urlsplit

from broadcaster.channels.contract import Key, Outgoing
from broadcaster.channels.http import Door
from broadcaster.channels.proof import proof, proves
from broadcaster.channels.sms_twilio import TwilioSms
from broadcaster.channels.twilio_http import TwilioAccount
from broadcaster.local.carrier.callbacks import without_overrides
from broadcaster.messages.message import Message
from tests.carrier import SENDER, SID, TOKEN, carrier, receiver, until
from tests.onair import SECRET
from tests.webhooks import signed


async def test_a_callback_is_tried_again_and_its_overrides_neither_arrive_nor_count() -> None:
    key = Key(7, 11, 1)
    out = Outgoing(key, "+15085550123", Message("", "911 is down.", ""), proof(SECRET, "delivery", str(key)), 3600)
    with receiver() as ears, carrier(delivery_ms=0.0, share_callbacks_dropped=0.0) as running:
        texts = TwilioSms(TwilioAccount(SID, TOKEN, SENDER, f"{ears.url}/status", running.url), Door(live=False))
        given = await texts.send(out)
        await texts.close()
        until(lambda: ears.of("delivered"))
        (heard,) = ears.of("delivered")
        address = running.ledger()["messages"][0]["callback"]
    assert given.ref == heard.form["MessageSid"]
    assert urlsplit(address).fragment == "rc=5&rp=all"
    assert heard.url == without_overrides(address)
    assert heard.signature == signed(heard.url, heard.form, TOKEN)
    asked = parse_qs(urlsplit(heard.url).query)
    assert proves(SECRET, "delivery", asked["d"][0], asked["m"][0])
