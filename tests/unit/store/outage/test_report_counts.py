"""What a report counts is summed by the database: pace by wave, reach and doubles by community, and after deletion."""

from __future__ import annotations

from datetime import timedelta

from broadcaster.alert.delivery import Event
from broadcaster.store.database import Sessions
from broadcaster.store.fanout import fanouts
from broadcaster.store.outage import report
from broadcaster.store.timeline import ledger
from tests.unit.store.ground import Ground, ended, phone, prepare


def a_night(sessions: Sessions) -> Ground:
    """Lynn has 4 people and Salem 2: three waves, one person refused, one said STOP, one texted twice for certain."""
    ground = prepare(sessions, {"lynn": 4, "salem": 2})
    ground.stop(phone(ground.towns["lynn"], 0))
    waves = []
    while (claimed := ground.claim(2)) is not None:
        if hasattr(claimed, "intents"):
            waves.append(claimed)
            first = claimed.intents[:1] if len(waves) == 2 else ()
            ground.record(
                claimed, [ended(each, Event.REJECTED if each in first else Event.ACCEPTED) for each in claimed.intents]
            )
        ground.pace_again()
    ground.sql(
        "UPDATE wave SET closed_at = timestamptz '2026-06-18 17:00Z'"
        " + (id - (SELECT min(id) FROM wave)) * interval '1 minute'"
    )
    with sessions.begin() as session:
        fanouts.plan(session, ground.fanout)
    told = waves[-1].intents[-1]
    ground.sql(
        "INSERT INTO sighting (carrier, ref, fanout_id, address_id, n) VALUES ('twilio', 'SM9', :f, :a, 1)",
        f=ground.fanout,
        a=told.address_id,
    )
    return ground


def test_how_many_by_when_and_where(sessions: Sessions) -> None:
    ground = a_night(sessions)
    with sessions() as session:
        (run,) = report.runs(session, [ground.alert])
        pace = report.pace(session, [ground.fanout], run.base, (50, 100))
        places = {one.name: one for one in report.places(session, [ground.fanout])}
        nobody = report.pace(session, [], 0, (50,))
    accepted = ground.states()["accepted"]
    assert (run.planned, run.base, run.count.of("accepted"), run.confirmed) == (
        6,
        6 - ground.states()["suppressed"],
        accepted,
        1,
    )
    heights = [so_far for _, so_far in pace.points]
    assert heights == sorted(heights) and heights[-1] == accepted
    assert pace.points[-1][0] - pace.points[0][0] >= timedelta(minutes=1)
    assert pace.marks[50] in {at for at, _ in pace.points} and 100 not in pace.marks
    assert sum(one.count.total for one in places.values()) == 6
    assert (places["salem"].confirmed, places["lynn"].confirmed, places["salem"].county_name) == (1, 0, "Essex")
    assert "twice:confirmed" not in places["salem"].count.states
    assert (nobody.points, nobody.marks) == ((), {})


def test_what_was_deleted_by_age_keeps_its_sums_and_its_doubles(sessions: Sessions) -> None:
    ground = a_night(sessions)
    public = ground.sql("SELECT public_id FROM alert")[0]
    with sessions.begin() as session:
        said = {"fanout": ground.fanout, "possible": 0, "confirmed": 1}
        ledger.append(session, "sweep", report.DELETED, f"alert:{public}", said)
    ground.sql("DELETE FROM sighting")
    ground.sql("UPDATE fanout SET pruned_at = clock_timestamp()")
    with sessions() as session:
        (run,) = report.runs(session, [ground.alert])
    assert (run.pruned, run.confirmed, run.count.total) == (True, 1, 6)


def test_no_delivery_is_read_into_python(sessions: Sessions) -> None:
    """Twenty thousand deliveries of two hundred waves are sixty points."""
    ground = prepare(sessions, {"lynn": 1})
    ground.sql(
        "INSERT INTO wave (fanout_id, sender_id, purpose, rows, lease_until, closed_at) SELECT :f,"
        " (SELECT min(id) FROM sender), 'first', 100, now(), timestamptz '2026-06-18 17:00Z' + no * interval '1 second'"
        " FROM generate_series(1, 200) no",
        f=ground.fanout,
    )
    ground.sql(
        "INSERT INTO delivery (fanout_id, address_id, community_id, wave_id, body_id, state) SELECT :f, 1000 + no, :c,"
        " (SELECT min(id) FROM wave) + no % 200, :b, 'accepted' FROM generate_series(1, 20000) no",
        f=ground.fanout,
        c=ground.towns["lynn"],
        b=ground.body,
    )
    with sessions() as session:
        pace = report.pace(session, [ground.fanout], 20_000, (50, 95, 100))
        (place,) = report.places(session, [ground.fanout])
    assert 50 < len(pace.points) <= report.BUCKETS + 1
    begun = pace.points[0][0].replace(second=0, minute=0)
    assert {share: (at - begun).total_seconds() for share, at in pace.marks.items()} == {50: 100, 95: 190, 100: 200}
    assert place.count.of("accepted") == 20_000
