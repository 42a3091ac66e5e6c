"""When the canary wakes somebody, whom, how often, and what they read."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from datetime import UTC, datetime

import pytest

from broadcaster.canary import pages
from broadcaster.canary.pages import NotPaged, Page
from broadcaster.canary.path import Keys, Path
from broadcaster.canary.watch import Diary, Watch
from broadcaster.channels.http import Door
from broadcaster.settings import SettingsError, load
from broadcaster.store import canaries, database
from broadcaster.store.canaries import Outcome, Run, Step
from broadcaster.store.database import Sessions

NOWHERE = "postgresql+psycopg://nobody@127.0.0.1:1/nothing"
AT = datetime(2026, 6, 18, 17, 15, tzinfo=UTC)
GOOD = Run(AT, Outcome.GOOD, Step.CALLBACK, seconds={"web": 0.1, "callback": 1.1})
MISSED = Run(AT, Outcome.MISSED, Step.APPROVE, "the web server answered 503: try again")
GAVE_WAY = Run(AT, Outcome.GAVE_WAY, Step.DRAFT, "texts of an alert are going out")
RUNS = {"g": GOOD, "m": MISSED, "w": GAVE_WAY}


@dataclass
class Noted:
    """A way that writes down what it was given; it fails while it is `broken`."""

    name: str
    broken: bool = False
    heard: list[int] = field(default_factory=list)

    async def send(self, page: Page) -> None:
        if self.broken:
            raise NotPaged("no connection")
        self.heard.append(page.misses)


def watch(*ways: Noted, url: str = NOWHERE) -> Watch:
    door = Door(live=False)
    path = Path(door, "http://127.0.0.1:1", Keys("bc_1", "bc_2", "JBSWY3DPEHPK3PXP"))
    return Watch(path, Diary(database.sessions(database.connect(url))), ways, "State 911", door)


STORIES = [
    ("g g g", []),
    ("m g m g", []),
    ("m m", [2]),
    ("m m m m m m m m", [2, 4, 8]),
    ("m m g", [2, 0]),
    ("m m g g g", [2, 0]),
    ("m m g m g m m", [2, 0, 2]),
    ("m w m", [2]),
    ("m m w g", [2, 0]),
]
"""Runs (good, missed, gave way to an alert), and the misses of each page; 0 says that it works again."""


@pytest.mark.parametrize(("runs", "heard"), STORIES)
async def test_two_misses_page_and_the_end_is_told(runs: str, heard: list[int]) -> None:
    way = Noted("post")
    made = watch(way)
    for letter in runs.split():
        await made.judge(RUNS[letter])
    assert way.heard == heard


async def test_a_way_that_failed_is_tried_again_and_the_other_one_goes() -> None:
    post, mail = Noted("post", broken=True), Noted("mail")
    made = watch(post, mail)
    for _ in range(2):
        await made.judge(MISSED)
    assert (post.heard, mail.heard) == ([], [2])
    post.broken = False
    await made.judge(MISSED)
    await made.judge(GOOD)
    assert (post.heard, mail.heard) == ([3, 0], [2, 0])


async def test_nobody_hears_that_it_is_over_who_did_not_hear_that_it_began() -> None:
    post = Noted("post", broken=True)
    made = watch(post)
    for _ in range(2):
        await made.judge(MISSED)
    post.broken = False
    await made.judge(GOOD)
    assert post.heard == []


def test_pages_grow_rare_and_never_end() -> None:
    assert [n for n in range(300) if pages.is_due(n)] == [2, 4, 8, 16, 32, 64, 128, 192, 256]


@pytest.mark.parametrize("step", Step)
def test_whoever_is_woken_reads_where_why_and_what_to_do(step: Step) -> None:
    page = Page("State 911", 2, Run(AT, Outcome.MISSED, step, "nobody answers"))
    assert f"2 canaries missed, at the step {step.value}" in page.subject
    assert "nobody answers" in page.text and "ook " in page.text and "2026-06-18 17:15 UTC" in page.text
    assert "went the whole way in 1.2 s" in Page("State 911", 0, GOOD).text


async def test_runs_wait_for_the_database_and_a_new_life_remembers(sessions: Sessions, database_url: str) -> None:
    made = watch(Noted("post"))
    for run in (GOOD, MISSED, MISSED):
        made.diary.note(run)
    assert made.diary.unwritten == [GOOD, MISSED, MISSED] and made.diary.misses() == 0
    made.diary.sessions = sessions
    made.diary.note(GAVE_WAY)
    assert made.diary.unwritten == []
    with sessions() as session:
        assert canaries.newest(session, 9) == [GAVE_WAY, MISSED, MISSED, GOOD]
    way = Noted("post")
    later = watch(way, url=database_url)
    later.remember()
    await later.judge(GOOD)
    assert way.heard == [0]
    database.engine_of(later.diary.sessions).dispose()


async def test_with_the_desk_and_the_database_gone_it_pages_all_the_same() -> None:
    """Run after run, as the process does; its own ways are all that has to work."""
    told, way = asyncio.Event(), Noted("post")
    made = watch(way)

    class Until(Noted):
        async def send(self, page: Page) -> None:
            told.set()

    made.ways = (way, Until("mail"))
    await made.forever(0.01, told)
    await made.close()
    assert way.heard == [2]
    assert [(run.outcome, run.step) for run in made.diary.unwritten] == [(Outcome.MISSED, Step.WEB)] * 2
    assert "cannot be reached" in made.diary.unwritten[0].why


REFUSED = [
    ({"CANARY_PHONE": "617-555-0100"}, "^CANARY_PHONE: .*no phone number"),
    ({"CANARY_PAGE_TO": "ops"}, "^CANARY_PAGE_TO: .*no mail address"),
    ({"CANARY_KEYS": "bc_1 bc_2"}, "^CANARY_KEYS: .*three words"),
    ({"CANARY_EVERY": "0"}, "^CANARY_EVERY: "),
]


@pytest.mark.parametrize(("wrong", "said"), REFUSED)
def test_a_knob_that_cannot_be_used_is_named(wrong: dict[str, str], said: str) -> None:
    with pytest.raises(SettingsError, match=said):
        load(wrong)


def test_a_canary_that_nobody_hears_is_refused() -> None:
    with pytest.raises(SettingsError, match="Set CANARY_PAGE_URL, or CANARY_SMTP_URL and CANARY_PAGE_TO"):
        pages.ways(load({}), Door(live=False))
    with pytest.raises(SettingsError, match="broadcaster users canary"):
        Keys.of(load({}))
