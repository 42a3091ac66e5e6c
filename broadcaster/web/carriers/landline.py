"""What a landline hears that we call: the words that two people approved, twice, then "press 9 to get no more calls".

Each line is said in its own language. A machine hears the words twice and is asked for nothing. Who picks up after
these words were replaced, by this alert or by another one there, hears the newer ones of this; where nothing newer
stands, only what always holds.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from sqlalchemy import text
from sqlalchemy.orm import Session
from twilio.twiml.voice_response import Gather, VoiceResponse

from broadcaster.channels.voice_twilio import VOICES
from broadcaster.messages.book import FALLBACK, SECOND, Books
from broadcaster.messages.compose import Said, as_said
from broadcaster.store.public import signups
from broadcaster.store.public.consent import Proof

STOPS = "9"
PRESS_S = 8
TIMES = 2

_CALL = text(
    "SELECT a.value_index, a.lang, d.community_id, b.subject, b.text, r.alert_id, r.no,"
    "   coalesce(f.ended_as, f.state) IN ('superseded', 'expired') OR EXISTS (SELECT 1 FROM lane g"
    "     WHERE g.fanout_id = f.id AND g.community_id = d.community_id AND g.state = 'superseded') AS is_over"
    " FROM delivery d JOIN fanout f ON f.id = d.fanout_id JOIN revision r ON r.id = f.revision_id"
    " JOIN body b ON b.id = d.body_id JOIN address a ON a.id = d.address_id"
    " WHERE d.fanout_id = :f AND d.address_id = :a AND f.channel = 'voice' AND f.tier = 'public'"
)
_NEWER = text(
    "SELECT b.subject, b.text FROM revision r JOIN release x ON x.revision_id = r.id AND x.tier = 'public'"
    "   AND x.state = 'released' JOIN revision_text t ON t.revision_id = r.id AND t.form = 'voice'"
    " JOIN body b ON b.id = t.body_id WHERE r.alert_id = :alert AND r.no > :no AND t.community_id = :place"
    " AND t.lang IN (:lang, 'en') ORDER BY r.no DESC, t.lang = 'en' LIMIT 1"
)


@dataclass(frozen=True, slots=True)
class Call:
    """A call to a landline: its blind index, its language, and what is said; nothing where the words are over."""

    index: bytes
    lang: str
    said: tuple[Said, ...]


def of(session: Session, fanout: int, address: int) -> Call | None:
    """The call of a delivery, with the words that hold now; None when it is no call to a landline."""
    row = session.execute(_CALL, {"f": fanout, "a": address}).one_or_none()
    if row is None:
        return None
    where = {"alert": row.alert_id, "no": row.no, "place": row.community_id, "lang": row.lang}
    words = session.execute(_NEWER, where).one_or_none() or (None if row.is_over else row)
    return Call(bytes(row.value_index), row.lang, _lines(words.subject, words.text) if words else ())


def heard(call: Call, phrases: Books, action: str) -> str:
    """The TwiML for whoever picked up; `action` is where a key is posted to, empty for a machine."""
    answer = VoiceResponse()
    listens = Gather(num_digits=1, timeout=PRESS_S, action=action, method="POST") if action else answer
    for said in call.said * TIMES or tuple(_phrases(phrases, call.lang, "if_fails_walk_in")):
        _say(listens, said)
    if isinstance(listens, Gather):
        for said in _asked(call, phrases):
            _say(listens, said)
        answer.append(listens)
    return str(answer)


def pressed(session: Session, call: Call, form: Mapping[str, str], again: str, phrases: Books) -> str:
    """The TwiML after a key: 9 ends the calls, in the caller's transaction; another key hears the words again."""
    answer = VoiceResponse()
    if form.get("Digits", "").strip() == STOPS:
        signups.stop(session, call.index, Proof("call", ref=form.get("CallSid", "")))
        for said in _phrases(phrases, call.lang, "voice_left"):
            _say(answer, said)
    else:
        answer.redirect(again, method="POST")
    return str(answer)


def _asked(call: Call, phrases: Books) -> list[Said]:
    """How the calls are ended, in each language that was spoken."""
    spoken = dict.fromkeys([said.lang for said in call.said] or [call.lang])
    return list(dict.fromkeys(said for lang in spoken for said in _phrases(phrases, lang, "voice_leave")))


def _lines(tongues: str, words: str) -> tuple[Said, ...]:
    return tuple(Said(lang, line) for lang, line in zip(tongues.split(), words.split("\n"), strict=True))


def _phrases(phrases: Books, lang: str, name: str) -> Iterator[Said]:
    """A phrase in a language; in English and Spanish where nobody has reviewed it, or no machine can speak it."""
    speaks = lang in VOICES and phrases.may_speak(phrases.book(lang).lang)
    for one in (lang,) if speaks else (FALLBACK, SECOND):
        yield Said(one, as_said(phrases.book(one).word(name)))


def _say(answer: VoiceResponse | Gather, said: Said) -> None:
    answer.say(said.text, language=VOICES[said.lang])
