"""What a CAP document gets when it is made: its time, and the messages of its alert that have not expired."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Session

from broadcaster.alert.alert import ChannelName
from broadcaster.alert.lifecycle import AlertKind
from broadcaster.dispatch.documents.cap_document import Stamp
from broadcaster.dispatch.revision.render import Work
from broadcaster.feeds.cap import Reference
from broadcaster.store.alerting import alerts, ipaws
from broadcaster.store.alerting.alerts import Alert
from broadcaster.store.fanout import senders

PREVIEW = "preview"


def of(session: Session, work: Work, at: datetime, identifier: str = PREVIEW, before: int | None = None) -> Stamp:
    """What the CAP document gets at this moment: its time, and the messages of the alert that have not expired.

    `before` is the number of the revision itself, whose own document is none of its predecessors.
    """
    alert = alerts.by_public_id(session, work.edition.reference)
    sent = at.replace(microsecond=0)
    if alert is None:
        return Stamp(identifier, sent)
    strange = _unheard_of(session, work, alert)
    living = (row for row in alerts.living_documents(session, alert.id, sent, before) if row.revision_id not in strange)
    references = tuple(Reference(row.sender, row.identifier, row.sent_text) for row in living)
    return Stamp(identifier, sent, references, AlertKind(alert.kind).is_test)


def _unheard_of(session: Session, work: Work, alert: Alert) -> set[int]:
    """Revisions that IPAWS never had, where this one goes there: it refuses what refers to them (status 207)."""
    channel = ChannelName.IPAWS
    goes_there = channel in work.content.channels and senders.is_set_up(session, channel.value)
    return ipaws.lacking(session, alert.id) if goes_there else set()
