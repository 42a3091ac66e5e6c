"""A line that the public was given is jammed: tell that community the next number of the directory, on one click.

The directory's editors stand for a number that it holds and somebody verified; so one issuer may send it. Any other
number is given by hand in a number change, which a second person approves.
"""

from __future__ import annotations

from dataclasses import replace

from broadcaster import audience
from broadcaster.alert import alert as heart
from broadcaster.alert.alert import CommunityAnswer, RevisionKind
from broadcaster.alert.lifecycle import LifecycleRefused, Tier
from broadcaster.alert.phone import AlternateNumber
from broadcaster.directory import Directory
from broadcaster.dispatch import actions
from broadcaster.dispatch.actor import Actor
from broadcaster.said import Said
from broadcaster.store.alerting import alerts
from broadcaster.store.alerting.alerts import Alert, Revision
from broadcaster.store.places import directory_load, lines


def waiting(actor: Actor, alert: Alert, directory: Directory) -> dict[str, AlternateNumber]:
    """The number that the page gives instead, by community, where the people were told one that is not answered."""
    told = lines.published(actor.session, alert.id)
    now = audience.switched(told, directory, lines.unanswered(actor.session, alert.id))
    return {
        new.community: new.number
        for old, new in zip(told, now, strict=True)
        if new.number is not None and old.number is not None and new.number.e164 != old.number.e164
    }


def tell(actor: Actor, alert: Alert) -> Revision:
    """A number change with these numbers and nothing else, released at once. LifecycleRefused when there is none, or
    while another revision is being written or waits for its approval."""
    actor.session.refresh(alert, with_for_update=True)  # two officers at once: the second finds nothing left to tell
    directory = directory_load.load(actor.session)
    numbers = waiting(actor, alert, directory)
    if not numbers:
        raise LifecycleRefused(_nothing_to_tell(actor, alert))
    newest = max(alert.revisions, key=lambda row: row.no)
    released = alerts.released_revisions(actor.session, alert.id, Tier.PUBLIC)[-1]
    if newest.id != released.id and newest.no > released.no:
        raise LifecycleRefused(Said("Another revision is being written or waits: put the new number into that one."))
    revision = actions.next_draft(actor, alert, RevisionKind.NUMBER_CHANGE)
    content = heart.content_from_json(revision.content)
    old = heart.content_from_json(released.content)
    kept = _kept(old.answers, directory, dict(old.overrides))
    changed = replace(content, expires=old.expires, overrides=tuple(sorted({**kept, **numbers}.items())), answers=())
    revision = actions.submit(actor, actions.edit(actor, revision, changed))
    row = actions.locked_release(actor, revision, Tier.PUBLIC)
    actor.log("number_switched", alert, no=revision.no, communities=sorted(numbers), hash=revision.hash)
    row.by_directory = True
    actions.release_public(actor, revision, row, seat=False)
    return revision


def _nothing_to_tell(actor: Actor, alert: Alert) -> str:
    jammed = lines.unanswered(actor.session, alert.id)
    told = lines.published(actor.session, alert.id)
    if any(one.number is not None and one.number.e164 in jammed for one in told):
        return Said(
            "The directory holds no other verified number: give one by hand under “Change a number”, for two people."
        )
    return Said("Everybody was told the next number already: nothing is left to send.")


def _kept(
    answers: tuple[CommunityAnswer, ...], directory: Directory, overrides: dict[str, AlternateNumber]
) -> dict[str, AlternateNumber]:
    """Overrides by which everybody else keeps the number they were told, whatever the directory says by now."""
    kept = dict(overrides)
    for one in answers:
        best = directory.ladder(one.community).number
        if one.number is not None and (best is None or best.e164 != one.number.e164):
            kept[one.community] = one.number
    return kept
