"""Around the alert of that day: the provider's notice that began it, the callers who did not get through, the report.

The log of missed calls is a generator's: its numbers are fictional, a few call twice, a few get through later.
"""

from __future__ import annotations

import csv
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random

from broadcaster.local.demo.desk import Desk

CALLERS, AGAIN, THROUGH = 40, 8, 6
"""People in the log; of them some call a second time, and some others get through later."""
COLUMNS = ("start", "ani", "status", "psap")
DISPATCH = ("abington-psap", "acton-psap", "agawam-psap")


def notice(desk: Desk, discovered: datetime) -> str:
    """The provider tells of its outage (47 CFR 4.9(h)); returns the outage whose record that opens."""
    made = desk.post(
        "/notices",
        {
            "provider": "Comtech",
            "ticket": "TT-2024-0618",
            "kind": "initial",
            "discovered": discovered.isoformat(),
            "began": discovered.isoformat(),
            "services": ["All 911 calls"],
            "area": "Statewide, Massachusetts",
            "effect": "911 calls do not reach any answering point.",
            "cause": "A firewall stops the calls.",
        },
    )
    return str(made["outage"])


@dataclass(frozen=True, slots=True)
class Missed:
    """The log of a router and how it is imported: by the command, in the environment of the installation."""

    env: Mapping[str, str]
    file: Path

    def bring_in(self, outage: str, since: datetime) -> str:
        """Write the log and import it; the sentence of the command."""
        with self.file.open("w", newline="", encoding="utf-8") as out:
            rows = csv.writer(out)
            rows.writerow(COLUMNS)
            rows.writerows(log(since))
        asked = ["missed", "import", str(self.file), "--outage", outage, "--system", "Router North"]
        done = subprocess.run(
            [sys.executable, "-m", "broadcaster", *asked], env=self.env, capture_output=True, text=True, check=False
        )
        lines = (done.stdout if done.returncode == 0 else done.stderr).strip().splitlines()
        return lines[-1] if lines else f"The import ended with {done.returncode}."


def log(since: datetime, seed: int = 911) -> Iterator[tuple[str, str, str, str]]:
    """The lines of the log, in the order of their times."""
    dice, lines = Random(seed), []
    for no in range(CALLERS):
        at = since + timedelta(seconds=dice.randint(0, 90))
        phone, psap = f"+1617555{1000 + no}", dice.choice(DISPATCH)
        lines.append((at, phone, "abandoned", psap))
        if no < AGAIN:
            lines.append((at + timedelta(seconds=20), phone, "abandoned", psap))
        elif no < AGAIN + THROUGH:
            lines.append((at + timedelta(seconds=40), phone, "answered", psap))
    for at, phone, status, psap in sorted(lines):
        yield at.astimezone(UTC).isoformat(), phone, status, psap


def report(desk: Desk, outage: str) -> Iterator[str]:
    """What the after-action report says first, a line each."""
    made = desk.get(f"/outages/{outage}/report")
    for one in made["measures"]:
        minutes = one["minutes"]
        yield f"{one['label']}: {'not yet' if minutes is None else f'{minutes:.1f} min'} (target {one['target']:g})"
    if made["preliminary"]:
        yield f"Preliminary: {made['preliminary'][0]}"
