"""Planned work on call-handling equipment: planned at the desk, and ended there when it is over sooner."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import groupby
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from broadcaster.directory import Directory
from broadcaster.said import Said
from broadcaster.store.desk.people import User
from broadcaster.store.outage import proposals
from broadcaster.store.outage.proposals import PlannedWork
from broadcaster.store.places import directory_load
from broadcaster.store.timeline import ledger
from broadcaster.web import moments
from broadcaster.web.form import typed as form_typed
from broadcaster.web.house import house
from broadcaster.web.moments import Of
from broadcaster.web.signin.guard import person

LONGEST = timedelta(days=7)
LONGEST_WORDS = 200
FIRST = timedelta(hours=2)
STATE = "state"
Places = list[tuple[str, str, list[tuple[str, str]]]]
"""By county: its value and name, and those of its PSAPs."""


@dataclass(frozen=True, slots=True)
class Work:
    """Planned work as it is listed."""

    row: PlannedWork
    where: str
    by: str
    runs: bool


def blank(now: datetime, zone: ZoneInfo) -> dict[str, str]:
    """The form with what we can know."""
    return {
        "begins": form_typed.local(now, zone),
        "ends": form_typed.local(now + FIRST, zone),
        "where": "",
        "words": "",
    }


def places(store: Session) -> Places:
    """What can be muted: each county and each PSAP."""
    directory = directory_load.load(store, agencies=False)
    names = directory.county_names
    rows = sorted(directory.psaps, key=lambda psap: (names[psap.county_fips], psap.name))
    return [
        (
            f"county:{fips}",
            Said("%(name)s County", name=names[fips]),
            [(f"psap:{psap.code}", psap.name) for psap in group],
        )
        for fips, group in groupby(rows, key=lambda psap: psap.county_fips)
    ]


def plan(store: Session, form: Mapping[str, str]) -> dict[str, str]:
    """Keep planned work; or a sentence for each field that cannot be."""
    problems: dict[str, str] = {}
    words = form.get("words", "").strip()[:LONGEST_WORDS]
    if not words:
        problems["words"] = Said("Say what is done, and by whom: others will ask.")
    codes = _codes(form.get("where", ""), directory_load.load(store, agencies=False))
    if codes is None:
        problems["where"] = Said("Choose where.")
    begins, ends = (_moment(name, form, problems) for name in ("begins", "ends"))
    if begins and ends and not problems:
        problems.update(_span(begins, ends))
    if problems or begins is None or ends is None or codes is None:
        return problems
    row = PlannedWork(psaps=codes, words=words, begins=begins, ends=ends, made_by=person().id)
    store.add(row)
    store.flush()
    said = {"words": words, "psaps": codes, "begins": begins.isoformat(), "ends": ends.isoformat()}
    ledger.append(store, f"user:{person().id}", "work_planned", f"work:{row.id}", said)
    return {}


def _codes(where: str, directory: Directory) -> list[str] | None:
    """The PSAPs of a choice; an empty list is all of them, None no choice."""
    kind, _, key = where.partition(":")
    if kind == STATE:
        return []
    of = {"county": lambda psap: psap.county_fips == key, "psap": lambda psap: psap.code == key}.get(kind)
    found = [psap.code for psap in directory.psaps if of(psap)] if of else []
    return found or None


def _moment(name: str, form: Mapping[str, str], problems: dict[str, str]) -> datetime | None:
    try:
        of = Of.END if name == "ends" else Of.AHEAD
        return moments.typed(form.get(name, ""), house().zone, house().clock(), of)
    except ValueError:
        problems[name] = Said("Fill in date and time.")
        return None


def _span(begins: datetime, ends: datetime) -> dict[str, str]:
    if ends <= begins:
        return {"ends": Said("It would end before it begins.")}
    if ends <= house().clock():
        return {"ends": Said("It would be over already: choose a later end.")}
    if ends - begins > LONGEST:
        return {"ends": Said("Plan seven days at most, and more when they are over: a muted detector is forgotten.")}
    return {}


def end(store: Session, key: int) -> bool:
    """End work now, or call off what has not begun; False when it was over."""
    row, now = store.get(PlannedWork, key, with_for_update=True) if key < 2**63 else None, house().clock()
    if row is None or row.ends <= now:
        return False
    if row.begins < now:
        row.ends = now
    else:
        store.delete(row)
    ledger.append(store, f"user:{person().id}", "work_ended", f"work:{key}")
    return True


def shown(store: Session, now: datetime) -> list[Work]:
    """What is planned or under way."""
    directory = directory_load.load(store, agencies=False)
    return [_shown(store, row, directory, now) for row in proposals.work(store, now)]


def _shown(store: Session, row: PlannedWork, directory: Directory, now: datetime) -> Work:
    by = store.get_one(User, row.made_by).name
    return Work(row, _where(row, directory), by, row.begins <= now)


def _where(row: PlannedWork, directory: Directory) -> str:
    if not row.psaps:
        return Said("the whole state")
    found = [psap for psap in directory.psaps if psap.code in row.psaps]
    counties = {psap.county_fips for psap in found}
    if len(found) > 1 and len(counties) == 1:
        return Said("%(name)s County", name=directory.county_names[next(iter(counties))])
    return ", ".join(psap.name for psap in found) or Said("PSAPs that are no longer listed")
