"""The calls by which one person acts alone, and by which another one reviews it."""

from __future__ import annotations

from typing import Annotated, cast

from pydantic import Field
from sqlalchemy import select

from broadcaster.alert import lifecycle
from broadcaster.alert.alert import RevisionKind
from broadcaster.alert.lifecycle import LifecycleRefused
from broadcaster.dispatch import actions
from broadcaster.dispatch.revision import alone as acts
from broadcaster.store.alerting.alerts import Release, Revision
from broadcaster.store.alerting.reviews import GlassReview, Verdict
from broadcaster.web.api import models as m
from broadcaster.web.api.calls import Call, spend_code, told
from broadcaster.web.release import acting, alone


class BreakGlassIn(m.ReasonIn):
    """Why nobody else could be asked, and a fresh one-time code; with the hash of what was read it is checked too."""

    totp: str
    hash: str = ""


class ReviewIn(m.In):
    """What another person says of a release by one, with what is wrong if something is, and a fresh one-time code."""

    verdict: Verdict
    note: Annotated[str, Field(max_length=500)] = ""
    totp: str


class CodeIn(m.In):
    """A fresh one-time code of the person."""

    totp: str


def break_glass(call: Call) -> m.AlertOut:
    """The public tier by one person alone, after the wait, with a reason; another person must review it."""
    body, row = cast(BreakGlassIn, call.body), call.newest
    spend_code(call, body.totp)
    if body.hash:
        lifecycle.check_hash(body.hash, row.hash or "")
    acts.break_glass(call.actor, row, body.reason, alone.wait())
    return told(call, row)


def review(call: Call) -> m.AlertOut:
    """Another person has read what one released alone."""
    body = cast(ReviewIn, call.body)
    alert = acting.alert_of(call.store, call.alert)
    query = select(Revision).join(Release).join(GlassReview).where(Revision.alert_id == alert.id)
    row = call.store.scalars(query.order_by(GlassReview.verdict.is_not(None), Revision.no)).first()
    if row is None:
        raise LifecycleRefused("Nobody released anything of this alert alone: there is nothing to review.")
    spend_code(call, body.totp)
    acts.review(call.actor, row, body.verdict, body.note)
    return told(call, row)


def withdraw(call: Call) -> m.AlertOut:
    """Take our own error back at once, on one person's word: a false alarm in the fixed words, and nothing else."""
    row = call.newest
    spend_code(call, cast(CodeIn, call.body).totp)
    if RevisionKind(row.kind) is not RevisionKind.FALSE_ALARM:
        row = actions.next_draft(call.actor, row.alert, RevisionKind.FALSE_ALARM)
    acts.withdraw(call.actor, row)
    return told(call, row)
