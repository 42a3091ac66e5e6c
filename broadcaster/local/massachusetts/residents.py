"""Generated residents of the sample, and the judge's own list of who should be texted.

Nothing here uses the product's audience: `expected` is what the demo and the story tests are judged by.
"""

from __future__ import annotations

import random
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from itertools import islice

from broadcaster.local.massachusetts.tables import table

AT_LEAST = 5
"""Residents of the smallest community, when there are enough to go round."""

LANGUAGES = {"en": 85, "es": 12, "pt": 1.4, "zh-Hans": 0.9, "ht": 0.7}
"""Per cent of the residents who chose each language."""

IN_TWO_COMMUNITIES = 0.03
OPTED_OUT = 0.015
LINES_PER_AREA_CODE = 100


@dataclass(frozen=True, slots=True)
class Resident:
    """A subscriber by telephone (E.164, fictional): the home community first, then one more for a few."""

    phone: str
    lang: str
    communities: tuple[str, ...]
    opted_out: bool = False


def residents(n: int = 20_000, seed: int = 911) -> Iterator[Resident]:
    """`n` residents in random order, the same for the same `seed`; ValueError if the plan has not that many numbers.

    They live where people live, with a few in every community however small.
    """
    dice = random.Random(seed)
    phones = _phones()
    if not 0 <= n <= len(phones):
        raise ValueError(f"There are numbers for 0 to {len(phones):,} fictional residents, not for {n:,}.")
    population = {row["code"]: int(row["population"]) for row in table("communities")}
    homes = [code for code, count in _share_out(n, population).items() for _ in range(count)]
    dice.shuffle(phones)
    dice.shuffle(homes)
    codes, weights = list(population), list(population.values())
    for phone, home in zip(islice(phones, n), homes, strict=True):
        towns: tuple[str, ...] = (home,)
        if dice.random() < IN_TWO_COMMUNITIES:
            towns = tuple(dict.fromkeys((home, *dice.choices(codes, weights))))
        lang = dice.choices(list(LANGUAGES), list(LANGUAGES.values()))[0]
        yield Resident(phone, lang, towns, dice.random() < OPTED_OUT)


def expected(everyone: Iterable[Resident], affected_codes: Collection[str]) -> dict[str, set[str]]:
    """Each phone that should be texted, and its affected communities: one text each, whichever of them it names."""
    affected = set(affected_codes)
    reached = ((person.phone, affected.intersection(person.communities)) for person in everyone if not person.opted_out)
    return {phone: codes for phone, codes in reached if codes}


def _phones() -> list[str]:
    """555-0100 to 555-0199 in every geographic area code of the United States and Canada but Massachusetts's own nine.

    Those nine hold the directory's numbers, so that no text ever goes to a line that is published.
    """
    codes = [row["area_code"] for row in table("area_codes")]
    return [f"+1{code}55501{line:02}" for code in codes for line in range(LINES_PER_AREA_CODE)]


def _share_out(n: int, population: dict[str, int]) -> dict[str, int]:
    """How many of `n` live in each community: a few everywhere, the rest by population (largest remainders)."""
    least = min(AT_LEAST, n // len(population))
    rest, people = n - least * len(population), sum(population.values())
    exact = {code: rest * count / people for code, count in population.items()}
    shares = {code: least + int(quota) for code, quota in exact.items()}
    by_remainder = sorted(exact, key=lambda code: (int(exact[code]) - exact[code], code))
    for code in by_remainder[: n - sum(shares.values())]:
        shares[code] += 1
    return shares
