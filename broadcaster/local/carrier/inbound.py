"""Texts from phones: STOP and START are the carrier's business, and every text is posted to the account's webhook."""

from __future__ import annotations

from dataclasses import dataclass

import aiohttp
from lxml import etree
from yarl import URL

from broadcaster import logs
from broadcaster.local.carrier.callbacks import ANSWER_S, is_loopback, signature, without_overrides
from broadcaster.local.carrier.ledger import new_sid
from broadcaster.local.carrier.records import Message
from broadcaster.local.carrier.segments import count
from broadcaster.local.carrier.switch import Switch

STOP_WORDS = frozenset({"STOP", "STOPALL", "UNSUBSCRIBE", "CANCEL", "END", "QUIT", "REVOKE", "OPTOUT"})
START_WORDS = frozenset({"START", "UNSTOP", "YES"})
HELP_WORDS = frozenset({"HELP", "INFO"})
STOPPED = "You have successfully been unsubscribed. You will not receive any more messages from this number."
STARTED = "You have successfully been re-subscribed to messages from this number."
log = logs.get(__name__)


@dataclass(frozen=True, slots=True)
class Heard:
    """What came of a text: the webhook's HTTP status (0: unreachable, None: none is set), the answers to the phone."""

    sid: str
    opt_out_type: str
    webhook: int | None
    answers: tuple[str, ...]


def opt_out_type(body: str) -> str:
    """STOP, START or HELP if the whole text is one of their words (any case), otherwise empty."""
    word = body.strip().upper()
    if word in STOP_WORDS:
        return "STOP"
    if word in START_WORDS:
        return "START"
    return "HELP" if word in HELP_WORDS else ""


async def hear(switch: Switch, phone: str, to: str, body: str) -> Heard:
    """A phone texts `to`: opt it out or in, tell the webhook, and send the phone what either of them answers."""
    kind = opt_out_type(body)
    text = _piece(switch, (phone, to, body), "inbound", "received")
    answers: list[str] = []
    if kind in {"STOP", "START"}:
        switch.ledger.opt(phone, kind == "STOP")
        answers.append(STOPPED if kind == "STOP" else STARTED)
    status, said = await _post(switch, text, kind)
    if phone not in switch.ledger.opted_out:
        answers += said
    for answer in answers:
        _piece(switch, (to, phone, answer), "outbound-reply", "delivered")
    return Heard(text.sid, kind, status, tuple(answers))


def inbound_params(account_sid: str, text: Message, kind: str) -> dict[str, str]:
    """The form of an incoming-message webhook (Twilio, "Messaging webhooks")."""
    params = {
        "AccountSid": account_sid,
        "ApiVersion": "2010-04-01",
        "Body": text.body,
        "From": text.sender,
        "MessageSid": text.sid,
        "NumMedia": "0",
        "NumSegments": str(text.segments),
        "SmsMessageSid": text.sid,
        "SmsSid": text.sid,
        "SmsStatus": "received",
        "To": text.to,
    }
    return {**params, "OptOutType": kind} if kind else params


def answers_in(twiml: bytes) -> list[str]:
    """The texts of the <Message> verbs of a TwiML document; raises etree.XMLSyntaxError if it is not XML."""
    safe = etree.XMLParser(resolve_entities=False, no_network=True)
    return [
        text for each in etree.fromstring(twiml, safe).iter("Message") if (text := "".join(map(str, each.itertext())))
    ]


async def _post(switch: Switch, text: Message, kind: str) -> tuple[int | None, list[str]]:
    url = without_overrides(switch.panel.faults.inbound_url)
    if not url:
        return None, []
    if not is_loopback(url):
        log.warning("inbound webhook is not on this machine", url=url)
        return 0, []
    params = inbound_params(switch.config.account_sid, text, kind)
    headers = {"X-Twilio-Signature": signature(switch.config.auth_token, url, params)}
    try:
        async with (
            aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=ANSWER_S)) as session,
            session.post(URL(url, encoded=True), data=params, headers=headers, allow_redirects=False) as answer,
        ):
            return answer.status, _said(await answer.read()) if answer.status == 200 else []
    except (aiohttp.ClientError, TimeoutError) as error:
        log.warning("inbound webhook failed", url=url, error=repr(error))
        return 0, []


def _said(twiml: bytes) -> list[str]:
    try:
        return answers_in(twiml) if twiml.strip() else []
    except etree.XMLSyntaxError as error:
        log.warning("inbound webhook did not answer TwiML (Twilio 12100)", error=str(error))
        return []


def _piece(switch: Switch, text: tuple[str, str, str], direction: str, status: str) -> Message:
    sender, to, body = text
    now = switch.clock()
    message = Message(0, new_sid(), now, to, sender, body, count(body), status, direction, sent_at=now, updated_at=now)
    switch.ledger.conversation_piece(message)
    return message
