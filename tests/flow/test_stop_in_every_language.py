"""Every word for STOP, START and HELP, in fifteen languages, texted to each of the two carriers: obeyed and said."""

from __future__ import annotations

import pytest
from lxml import etree

from broadcaster.messages.keywords import Wish, asked, every
from broadcaster.store.database import Sessions
from broadcaster.store.public import residents
from broadcaster.store.public.consent import Consent
from broadcaster.store.public.inbound import Inbound
from broadcaster.store.public.residents import Suppression
from broadcaster.web.carriers.callbacks import INBOUND
from tests import onair
from tests.onair import BASE, SEALER, TOKEN
from tests.webhooks import TEXT, Told, caller, signed, told

SECOND, SECOND_TOKEN = "AC" + "9" * 32, "the-token-of-the-second-carrier"
CARRIERS = {"twilio": (TEXT["AccountSid"], TOKEN), "secondary": (SECOND, SECOND_TOKEN)}
WORDS = [(wish, lang, word) for wish, lang, word in every() if wish is not Wish.JOIN]


def phone(no: int) -> str:
    return f"+1413555{2000 + no}"


def texted(no: int, word: str, sid: str, token: str) -> Told:
    form = {**TEXT, "AccountSid": sid, "From": phone(no), "MessageSid": f"SM{no:032}", "Body": word}
    return told(INBOUND, form, signed(BASE + INBOUND, form, token))


def answers(request: Told) -> int:
    return len(list(etree.fromstring(request.text.encode()).iter("Message")))


@pytest.mark.parametrize("carrier", CARRIERS)
def test_each_word_by_each_carrier(sessions: Sessions, carrier: str) -> None:
    index = [SEALER.index(f"sms:{phone(no)}") for no in range(len(WORDS))]
    with sessions.begin() as session:
        for (wish, _, _), own in zip(WORDS, index, strict=True):
            if wish is Wish.START:
                residents.suppress(session, own, "phone")
    chosen = onair.settings(sms_secondary_account_sid=SECOND, sms_secondary_auth_token=SECOND_TOKEN)
    with caller(sessions, chosen) as door:
        requests = [texted(no, word, *CARRIERS[carrier]) for no, (_, _, word) in enumerate(WORDS)]
        assert set(door.ask(*requests)) == {200}
    with sessions() as session:
        stopped = {bytes(row.value_index) for row in session.query(Suppression)}
        steps = {bytes(row.value_index): row.step for row in session.query(Consent)}
        assert {row.carrier for row in session.query(Inbound)} == {carrier}
    wrong = []
    for (wish, lang, word), own, request in zip(WORDS, index, requests, strict=True):
        step = {Wish.STOP: "stopped", Wish.START: "started"}.get(wish)
        silent = wish is not Wish.HELP and not asked(word).ours  # the carrier itself answers its own STOP and START
        if ((own in stopped), steps.get(own), answers(request)) != (wish is Wish.STOP, step, 0 if silent else 1):
            wrong.append((lang, word))
    assert wrong == []
    assert {lang for wish, lang, _ in WORDS if wish is Wish.STOP} == {lang for _, lang, _ in WORDS}
