"""Who changed what of a row of the directory, when, from what to what: read at the desk by administrators alone."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest

from broadcaster.alert.phone import AlternateNumber
from broadcaster.directory import Agency, AgencyRole, Contact, ContactChannel
from broadcaster.store.database import Sessions
from broadcaster.store.desk import people
from broadcaster.store.places import directory_load
from broadcaster.store.places.directory_history import Author
from broadcaster.web.signin import accounts
from tests.desk import AUDITOR, PASSWORD, Desk

ADMIN = "ana@desk.example"


@pytest.fixture
def desk(sessions: Sessions) -> Desk:
    """Ayer had two days: its number and place were changed by Ana, its police moved to another mailbox."""
    made = Desk(sessions)
    with sessions.begin() as store:
        accounts.add_user(store, made.sealer, ADMIN, "Ana", PASSWORD, ["admin"])
        user = people.by_email(store, ADMIN)
        assert user is not None
        author = Author(f"user:{user.id}", "june.csv")
        before = directory_load.load(store, made.sealer)
        ayer, *others = before.communities
        line = AlternateNumber("+19785550101", "Dispatch", verified_on=date(2026, 6, 17))
        moved = Agency(
            "ayer-police",
            "Ayer Police",
            AgencyRole.POLICE,
            (Contact(ContactChannel.EMAIL, "desk@new.example", 1),),
            ("ayer",),
        )
        after = replace(
            before,
            communities=(replace(ayer, population=9000, places=("Devens",)), *others),
            psaps=tuple(replace(one, text_to_911=one.code == "ayer-psap") for one in before.psaps),
            agencies=tuple(moved if one.code == moved.code else one for one in before.agencies),
            numbers={**before.numbers, "ayer": (line,)},
        )
        directory_load.save(store, after, made.sealer, author)
    return made


@pytest.mark.parametrize(
    ("kind", "code", "told"),
    [
        (
            "community",
            "ayer",
            [
                "Community ayer",
                "changed places: nothing → Devens population: 1000 → 9000 Ana, june.csv",
                "Number community/ayer/+19785550101",
                "changed label: Police → Dispatch verified on: 2026-06-01 → 2026-06-17",
                "added",
            ],
        ),
        ("psap", "ayer-psap", ["changed text to 911: no → yes Ana, june.csv", "added", "name: Ayer dispatch"]),
        (
            "agency",
            "ayer-police",
            [
                "Agency ayer-police",
                "Contact ayer-police, email desk@new.example",
                "Contact ayer-police, email desk@ayer.example",
                "retired",
                "channel: email",
            ],
        ),
        ("number", "state//+16175550199", ["Number state//+16175550199", "scope: state", "console"]),
        ("agency", "nobody", ["Nothing of this row was changed"]),
    ],
)
def test_a_row_tells_its_past(desk: Desk, kind: str, code: str, told: list[str]) -> None:
    editor = desk.browser(ADMIN)
    editor.open(f"/desk/directory/history?kind={kind}&code={code.replace('+', '%2B')}")
    assert editor.status == 200
    missing = [one for one in told if one not in editor.words]
    assert missing == [], editor.words


def test_each_row_leads_to_its_history(desk: Desk) -> None:
    editor = desk.browser(ADMIN)
    for page, some in {
        "/desk/directory/?q=Ayer": ("kind=community&code=ayer", "kind=psap&code=ayer-psap", "kind=number&code="),
        "/desk/directory/upkeep": ("kind=agency&code=state-police", "kind=community&code=groton"),
    }.items():
        links = [str(one) for one in editor.open(page).page.xpath("//a/@href") if "/history?" in one]
        assert [part for part in some if not any(part in one for one in links)] == []
        assert {editor.open(one).status for one in links} == {200}


def test_nobody_else_reads_it(desk: Desk) -> None:
    editor = desk.browser(ADMIN)
    assert editor.open("/desk/directory/history?kind=street&code=x").status == 404
    reader = desk.browser(AUDITOR)
    assert reader.open("/desk/directory/history?kind=community&code=groton").status == 403
    links = [str(one) for one in reader.open("/desk/directory/?q=Ayer").page.xpath("//a/@href")]
    assert [one for one in links if "/history" in one] == []
