"""A provider's notice of an outage (47 CFR 4.9(h)): its ten fields, all of which may be missing, and the two clocks.

A notice has two parts of two types. What is confidential (NORS data, and what was said to answering points alone) is a
`Confidential`: nothing that writes for the public takes one, and it prints as nothing.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, fields
from datetime import datetime, timedelta

from broadcaster.alert.alert import FailureKind
from broadcaster.store.agencies.provider_notices import ClockName, NoticeKind

NOTICE_WITHIN = timedelta(minutes=30)
"""From the provider's discovery to its word to an answering point: 47 CFR 4.9(h)(4)."""
FOLLOW_UP_WITHIN = timedelta(hours=2)
"""From that first word to the first one after it: 47 CFR 4.9(h)(5). Afterwards as information changes."""
LONGEST = 2000
"""Characters of one field."""


@dataclass(frozen=True, slots=True)
class Open:
    """What a draft may be filled from. `area` and `effect` are the provider's own words, which only people of the desk
    and answering points read; all moments are aware."""

    provider: str = ""
    ticket: str = ""
    kind: NoticeKind | None = None
    discovered: datetime | None = None
    began: datetime | None = None
    expected: datetime | None = None
    services: tuple[str, ...] = ()
    area: str = ""
    effect: str = ""

    @property
    def says_something(self) -> bool:
        """Whether it says anything of an outage beside whose it is."""
        told = (self.kind, self.discovered, self.began, self.expected, self.services, self.area, self.effect)
        return any(told)


@dataclass(frozen=True, slots=True, repr=False)
class Confidential:
    """What never stands in a public text: whom to call there, the cause, NORS data, and what could not be read, as it
    came. It has no words of its own when it is printed, logged or put into a sentence."""

    contact_name: str = ""
    contact_phone: str = ""
    contact_email: str = ""
    cause: str = ""
    nors: str = ""
    circuits: str = ""
    user_minutes: str = ""
    unread: str = ""

    def __repr__(self) -> str:
        return "Confidential()"

    def sealable(self) -> str:
        """Everything, as it is sealed."""
        return json.dumps(asdict(self), ensure_ascii=False, sort_keys=True)

    @classmethod
    def opened(cls, text: str) -> Confidential:
        """What `sealable` wrote; a field that we no longer know is left out."""
        known = {field.name for field in fields(cls)}
        return cls(**{name: value for name, value in json.loads(text).items() if name in known})


@dataclass(frozen=True, slots=True)
class Notice:
    """One word of a provider."""

    open: Open
    confidential: Confidential

    @property
    def is_readable(self) -> bool:
        """Whether it is surely a notice: it says whose or which outage it is, and something of it."""
        return bool(self.open.provider or self.open.ticket) and self.open.says_something

    def canonical(self) -> str:
        """The same text for the same words: what two copies of a notice share."""
        plain = {name: _plain(value) for name, value in asdict(self.open).items()}
        return json.dumps([plain, self.confidential.sealable()], ensure_ascii=False, sort_keys=True)


def _plain(value: object) -> object:
    return value.isoformat() if isinstance(value, datetime) else value


@dataclass(frozen=True, slots=True)
class Clock:
    """One clock of a provider. `about` names it (a provider or a notice), `due` is when it runs out, `met` when the
    word came."""

    name: ClockName
    about: str
    provider: str
    due: datetime
    met: datetime | None = None

    def is_overdue(self, now: datetime) -> bool:
        """Whether it has run out and nothing came."""
        return self.met is None and now > self.due

    @property
    def late(self) -> timedelta:
        """How long after its end the word came; nothing where it was in time or did not come yet."""
        return max(timedelta(), self.met - self.due) if self.met else timedelta()


@dataclass(frozen=True, slots=True)
class Told:
    """What the clocks need of one notice: its versions in the order in which they came."""

    about: str
    provider: str
    discovered: datetime | None
    at: tuple[datetime, ...]
    is_final: bool


def clocks(told: Sequence[Told], known: datetime, carriers: Sequence[str]) -> Iterator[Clock]:
    """The clocks of an outage that became `known` to us then, and is said to be of these carriers.

    The first clock runs from the provider's own discovery where we were told of that. Of a carrier that has not written
    it runs from when we knew: later than its own, so it is never overdue too early.
    """
    heard = {name_key(one.provider) for one in told}
    for carrier in carriers:
        if name_key(carrier) not in heard:
            yield Clock(ClockName.NOTICE, name_key(carrier), carrier, known + NOTICE_WITHIN)
    for one in told:
        if one.discovered is not None:
            yield Clock(ClockName.NOTICE, one.about, one.provider, one.discovered + NOTICE_WITHIN, one.at[0])
        met = one.at[1] if len(one.at) > 1 else None
        if met or not one.is_final:
            yield Clock(ClockName.FOLLOW_UP, one.about, one.provider, one.at[0] + FOLLOW_UP_WITHIN, met)


def name_key(name: str) -> str:
    """What two spellings of one provider's name, or of a ticket, share."""
    return "".join(letter for letter in name.casefold() if letter.isalnum())


SOME = ("intermittent", "some calls", "partial", "degraded", "sporadic", "rerout", "delay", "busy signal")
NO_LOCATION = ("location", "ali ", "ani/ali", "ani-ali", "no ali", "callback number")
NO_CALLS = ("cannot be completed", "no calls", "not deliver", "fail to complete", "unable to reach", "unable to dial")
ONE = ("our customers", "its customers", "our subscribers", "customers of", "subscribers of", "customers only")
TEXTS, VOICES = ("text", "sms"), ("voice", "wire", "voip", "call", "telephone", "911 call")


def failure(notice: Open) -> FailureKind:
    """What seems to fail, by the words of a notice; an officer looks at it before anything is sent."""
    services, effect = " ".join(notice.services).casefold(), f"{notice.effect} ".casefold()
    if _has(services, TEXTS) and not _has(services, VOICES):
        return FailureKind.TEXT_TO_911
    if _has(effect, NO_LOCATION) and not _has(effect, NO_CALLS):
        return FailureKind.NO_LOCATION
    if _has(effect, ONE) and notice.provider:
        return FailureKind.ONE_CARRIER
    return FailureKind.INTERMITTENT if _has(effect, SOME) else FailureKind.ALL_CALLS


def _has(text: str, words: Sequence[str]) -> bool:
    return any(word in text for word in words)
