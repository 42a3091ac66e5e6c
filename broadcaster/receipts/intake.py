"""What a carrier posts to us, from its form to a row: receipts of texts, and words from phones."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from sqlalchemy import select
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

from broadcaster import logs
from broadcaster.channels import voice_twilio
from broadcaster.channels.sms_twilio import HANDSETS
from broadcaster.receipts.signature import Signed
from broadcaster.store import receipts
from broadcaster.store.database import Sessions, only_one
from broadcaster.store.receipts import NewReceipt
from broadcaster.store.residents import Address, suppress, unsuppress
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
_NUMBER = re.compile(r"\+\d{3,15}")


class UnreadableWebhook(ValueError):
    """A signed webhook without what every webhook of its kind holds; the message names what is missing."""


class Wish(StrEnum):
    """What a text from a phone asks for."""

    STOP = "stop"
    START = "start"
    OTHER = "other"


STOP_WORDS = frozenset({"STOP", "STOPALL", "UNSUBSCRIBE", "END", "QUIT", "CANCEL", "REVOKE", "OPTOUT"})
START_WORDS = frozenset({"START", "UNSTOP", "YES"})
"""Twilio's own lists (twilio.md 5.4); HELP and INFO are answered like anything else."""


@dataclass(frozen=True, slots=True)
class Heard:
    """A text from a phone: what it asks for, and the language its owner signed up with."""

    wish: Wish
    lang: str


def wish_of(body: str, opt_out_type: str = "") -> Wish:
    """What a text asks for, whatever its case, spaces and punctuation; the carrier's own reading wins."""
    said = opt_out_type or body
    word = re.sub(r"[\W_]", "", unicodedata.normalize("NFKC", said)).upper()
    if word in STOP_WORDS:
        return Wish.STOP
    return Wish.START if word in START_WORDS else Wish.OTHER


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
    return voice_twilio.STATUSES[status]


def opened(sealer: Sealer, ref: str, raw_enc: bytes) -> str:
    """The raw body of a kept receipt; Unsealable when key or row do not fit."""
    return sealer.open(raw_enc, _bound_to(ref))


def keep_words(session: Session, sealer: Sealer, said: Signed) -> Heard:
    """Keep a verified text from a phone, and obey STOP and START for every carrier, in the caller's transaction.

    A webhook that was seen before changes nothing: a replayed START does not undo a later STOP.
    """
    form = said.form
    number = _needed(form, _NUMBER, "From")
    ref = _needed(form, _REF, "MessageSid", "SmsSid")
    wish = wish_of(form.get("Body", ""), form.get("OptOutType", ""))
    index = sealer.index(f"sms:{number}")
    words = NewReceipt(0, 0, 0, said.carrier, ref, "received", "", sealer.seal(said.raw, _bound_to(ref)))
    if receipts.keep(session, [words]):
        if wish is Wish.STOP:
            suppress(session, index, "phone")
        elif wish is Wish.START:
            unsuppress(session, index)
    lang = session.scalar(select(Address.lang).where(Address.value_index == index))
    return Heard(wish, lang or "en")


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
