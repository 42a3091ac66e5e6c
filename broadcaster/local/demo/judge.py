"""The judgement of the demo: the carrier's own ledger against the generator's own list, and every sum closed."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from broadcaster.alert.delivery import State
from broadcaster.directory import Directory
from broadcaster.local.massachusetts.residents import Resident, expected

LEAST_ACCEPTED = 0.99
NUMBER = re.compile(r"\b\d{3}-\d{3}-\d{4}\b")


@dataclass
class Verdict:
    """What the ledgers say. `reasons` is empty when the demo passed."""

    residents: int = 0
    should_hear: int = 0
    heard: int = 0
    lost: int = 0
    strangers: int = 0
    doubled: int = 0
    doubles_counted: int = 0
    wrong_town: int = 0
    wrong_number: int = 0
    not_all_clear_last: int = 0
    stopped_and_texted: int = 0
    ipaws_posted: int = 0
    ipaws_taken: int = 0
    ipaws_said: list[str] = field(default_factory=list)
    sums: list[dict[str, Any]] = field(default_factory=list)
    reasons: list[str] = field(default_factory=list)

    def json(self) -> dict[str, Any]:
        """As plain values."""
        return asdict(self)


@dataclass(frozen=True, slots=True)
class Town:
    """A place as the sample has it: its name, and the digits that its people may be given, first its own."""

    name: str
    numbers: tuple[str, ...]


def towns(sample: Directory) -> dict[str, Town]:
    """The towns of the sample with the numbers of their own, or else of their county and the state: plain data."""
    found = {}
    for place in sample.communities:
        listed = [
            sample.numbers.get(place.code, ()),
            sample.county_numbers.get(place.county_fips, ()),
            sample.state_numbers,
        ]
        public = [[one.display for one in numbers if one.visibility == "public"] for numbers in listed]
        found[place.code] = Town(place.name, tuple(next((numbers for numbers in public if numbers), [])))
    return found


def judge(
    everyone: Sequence[Resident],
    affected: Mapping[str, Town],
    messages: Sequence[Mapping[str, Any]],
    channels: Sequence[Mapping[str, Any]],
) -> Verdict:
    """Compare; `affected` are the affected towns by code, `messages` the carrier's, `channels` the board's."""
    verdict = Verdict(residents=len(everyone))
    should = expected(everyone, set(affected))
    texts: dict[str, list[Mapping[str, Any]]] = defaultdict(list)
    for message in messages:
        texts[str(message["to"])].append(message)
    verdict.should_hear = len(should)
    verdict.heard = len(should.keys() & texts.keys())
    verdict.lost = len(should.keys() - texts.keys())
    verdict.strangers = len(texts.keys() - should.keys())
    verdict.stopped_and_texted = len({one.phone for one in everyone if one.opted_out} & texts.keys())
    verdict.doubled = _doubled(messages)
    verdict.wrong_town = sum(not _names_a_town(rows, should.get(to, set()), affected) for to, rows in texts.items())
    verdict.wrong_number = sum(
        not _gives_its_number(rows, should.get(to, set()), affected) for to, rows in texts.items()
    )
    verdict.not_all_clear_last = sum(not _ends_well(rows) for rows in texts.values())
    verdict.sums = [_sum(channel) for channel in channels]
    verdict.doubles_counted = sum(
        int(channel["possible_doubles"]) + int(channel["confirmed_doubles"]) for channel in channels
    )
    verdict.reasons = list(_reasons(verdict))
    return verdict


def judge_ipaws(verdict: Verdict, posts: Sequence[Mapping[str, Any]]) -> None:
    """Count what IPAWS-OPEN's own ledger holds: every revision that the board counts there, taken once, and those about
    the outage passed on to radio and phones."""
    revisions = {one["revision"] for one in verdict.sums if one["channel"] == "ipaws"}
    taken = [post for post in posts if post["taken"]]
    verdict.ipaws_posted, verdict.ipaws_taken = len(posts), len(taken)
    codes = Counter(f"{each['channel']} {each['code']}" for post in taken for each in post["statuses"])
    verdict.ipaws_said = [f"{code} ({count})" for code, count in codes.items()]
    if len(taken) != len(revisions) or len({post["identifier"] for post in taken}) != len(taken):
        verdict.reasons.append(f"IPAWS-OPEN took {len(taken)} alerts of {len(revisions)} that went there")
    on_air = Counter(each["code"] for post in taken if post["event"] == "TOE" for each in post["statuses"])
    if not on_air["500"] or on_air["500"] != on_air["600"] or on_air["500"] != on_air["200"]:
        verdict.reasons.append("IPAWS-OPEN did not pass every alert of the outage on to EAS and WEA")


def _doubled(messages: Sequence[Mapping[str, Any]]) -> int:
    """Texts beyond the first with the same words to the same phone."""
    return sum(count - 1 for count in Counter((row["to"], row["body"]) for row in messages).values())


def _names_a_town(rows: Sequence[Mapping[str, Any]], codes: set[str], places: Mapping[str, Town]) -> bool:
    names = [places[code].name for code in codes if code in places]
    return all(any(name in row["body"] for name in names) for row in rows)


def _gives_its_number(rows: Sequence[Mapping[str, Any]], codes: set[str], places: Mapping[str, Town]) -> bool:
    """Whether every text that says 911 is down gives a number, and no text one of another place."""
    own = {number for code in codes if code in places for number in places[code].numbers}
    given = [set(NUMBER.findall(row["body"])) for row in rows]
    return bool(given[0]) and all(numbers <= own for numbers in given)


def _ends_well(rows: Sequence[Mapping[str, Any]]) -> bool:
    last = max(rows, key=lambda row: int(row["seq"]))
    return "works again" in last["body"] or "ya funciona" in last["body"]


def _sum(channel: Mapping[str, Any]) -> dict[str, Any]:
    counts = {state.value: int(channel[state]) for state in State}
    closed = sum(counts.values()) == channel["planned"]
    still = sum(counts.get(state, 0) for state in ("sending", "unknown", "queued"))
    return {
        "channel": channel["channel"],
        "revision": channel["revision_no"],
        "state": channel["state"],
        "planned": channel["planned"],
        **{state: number for state, number in counts.items() if number},
        "closes": closed and still == 0,
    }


def _reasons(verdict: Verdict) -> list[str]:
    faults = {
        "people who should have heard did not": verdict.lost,
        "phones outside the list were texted": verdict.strangers,
        "people who said STOP were texted": verdict.stopped_and_texted,
        "texts name a town that is not the reader's": verdict.wrong_town,
        "people were given a number that is not their town's": verdict.wrong_number,
        "people do not hold the all-clear as their last text": verdict.not_all_clear_last,
        "doubled texts were not counted": max(0, verdict.doubled - verdict.doubles_counted),
        "sums do not close": sum(not one["closes"] for one in verdict.sums),
    }
    found = [f"{count} {what}" for what, count in faults.items() if count]
    if verdict.should_hear and verdict.heard / verdict.should_hear < LEAST_ACCEPTED:
        found.append("less than 99 % of the reachable were reached")
    return found
