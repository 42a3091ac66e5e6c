"""The clocks of the providers of an outage: when each owes us its next word (47 CFR 4.9(h))."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Session

from broadcaster.outage.notice import rule as rules
from broadcaster.outage.notice import trust
from broadcaster.outage.notice.rule import Clock, Told
from broadcaster.store.agencies import provider_notices, provider_senders
from broadcaster.store.agencies.provider_notices import NoticeKind, ProviderNotice
from broadcaster.store.outage.outages import Outage


def clocks(session: Session, outage: Outage) -> list[Clock]:
    """The clocks of the providers of an outage, the one that runs out first in front. Only a word that is surely the
    provider's stops one."""
    rows = provider_notices.of_outage(session, outage.id)
    told = [one for row in rows if (one := _told(session, row))]
    since = outage.reopened_at or outage.known_at
    return sorted(rules.clocks(told, since, outage.carriers), key=lambda clock: clock.due)


def overdue(session: Session, outage: Outage, now: datetime) -> list[Clock]:
    """The clocks of an open outage that have run out without a word."""
    return [clock for clock in clocks(session, outage) if outage.is_open and clock.is_overdue(now)]


def _told(session: Session, row: ProviderNotice) -> Told | None:
    versions = provider_senders.sure(session, provider_notices.versions(session, row.id))
    if not versions:
        return None
    known = trust.newest(row, versions)
    at = tuple(sorted(version.at for version in versions))  # one may be written down after a later one
    return Told(row.public_id, known.provider or row.provider, known.discovered, at, known.kind is NoticeKind.FINAL)
