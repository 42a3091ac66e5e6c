"""Two alerts for one place become one: the draft goes on as an update of the alert that is on air already.

One alert a place means one text, one line on the public page and one all-clear. Who keeps both apart does nothing.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace

from sqlalchemy import select

from broadcaster import audience
from broadcaster.alert.alert import Area, ChannelName, Content, RevisionKind, content_from_json, content_to_json
from broadcaster.alert.lifecycle import AlertKind, AlertState, LifecycleRefused
from broadcaster.dispatch import actions
from broadcaster.dispatch.actor import Actor
from broadcaster.dispatch.revision import second_person
from broadcaster.said import Said
from broadcaster.store.alerting.alerts import Alert, Revision
from broadcaster.store.places import directory_load


def join(actor: Actor, draft: Revision, earlier: Alert) -> Revision:
    """Add the places and the numbers of a draft to an update of the earlier alert; what that says stays."""
    return _go_on(actor, draft, earlier, "joined")


def take_over(actor: Actor, draft: Revision, earlier: Alert) -> Revision:
    """Say what the draft says in an update of the earlier alert, instead of what that said; those it told hear it."""
    return _go_on(actor, draft, earlier, "replaced")


def _go_on(actor: Actor, draft: Revision, earlier: Alert, how: str) -> Revision:
    actor.session.execute(select(Alert.id).where(Alert.id == draft.alert_id).with_for_update())
    actor.session.refresh(draft)
    actor.session.refresh(draft.alert)
    _check(draft, earlier)
    update = actions.next_draft(actor, earlier, RevisionKind.UPDATE)
    before, new = content_from_json(update.content), content_from_json(draft.content)
    if how == "joined":
        failing = audience.affected(new.area, directory_load.load(actor.session, agencies=False))
        content = joined(before, new, failing)
    else:
        content = replace(new, restored=(), answers=())
    update.content = content_to_json(content)
    second_person.carry_over(actor.session, draft, update)
    draft.alert.state = AlertState.WITHDRAWN.value
    actor.log(how, draft.alert, by=earlier.public_id, no=update.no)
    actor.session.flush()
    return update


def _check(draft: Revision, earlier: Alert) -> None:
    if {draft.alert.kind, earlier.kind} != {AlertKind.OUTAGE.value}:
        raise LifecycleRefused(
            Said("This is a test or a drill: it stands alone, and nothing of it goes into a real alert.")
        )
    if draft.alert.state != AlertState.DRAFT or draft.frozen_at is not None:
        raise LifecycleRefused(Said("This alert was submitted already: edit it first, or keep both."))
    if earlier.id == draft.alert_id or earlier.state != AlertState.OPEN:
        raise LifecycleRefused(Said("The other alert is not on air any more: this one stands alone."))
    if earlier.revisions[-1].frozen_at is None:
        raise LifecycleRefused(
            Said("Somebody is writing a revision of the other alert: submit that first, or keep both.")
        )


def joined(before: Content, new: Content, failing: Collection[str]) -> Content:
    """The earlier content with the places and the numbers of the new one. `failing` are the communities of the new
    one, however it names them: a place that fails again is not restored."""
    area = Area(
        statewide=before.area.statewide or new.area.statewide,
        counties=tuple(sorted({*before.area.counties, *new.area.counties})),
        communities=tuple(sorted({*before.area.communities, *new.area.communities})),
        psaps=tuple(sorted({*before.area.psaps, *new.area.psaps})),
    )
    return replace(
        before,
        area=area,
        began=min(before.began, new.began),
        expires=max(before.expires, new.expires),
        overrides=tuple(sorted({**dict(before.overrides), **dict(new.overrides)}.items())),
        restored=tuple(code for code in before.restored if code not in failing),
        channels=tuple(channel for channel in ChannelName if channel in {*before.channels, *new.channels}),
        languages=tuple(dict.fromkeys((*before.languages, *new.languages))),
        answers=(),
    )
