"""One person alone: breaking the glass when no second person can be reached, its review, and taking back our own error.

The rules are those of `broadcaster.alert.policy` and `broadcaster.alert.lifecycle`; whoever calls has asked for a code.
"""

from __future__ import annotations

from datetime import timedelta

from broadcaster.alert import lifecycle, policy
from broadcaster.alert.alert import RevisionKind, content_from_json
from broadcaster.alert.lifecycle import LifecycleRefused, ReleaseState, Tier
from broadcaster.dispatch import actions
from broadcaster.dispatch.actor import Actor, AlertRefused
from broadcaster.dispatch.revision import second_person
from broadcaster.dispatch.telling import agencies, notices
from broadcaster.said import Said
from broadcaster.store.alerting import alerts, reviews
from broadcaster.store.alerting.alerts import Release, Revision
from broadcaster.store.alerting.reviews import GlassReview, Verdict
from broadcaster.store.desk import paging
from broadcaster.store.desk.people import User

LONGEST = 500
"""Characters of a reason."""


def break_glass(actor: Actor, revision: Revision, reason: str, wait: timedelta) -> Release:
    """The public tier, by one person after `wait` without a second one; marked everywhere, and to be reviewed.

    LifecycleRefused says why not: too early, no reason, a kind that never goes alone, or it is no longer waiting.
    """
    row = actions.locked_release(actor, revision, Tier.PUBLIC)
    if not revision.alert.is_heard:
        raise LifecycleRefused(
            Said("This is a drill: nobody waits for it. End it, or ask a second person to practise too.")
        )
    lifecycle.moved(ReleaseState(row.state), lifecycle.Move.RELEASE)
    kind, frozen = RevisionKind(revision.kind), revision.frozen_at or actor.now
    if not policy.may_be_alone(kind):
        raise LifecycleRefused(
            NEVER_ALONE.get(kind, Said("One person is never enough for this: ask an approver on duty."))
        )
    user = actor.session.get_one(User, actor.user_id)
    if second_person.may_approve(actor.session, actor.user_id, revision):
        raise LifecycleRefused(Said("You are the second person here: read it and approve it."))
    lifecycle.check_alone(user.role_names, actor.now - frozen, wait)
    said = " ".join(reason.split())[:LONGEST]
    if not said:
        raise LifecycleRefused(Said("Say why nobody else could be asked: it stands beside this release for good."))
    row.break_glass, row.reason = True, said
    actor.session.flush()
    actions.release_public(actor, revision, row)
    _ask_for_review(actor, row)
    agencies.tell_agencies(
        actor.releasing(revision), notices.by_one_person(revision.alert.public_id, said), "public_one_person"
    )
    waited = int((actor.now - frozen).total_seconds())
    actor.log("broke_glass", revision.alert, no=revision.no, hash=row.hash, reason=said, waited_s=waited)
    return row


NEVER_ALONE = {
    RevisionKind.ALL_CLEAR: Said(
        "An all-clear is never given by one person: it sends people back to 911. Keep calling."
    ),
    RevisionKind.FALSE_ALARM: Said("To take back our own error needs no second person: press “Withdraw now”."),
}


def _ask_for_review(actor: Actor, row: Release) -> None:
    due = actor.now + policy.REVIEW_WITHIN
    actor.session.add(GlassReview(release_id=row.id, broken_by=actor.user_id, broken_at=actor.now, due=due))
    actor.session.flush()


def review(actor: Actor, revision: Revision, verdict: Verdict, note: str) -> GlassReview:
    """Another person has read what one released alone. LifecycleRefused when they may not, or somebody has already."""
    row = reviews.locked(actor.session, revision.id)
    if row is None:
        raise LifecycleRefused(Said("Nobody released this revision alone: there is nothing to review."))
    if row.verdict is not None:
        raise LifecycleRefused(Said("Somebody has reviewed this already."))
    user = actor.session.get_one(User, actor.user_id)
    lifecycle.check_reviewer(actor.user_id, row.broken_by, second_person.editors_of(revision), user.role_names)
    said = " ".join(note.split())[:LONGEST]
    if verdict is Verdict.WRONG and not said:
        raise LifecycleRefused(Said("Say what is wrong in a few words: the officer corrects it by that."))
    paging.stop(actor.session, revision.id)
    row.verdict, row.note, row.reviewed_by, row.reviewed_at = verdict.value, said, actor.user_id, actor.now
    agencies.tell_agencies(
        actor.releasing(revision),
        notices.reviewed(revision.alert.public_id, verdict is Verdict.RIGHT),
        "public_reviewed",
    )
    actor.log("reviewed", revision.alert, no=revision.no, verdict=verdict.value, note=said)
    actor.session.flush()
    return row


def withdraw(actor: Actor, revision: Revision) -> Release:
    """Our own error, taken back by one person over every channel at once: fixed words, and nothing else in them."""
    if RevisionKind(revision.kind) is not RevisionKind.FALSE_ALARM:
        raise LifecycleRefused(Said("Only a false alarm is taken back like this: choose “False alarm” on the board."))
    if not {lifecycle.Role.ISSUER, lifecycle.Role.APPROVER} & actor.session.get_one(User, actor.user_id).role_names:
        raise LifecycleRefused(Said("Only an issuer or an approver can take an alert back: ask somebody on duty."))
    if revision.frozen_at is None:
        _submit(actor, revision)
    row = actions.locked_release(actor, revision, Tier.PUBLIC)
    if policy.needs_two_people(Tier.PUBLIC, RevisionKind.FALSE_ALARM, fixed=_is_fixed(actor, revision)):
        raise LifecycleRefused(
            Said("This false alarm says more than the fixed words: a second person must approve it.")
        )
    row.own_error = True
    actor.session.flush()
    actions.release_public(actor, revision, row)
    actor.log("withdrawn_as_own_error", revision.alert, no=revision.no, hash=row.hash)
    return row


def _submit(actor: Actor, revision: Revision) -> None:
    try:
        actions.submit(actor, revision)
    except AlertRefused as refused:
        raise LifecycleRefused(Said("It cannot go like this. %(why)s", why=str(refused))) from refused


def _is_fixed(actor: Actor, revision: Revision) -> bool:
    released = alerts.released_revisions(actor.session, revision.alert_id, Tier.PUBLIC)
    said = content_from_json(revision.content)
    return bool(released) and policy.is_fixed(said, content_from_json(released[-1].content))


def is_fixed(actor: Actor, revision: Revision) -> bool:
    """Whether a revision is a false alarm in the fixed words, which one person may send."""
    return RevisionKind(revision.kind) is RevisionKind.FALSE_ALARM and _is_fixed(actor, revision)
