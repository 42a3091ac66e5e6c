"""Who could not get through: calls of several systems become callers, those who got through later are dropped with the
reason, and the others are put in the order of their risk. Pure: the clock is an argument.

Optus said in 2023 that 228 people had not been connected; it was 2,697. So nobody disappears here: each line of a log
belongs to one caller, and each caller stands on the list or has a reason not to.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from broadcaster.alert.missed_caller import Cannot, How
from broadcaster.said import Counted, Said

SAME_CALL = timedelta(seconds=30)
"""Two systems that saw the same phone so close together saw one call: their clocks are not the same."""
WITHIN = timedelta(hours=4)
"""A call that got through so long after the missed one was about the same thing; a later one may be another matter."""
HANDSET = "911"
"""A phone without a subscription shows this and seven digits of its serial number (ATIS/TIA J-STD-036, annex C): the
same digits are the same handset, and nobody can dial them."""


@dataclass(frozen=True, slots=True)
class Call:
    """A call as one system saw it. `phone` is E.164, or empty with the reason in `cannot`; `digits` are those of a
    phone without a subscription; `place` is where the system saw it come from; `ref` its own number of the call."""

    system: str
    at: datetime
    connected: bool
    phone: str = ""
    cannot: Cannot = Cannot.CAN
    digits: str = ""
    psap: str = ""
    place: str = ""
    wireless: bool = False
    ref: str = ""

    @property
    def whose(self) -> str:
        """By what the same caller is known again.

        Without a number: the digits of a handset, the address of a fixed line, and else nothing but the call itself. A
        wireless place does not join: everybody in the sector of a mast has the same one.
        """
        if self.phone:
            return f"phone:{self.phone}"
        if self.digits:
            return f"handset:{self.digits}"
        if self.place and not self.wireless:
            return f"place:{self.psap}:{' '.join(self.place.casefold().split())}"
        return f"call:{self.system}:{self.ref or self.at.isoformat()}:{self.place}"


@dataclass(frozen=True, slots=True)
class Through:
    """The call by which somebody got through."""

    at: datetime
    system: str
    how: How


@dataclass(frozen=True, slots=True)
class Caller:
    """Somebody who was not connected. `lines` are those of the logs, `tries` the calls that they were; `psap` and
    `place` are of the newest call that names one; `before` is when they got through before the last missed call."""

    whose: str
    phone: str
    cannot: Cannot
    psap: str
    place: str
    first_at: datetime
    last_at: datetime
    lines: int
    tries: int
    systems: tuple[str, ...]
    through: Through | None = None
    before: datetime | None = None


def reconcile(calls: Iterable[Call], within: timedelta = WITHIN) -> list[Caller]:
    """Everybody who missed at least one call, in the order of their first one."""
    known: dict[str, list[Call]] = defaultdict(list)
    for call in calls:
        known[call.whose].append(call)
    made = [_caller(whose, sorted(them, key=lambda call: call.at), within) for whose, them in known.items()]
    return sorted((one for one in made if one), key=lambda one: (one.first_at, one.whose))


def _caller(whose: str, calls: Sequence[Call], within: timedelta) -> Caller | None:
    missed = [call for call in calls if not call.connected]
    if not missed:
        return None
    last = missed[-1]
    connected = [call for call in calls if call.connected]
    return Caller(
        whose=whose,
        phone=last.phone,
        cannot=last.cannot,
        psap=_newest(missed, "psap"),
        place=_newest(missed, "place"),
        first_at=missed[0].at,
        last_at=last.at,
        lines=len(missed),
        tries=_tries(missed),
        systems=tuple(sorted({call.system for call in missed})),
        through=_through(last, connected, within),
        before=max((call.at for call in connected if call.at < last.at), default=None),
    )


def _newest(calls: Sequence[Call], name: str) -> str:
    return next((value for call in reversed(calls) if (value := str(getattr(call, name)))), "")


def _tries(missed: Sequence[Call]) -> int:
    """How many calls these lines are: another system within `SAME_CALL` saw the same one; a system that sees two so
    close together saw a redial, unless it gives both the same number."""
    tries, began, seen = 0, missed[0].at, set[str]()
    refs: set[tuple[str, str]] = set()
    for call in missed:
        again = bool(call.ref) and (call.system, call.ref) in refs
        refs.add((call.system, call.ref))
        if again:
            continue
        twice = call.system in seen and call.at > began
        if not tries or twice or call.at - began > SAME_CALL:
            tries, began, seen = tries + 1, call.at, set()
        seen.add(call.system)
    return tries


def _through(last: Call, connected: Sequence[Call], within: timedelta) -> Through | None:
    """The first call by which they got through after the last missed one, or in another system's book that one itself.

    Whoever got through and was then missed again is still waiting.
    """
    for call in connected:
        if call.system != last.system and abs(call.at - last.at) <= SAME_CALL:
            return Through(call.at, call.system, How.SAME_CALL)
        if last.at < call.at <= last.at + within:
            return Through(call.at, call.system, How.LATER)
    return None


@dataclass(frozen=True, slots=True)
class Risk:
    """How urgent a caller is, and why, in words."""

    points: int
    reasons: tuple[str, ...]


SILENT_AFTER = timedelta(minutes=10)
STEP, MOST_STEPS = timedelta(minutes=15), 4
MOST_FOR_TRIES = 5


def risk(tries: int, last_at: datetime, vain: int, now: datetime) -> Risk:
    """How urgent it is to reach somebody; the sum of four things.

    Repeated: 2 points for a second call, 1 for each further one, at most 5; whoever dials again needs something. Long
    ago: 1 point for each quarter of an hour since the last call, at most 4. No second call: 2 points when a single call
    was followed by ten minutes of silence; who only tried the line calls no more, and so does who cannot. In vain: 2
    points for each time we called and nobody answered, at most 4.
    """
    waited = max(now - last_at, timedelta())
    steps = min(MOST_STEPS, waited // STEP)
    found = [
        (min(MOST_FOR_TRIES, tries) if tries > 1 else 0, Said("%(number)s calls", number=tries)),
        (steps, Said("%(length)s ago", length=_spoken(waited))),
        (2 if tries == 1 and waited >= SILENT_AFTER else 0, Said("no second call")),
        (min(4, 2 * vain), Counted("did not answer us", "did not answer us %(num)s times", vain)),
    ]
    return Risk(sum(points for points, _ in found), tuple(why for points, why in found if points))


def _spoken(length: timedelta) -> str:
    minutes = length // timedelta(minutes=1)
    if minutes < 120:
        return f"{minutes} min"
    return f"{minutes // 60} h" if minutes < 48 * 60 else Said("%(number)s days", number=minutes // 1440)
