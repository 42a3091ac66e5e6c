"""Two telephone systems' logs of one outage, made up: 200 missed calls of 160 people, 30 of whom got through later.

It knows nothing of the program that reads them. What a right reading finds stands in `Truth`, counted while the people
are made; what each of them would say on the telephone stands there too.
"""

from __future__ import annotations

import csv
import io
from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

BEGAN = datetime(2026, 6, 18, 14, 0, tzinfo=UTC)
HOME = ZoneInfo("America/New_York")
PSAPS = ("Ayer", "Groton", "Harvard", "Salem")
PEOPLE, NAMELESS = 160, 6
SEEN_TWICE, REDIALS, ELSEWHERE = 15, 15, 10
"""Of the 40 duplicates: the same call in both logs, a second try in the same log, a second try in the other log."""
LATER, ALREADY, TOO_LATE, STRANGERS, OUTGOING, BROKEN = 30, 3, 2, 12, 4, 2
SAID = ("no_emergency", "tested", "help_sent", "no_answer", "wrong_number", "no_emergency", "tested")
ROUTER = (
    "CallID",
    "Start Time",
    "ANI",
    "CBN",
    "PSAP",
    "Disposition",
    "Class of Service",
    "Address",
    "City",
    "Direction",
)
CPE = ("Date", "Time", "Caller Number", "Call Result", "PSAP Name", "Location", "Unique ID")


@dataclass
class Truth:
    """What a right reading finds, and by ten digits what each caller would say."""

    missed: int = 0
    callers: int = 0
    through: int = 0
    by_psap: Counter[str] = field(default_factory=Counter)
    left_by_psap: Counter[str] = field(default_factory=Counter)
    says: dict[str, str] = field(default_factory=dict)

    @property
    def duplicates(self) -> int:
        return self.missed - self.callers

    @property
    def left(self) -> int:
        return self.callers - self.through


@dataclass
class Logs:
    """The two files, and the truth about them."""

    router: list[dict[str, str]] = field(default_factory=list)
    cpe: list[dict[str, str]] = field(default_factory=list)
    began: datetime = BEGAN
    truth: Truth = field(default_factory=Truth)

    def seen_by_router(self, at: datetime, number: str, town: str, word: str, **more: str) -> None:
        """One line: moments in UTC, numbers as ten digits, the place as an address."""
        line = {"CallID": f"R{len(self.router):05}", "Start Time": at.strftime("%Y-%m-%dT%H:%M:%SZ"), "ANI": number}
        fixed = {"PSAP": f"{town.lower()}-psap", "Class of Service": "WPH2", "Direction": "in", "City": town}
        self.router.append(line | fixed | {"Disposition": word} | more)

    def seen_by_cpe(self, at: datetime, number: str, town: str, word: str, **more: str) -> None:
        """One line: local times in the American way, numbers with brackets."""
        local = at.astimezone(HOME)
        line = {"Date": local.strftime("%m/%d/%Y"), "Time": local.strftime("%I:%M:%S %p"), "Call Result": word}
        shown = f"({number[:3]}) {number[3:6]}-{number[6:]}" if number else "ANONYMOUS"
        named = {"Caller Number": shown, "PSAP Name": f"{town} dispatch", "Unique ID": f"{len(self.cpe):06}"}
        self.cpe.append(line | named | {"Location": f"{town} sector 2"} | more)

    def missed(self, log: str, at: datetime, number: str, town: str, **more: str) -> None:
        """A call that did not get through."""
        self.truth.missed += 1
        if log == "router":
            self.seen_by_router(at, number, town, "ABANDONED", **more)
        else:
            self.seen_by_cpe(at, number, town, "No Answer", **more)

    @property
    def router_csv(self) -> bytes:
        return _csv(ROUTER, self.router, ",").encode()

    @property
    def cpe_csv(self) -> bytes:
        return _csv(CPE, self.cpe, ";").encode("cp1252")


def digits(no: int) -> str:
    return f"978555{4000 + no}"


def made(began: datetime = BEGAN) -> Logs:
    """The logs of an outage that began then, the same every time."""
    logs = Logs(began=began)
    for no in range(PEOPLE):
        _person(logs, no)
    for no in range(STRANGERS):
        logs.seen_by_router(logs.began + timedelta(minutes=no), digits(600 + no), PSAPS[no % 4], "ANSWERED")
    for no in range(OUTGOING):
        logs.seen_by_router(logs.began, digits(700 + no), "Ayer", "ABANDONED", Direction="out")
    for _ in range(BROKEN):
        logs.seen_by_router(logs.began, digits(800), "Ayer", "ABANDONED", **{"Start Time": "n/a"})
    return logs


def _person(logs: Logs, no: int) -> None:
    """One who called: the first six have no number, the next ones called twice, others got through."""
    truth, town, number = logs.truth, PSAPS[no % 4], digits(no)
    at, log = logs.began + timedelta(seconds=20 * no), "router" if no % 2 else "cpe"
    truth.callers += 1
    truth.by_psap[town] += 1
    if no < NAMELESS:
        truth.left_by_psap[town] += 1
        _nameless(logs, no, at, town)
        return
    twice = no - NAMELESS
    if twice < SEEN_TWICE:
        logs.missed("router", at, number, town)
        logs.missed("cpe", at + timedelta(seconds=4), number, town)
    elif twice < SEEN_TWICE + REDIALS:
        logs.missed("router", at, number, town, CBN=number, ANI="5115550000")
        logs.missed("router", at + timedelta(seconds=25), f"1{number}", town)
    elif twice < SEEN_TWICE + REDIALS + ELSEWHERE:
        logs.missed("router", at, number, town)
        logs.missed("cpe", at + timedelta(minutes=3), number, town)
    elif PEOPLE - no <= TOO_LATE:
        logs.missed(log, at - timedelta(hours=5), number, town)
    else:
        logs.missed(log, at, number, town)
    through = 20 <= twice < 20 + LATER
    if through:
        logs.seen_by_cpe(at + timedelta(minutes=8), number, town, "Answered")
        truth.through += 1
        return
    truth.left_by_psap[town] += 1
    truth.says[number] = SAID[no % len(SAID)]
    if 60 <= twice < 60 + ALREADY:
        logs.seen_by_router(at - timedelta(minutes=2), number, town, "ANSWERED")
    if PEOPLE - no <= TOO_LATE:
        logs.seen_by_cpe(at + timedelta(minutes=1), number, town, "Answered")


def _nameless(logs: Logs, no: int, at: datetime, town: str) -> None:
    """Two phones without a subscription, two lines without a number at an address, two with nothing at all."""
    if no < 2:
        logs.missed("router", at, f"911555{7000 + no}", town)
    elif no < 4:
        logs.missed("router", at, "", town, **{"Address": f"{no} Main Street", "Class of Service": "RESD"})
    else:
        logs.missed("cpe", logs.began, "", town, Location="")


def _csv(header: tuple[str, ...], rows: list[dict[str, str]], comma: str) -> str:
    out = io.StringIO()
    table = csv.DictWriter(out, header, restval="", delimiter=comma)
    table.writeheader()
    table.writerows(rows)
    return out.getvalue()
