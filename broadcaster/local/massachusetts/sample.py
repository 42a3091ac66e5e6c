"""The sample directory of Massachusetts as one value."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, timedelta

from broadcaster.alert.phone import AlternateNumber, Visibility, parse
from broadcaster.directory import Community, CommunityKind, County, Directory, Psap
from broadcaster.local.massachusetts.agencies import agencies
from broadcaster.local.massachusetts.tables import table

TIMEZONE = "America/New_York"

Numbers = dict[str, tuple[AlternateNumber, ...]]


def load(today: date) -> Directory:
    """The sample directory; numbers were verified a fixed count of days before `today`, some long ago or never."""
    communities = tuple(_community(row) for row in table("communities"))
    psaps = tuple(Psap(row["code"], row["name"], row["county_fips"]) for row in table("psaps"))
    rows = table("numbers")
    numbers = _numbers((row for row in rows if row["owner"] == "community"), today)
    return Directory(
        counties=tuple(County(row["fips"], row["name"]) for row in table("counties")),
        communities=communities,
        psaps=psaps,
        agencies=tuple(agencies(communities, psaps, numbers, today)),
        numbers=numbers,
        county_numbers=_numbers((row for row in rows if row["owner"] == "county"), today),
        state_numbers=_numbers((row for row in rows if row["owner"] == "state"), today)[""],
        sample=True,
    )


def _community(row: dict[str, str]) -> Community:
    return Community(
        code=row["code"],
        name=row["name"],
        kind=CommunityKind(row["kind"]),
        county_fips=row["county_fips"],
        timezone=TIMEZONE,
        psap_code=row["psap"],
        zips=tuple(row["zips"].split()),
        population=int(row["population"]),
        other_psaps=tuple(row["other_psaps"].split()),
        note=row["note"],
        places=tuple(filter(None, row["places"].split("; "))),
    )


def _numbers(rows: Iterable[dict[str, str]], today: date) -> Numbers:
    found: dict[str, list[AlternateNumber]] = {}
    for row in rows:
        found.setdefault(row["code"], []).append(_number(row, today))
    return {code: tuple(numbers) for code, numbers in found.items()}


def _number(row: dict[str, str], today: date) -> AlternateNumber:
    days = row["verified_days_ago"]
    return AlternateNumber(
        e164=parse(row["e164"]),
        label=row["label"],
        visibility=Visibility(row["visibility"]),
        verified_on=today - timedelta(days=int(days)) if days else None,
        sms=row["sms"] == "yes",
    )
