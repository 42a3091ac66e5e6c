"""What the approver's click costs does not depend on how many people will hear: nobody of them is looked at."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import event, text

from broadcaster.alert.lifecycle import AlertKind
from broadcaster.dispatch import actions
from broadcaster.store.database import Sessions
from broadcaster.store.places import directory_load
from broadcaster.store.public import residents
from broadcaster.store.public.residents import NewResident
from tests.factories import SEALER, content, directory, furnish, phones

PEOPLE = 400
AUDIENCE = re.compile(r"\b(subscription|suppression|delivery|wave)\b")
"""Whatever has a row for each of them."""


@contextmanager
def asked_of(sessions: Sessions) -> Iterator[list[str]]:
    """Every statement that is sent to the database meanwhile."""
    found: list[str] = []

    def note(_: object, __: object, statement: str, *___: object) -> None:
        found.append(statement)

    engine = sessions.kw["bind"]
    event.listen(engine, "before_cursor_execute", note)
    try:
        yield found
    finally:
        event.remove(engine, "before_cursor_execute", note)


def test_the_click_asks_nothing_of_the_audience(sessions: Sessions) -> None:
    house = furnish(sessions, directory(3), {})
    with sessions.begin() as session:
        ids = list(directory_load.community_ids(session).values())
        people = [NewResident(phone, "en", (ids[no % 3],)) for no, phone in enumerate(phones(PEOPLE))]
        residents.import_residents(session, SEALER, people)
        draft = actions.new_alert(house.actor(session), AlertKind.OUTAGE, content())
        actions.submit(house.actor(session), draft)
        key = draft.id
    with asked_of(sessions) as statements:
        house.approve(key)
    assert any("INSERT INTO lane" in statement for statement in statements), "it was released"
    assert [statement for statement in statements if AUDIENCE.search(statement)] == []
    with sessions() as session:
        lanes = session.execute(text("SELECT count(*) FROM lane WHERE source = 'subscribers'")).scalar_one()
        rows = session.execute(text("SELECT count(*) FROM delivery")).scalar_one()
    assert (lanes, rows) == (3, 0), "a row for each town, however many live there"
