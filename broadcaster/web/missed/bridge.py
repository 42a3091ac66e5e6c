"""A call back by one press: the officer's own phone rings first, and when they press 1 there the caller is rung.

So the caller sees our number and not the officer's, and no mailbox is ever connected with somebody who called 911: a
machine presses nothing. Number and consent to the call are looked up when the key is pressed, not before.
"""

from __future__ import annotations

import asyncio
import re
from dataclasses import dataclass
from datetime import UTC, datetime

from sqlalchemy.orm import Session
from twilio.twiml.voice_response import Dial, Gather, VoiceResponse

from broadcaster.alert.missed_caller import Standing
from broadcaster.channels import registry
from broadcaster.channels.errors import SendError
from broadcaster.channels.proof import proof, proves
from broadcaster.channels.voice_twilio import RING_S
from broadcaster.receipts.signature import Forged, Signed
from broadcaster.said import Said
from broadcaster.settings import Settings
from broadcaster.store.database import Sessions, now
from broadcaster.store.outage import missed_callers
from broadcaster.store.outage.missed_callers import MissedCaller
from broadcaster.store.sealed import Sealer
from broadcaster.values import Keyring

BRIDGE = "/callbacks/twilio/bridge"
PURPOSE = "call-back"
"""The purpose of the proofs in the addresses of these calls."""
LIVES_S = 300
"""So long after the press at the desk the caller can be rung."""
YES = "1"
PRESS_S = 15
ASK = "You wanted to call somebody back. To call them now, press 1."
NO_KEY = "No key was pressed. Nobody was called. Goodbye."
NOT_YOURS = "This caller is no longer with you. Nobody was called. Goodbye."
_KEY = re.compile(r"(\d{1,18})\.(\d{1,18})\.(\d{1,12})")


def is_set_up(settings: Settings) -> bool:
    """Whether there is a number that can call."""
    return not registry.WAYS_OUT["voice"].missing(settings)


def ring(settings: Settings, phone: str, caller: int, user: int, moment: datetime) -> str:
    """Ring an officer's phone (E.164) for a caller; outside any transaction. The sentence for the officer.

    It waits for the carrier as long as one request may take. A call of unknown outcome is not placed again.
    """
    key = f"{caller}.{user}.{int(moment.timestamp()) + LIVES_S}"
    asked = f"d={key}&m={proof(settings.required('secret_key'), PURPOSE, key)}"
    try:
        asyncio.run(_placed(settings, phone, f"{settings.callback_address}{BRIDGE}?{asked}"))
    except SendError as error:
        return Said("%(why)s Dial the number yourself.", why=error.operator)
    return Said("Your phone rings. Press 1 there, and the caller is rung.")


async def _placed(settings: Settings, phone: str, url: str) -> None:
    way = registry.voice(settings)
    try:
        await way.ring(phone, url)
    finally:
        await way.close()


@dataclass(frozen=True, slots=True)
class Bridges:
    """What such a call hears and does, in the process of the callbacks."""

    sessions: Sessions
    sealer: Sealer
    keys: Keyring
    base: str
    sender: str

    def answer(self, said: Signed) -> str:
        """The TwiML for an officer who picked up, or has pressed a key. Forged when it is not ours, or too old."""
        key, given = said.asked.get("d", ""), said.asked.get("m", "")
        parts = _KEY.fullmatch(key)
        if parts is None or not self.keys.prove(lambda secret: proves(secret, PURPOSE, key, given)):
            raise Forged("the proof does not fit the call back")
        with self.sessions.begin() as session:
            if now(session) > datetime.fromtimestamp(int(parts[3]), UTC):
                raise Forged("the call back is too old")
            if said.form.get("Digits") != YES:
                return self._asked(f"{self.base}{BRIDGE}?d={key}&m={given}")
            return self._connected(session, int(parts[1]), int(parts[2]))

    def _asked(self, action: str) -> str:
        answer = VoiceResponse()
        gather = Gather(num_digits=1, timeout=PRESS_S, action=action, method="POST")
        gather.say(ASK)
        answer.append(gather)
        answer.say(NO_KEY)
        return str(answer)

    def _connected(self, session: Session, caller: int, user: int) -> str:
        answer = VoiceResponse()
        row = session.get(MissedCaller, caller)
        mine = row is not None and row.standing == Standing.CLAIMED and row.claimed_by == user
        number = missed_callers.phone(row, self.sealer) if row is not None and mine else ""
        if number:
            dial = Dial(caller_id=self.sender, timeout=RING_S, answer_on_bridge=True)
            dial.number(number)
            answer.append(dial)
        else:
            answer.say(NOT_YOURS)
        return str(answer)
