"""Two alerts kept side by side over one place: what the other one says there is frozen with each revision, whoever
heard of it hears its end, and nobody is told “911 works again” by one while the other goes on.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from broadcaster.alert.alert import ENDINGS, Beside, Content, RevisionKind, content_from_json
from broadcaster.alert.lifecycle import AlertKind, AlertState, Tier, refusal
from broadcaster.store import alerts, directory_load, texts
from broadcaster.store import beside as store
from broadcaster.store.alerts import Alert, Revision
from broadcaster.store.deliveries import Source
from broadcaster.store.fanouts import LaneSpec


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


def check(session: Session, revision: Revision, now: datetime) -> None:
    """LifecycleRefused where it says that 911 works and another alert went out since its words were frozen."""
    kind, content = RevisionKind(revision.kind), content_from_json(revision.content)
    fine, named = _works(kind, content), _named(content)
    for one in standing(session, revision.alert, kind, content, now) if fine else ():
        if any(answer.community in fine - named.get(one.alert, set()) for answer in one.answers):
            raise refusal(
                "Another alert went out after this was submitted, in a place that would read that 911 works:"
                " edit this and submit it again, so that its words say what goes on."
            )


def hush(session: Session, revision: Revision, content: Content) -> None:
    """Where 911 fails by this revision, nobody reads any more by an older text of another alert that it works: whoever
    waits for that one there is told by this one instead."""
    kind = RevisionKind(revision.kind)
    down = {answer.community for answer in content.answers} - _works(kind, content)
    if kind in ENDINGS or revision.alert.kind != AlertKind.OUTAGE:
        return
    ids = directory_load.community_ids(session)
    for fanout, other_kind, plain in store.saying_works(session, revision.alert_id):
        other = content_from_json(plain)
        says = _works(RevisionKind(other_kind), other) - _named(other).get(revision.alert.public_id, set())
        if says & down:
            store.give_way(session, fanout, sorted(ids[code] for code in says & down))


def lanes(session: Session, revision: Revision, channel: str, only: Collection[str] | None = None) -> list[LaneSpec]:
    """Those whom another alert told of this one beside its own words: they hear how this one goes on, too."""
    codes = texts.communities_of(session, revision.id, channel)
    first = alerts.released_revisions(session, revision.alert_id, Tier.PUBLIC)[:1]
    since = first[0].frozen_at if first else revision.frozen_at
    told = store.told_of(
        session, revision.alert, channel, sorted(codes if only is None else codes.intersection(only)), since
    )
    return [LaneSpec(Source.TOLD, 0, community, fanout) for fanout, community in told]
