"""Which number do I call in my town? One table of answers, and how a town or a ZIP is found in it."""

from __future__ import annotations

import difflib
import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from broadcaster.feeds.snapshot import AirState, OnAir, Snapshot, Town, TownAnswer, TownState

MOST_FOUND = 25
LONGEST_QUERY = 80
_RANK = {TownState.DOWN: 0, TownState.RESTORED: 1, TownState.WORKS: 2}


@dataclass(frozen=True, slots=True)
class Advice:
    """What one town is told, in a sentence, with the parts of it for machines."""

    town: Town
    state: TownState
    sentence: str
    number: str = ""
    dial: str = ""
    verified_on: str = ""
    alert: str = ""
    loud: str = ""
    unsure: bool = False
    others: tuple[str, ...] = ()
    """Other alerts by which 911 fails there too, the newest first."""

    def plain(self) -> dict[str, Any]:
        """The advice as JSON values."""
        return {
            "code": self.town.code,
            "name": self.town.name,
            "county": self.town.county,
            "zips": list(self.town.zips),
            "places": list(self.town.places),
            "state": self.state.value,
            "answer": self.sentence,
            "number": self.number,
            "dial": self.dial,
            "verified_on": self.verified_on,
            "alert": self.alert,
            "loud": self.loud,
            "unsure": self.unsure,
            "line": self.town.line,
        }


def advice_by_town(snapshot: Snapshot) -> dict[str, Advice]:
    """The advice for every town by its code; where alerts overlap, the worst news wins, then the newest, and another
    number that still holds is given after its own."""
    towns = {town.code: town for town in snapshot.towns}
    for alert in snapshot.on_air:
        for answer in alert.communities:
            towns.setdefault(answer.code, Town(answer.code, answer.name, answer.county, answer.zips))
    found = {code: _nothing(town) for code, town in towns.items()}
    for alert in sorted(_real(snapshot), key=lambda alert: alert.issued, reverse=True):
        for answer in alert.communities:
            advice, best = _advice(towns[answer.code], answer, alert, alert.state(snapshot.as_of)), found[answer.code]
            if _RANK[advice.state] < _RANK[best.state]:
                found[answer.code] = advice
            elif advice.state is best.state is TownState.DOWN:
                found[answer.code] = _both(advice, best) if best.unsure and not advice.unsure else _both(best, advice)
    return dict(sorted(found.items(), key=lambda item: item[1].town.name))


def _real(snapshot: Snapshot) -> list[OnAir]:
    return [alert for alert in snapshot.on_air if not alert.is_test]


def _both(first: Advice, other: Advice) -> Advice:
    """What the first says, and the number of the other where that is none of its own."""
    is_new = other.number and other.number not in first.sentence
    held = f"{first.sentence} If that fails, call {other.number}." if is_new else first.sentence
    return replace(first, sentence=held, others=(*first.others, *other.others, other.alert))


def speaking(snapshot: Snapshot, advice: Advice) -> OnAir | None:
    """The alert whose approved texts say what holds in a town now: the newest, but where 911 is down none that says
    that it works."""
    code, down = advice.town.code, advice.state is TownState.DOWN
    found = [one for one in _real(snapshot) if code in one.texts and (not down or one.fails_in(code))]
    return max(found, key=lambda one: one.issued, default=None)


def _nothing(town: Town) -> Advice:
    sentence = f"No 911 outage is reported in {town.name}. In an emergency, call 911."
    return Advice(town, TownState.WORKS, sentence)


def _advice(town: Town, answer: TownAnswer, alert: OnAir, state: AirState) -> Advice:
    if state is AirState.ENDED or answer.restored:
        sentence = f"911 works again in {town.name}. In an emergency, call 911."
        return Advice(town, TownState.RESTORED, sentence, alert=alert.alert)
    if state is AirState.EXPIRED_WITHOUT_ALL_CLEAR:
        sentence = f"In an emergency in {town.name}, try 911 first; if it fails, {answer.instead}."
    else:
        sentence = f"{alert.advice} In an emergency in {town.name}, {answer.instead}.".lstrip()
    verified = answer.verified_on.isoformat() if answer.verified_on else ""
    return Advice(
        town,
        TownState.DOWN,
        sentence,
        answer.number,
        answer.dial,
        verified,
        alert.alert,
        LOUD.get(state, ""),
        unsure=state is AirState.EXPIRED_WITHOUT_ALL_CLEAR,
    )


LOUD = {
    AirState.EXPIRED_WITHOUT_ALL_CLEAR: (
        "This alert has expired and nobody has confirmed that 911 works again. "
        "Try 911 first; if it fails, use the number given here."
    ),
    AirState.UPDATE_OVERDUE: "The promised update is overdue. The last information below still stands.",
}


def find(towns: list[Mapping[str, Any]], query: str) -> list[Mapping[str, Any]]:
    """The rows of a lookup table that a town, village or ZIP names: exact, else beginning so, else nearly so.

    A five-digit ZIP (with or without +4) finds every town that shares it; nothing is found for an empty query.
    """
    query = query.strip()[:LONGEST_QUERY]
    zip_code = re.fullmatch(r"(\d{5})(-?\d{4})?", query)
    if zip_code:
        return [town for town in towns if zip_code[1] in town["zips"]][:MOST_FOUND]
    wanted = _plain(query)
    if not wanted:
        return []
    spelled = [(name, town) for town in towns for name in _spellings(town)]
    exact = _once([town for name, town in spelled if name == wanted])
    begun = _once([town for name, town in spelled if name.startswith(wanted)])
    near = difflib.get_close_matches(wanted, sorted({name for name, _ in spelled}), n=3, cutoff=0.8)
    return (exact or begun or _once([town for name, town in spelled if name in near]))[:MOST_FOUND]


def _once(towns: list[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    return list({str(town["code"]): town for town in towns}.values())


def _spellings(town: Mapping[str, Any]) -> list[str]:
    return [_plain(str(name)) for name in (town["name"], *town["places"])]


def _plain(text: str) -> str:
    """Letters and digits without case and accents, and without a leading "town of"."""
    bare = "".join(letter for letter in unicodedata.normalize("NFKD", text).casefold() if letter.isalnum())
    return re.sub(r"^(thetown|town|city)of", "", bare)
