"""People who text or call our number are answered here, and nothing of theirs ever reaches dispatch.

STOP and START are committed first and need nothing else; everything after that may fail, and is then answered with the
one door. A flood from one number is kept and counted, and answered a few times an hour.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session
from twilio.twiml.messaging_response import MessagingResponse
from twilio.twiml.voice_response import Gather, VoiceResponse

from broadcaster import logs
from broadcaster.alert.phone import is_personal
from broadcaster.channels.voice_twilio import VOICES
from broadcaster.dispatch.residents.frontdoor import FrontDoor
from broadcaster.feeds import replies
from broadcaster.feeds.replies import Reception, Reply, Row
from broadcaster.messages.compose import as_said
from broadcaster.messages.keywords import Wish
from broadcaster.messages.reception import say
from broadcaster.receipts import intake
from broadcaster.receipts.intake import Heard
from broadcaster.receipts.signature import Signed
from broadcaster.store.database import Sessions
from broadcaster.store.places import directory_load
from broadcaster.store.public import consent, inbound, residents
from broadcaster.store.public.consent import Proof, Step
from broadcaster.store.sealed import Sealer

log = logs.get(__name__)
MUTE = frozenset({Wish.STOP, Wish.START})
DIGITS = 5
WAIT_FOR_DIGITS_S = 8


class Phones:
    """The texts and calls of one process."""

    def __init__(self, sessions: Sessions, sealer: Sealer, door: FrontDoor, again: str) -> None:
        self._sessions, self._sealer, self._door, self._again = sessions, sealer, door, again

    def text(self, said: Signed) -> str:
        """The TwiML that answers a text. OperationalError when it could not be kept: nothing was acknowledged."""
        with self._sessions.begin() as session:
            heard = intake.keep_words(session, self._sealer, said)
        answer = MessagingResponse()
        words = self._safely(heard, lambda: self._reply(heard, said), self._door_alone(heard))
        if words:
            answer.message(words)
        return str(answer)

    def call(self, said: Signed) -> str:
        """The TwiML that answers a call: the number of the caller's community, or a question for the ZIP code."""
        with self._sessions.begin() as session:
            heard = intake.keep_call(session, self._sealer, said)
        return self._safely(heard, lambda: self._spoken(heard), self._said_alone(heard))

    def _safely(self, heard: Heard, work: Callable[[], str], instead: str) -> str:
        """What could not be answered is red: a person looks at it."""
        try:
            return work()
        except Exception:
            log.exception("phone_not_answered", wish=heard.asked.wish.value)
        try:
            with self._sessions.begin() as session:
                inbound.judge(session, heard.key, "", red=heard.asked.wish not in MUTE, answered=True)
        except SQLAlchemyError as error:
            log.error("phone_not_judged", error=type(error).__name__)
        return instead

    def _reply(self, heard: Heard, said: Signed) -> str:
        if heard.asked.wish in MUTE and not heard.asked.ours and not heard.joined:
            return ""  # the carrier has obeyed, and says so itself
        desk = self._door.reception()
        if heard.joined:
            reply = Reply(replies.joined(desk, heard.lang, heard.joined), place=heard.joined[0])
        else:
            reply = replies.reply(desk, heard.asked, heard.lang, heard.homes)
        with self._sessions.begin() as session:
            if reply.join:
                self._join(session, heard, reply, said, desk.phrases.book(heard.lang).sha)
            may = bool(reply.text) and is_personal(said.form["From"]) and inbound.may_answer(session, heard.index)
            if heard.key:
                inbound.judge(session, heard.key, reply.place, red=reply.red, answered=may)
        return reply.text if may else ""

    def _join(self, session: Session, heard: Heard, reply: Reply, said: Signed, words: str) -> None:
        """JOIN is consent by itself: who sent it has the phone in their hand; `words` is the hash of our phrases."""
        number = said.form["From"]
        if not heard.key or not is_personal(number):
            return
        address = residents.address(session, self._sealer, "sms", number, lang=heard.lang)
        residents.subscribe(session, address, directory_load.listed_ids(session)[reply.place])
        residents.unsuppress(session, heard.index)
        proof = Proof("text", words=words, ref=said.form.get("MessageSid", ""), places=(reply.place,))
        consent.record(session, heard.index, Step.JOINED, proof)

    def _spoken(self, heard: Heard) -> str:
        desk = self._door.reception()
        asked = heard.asked.rest
        towns = desk.found(asked) if asked else desk.named(heard.homes)
        answer = VoiceResponse()
        if heard.left:
            _say(answer, heard.lang, desk.say(heard.lang, "voice_left"))
            return str(answer)
        if heard.joined:
            _say(answer, heard.lang, as_said(replies.joined(desk, heard.lang, heard.joined)))
        if heard.asked_for:
            answer.append(self._confirming(desk, heard))
        if towns:
            _say_twice(answer, desk, towns, heard.lang)
        if asked and not towns:
            _say(answer, "en", desk.say("en", "voice_unknown"))
        ask = Gather(num_digits=DIGITS, timeout=WAIT_FOR_DIGITS_S, action=self._again, method="POST")
        for lang in dict.fromkeys(("en", heard.lang)):
            _say(ask, lang, desk.say(lang, "voice_zip"))
            if heard.called:
                _say(ask, lang, desk.say(lang, "voice_leave"))
        answer.append(ask)
        for lang in dict.fromkeys(("en", heard.lang)):
            _say(answer, lang, as_said(desk.say(lang, "if_fails_walk_in")))
        return str(answer)

    def _confirming(self, desk: Reception, heard: Heard) -> Gather:
        """The question of a sign-up that waits for this line's call."""
        press = Gather(num_digits=1, timeout=WAIT_FOR_DIGITS_S, action=self._again, method="POST")
        names = replies.names(desk.named(heard.asked_for))
        _say(press, heard.lang, as_said(desk.say(heard.lang, "voice_confirm", place=names)))
        return press

    def _door_alone(self, heard: Heard) -> str:
        """What needs no database: where the number is, and that no one reads this."""
        if heard.asked.wish in MUTE:
            return ""
        voice = self._door.office.voice
        link = voice.lookup_url or self._door.office.public_base_url
        return f"{link}\n{say(self._door.phrasebook.last, heard.lang, 'no_reader')}"

    def _said_alone(self, heard: Heard) -> str:
        answer = VoiceResponse()
        for lang in dict.fromkeys(("en", heard.lang)):
            _say(answer, lang, as_said(say(self._door.phrasebook.last, lang, "if_fails_walk_in")))
        return str(answer)


def _say_twice(answer: VoiceResponse, desk: Reception, towns: Sequence[Row], lang: str) -> None:
    """In English, and in the caller's own language where there is a voice for it."""
    for each in dict.fromkeys(("en", lang)):
        if each in VOICES:
            for sentence in replies.spoken(desk, towns, each):
                _say(answer, each, sentence)


def _say(answer: VoiceResponse | Gather, lang: str, sentence: str) -> None:
    if lang in VOICES:
        answer.say(sentence, language=VOICES[lang])
