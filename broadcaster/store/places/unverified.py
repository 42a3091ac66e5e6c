"""Contacts of agencies that nobody verified within a year, for wherever somebody is about to rely on them."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, timedelta

from sqlalchemy import text
from sqlalchemy.orm import Session

from broadcaster.alert.phone import STALE_AFTER_DAYS
from broadcaster.said import Said

WAYS = {"email": Said("mail"), "sms": Said("text"), "voice": Said("call"), "webhook": Said("machine")}
"""The kinds of a contact, as people say them."""


@dataclass(frozen=True, slots=True)
class Unverified:
    """A contact by its kind, and when somebody last verified it; None: never."""

    kind: str
    verified_on: date | None

    @property
    def words(self) -> Said:
        """``mail not verified since 2024-01-31``."""
        if self.verified_on is None:
            return Said("%(way)s never verified", way=WAYS[self.kind])
        return Said("%(way)s not verified since %(day)s", way=WAYS[self.kind], day=self.verified_on)


_CONTACTS = text(
    "SELECT g.code, a.kind, k.verified_on FROM agency g JOIN agency_contact k ON k.agency_id = g.id"
    " JOIN address a ON a.id = k.address_id WHERE g.code = ANY(CAST(:codes AS text[]))"
    " AND (k.verified_on IS NULL OR k.verified_on < :since) ORDER BY g.code, k.rank, a.kind"
)


def contacts(session: Session, agencies: Collection[str], today: date) -> dict[str, list[Unverified]]:
    """Of these agencies (codes) those contacts that nobody verified within the last year, in the order of each."""
    found: dict[str, list[Unverified]] = {}
    values = {"codes": sorted(agencies), "since": today - timedelta(days=STALE_AFTER_DAYS)}
    for row in session.execute(_CONTACTS, values):
        found.setdefault(row.code, []).append(Unverified(row.kind, row.verified_on))
    return found
