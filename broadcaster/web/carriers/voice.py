"""What a call of ours says and hears: to an agency the notice, digit by digit, and "press 1"; to a landline `landline`.

A machine hears the notice and is asked for nothing. Every request is signed by the carrier and carries our own proof of
the attempt that it speaks of.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy import text
from sqlalchemy.orm import Session
from twilio.twiml.voice_response import Gather, VoiceResponse

from broadcaster.channels import voice_twilio
from broadcaster.messages.book import Books
from broadcaster.store.agencies import acknowledgements
from broadcaster.store.agencies.acknowledgements import Answer
from broadcaster.store.desk import page_tests, paging
from broadcaster.store.fanout import receipts
from broadcaster.store.fanout.receipts import NewReceipt
from broadcaster.web.carriers import landline

ANSWERED, CALL, PRESS = "/callbacks/twilio/answered", "/callbacks/twilio/call", "/callbacks/twilio/press"
YES = "1"
PRESS_S = 8
TIMES = 2
"""A notice is said twice to a person who presses nothing."""
ASK = "To say that you have heard this, press 1."
THANKS = "Thank you. It is recorded that you have heard this. Goodbye."
LEFT = "Please open the mail or the text that we sent you, and confirm there that you have read it. Goodbye."
NOT_HEARD = "No key was pressed. We will try to reach you another way. Goodbye."
OVER = "The notice about which we called has been replaced. Please read the newest one that we sent you. Goodbye."
NOT_NEEDED = "Somebody has answered what we called you about. Nothing is asked of you any more. Goodbye."
TEST_WORDS = "Test. Test. Nothing has happened. This is how you are called when an alert waits for your approval."
TEST_ASK = "To confirm that this call reached you, press 1."
TEST_THANKS = "Thank you. This telephone is confirmed for this month. Goodbye."
TEST_AGAIN = "This call was not confirmed. You can confirm the text that we sent you. Goodbye."
ERROR = "This call was made in error. Goodbye."
_KEY = re.compile(r"(\d{1,18})\.(\d{1,18})\.(\d{1,9})")

_WORDS = text(
    "SELECT b.text, CASE WHEN f.state = 'done' THEN coalesce(f.ended_as, 'running') ELSE f.state END AS state"
    " FROM delivery d JOIN fanout f ON f.id = d.fanout_id JOIN body b ON b.id = d.body_id"
    " WHERE d.fanout_id = :f AND d.address_id = :a AND f.channel = 'voice'"
)


@dataclass(frozen=True, slots=True)
class Attempt:
    """The attempt that a call is; `asked` is its query, with our proof."""

    fanout: int
    address: int
    n: int
    asked: str

    @classmethod
    def of(cls, key: str, asked: str) -> Attempt | None:
        """The attempt of a key (fanout.address.n), or None."""
        parts = _KEY.fullmatch(key)
        return cls(int(parts[1]), int(parts[2]), int(parts[3]), asked) if parts else None


def receipt(attempt: Attempt, carrier: str, ref: str, word: str, raw_enc: bytes) -> NewReceipt:
    """What is kept of a call: its own words, and the word again as the reason where nobody heard it."""
    code = word if word in voice_twilio.LOST else ""
    return NewReceipt(attempt.fanout, attempt.address, attempt.n, carrier, ref, word, code, raw_enc)


def picked_up(session: Session, attempt: Attempt, kept: NewReceipt, action: str, phrases: Books) -> str:
    """The TwiML for whoever picked up, in the caller's transaction; `action` is where a key is posted to, `phrases` are
    the words for residents."""
    receipts.keep(session, [kept])
    if page_tests.of_call(attempt.fanout, attempt.address):
        return _tested(action)
    call = landline.of(session, attempt.fanout, attempt.address)
    if call is not None:
        return landline.heard(call, phrases, "" if kept.status == voice_twilio.MACHINE else action)
    row = session.execute(_WORDS, {"f": attempt.fanout, "a": attempt.address}).one_or_none()
    answer = VoiceResponse()
    if row is None:
        answer.say(ERROR)
    elif paging.is_decided(session, attempt.fanout):
        answer.say(NOT_NEEDED)
    elif row.state in ("superseded", "expired"):
        answer.say(OVER)
    elif kept.status == voice_twilio.MACHINE:
        answer.say(row.text)
        answer.say(LEFT)
    else:
        _asked_for_a_key(answer, row.text, action)
    return str(answer)


def _tested(action: str) -> str:
    """The monthly test: whoever presses 1 says that this way works; a machine presses nothing."""
    answer = VoiceResponse()
    _asked_for_a_key(answer, TEST_WORDS, action, TEST_ASK)
    return str(answer)


def _asked_for_a_key(answer: VoiceResponse, words: str, action: str, ask: str = ASK) -> None:
    for _ in range(TIMES):
        gather = Gather(num_digits=1, timeout=PRESS_S, action=action, method="POST")
        gather.say(words)
        gather.say(ask)
        answer.append(gather)
    answer.say(NOT_HEARD)


def pressed(session: Session, attempt: Attempt, form: Mapping[str, str], again: str, phrases: Books) -> str:
    """The TwiML after a key: an agency acknowledges with 1, a landline ends its calls with 9, in the caller's
    transaction; another key hears the notice again.

    A machine does neither, whatever its line carries. `again` is where the notice is.
    """
    answer, call = VoiceResponse(), landline.of(session, attempt.fanout, attempt.address)
    machine = voice_twilio.picked_up(form.get("AnsweredBy", "")) == voice_twilio.MACHINE
    machine = machine or _is_machine(session, form.get("CallSid", ""))
    if test := page_tests.of_call(attempt.fanout, attempt.address):
        came = form.get("Digits", "").strip() == YES and not machine and page_tests.answered(session, test)
        answer.say(TEST_THANKS if came else TEST_AGAIN)
        return str(answer)
    if call is not None:
        return str(answer) if machine else landline.pressed(session, call, form, again, phrases)
    if machine:
        answer.say(LEFT)
    elif form.get("Digits", "").strip() != YES:
        answer.redirect(again, method="POST")
    elif acknowledgements.record(session, attempt.fanout, attempt.address, Answer(note="by telephone")):
        answer.say(THANKS)
    else:
        answer.say(ERROR)
    return str(answer)


def _is_machine(session: Session, ref: str) -> bool:
    found = session.execute(
        text("SELECT EXISTS (SELECT 1 FROM receipt WHERE ref = :ref AND status = :machine)"),
        {"ref": ref, "machine": voice_twilio.MACHINE},
    )
    return bool(found.scalar_one())
