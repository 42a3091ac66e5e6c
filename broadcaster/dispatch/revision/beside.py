"""Two alerts kept side by side over one place: what the other one says there is frozen with each revision, whoever
heard of it hears its end, and nobody is told that 911 works by one, or by a test, while the other goes on.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from broadcaster.alert.alert import ENDINGS, Beside, ChannelName, Content, RevisionKind, content_from_json
from broadcaster.alert.guards import named
from broadcaster.alert.lifecycle import AlertKind, AlertState, Tier, refusal
from broadcaster.store.alerting import alerts, texts
from broadcaster.store.alerting import beside as store
from broadcaster.store.alerting.alerts import Alert, Revision
from broadcaster.store.alerting.beside import SayingWorks
from broadcaster.store.fanout import recalls
from broadcaster.store.fanout.deliveries import Source
from broadcaster.store.fanout.fanouts import LaneSpec
from broadcaster.store.places import directory_load
from broadcaster.store.places.directory import Community


def standing(
    session: Session, alert: Alert | None, kind: RevisionKind, content: Content, now: datetime
) -> tuple[Beside, ...]:
    """The other alerts that the public heard of and that go on in places of this content, the longest known first.

    One whose time has run out without an all-clear goes on only where this one says that 911 works: nobody has said
    so of it. Tests and drills stand alone.
    """
    if alert is not None and alert.kind != AlertKind.OUTAGE:
        return ()
    here = {answer.community for answer in content.answers}
    fine = _works(kind, content)
    found = []
    for other in _others(session, alert):
        last = alerts.released_revisions(session, other.id, Tier.PUBLIC)[-1:]
        if last:
            said = content_from_json(last[0].content)
            places = here if said.expires > now else fine
            found.append(_of(other, last[0], said, places.difference(said.restored)))
    return tuple(one for one in found if one.answers)


def _others(session: Session, alert: Alert | None) -> Iterator[Alert]:
    query = select(Alert).where(Alert.state == AlertState.OPEN.value, Alert.kind == AlertKind.OUTAGE.value)
    for other in session.scalars(query.order_by(Alert.known_since, Alert.id)):
        if alert is None or other.id != alert.id:
            yield other


def _of(other: Alert, last: Revision, said: Content, places: Collection[str]) -> Beside:
    return Beside(
        alert=other.public_id,
        no=last.no,
        failure=said.failure,
        began=said.began,
        provider=said.provider,
        next_update=said.next_update,
        answers=tuple(answer for answer in said.answers if answer.community in places),
    )


def _works(kind: RevisionKind, content: Content) -> set[str]:
    """Where this says that what it speaks of works again, or never failed."""
    here = {answer.community for answer in content.answers}
    if kind in ENDINGS:
        return here
    return here & set(content.restored) if kind is not RevisionKind.INITIAL else set()


def _named(content: Content) -> Mapping[str, set[str]]:
    """The places of each other alert that the words speak of, by its public id."""
    return {one.alert: {answer.community for answer in one.answers} for one in content.beside}


def failing(session: Session, alert: Alert, places: Collection[str]) -> list[str]:
    """The names of those of these communities where 911 fails by another alert, by the newest word of it that anybody
    was told: what a test would say of them is not true."""
    found: set[str] = set()
    for other in _others(session, alert):
        told = [row for tier in Tier for row in alerts.released_revisions(session, other.id, tier)]
        if told:
            said = content_from_json(max(told, key=lambda row: row.no).content)
            found |= {answer.community for answer in said.answers}.difference(said.restored)
    query = select(Community.name).where(Community.code.in_(found & set(places)))
    return list(session.scalars(query.order_by(Community.name)))


def check(session: Session, revision: Revision, now: datetime) -> None:
    """LifecycleRefused where it says that 911 works and another alert went out since its words were frozen, or where it
    is a test of a place whose alert goes on: a test can wait."""
    kind, content = RevisionKind(revision.kind), content_from_json(revision.content)
    if revision.alert.kind == AlertKind.TEST:
        _check_test(session, revision.alert, content)
        return
    fine, spoken_of = _works(kind, content), _named(content)
    for one in standing(session, revision.alert, kind, content, now) if fine else ():
        if any(answer.community in fine - spoken_of.get(one.alert, set()) for answer in one.answers):
            raise refusal(
                "Another alert went out after this was submitted, in a place that would read that 911 works:"
                " edit this and submit it again, so that its words say what goes on."
            )


def _check_test(session: Session, alert: Alert, content: Content) -> None:
    places = failing(session, alert, {answer.community for answer in content.answers})
    if places:
        raise refusal(
            "911 fails in %(where)s by an alert that goes on, and this test says that it works there: take these"
            " places out and submit it again, or wait for the all-clear.",
            where=named(places),
        )


def hush(session: Session, revision: Revision, content: Content) -> None:
    """Where 911 fails by this revision, nobody reads any more by an older text that it works: whoever waits for one of
    another alert there is told by this one instead, and what waits at the carrier is taken back."""
    kind = RevisionKind(revision.kind)
    down = {answer.community for answer in content.answers} - _works(kind, content)
    if kind in ENDINGS or revision.alert.kind != AlertKind.OUTAGE:
        return
    ids = directory_load.community_ids(session)
    for one in store.saying_works(session, revision.id):
        places = sorted(ids[code] for code in _said_to_work(one, revision.alert) & down)
        if places and one.goes_on and one.alert != revision.alert_id:
            store.give_way(session, one.fanout, places)
        if places and one.channel == ChannelName.SMS:
            recalls.ask(session, one.fanout, places)


def _said_to_work(one: SayingWorks, alert: Alert) -> set[str]:
    """Where older texts say that 911 works and do not speak of this alert: a test says it of its whole area."""
    other = content_from_json(one.content)
    says = {answer.community for answer in other.answers} if one.test else _works(RevisionKind(one.kind), other)
    return says - _named(other).get(alert.public_id, set())


def lanes(session: Session, revision: Revision, channel: str, only: Collection[str] | None = None) -> list[LaneSpec]:
    """Those whom another alert told of this one beside its own words: they hear how this one goes on, too."""
    codes = texts.communities_of(session, revision.id, channel)
    first = alerts.released_revisions(session, revision.alert_id, Tier.PUBLIC)[:1]
    since = first[0].frozen_at if first else revision.frozen_at
    told = store.told_of(
        session, revision.alert, channel, sorted(codes if only is None else codes.intersection(only)), since
    )
    return [LaneSpec(Source.TOLD, 0, community, fanout) for fanout, community in told]
