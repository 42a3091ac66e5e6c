"""18 June 2024 once more, by two people at the API: notice, agencies, approval, texts, update, all-clear, report.

Of that day: 13:15 known, 14:30 first public alert, 15:15 restored, 16:20 all-clear (outage-domain.md 1.1). Its times
are shifted to today and compressed; the engine's clock is real.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from broadcaster.alert.delivery import State
from broadcaster.local.demo import around
from broadcaster.local.demo.around import Missed
from broadcaster.local.demo.desk import Desk

UPDATE_AT = 0.5
"""The update goes out when half of the people hold the first text: the rest must hold the newer one."""
KNOWN_BEFORE = timedelta(minutes=2)
PATIENCE_S = 900.0
THAT_DAY_MIN = {"known to first public text": 75, "restored to first all-clear": 65}


@dataclass
class Replay:
    """The day under way; `tick` keeps the services alive while we wait, `say` prints progress."""

    issuer: Desk
    approver: Desk
    tick: Callable[[], object]
    say: Callable[[str], None]
    missed: Missed
    alert: str = ""
    outage: str = ""
    minutes: dict[str, float] = field(default_factory=dict)
    _marks: dict[str, datetime] = field(default_factory=dict)

    def play(self) -> None:
        """The whole day; raises DeskRefused when the desk says no."""
        self._mark("known")
        self._notice()
        self._initial()
        self._update()
        self._all_clear()
        self._afterwards()

    def board(self) -> Mapping[str, Any]:
        """What the board shows now."""
        return self.issuer.get(f"/alerts/{self.alert}")

    def _mark(self, name: str) -> None:
        self._marks[name] = datetime.now(UTC)

    def _notice(self) -> None:
        discovered = datetime.now(UTC).replace(microsecond=0) - KNOWN_BEFORE
        self.outage = around.notice(self.issuer, discovered)
        self.say("13:15  The provider's notice comes in by the API, and opens the record of an outage.")

    def _afterwards(self) -> None:
        self.say("16:30  The log of the calls that did not get through is imported.")
        self.say(f"       {self.missed.bring_in(self.outage, self._marks['known'] - KNOWN_BEFORE)}")
        self.say("       The after-action report, from the ledger:")
        for line in around.report(self.issuer, self.outage):
            self.say(f"       {line}")

    def _initial(self) -> None:
        now = datetime.now(UTC).replace(microsecond=0)
        self.say("13:15  State 911 knows: all calls fail, statewide. The officer fills the form.")
        made = self.issuer.post(
            "/alerts",
            {
                "failure": "all_calls",
                "certainty": "confirmed",
                "area": {"statewide": True},
                "began": (now - KNOWN_BEFORE).isoformat(),
                "expires": (now + timedelta(hours=2)).isoformat(),
                "next_update": (now + timedelta(minutes=30)).isoformat(),
            },
        )
        self.alert = made["id"]
        shown = self.issuer.post(f"/alerts/{self.alert}/submit", {})
        people = shown["previews"]["reach"]["people"]
        self.say(f"       Submitted: {shown['hash'][:12]}, {people:,.0f} people; what is approved is what was shown.")
        self.issuer.post(f"/alerts/{self.alert}/release-agencies", {})
        self._mark("agencies")
        self.say("       Agencies are being told at once, on one person's word.")
        self.approver.approve(self.alert, shown["hash"])
        self._mark("approved")
        self.say("14:30* A second person approved the same hash (* the first public alert of that day).")
        self._watch(lambda: self._share() >= UPDATE_AT, "first text")

    def _update(self) -> None:
        self._next("update", {"note": "A firewall stops the calls. Crews are at work."})
        self.say("14:47  An update, in mid-flight: whoever has not heard yet gets the newer text.")
        self._watch(self._all_done, "update")

    def _all_clear(self) -> None:
        self._mark("restored")
        said = {"who": "Vendor's network centre", "how": "test calls from every PSAP"}
        confirmation = {**said, "at": datetime.now(UTC).replace(microsecond=0).isoformat()}
        self._next("all_clear", {"confirmations": [confirmation]})
        self.say("15:15  Restored and confirmed: the all-clear goes to everybody who was told (that day: 16:20).")
        self._watch(self._all_done, "all-clear")
        self._measure()

    def _next(self, kind: str, changes: Mapping[str, Any]) -> None:
        self.issuer.post(f"/alerts/{self.alert}/revisions", {"kind": kind})
        self.issuer.patch(f"/alerts/{self.alert}", changes)
        shown = self.issuer.post(f"/alerts/{self.alert}/submit", {})
        self.approver.approve(self.alert, shown["hash"])
        self._mark(kind)

    def _channels(self, channel: str = "sms") -> list[Mapping[str, Any]]:
        """The fan-outs of a channel, newest first; of the texts those to residents."""
        rows = [row for row in self.board()["channels"] if row["channel"] == channel]
        return [row for row in rows if channel != "sms" or row["tier"] == "public"]

    def _share(self) -> float:
        rows = self._channels()
        planned = rows[0]["planned"] if rows else None
        return float(rows[0]["accepted"]) / planned if planned else 0.0

    def _all_done(self) -> bool:
        return all(row["state"] == "done" for row in self.board()["channels"])

    def _watch(self, true: Callable[[], bool], what: str) -> None:
        """Wait, with a line of progress every few seconds."""
        end, shown = time.monotonic() + PATIENCE_S, 0.0
        while not true():
            self.tick()
            if time.monotonic() > end:
                raise TimeoutError(f"The {what} did not come to its end within {PATIENCE_S:.0f} s: look at the board.")
            if time.monotonic() - shown > 3.0:
                shown = time.monotonic()
                self.say(f"       {self._progress()}")
            time.sleep(0.5)
        self.say(f"       {self._progress()}")

    def _progress(self) -> str:
        rows = self._channels()
        if not rows:
            return "waiting for the first lane"
        row = rows[0]
        counts = ", ".join(f"{state} {row[state]:,}" for state in State if row[state])
        delivered = row["handset"]["delivered"]
        return f"texts, revision {row['revision_no']}: {counts} of {row['planned'] or 0:,}; delivered {delivered:,}"

    def _measure(self) -> None:
        newest_first = [row["first_accepted_at"] for row in self._channels()]
        last, first = (datetime.fromisoformat(newest_first[at]) for at in (0, -1))
        self.minutes = {
            "known to agencies": _minutes(self._marks["known"], self._marks["agencies"]),
            "known to first public text": _minutes(self._marks["known"], first),
            "approval to first public text": _minutes(self._marks["approved"], first),
            "restored to first all-clear": _minutes(self._marks["restored"], last),
        }


def _minutes(begin: datetime, end: datetime) -> float:
    return round((end - begin).total_seconds() / 60, 3)
