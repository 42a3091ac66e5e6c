"""What the next revision is prefilled with: what still holds, and nothing that does not."""

from __future__ import annotations

from dataclasses import replace

import pytest

from broadcaster.alert import alert as heart
from broadcaster.alert.alert import ENDINGS, RevisionKind
from broadcaster.dispatch import actions
from broadcaster.store.alerting.alerts import Revision
from broadcaster.store.database import Sessions
from tests.factories import content, directory, furnish

NOTE = "A firewall stops the calls. Crews are at work."


@pytest.mark.parametrize("kind", [RevisionKind.UPDATE, RevisionKind.RESTORED_IN_PART, *sorted(ENDINGS)])
def test_the_end_does_not_say_that_crews_are_at_work(kind: RevisionKind, sessions: Sessions) -> None:
    house = furnish(sessions, directory(3), {"+15085550111": ["town-1"]})
    first = house.release(replace(content(), note=NOTE))
    with sessions.begin() as session:
        draft = actions.next_draft(house.actor(session), session.get_one(Revision, first).alert, kind)
        assert heart.content_from_json(draft.content).note == ("" if kind in ENDINGS else NOTE)
