"""Who has had a hand in a revision since the last approved one, and so who may be its second person."""

from __future__ import annotations

from sqlalchemy.orm import Session

from broadcaster.alert import lifecycle
from broadcaster.alert.lifecycle import AlertKind, LifecycleRefused, Role
from broadcaster.store.alerting.alerts import Revision, RevisionEditor
from broadcaster.store.desk.people import User


def note_editor(session: Session, revision: Revision, person: int) -> None:
    """This person has had a hand in it."""
    session.merge(RevisionEditor(revision_id=revision.id, user_id=person))
    session.flush()


def carry_over(session: Session, older: Revision, newer: Revision) -> None:
    """Nobody has approved the older one: whoever had a hand in it has had one in the newer too."""
    for person in editors_of(older):
        note_editor(session, newer, person)


def editors_of(revision: Revision) -> set[int]:
    """Who wrote, edited or submitted it since the last approved revision: none of them may approve it."""
    return {editor.user_id for editor in revision.editors} | {revision.authored_by}


def check_hand(session: Session, person: int, kind: AlertKind) -> None:
    """LifecycleRefused when a machine of the canary reaches for people's alert, or a person for a canary."""
    lifecycle.check_hand(kind, session.get_one(User, person).role_names)


def check(session: Session, person: int, revision: Revision) -> None:
    """LifecycleRefused unless this person may approve a revision."""
    user = session.get_one(User, person)
    wanted = Role.CANARY if revision.alert.kind == AlertKind.CANARY else Role.APPROVER
    lifecycle.check_approver(person, editors_of(revision), user.role_names, wanted)


def may_approve(session: Session, person: int, revision: Revision) -> bool:
    """Whether this person could be the second one."""
    try:
        check(session, person, revision)
    except LifecycleRefused:
        return False
    return True
