"""What a report is made of: the record, the ledger read again, the counts, and the moment that it is for."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

from flask import current_app
from sqlalchemy import select
from sqlalchemy.orm import Session

from broadcaster.alert.alert import Confirmation, RevisionKind, content_from_json
from broadcaster.alert.lifecycle import AlertKind, ReleaseState, Tier
from broadcaster.alert.missed_caller import OUTCOMES, Outcome
from broadcaster.dispatch.witness import keys_of
from broadcaster.outage.report import figures as reports
from broadcaster.outage.report.figures import SHARES, Chain, Facts, MissedFigures, Report, Story
from broadcaster.said import Said
from broadcaster.settings import Mode
from broadcaster.store.alerting import alerts, areas
from broadcaster.store.alerting.alerts import Alert, Revision, released_revisions
from broadcaster.store.outage import missed_figures
from broadcaster.store.outage import report as store_report
from broadcaster.store.outage.outages import Outage
from broadcaster.store.timeline import checkpoints, ledger_reading
from broadcaster.store.timeline.ledger import AuditHead
from broadcaster.store.timeline.ledger_reading import Event, Wanted
from broadcaster.web.house import house

CHECKED_FOR = timedelta(minutes=10)
"""How long one reading of the whole ledger is good for: everybody who opens a report shares it."""
LOGS = Said("the imported logs of missed calls")
THROUGH, LEFT = Said("got through by a later call"), Said("without an outcome yet")
BECAME = {one.lower(): one for one in (*OUTCOMES.values(), THROUGH, LEFT)}
"""What became of a caller, as the report writes it, and as it can be said in another language."""
PRACTISED = {Mode.TRAINING: Said("DRILL: this was practised"), Mode.DEMO: Said("DEMO: nobody outside was told")}
MOST_EVENTS = 100_000
"""About three seconds of reading: more is not done while others wait for this process."""


def of_alert(store: Session, alert: Alert) -> Report:
    """The report of one alert as of now."""
    return reports.build(_story(store, alert), facts(store, [alert]), chain(store), house().clock())


def of_outage(store: Session, outage: Outage) -> Report:
    """The report of one outage with all of its alerts as of now."""
    hung = alerts.on_outage(store, outage.id)
    restored = max(filter(None, map(restoration, hung)), key=lambda one: one.at, default=None)
    first = _newest(store, hung[0]) if hung else None
    area = content_from_json(first.content).area if first and outage.area.is_empty else outage.area
    story = Story(
        about=f"outage:{outage.public_id}",
        title=Said("911 outage"),
        place=areas.place(store, area) or Said("nobody knows where"),
        known_at=outage.known_at,
        known_from=outage.known_from or Said("the record of the outage"),
        restored_at=restored.at if restored else None,
        restored_from=f"{restored.who} ({restored.how})" if restored else "",
        ended_at=outage.closed_at,
        drill=_practised(),
    )
    own = [*ledger_reading.every(store, Wanted(about=story.about))]
    return reports.build(story, facts(store, hung, own), chain(store), house().clock(), missed(store, outage))


def missed(store: Session, outage: Outage) -> MissedFigures | None:
    """What became of those who dialled 911 in vain, by the logs that were imported; None without any."""
    whole = missed_figures.whole(store, outage.id)
    if not whole.callers:
        return None
    said = {OUTCOMES[Outcome(key)].lower(): many for key, many in whole.outcomes.items()}
    through: dict[str, int] = {THROUGH: whole.through} if whole.through else {}
    left: dict[str, int] = {LEFT: whole.left} if whole.left else {}
    return MissedFigures(whole.callers, {**said, **through, **left}, whole.left, LOGS)


def facts(store: Session, told: Sequence[Alert], own: Sequence[Event] = ()) -> Facts:
    """What the ledger and the counts say of some alerts together; `own` are events of what they hang on."""
    ids = [alert.id for alert in told]
    runs = store_report.runs(store, ids)
    first, ending = reports.first_texts(runs), reports.ending_texts(runs)
    keys = [run.fanout for run in first]
    return Facts(
        kinds=store_report.kinds(store, ids),
        runs=runs,
        first=store_report.pace(store, keys, reports.base(first), SHARES),
        ending=store_report.pace(store, [run.fanout for run in ending], reports.base(ending), SHARES),
        places=store_report.places(store, keys),
        agencies=store_report.agencies(store, ids),
        events=_events(store, told, own),
    )


def _events(store: Session, told: Sequence[Alert], own: Sequence[Event]) -> tuple[Event, ...]:
    found = [event for alert in told for event in ledger_reading.every(store, Wanted(about=alert.subject))]
    return tuple(sorted([*found, *own], key=lambda event: event.seq))


def _story(store: Session, alert: Alert) -> Story:
    said = _newest(store, alert)
    restored = restoration(alert)
    return Story(
        about=alert.subject,
        title=title_of(alert),
        place=areas.place(store, content_from_json(said.content).area) if said else Said("nowhere"),
        known_at=alert.known_since,
        known_from=Said("the officer who drafted it"),
        restored_at=restored.at if restored else None,
        restored_from=f"{restored.who} ({restored.how})" if restored else "",
        ended_at=alert.closed_at,
        drill=drill(alert),
    )


def title_of(alert: Alert) -> str:
    """What it was, by its kind."""
    kinds = {AlertKind.TEST: Said("test of the system"), AlertKind.DRILL: Said("drill")}
    return kinds.get(AlertKind(alert.kind), Said("911 outage"))


def drill(alert: Alert) -> str:
    """Why this was not an outage, or empty."""
    if alert.kind == AlertKind.TEST:
        return Said("TEST: this was a test of the system")
    if alert.kind == AlertKind.DRILL:
        return Said("DRILL: this was practised, and nobody was told")
    return _practised()


def _practised() -> str:
    return PRACTISED.get(house().settings.mode, "")


def restoration(alert: Alert) -> Confirmation | None:
    """Who said last that 911 works again, of the all-clear that went out."""
    out = (ReleaseState.RELEASED, ReleaseState.HELD)
    rows = [row for row in alert.revisions if row.kind == RevisionKind.ALL_CLEAR]
    told = [row for row in rows if any(one.state in out and one.tier == Tier.PUBLIC for one in row.releases)]
    confirmed = content_from_json(told[-1].content).confirmations if told else ()
    return max(confirmed, key=lambda one: one.at, default=None)


def _newest(store: Session, alert: Alert) -> Revision | None:
    said = released_revisions(store, alert.id, Tier.PUBLIC) or released_revisions(store, alert.id, Tier.AGENCY)
    return said[0] if said else next(iter(alert.revisions[-1:]), None)


def chain(store: Session) -> Chain:
    """Whether the ledger is whole, as of a reading of the last ten minutes, and its newest checkpoint."""
    read: Chain | None = current_app.extensions.get("broadcaster-chain")
    if read is None or not timedelta(0) <= house().clock() - read.at < CHECKED_FOR:
        read = current_app.extensions["broadcaster-chain"] = _read_again(store)
    sealed = checkpoints.newest(store)
    return replace(read, size=sealed.size, root=sealed.root.hex(), sealed_at=sealed.at) if sealed else read


def _read_again(store: Session) -> Chain:
    now, many = house().clock(), store.scalar(select(AuditHead.seq)) or 0
    if many > MOST_EVENTS:
        return Chain(now, many, unread=True)
    found = checkpoints.verify(store, keys_of(house().settings))
    return Chain(now, found.verdict.events, found.why)
