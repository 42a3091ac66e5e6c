"""Where an alert holds: drawn when it is submitted, frozen with it, signed and sent as it was seen."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest

from broadcaster.alert.alert import Area, RevisionKind
from broadcaster.alert.lifecycle import AlertKind
from broadcaster.dispatch import actions
from broadcaster.dispatch.revision import plan
from broadcaster.dispatch.revision import preview as previews
from broadcaster.feeds import cap, shapes
from broadcaster.local import assets, borders
from broadcaster.store.alerting.alerts import Document, Revision
from broadcaster.store.database import Sessions
from broadcaster.store.places import directory_load, outlines
from tests import desk
from tests.desk import BOTH, ISSUER, Desk
from tests.factories import House, content, directory, furnish
from tests.flow.test_the_line_changes import follow


@pytest.fixture
def house(sessions: Sessions) -> House:
    """Three towns of Worcester County, in a state whose borders are known."""
    made = furnish(sessions, directory(3), {})
    with sessions.begin() as session:
        outlines.save(session, "25", borders.by_state(assets.atlas())["25"])
    return made


def documents(house: House) -> list[cap.Alert]:
    with house.sessions() as session:
        return [cap.parse(row.bytes) for row in session.query(Document).order_by(Document.id)]


def findings(house: House, revision: int) -> dict[str, str]:
    with house.sessions() as session:
        found = session.get_one(Revision, revision).findings
    return {str(one["code"]): str(one["sentence"]) for one in found}


def test_a_statewide_alert_holds_the_whole_state(house: House) -> None:
    key = house.release()
    (alert,) = documents(house)
    assert alert.infos[0].same_places == ("025000",)
    whole = shapes.whole(alert.infos[0].areas[0].polygons)
    assert whole.covers(shapes.polygon("42.3,-71.1 42.3,-71.0 42.4,-71.0 42.3,-71.1"))  # Boston
    assert whole.covers(shapes.polygon("41.28,-70.1 41.28,-70.0 41.3,-70.0 41.28,-70.1"))  # Nantucket
    assert not {"area-no-outline", "area-whole-county"} & set(findings(house, key))


def test_towns_are_drawn_as_their_county_and_that_is_said(house: House) -> None:
    key = house.release(content(area=Area(communities=("town-1",))))
    (alert,) = documents(house)
    with house.sessions() as session:
        known = shapes.read(outlines.load(session, "25"))
    assert alert.infos[0].areas[0].polygons == shapes.draw(known, ["25027"]).polygons
    assert findings(house, key)["area-whole-county"].startswith(
        "Towns have no outline of their own: the polygon holds all of Worcester County"
    )


def test_what_was_drawn_at_submit_is_what_goes_out_whatever_the_map_says_by_then(house: House) -> None:
    with house.sessions.begin() as session:
        row = actions.new_alert(house.actor(session), AlertKind.OUTAGE, content())
        actions.submit(house.actor(session), row)
        key = row.id
        preview = previews.of_frozen(session, house.office, directory_load.load(session), row)
        outlines.save(session, "25", json.dumps({"counties": {}, "neighbours": {}}))
        again = previews.of_frozen(session, house.office, directory_load.load(session), row)
    house.approve(key)
    (alert,) = documents(house)
    assert alert.infos[0].areas[0].polygons == preview.area.polygons == again.area.polygons != ()


def test_the_drawing_is_part_of_what_is_approved(house: House) -> None:
    """The same words over another map are another hash."""
    hashes = set()
    for text_of_map in (borders.by_state(assets.atlas())["25"], json.dumps({"counties": {}, "neighbours": {}})):
        with house.sessions() as session:  # nothing is kept
            outlines.save(session, "25", text_of_map)
            now = datetime(2026, 6, 18, 17, tzinfo=UTC)
            words = content(began=now, expires=now.replace(hour=19), next_update=None)
            row = actions.new_alert(house.actor(session), AlertKind.OUTAGE, words)
            row.alert.public_id = "a1"
            assert plan.freeze(session, house.office, directory_load.load(session), row, now) == []
            hashes.add(row.hash)
    assert len(hashes) == 2


def test_a_part_that_works_again_leaves_the_polygon(sessions: Sessions) -> None:
    house = furnish(sessions, desk.directory(), {})
    with sessions.begin() as session:
        borders.install(session, "25")
    first = house.release(content(area=Area(communities=("ayer", "harvard"))))
    follow(house, first, RevisionKind.RESTORED_IN_PART, restored=("harvard",))
    before, after = documents(house)
    assert before.infos[0].same_places == ("025017", "025027")
    assert after.infos[0].same_places == ("025017",)
    whole, left = (shapes.whole(alert.infos[0].areas[0].polygons) for alert in (before, after))
    assert left.area < whole.area


@pytest.mark.parametrize("kept", ["", "no map at all", '{"counties": {}, "neighbours": {}}'])
def test_without_outlines_the_alert_goes_and_says_that_it_has_no_polygon(sessions: Sessions, kept: str) -> None:
    house = furnish(sessions, directory(3), {})
    if kept:
        with sessions.begin() as session:
            outlines.save(session, "25", kept)
    key = house.release()
    (alert,) = documents(house)
    assert alert.infos[0].areas[0].polygons == ()
    assert alert.infos[0].same_places == ("025000",)
    assert findings(house, key)["area-no-outline"].startswith("There is no outline of Worcester County")


def test_the_desk_and_an_upgrade_keep_the_outlines_that_the_set_up_has_built(sessions: Sessions) -> None:
    with sessions.begin() as session:
        assert borders.install(session, "25")
        assert not borders.install(session, "99")
    with sessions() as session:
        assert len(shapes.read(outlines.load(session, "25")).counties) == 14
    made = Desk(sessions)
    author, second = made.browser(ISSUER), made.browser(BOTH)
    desk.released(made, author, second, BOTH)
    with sessions() as session:
        assert cap.parse(session.query(Document).one().bytes).infos[0].areas[0].polygons
