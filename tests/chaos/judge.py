"""The one judge: the carriers' own ledgers against the list of who was to hear, and the product's own sums.

Messages are told apart by what the carrier was asked to call back with (fan-out, address, attempt), never by what our
database says about them.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from sqlalchemy import text
from sqlalchemy.orm import Session

from broadcaster.store.fanout import fanouts, tallies
from broadcaster.store.fanout.deliveries import Fanout
from broadcaster.store.timeline import ledger
from tests.factories import SEALER

KEY = re.compile(r"[?&]d=(\d+)\.(\d+)\.(\d+)")
Place = tuple[int, int]
"""A fan-out and an address."""


@dataclass
class Verdict:
    """What the ledgers say of one row. `extras` are texts beyond the first to one phone by one fan-out."""

    people: int = 0
    texts: int = 0
    lost: int = 0
    strangers: int = 0
    extras: int = 0
    confirmed: int = 0
    possible: int = 0
    uncounted: int = 0
    overcounted: int = 0
    posts_too_many: int = 0
    missed: int = 0
    sums: list[str] = field(default_factory=list)
    audit: str = ""

    def json(self) -> dict[str, Any]:
        """As plain values."""
        return asdict(self)

    def reasons(self) -> Iterator[str]:
        """One sentence for each thing that does not hold."""
        counted = {
            "people who should have heard did not": self.lost,
            "texts went to phones that nobody meant": self.strangers,
            "doubled texts were not counted": self.uncounted,
            "doubles were counted that the carrier does not know": self.overcounted,
            "POSTs beyond one for each attempt number": self.posts_too_many,
            "subscribers without a delivery (anti-join)": self.missed,
        }
        yield from (f"{number} {what}" for what, number in counted.items() if number)
        yield from self.sums
        if self.audit:
            yield self.audit


@dataclass(frozen=True, slots=True)
class Case:
    """What is judged: `wanted` maps each fan-out of texts to the phones that had to hear by it, `endings` each
    all-clear to the fan-out that it ends and to the addresses that were in doubt then; `book` is all carriers'."""

    wanted: Mapping[int, set[str]]
    endings: Mapping[int, tuple[int, set[int]]]
    book: Mapping[str, Any]


def judge(session: Session, case: Case) -> Verdict:
    """Judge the fan-outs of a row."""
    phones = {phone for group in case.wanted.values() for phone in group}
    ids = address_ids(session, phones | {row["to"] for row in case.book["attempts"]})
    heard = places(case.book["messages"])
    should = set(_should(case, ids, heard))
    verdict = Verdict(people=len(phones), texts=heard.total())
    verdict.lost = len(should - heard.keys())
    verdict.strangers = len(heard.keys() - should)
    _count_doubles(session, verdict, heard)
    verdict.posts_too_many = _posts_too_many(session, Counter(row["to"] for row in case.book["attempts"]), ids)
    for fanout in case.wanted:
        verdict.sums += _sum(session, fanout)
    chain = ledger.verify(session)
    verdict.audit = f"audit: {chain.why}" if chain.broken_at is not None else ""
    verdict.missed = sum(
        fanouts.missed(session, fanout)
        for fanout in case.wanted
        if session.get_one(Fanout, fanout).ended_as in (None, "running")
    )
    return verdict


def _should(case: Case, ids: Mapping[str, int], heard: Counter[Place]) -> Iterator[Place]:
    """Who had to hear: everybody meant; of an alert that was ended early whoever heard; of its end those same people,
    and at most those that were in doubt besides."""
    ended = {first for first, _ in case.endings.values()}
    for fanout, group in case.wanted.items():
        meant = {ids[phone] for phone in group}
        by_ledger = {address for heard_by, address in heard if heard_by == fanout} & meant
        if fanout in case.endings:
            first, doubt = case.endings[fanout]
            told = {address for heard_by, address in heard if heard_by == first}
            yield from ((fanout, address) for address in told | (doubt & by_ledger))
        else:
            yield from ((fanout, address) for address in (by_ledger if fanout in ended else meant))


def places(messages: Sequence[Mapping[str, Any]]) -> Counter[Place]:
    """How many texts the carrier took for each fan-out and address."""
    return Counter(
        (int(key[1]), int(key[2]))
        for row in messages
        if row["direction"] == "outbound-api" and (key := KEY.search(row["callback"]))
    )


def address_ids(session: Session, phones: set[str]) -> dict[str, int]:
    """Phones to the ids of their addresses."""
    by_index = {SEALER.index(f"sms:{phone}"): phone for phone in phones}
    rows = session.execute(text("SELECT id, value_index FROM address WHERE kind = 'sms'"))
    return {by_index[bytes(row.value_index)]: row.id for row in rows if bytes(row.value_index) in by_index}


def _count_doubles(session: Session, verdict: Verdict, heard: Counter[Place]) -> None:
    confirmed = _by_place(session, "SELECT fanout_id, address_id FROM sighting")
    possible = _by_place(session, "SELECT fanout_id, address_id FROM past_attempt WHERE outcome = 'blind'")
    extras = Counter({place: number - 1 for place, number in heard.items() if number > 1})
    verdict.extras, verdict.confirmed, verdict.possible = extras.total(), confirmed.total(), possible.total()
    verdict.uncounted = (extras - confirmed - possible).total()
    verdict.overcounted = (confirmed - extras).total()


def _by_place(session: Session, query: str) -> Counter[Place]:
    return Counter((row.fanout_id, row.address_id) for row in session.execute(text(query)))


def _posts_too_many(session: Session, posts: Counter[str], ids: Mapping[str, int]) -> int:
    rows = session.execute(text("SELECT address_id, sum(n)::bigint AS n FROM delivery GROUP BY 1"))
    allowed = {row.address_id: row.n for row in rows}
    return sum(max(0, number - allowed.get(ids.get(phone, 0), 0)) for phone, number in posts.items())


def _sum(session: Session, fanout: int) -> Iterator[str]:
    """Planned is the sum of the states, nothing is open, and the tallies equal GROUP BY."""
    row, count = session.get_one(Fanout, fanout), tallies.whole(session, fanout)
    still = count.of("sending", "unknown", "queued")
    if row.state != "done" or still:
        yield f"fan-out {fanout} is {row.state} with {still} rows open"
    elif row.planned != count.total:
        yield f"fan-out {fanout} planned {row.planned} and its states sum up to {count.total}"
    if tallies.by_community(session, fanout) != tallies.truth(session, fanout):
        yield f"the tallies of fan-out {fanout} are not GROUP BY"
