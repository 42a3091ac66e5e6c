"""A directory is replaced whole: what it no longer lists is retired, every version is kept, and nobody is lost."""

from __future__ import annotations

import threading
from dataclasses import replace
from datetime import date

import pytest
from sqlalchemy import select, text

from broadcaster.alert.phone import AlternateNumber
from broadcaster.directory import Contact, ContactChannel, Directory
from broadcaster.directory.rows import RowKind
from broadcaster.store.database import Sessions
from broadcaster.store.places import directory_history, directory_load
from broadcaster.store.places.directory import AgencyContact, Community
from broadcaster.store.places.directory_history import Author
from broadcaster.store.places.directory_load import CommunityDropped
from broadcaster.store.public import residents
from tests.factories import SEALER, directory, furnish

IDA = Author("user:7", "spring.csv")


def save(sessions: Sessions, value: Directory, author: Author = IDA) -> list[str]:
    with sessions.begin() as session:
        return [f"{one.change} {one.code}" for one in directory_load.save(session, value, SEALER, author)]


def loaded(sessions: Sessions) -> Directory:
    with sessions() as session:
        return directory_load.load(session, SEALER)


def without_third_town(three: Directory) -> Directory:
    two = directory(2)
    return replace(two, numbers={code: three.numbers[code] for code in ("town-1", "town-2")})


def test_what_a_file_no_longer_lists_is_retired_and_still_has_its_name(sessions: Sessions) -> None:
    three = directory(3)
    save(sessions, three)
    assert save(sessions, without_third_town(three)) == [
        "retired psap-3",
        "retired town-3",
        "retired community/town-3/+15085550102",
        "retired town-3-police",
        "retired town-3-police/email/police@town-3.example",
    ]
    now = loaded(sessions)
    assert [one.code for one in now.communities] == ["town-1", "town-2"]
    assert [one.code for one in now.psaps] == ["psap-1", "psap-2"]
    assert [one.code for one in now.agencies] == ["town-1-police", "town-2-police"]
    assert now.community("town-3").name == "Town 3"
    with sessions() as session:
        assert set(directory_load.listed_ids(session)) == {"town-1", "town-2"}
        ids = directory_load.community_ids(session)
    assert save(sessions, three)[1] == "added town-3"
    with sessions() as session:
        assert directory_load.community_ids(session) == ids
    assert loaded(sessions).former == ()


def test_a_place_where_people_signed_up_is_not_left_out(sessions: Sessions) -> None:
    save(sessions, directory(6))
    with sessions.begin() as session:
        ids = directory_load.community_ids(session)
        for no, code in enumerate(("town-3", "town-4", "town-5", "town-6")):
            residents.subscribe(session, residents.address(session, SEALER, "sms", f"+1508555019{no}"), ids[code])
    with pytest.raises(CommunityDropped, match=r"leaves out Town 3, Town 4, Town 5 and 1 more: keep them"):
        save(sessions, directory(2))
    assert len(loaded(sessions).communities) == 6


def test_a_place_that_an_open_alert_speaks_of_is_not_left_out(sessions: Sessions) -> None:
    house = furnish(sessions, directory(3), {})
    house.release()
    with pytest.raises(CommunityDropped, match=r"leaves out Town 3: an open alert speaks of it\. End the alert first"):
        save(sessions, directory(2))


def test_more_communities_and_other_names_are_taken(sessions: Sessions) -> None:
    save(sessions, directory(2))
    more = directory(3)
    save(
        sessions, replace(more, communities=tuple(replace(each, name=f"New {each.name}") for each in more.communities))
    )
    assert {each.name for each in loaded(sessions).communities} == {f"New Town {no}" for no in (1, 2, 3)}


def test_every_version_is_kept_with_whoever_made_it(sessions: Sessions) -> None:
    first = directory(1)
    save(sessions, first, Author("console"))
    assert save(sessions, first) == []
    line = replace(first.numbers["town-1"][0], verified_on=date(2026, 1, 2), label="Desk")
    save(sessions, replace(first, numbers={"town-1": (line,)}))
    with sessions() as session:
        versions = directory_history.of_row(session, RowKind.NUMBER, f"community/town-1/{line.e164}")
    assert [(one.change, one.by, one.source, one.value["label"]) for one in versions] == [
        ("changed", "user:7", "spring.csv", "Desk"),
        ("added", "console", "", "Police"),
    ]


def test_a_row_of_before_history_keeps_what_it_was(sessions: Sessions) -> None:
    first = directory(1)
    save(sessions, first)
    with sessions.begin() as session:
        session.execute(text("DELETE FROM directory_version"))
    renamed = replace(first.psaps[0], name="North Dispatch")
    save(sessions, replace(first, psaps=(renamed,)))
    with sessions() as session:
        versions = directory_history.of_row(session, RowKind.PSAP, "psap-1")
    assert [(one.by, one.value["name"]) for one in versions] == [
        ("user:7", "North Dispatch"),
        (directory_history.BEFORE, "Town 1 dispatch"),
    ]


def test_no_address_stands_in_the_history_in_clear(sessions: Sessions) -> None:
    first = directory(1)
    save(sessions, first)
    other = replace(first.agencies[0], contacts=(Contact(ContactChannel.SMS, "+15085550111", 1),))
    save(sessions, replace(first, agencies=(other,)))
    with sessions() as session:
        written = " ".join(session.execute(text("SELECT v::text FROM directory_version v")).scalars())
        kept = session.scalar(select(AgencyContact.address_id))
    assert "police@" not in written
    assert "+15085550111" not in written
    assert f"town-1-police/{kept}" in written


def test_a_directory_is_never_read_half_old_and_half_new(sessions: Sessions) -> None:
    """Each version has one word everywhere; an import is committed between any two statements of the reader."""
    two = directory(2)

    def version(no: int) -> Directory:
        line = AlternateNumber("+15085550100", f"v{no}")
        return replace(
            two,
            psaps=tuple(replace(each, name=f"v{no}") for each in two.psaps),
            numbers={"town-1": (line,)},
            agencies=tuple(replace(each, name=f"v{no}") for each in two.agencies),
        )

    save(sessions, version(0))
    done = threading.Event()

    def importer() -> None:
        for no in range(1, 25):
            save(sessions, version(no))
        done.set()

    thread = threading.Thread(target=importer)
    thread.start()
    seen = set()
    while not done.is_set():
        now = loaded(sessions)
        words = {one.name for one in (*now.psaps, *now.agencies)} | {now.numbers["town-1"][0].label}
        assert len(words) == 1
        seen |= words
    thread.join()
    assert len(seen) > 1


def test_an_import_between_two_statements_is_noticed(sessions: Sessions, monkeypatch: pytest.MonkeyPatch) -> None:
    two = directory(2)
    save(sessions, two)
    later = replace(two, state_numbers=(), psaps=tuple(replace(each, name="later") for each in two.psaps))
    real, calls = directory_load._numbers, iter(range(9))

    def between(session):
        if next(calls) == 0:
            save(sessions, later)
        return real(session)

    monkeypatch.setattr(directory_load, "_numbers", between)
    now = loaded(sessions)
    assert ({one.name for one in now.psaps}, now.state_numbers) == ({"later"}, ())


CHANGES = (
    "UPDATE number SET verified_on = verified_on + 1 WHERE code = 'town-1'",
    "UPDATE number SET sms = NOT sms WHERE code = 'town-1'",
    "UPDATE community SET zips = '{01001}' WHERE code = 'town-1'",
    "UPDATE community SET population = population + 1 WHERE code = 'town-1'",
    "UPDATE psap SET text_to_911 = NOT text_to_911 WHERE code = 'psap-1'",
    "UPDATE county SET name = 'Elsewhere' WHERE fips = (SELECT county_fips FROM community WHERE code = 'town-1')",
    "UPDATE agency SET statewide = NOT statewide WHERE code = 'town-1-police'",
    "DELETE FROM agency_community",
    "DELETE FROM number WHERE code = 'town-2'",
    "UPDATE community SET retired_at = now() WHERE code = 'town-2'",
)


def test_a_directory_is_used_again_only_while_it_says_the_same(sessions: Sessions) -> None:
    save(sessions, directory(2))
    with sessions() as session:
        first = directory_load.load(session)
        assert directory_load.load(session) is first
        assert directory_load.load(session, agencies=False).agencies == ()
    for statement in CHANGES:
        with sessions.begin() as session:
            session.execute(text(statement))
            changed = directory_load.load(session)
            assert changed != first, statement
        with sessions() as session:
            assert directory_load.load(session) is changed
        first = changed


def test_a_sign_up_is_no_change_of_the_directory(sessions: Sessions) -> None:
    save(sessions, directory(1))
    with sessions.begin() as session:
        before = directory_load.load(session)
        phone = residents.address(session, SEALER, "sms", "+15085550190")
        residents.subscribe(session, phone, directory_load.community_ids(session)["town-1"])
        assert directory_load.load(session) is before


def test_what_a_session_has_not_written_yet_is_read_too(sessions: Sessions) -> None:
    save(sessions, directory(1))
    with sessions.begin() as session:
        before = directory_load.load(session)
        session.scalars(select(Community)).one().name = "Renamed"
        assert directory_load.load(session).communities[0].name == "Renamed" != before.communities[0].name


def test_a_contact_that_two_agencies_share_is_one_address_and_keeps_its_id(sessions: Sessions) -> None:
    two = directory(2)
    shared = Contact(ContactChannel.SMS, "+15085550155", 2)
    both = replace(two, agencies=tuple(replace(one, contacts=(*one.contacts, shared)) for one in two.agencies))
    save(sessions, both)
    with sessions() as session:
        before = session.execute(text("SELECT id, kind, value_index, owner FROM address ORDER BY id")).all()
    save(sessions, both)
    assert [row.kind for row in before].count("sms") == 1 and len(before) == 3
    with sessions() as session:
        assert session.execute(text("SELECT id, kind, value_index, owner FROM address ORDER BY id")).all() == before
    assert loaded(sessions).agencies == both.agencies
