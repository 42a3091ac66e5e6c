"""What people do to an alert, each in the caller's transaction: draft, submit, release, approve, hold, go on.

The rules are those of `broadcaster.alert.lifecycle`; every step is written into the ledger in the same transaction.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from broadcaster.alert import alert as heart
from broadcaster.alert import lifecycle, policy
from broadcaster.alert.alert import ENDINGS, Content, RevisionKind
from broadcaster.alert.lifecycle import AlertKind, Move, ReleaseState, Tier, refusal
from broadcaster.dispatch import release
from broadcaster.dispatch.actor import Actor, AlertRefused
from broadcaster.dispatch.documents import ipaws
from broadcaster.dispatch.practice import canary
from broadcaster.dispatch.revision import beside, plan, second_person
from broadcaster.dispatch.telling import agencies
from broadcaster.store.alerting import alerts, reviews
from broadcaster.store.alerting.alerts import Alert, Release, Revision
from broadcaster.store.desk import paging
from broadcaster.store.fanout import fanouts
from broadcaster.store.places import directory_load

DEFAULT_LIFE = timedelta(hours=2)
DEFAULT_NEXT_UPDATE = timedelta(minutes=30)


def new_alert(actor: Actor, kind: AlertKind, content: Content, known_since: datetime | None = None) -> Revision:
    """A new alert with its first draft."""
    second_person.check_hand(actor.session, actor.user_id, kind)
    alert = Alert(kind=kind.value, made_by=actor.user_id, known_since=known_since or actor.now)
    actor.session.add(alert)
    actor.session.flush()
    revision = _draft(actor, alert, RevisionKind.INITIAL, content)
    actor.log("draft", alert, no=revision.no)
    return revision


def _draft(actor: Actor, alert: Alert, kind: RevisionKind, content: Content) -> Revision:
    last = actor.session.scalar(select(func.max(Revision.no)).where(Revision.alert_id == alert.id))
    revision = Revision(
        alert_id=alert.id,
        no=(last or 0) + 1,
        kind=kind.value,
        content=heart.content_to_json(content),
        authored_by=actor.user_id,
    )
    actor.session.add(revision)
    actor.session.flush()
    second_person.note_editor(actor.session, revision, actor.user_id)
    actor.session.refresh(alert)
    return revision


def edit(actor: Actor, revision: Revision, content: Content) -> Revision:
    """Change a draft in place; a frozen revision stays as it is and its successor is changed instead."""
    _lock_draft(actor, revision)
    if revision.frozen_at is None:
        changed = heart.content_to_json(content)
        if changed != revision.content:
            revision.content = changed
            actor.log("edited", revision.alert, no=revision.no)
        second_person.note_editor(actor.session, revision, actor.user_id)
        return revision
    for pending in _releases(actor, revision):
        lifecycle.check_not_out(Tier(pending.tier), ReleaseState(pending.state))
        if pending.state == ReleaseState.PENDING:
            pending.state = lifecycle.moved(ReleaseState(pending.state), Move.WITHDRAW).value
    paging.stop(actor.session, revision.id)
    newer = _draft(actor, revision.alert, RevisionKind(revision.kind), content)
    second_person.carry_over(actor.session, revision, newer)
    actor.log("edited", revision.alert, no=newer.no, replaces=revision.no)
    return newer


def submit(actor: Actor, revision: Revision) -> Revision:
    """Freeze a draft and ask for its releases; AlertRefused when it cannot go, LifecycleRefused when it may not."""
    _lock_draft(actor, revision)
    if revision.frozen_at is not None:
        raise refusal("This revision was submitted already: open its preview.")
    lifecycle.check_next(RevisionKind(revision.kind), released_kinds(actor.session, revision.alert))
    _renew_ending(actor, revision)
    directory = directory_load.load(actor.session)
    problems = plan.freeze(actor.session, actor.office, directory, revision, actor.now)
    if problems:
        raise AlertRefused(problems)
    second_person.note_editor(actor.session, revision, actor.user_id)
    for tier in (Tier.PUBLIC,) if revision.alert.is_canary else Tier:
        asked = Release(revision_id=revision.id, tier=tier.value, requested_by=actor.user_id, hash=revision.hash or "")
        actor.session.add(asked)
    actor.session.flush()
    actor.log("submitted", revision.alert, no=revision.no, hash=revision.hash)
    return revision


def _renew_ending(actor: Actor, revision: Revision) -> None:
    """An ending is asked for no expiry: one that lay in a draft for too long gets its usual life again."""
    content = heart.content_from_json(revision.content)
    if RevisionKind(revision.kind) in ENDINGS and content.expires <= actor.now:
        revision.content = heart.content_to_json(replace(content, expires=actor.now + DEFAULT_LIFE))


def released_kinds(session: Session, alert: Alert) -> list[RevisionKind]:
    """The kinds that anybody has been sent so far."""
    query = (
        select(Revision.kind)
        .join(Release)
        .where(Revision.alert_id == alert.id, Release.state.in_(["released", "held"]), Release.tier == "public")
    )
    return [RevisionKind(kind) for kind in session.scalars(query)]


def release_agencies(actor: Actor, revision: Revision) -> Release:
    """The agency tier, at once, on the issuer's word; an all-clear needs the second person here too."""
    row = locked_release(actor, revision, Tier.AGENCY)
    if policy.needs_two_people(Tier.AGENCY, RevisionKind(revision.kind)):
        raise refusal("An all-clear goes out to agencies and public together, when a second person approves.")
    _check_still_true(actor, revision)
    return _release_agencies(actor, revision, row)


def _release_agencies(actor: Actor, revision: Revision, row: Release) -> Release:
    row.state = lifecycle.moved(ReleaseState(row.state), Move.RELEASE).value
    row.approved_by, row.at = actor.user_id, actor.now
    made = agencies.to_agencies(actor.releasing(revision)) if revision.alert.is_heard else []
    _open(revision, Tier.AGENCY)
    actor.log("released_to_agencies", revision.alert, no=revision.no, hash=revision.hash, fanouts=made)
    return row


def _open(revision: Revision, tier: Tier) -> None:
    alert, kind = revision.alert, RevisionKind(revision.kind)
    alert.state = lifecycle.state_after(kind, tier, lifecycle.AlertState(alert.state), heard=alert.is_heard).value


def approve(actor: Actor, revision: Revision, shown_hash: str) -> Release:
    """The public tier, by a second person who saw exactly this hash; agencies hear with it if they have not yet."""
    row = locked_release(actor, revision, Tier.PUBLIC)
    second_person.check(actor.session, actor.user_id, revision)
    lifecycle.check_hash(shown_hash, row.hash)
    return release_public(actor, revision, row)


def release_public(actor: Actor, revision: Revision, row: Release, *, seat: bool = True) -> Release:
    """Send a public tier that may go, over IPAWS too if `seat`; whoever calls has checked who may."""
    lifecycle.check_next(RevisionKind(revision.kind), released_kinds(actor.session, revision.alert))
    moved = lifecycle.moved(ReleaseState(row.state), Move.RELEASE)
    _check_still_true(actor, revision)
    row.state = moved.value
    row.approved_by, row.at = actor.user_id, actor.now
    paging.stop(actor.session, revision.id)
    made = _tell(actor, revision, seat)
    _open(revision, Tier.PUBLIC)
    if RevisionKind(revision.kind) in ENDINGS or not revision.alert.is_heard:
        revision.alert.closed_at = actor.now
    actor.log("approved", revision.alert, no=revision.no, kind=revision.kind, hash=row.hash, fanouts=made)
    return row


def _tell(actor: Actor, revision: Revision, seat: bool) -> list[int]:
    if not revision.alert.is_heard:  # a drill tells nobody
        return canary.release(actor.releasing(revision)) if revision.alert.is_canary else []
    first = locked_release(actor, revision, Tier.AGENCY)
    if first.state == ReleaseState.PENDING:
        _release_agencies(actor, revision, first)
    releasing = actor.releasing(revision)
    if seat:
        ipaws.give_way(releasing)
    return [*release.to_the_public(releasing), *(ipaws.alert(releasing) if seat else ())]


def _check_still_true(actor: Actor, revision: Revision) -> None:
    """LifecycleRefused when the words were frozen before something else went out, or would reach nobody any more."""
    lifecycle.check_not_gone(revision.alert.state)
    query = (
        select(Revision.no)
        .join(Release)
        .where(Revision.alert_id == revision.alert_id, Revision.id != revision.id, Release.tier == Tier.PUBLIC.value)
        .where(Release.state.in_(["released", "held"]))
        .where((Revision.no > revision.no) | (Release.at > revision.frozen_at))
    )
    if actor.session.scalars(query).first() is not None:
        raise refusal("Another revision went out after this one was submitted: start it again from the board.")
    if heart.content_from_json(revision.content).expires <= actor.now:
        raise refusal("The end of this revision has passed and nobody would get it: edit it, or start again.")
    beside.check(actor.session, revision, actor.now)


def turn_down(actor: Actor, revision: Revision, move: Move, reason: str) -> Release:
    """Return or reject the public tier with a reason; agencies that were told hear of it."""
    if not reason.strip():
        raise refusal("Say why in a few words: the author reads it.")
    row = locked_release(actor, revision, Tier.PUBLIC)
    if row.requested_by == actor.user_id:
        raise refusal("You submitted this revision: edit it to take it back; a second person turns it down.")
    row.state = lifecycle.moved(ReleaseState(row.state), move).value
    row.approved_by, row.at, row.reason = actor.user_id, actor.now, reason.strip()
    paging.stop(actor.session, revision.id)
    agencies.tell_agencies_of_the_public_tier(actor.releasing(revision), row.state)
    actor.log(row.state, revision.alert, no=revision.no, reason=row.reason)
    return row


def hold(actor: Actor, revision: Revision, tier: Tier) -> Release:
    """Any issuer, at once: nothing is claimed after this commits, of this revision or of those that it goes on with."""
    row = locked_release(actor, revision, tier)
    row.state = lifecycle.moved(ReleaseState(row.state), Move.HOLD).value
    fanouts.hold(actor.session, fanouts.up_to_revision(actor.session, revision.id, tier.value, "running"))
    actor.log("held", revision.alert, no=revision.no, tier=tier.value)
    return row


def resume(actor: Actor, revision: Revision, tier: Tier, shown_hash: str) -> Release:
    """Let a held fan-out go on; for the public tier that takes a second person, as the approval does."""
    row = locked_release(actor, revision, tier)
    if policy.needs_two_people(tier, RevisionKind(revision.kind)):
        second_person.check(actor.session, actor.user_id, revision)
    lifecycle.check_hash(shown_hash, row.hash)
    row.state = lifecycle.moved(ReleaseState(row.state), Move.RESUME).value
    actor.session.flush()
    fanouts.resume(actor.session, fanouts.up_to_revision(actor.session, revision.id, tier.value, "held"))
    actor.log("resumed", revision.alert, no=revision.no, tier=tier.value)
    return row


def next_draft(actor: Actor, alert: Alert, kind: RevisionKind) -> Revision:
    """The next revision, prefilled from the newest released one; what was said of the outage is not said of its end."""
    _lock(actor, alert)
    lifecycle.check_follows(kind, released_kinds(actor.session, alert))
    newest = alerts.released_revisions(actor.session, alert.id, Tier.PUBLIC)[-1]
    content = heart.content_from_json(newest.content)
    content = replace(
        content,
        expires=actor.now + DEFAULT_LIFE,
        next_update=None if kind in ENDINGS else actor.now + DEFAULT_NEXT_UPDATE,
        confirmations=(),
        restored=() if kind in ENDINGS else content.restored,
        note="" if kind in ENDINGS else content.note,
    )
    revision = _draft(actor, alert, kind, content)
    if reviews.unseen(actor.session, newest.id):
        second_person.carry_over(actor.session, newest, revision)
    actor.log("draft", alert, no=revision.no, kind=kind.value)
    return revision


def _lock(actor: Actor, alert: Alert) -> None:
    second_person.check_hand(actor.session, actor.user_id, AlertKind(alert.kind))
    actor.session.refresh(alert, ["state"], with_for_update=True)


def _lock_draft(actor: Actor, revision: Revision) -> None:
    """Lock the alert, then look again: somebody may have submitted the draft since it was read."""
    _lock(actor, revision.alert)
    actor.session.refresh(revision)
    lifecycle.check_not_gone(revision.alert.state)


def _releases(actor: Actor, revision: Revision) -> list[Release]:
    query = select(Release).where(Release.revision_id == revision.id).order_by(Release.id).with_for_update()
    return list(actor.session.scalars(query, execution_options={"populate_existing": True}))


def locked_release(actor: Actor, revision: Revision, tier: Tier) -> Release:
    """The release of this tier, locked; LifecycleRefused before submit."""
    _lock(actor, revision.alert)
    for row in _releases(actor, revision):
        if row.tier == tier:
            return row
    raise refusal("Submit this revision first: only what was frozen can be released.")
