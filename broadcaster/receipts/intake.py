"""What a carrier posts to us, from its form to a row: receipts of texts, and words from phones."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

from broadcaster import logs
from broadcaster.channels import voice_twilio
from broadcaster.channels.sms_twilio import HANDSETS
from broadcaster.messages import keywords
from broadcaster.messages.book import FALLBACK
from broadcaster.messages.keywords import Asked, Wish
from broadcaster.receipts.signature import Signed
from broadcaster.store.database import Sessions, only_one
from broadcaster.store.fanout import receipts
from broadcaster.store.fanout.receipts import NewReceipt
from broadcaster.store.public import consent, inbound, residents, signups
from broadcaster.store.public.consent import Proof, Step
from broadcaster.store.public.inbound import NewInbound
from broadcaster.store.sealed import Sealer

log = logs.get(__name__)
BATCH = 2000
"""Receipts of one transaction, about 0.1 s: so long the outcomes of the same rows wait for it. Larger ones are hardly
faster (19,000 receipts/s at 2,000, 21,000 at 10,000, on a fan-out of 1,000,000)."""
ROUNDS = 50
"""One call applies at most 50 batches, so that a bell never holds a worker for long."""

_KEY = re.compile(r"(\d{1,18})\.(\d{1,18})\.(\d{1,9})")
_REF = re.compile(r"[A-Za-z0-9]{2,64}")
_WORD = re.compile(r"[a-z_]{2,32}")
_CODE = re.compile(r"\d{1,9}")
_NUMBER = re.compile(r"\+?\d{3,15}")
PRESSED, LEAVES = "1", "9"
"""The keys by which a caller confirms a sign-up, and ends the calls: a landline can text neither YES nor STOP."""
WITHHELD = "withheld"
"""The number of somebody who hides it: they are answered like everybody else."""
LONGEST_WORDS = 1600
"""Characters of a text that are kept; carriers cut longer ones themselves."""


class UnreadableWebhook(ValueError):
    """A signed webhook without what every webhook of its kind holds; the message names what is missing."""


@dataclass(frozen=True, slots=True)
class Heard:
    """A text from a phone: what it asks for, in which language its owner is answered, and the codes of their places.

    `key` is its row in `inbound`, 0 when this webhook was seen before; `joined` are the places whose sign-up it has
    confirmed, `asked_for` those of a sign-up that waits for a call; `called` says that the line is signed up for calls,
    and `left` that it has just ended them.
    """

    asked: Asked
    lang: str
    homes: tuple[str, ...]
    index: bytes
    key: int
    joined: tuple[str, ...] = ()
    asked_for: tuple[str, ...] = ()
    called: bool = False
    left: bool = False


def status_receipt(said: Signed, delivery: str, sealer: Sealer) -> NewReceipt:
    """The receipt in a verified status callback about `delivery` (fanout.address.n); UnreadableWebhook says why not."""
    form = said.form
    key = _KEY.fullmatch(delivery)
    if key is None:
        raise UnreadableWebhook("The callback names no delivery.")
    ref = _needed(form, _REF, "MessageSid", "SmsSid")
    status = _needed(form, _WORD, "MessageStatus", "SmsStatus")
    code = form.get("ErrorCode", "")
    return NewReceipt(
        fanout_id=int(key[1]),
        address_id=int(key[2]),
        n=int(key[3]),
        carrier=said.carrier,
        ref=ref,
        status=status,
        code=code if _CODE.fullmatch(code) else "",
        raw_enc=sealer.seal(said.raw, _bound_to(ref)),
    )


def sealed(sealer: Sealer, ref: str, raw: str) -> bytes:
    """The raw body of a webhook, as it is kept: only with its reference can it be opened."""
    return sealer.seal(raw, _bound_to(ref))


def call_ref(said: Signed) -> str:
    """The carrier's reference of the call that a webhook speaks of; UnreadableWebhook when it names none."""
    return _needed(said.form, _REF, "CallSid")


def call_word(said: Signed) -> str:
    """Our word for how a call ended; UnreadableWebhook when it has not."""
    status = said.form.get("CallStatus", "")
    if status not in voice_twilio.STATUSES:
        raise UnreadableWebhook(f"The callback says nothing of the end of a call: {status[:32]!r}.")
    return voice_twilio.ended(status, said.form.get("SipResponseCode", ""))


def opened(sealer: Sealer, ref: str, raw_enc: bytes) -> str:
    """The raw body of a kept receipt; Unsealable when key or row do not fit."""
    return sealer.open(raw_enc, _bound_to(ref))


def keep_words(session: Session, sealer: Sealer, said: Signed) -> Heard:
    """Keep a verified text from a phone, and obey STOP and START for every carrier, in the caller's transaction.

    A webhook that was seen before changes nothing: a replayed START does not undo a later STOP.
    """
    form = said.form
    number, ref = _needed(form, _NUMBER, "From"), _needed(form, _REF, "MessageSid", "SmsSid")
    words = form.get("Body", "")
    asked = keywords.asked(words, form.get("OptOutType", ""))
    index = sealer.index(f"sms:{number}")
    kept = receipts.keep(
        session, [NewReceipt(0, 0, 0, said.carrier, ref, "received", "", sealer.seal(said.raw, _bound_to(ref)))]
    )
    joined = _obey(session, sealer, index, asked.wish, ref) if kept else ()
    who = residents.who(session, index)
    lang = who.lang or asked.lang or FALLBACK
    key = 0
    if kept:
        new = NewInbound("text", said.carrier, ref, number, words[:LONGEST_WORDS], asked.wish.value, lang)
        key = inbound.keep(session, sealer, new)
    return Heard(asked, lang, who.homes, index, key, joined)


def keep_call(session: Session, sealer: Sealer, said: Signed) -> Heard:
    """Keep a verified call from a phone, once, in the caller's transaction."""
    given, ref = said.form.get("From", ""), _needed(said.form, _REF, "CallSid")
    number = given if _NUMBER.fullmatch(given) else WITHHELD
    who = residents.who(session, sealer.index(f"sms:{number}"), sealer.index(f"voice:{number}"))
    new = NewInbound("call", said.carrier, ref, number, "", Wish.OTHER.value, who.lang or FALLBACK)
    key, digits, line = inbound.keep(session, sealer, new), said.form.get("Digits", ""), sealer.index(f"voice:{number}")
    joined = signups.confirm(session, sealer, line, Proof("call", ref=ref)) if digits == PRESSED else ()
    if joined:
        residents.unsuppress(session, line)
    called, left = bool(residents.who(session, line).homes), digits == LEAVES
    if left:
        signups.stop(session, line, Proof("call", ref=ref))
    asked = Asked(Wish.OTHER, rest="" if digits in (PRESSED, LEAVES) else digits)
    return Heard(asked, new.lang, who.homes, line, key, joined, signups.waiting(session, line), called, left)


def _obey(session: Session, sealer: Sealer, index: bytes, wish: Wish, ref: str) -> tuple[str, ...]:
    """STOP ends a sign-up that waits, too; START confirms it. Returns the places that were confirmed."""
    if wish is Wish.STOP:
        signups.stop(session, index, Proof("text", ref=ref))
    elif wish is Wish.START:
        residents.unsuppress(session, index)
        consent.record(session, index, Step.STARTED, Proof("text", ref=ref))
        return signups.confirm(session, sealer, index, Proof("text", ref=ref))
    return ()


def apply_waiting(sessions: Sessions) -> int:
    """Apply the receipts that wait, in bulk and by one applier at a time, until none waits; returns how many."""
    total = 0
    for _ in range(ROUNDS):
        try:
            done = _apply_some(sessions)
        except OperationalError as error:
            if not receipts.deadlocked(error):
                raise
            log.warning("receipts_deadlocked", applied=total)
            continue
        total += done
        if done < BATCH:
            break
    return total


def _apply_some(sessions: Sessions) -> int:
    with sessions.begin() as session, only_one(session, "receipts.apply") as alone:
        return receipts.apply(session, {**HANDSETS, **voice_twilio.HANDSETS}, BATCH) if alone else 0


def _needed(form: Mapping[str, str], shape: re.Pattern[str], *names: str) -> str:
    for name in names:
        if shape.fullmatch(form.get(name, "")):
            return form[name]
    raise UnreadableWebhook(f"The webhook has no usable {names[0]}.")


def _bound_to(ref: str) -> bytes:
    return f"receipt:{ref}".encode()
