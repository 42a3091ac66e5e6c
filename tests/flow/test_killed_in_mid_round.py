"""`kill -9` in the middle of a round: of calls to landlines, of a chase by telephone, of the monthly questions.

Nobody is called or mailed twice, nobody is lost, and whom nobody can know about is counted.
"""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest
from sqlalchemy import text

from broadcaster.dispatch.telling.escalate import escalate
from broadcaster.dispatch.waves.call_again import call_again
from broadcaster.local import mailbox
from broadcaster.store.database import Sessions
from broadcaster.store.fanout.deliveries import Fanout
from broadcaster.store.places import upkeep
from tests.factories import Ways, directory, engine, furnish
from tests.flow import story
from tests.flow.landlines import LANGS, Lines, lines
from tests.flow.sender_process import monthly
from tests.flow.test_agencies_are_called import Line, line

SENDING = ["opened", "posted"]
"""Between the steps of a wave, where a call may be out or not; the other steps are killed with the first calls."""
NUMBERS = [f"+14135550{no:03d}" for no in range(100, 112)]
NOWHERE = "http://127.0.0.1:9"


def swept(failpoint: str, database_url: str, duty: str) -> None:
    """A duty of the sweep, killed in its midst."""
    story.dies(story.child(failpoint, "tests.flow.sweeper_process", database_url, duty), database_url)


def rang_in_vain(town: Lines) -> int:
    """Everybody was called, and nobody picked up; an hour has passed. Returns the revision."""
    first = town.house.release(LANGS)
    town.to_the_end(len(NUMBERS))
    town.carrier.set_faults(call_answers="human")
    town.an_hour_passes()
    return first


def called_twice_in_all(town: Lines, first: int) -> None:
    town.to_the_end(2 * len(NUMBERS))
    assert town.later() == 0
    assert town.called() == Counter(dict.fromkeys(NUMBERS, 2))
    assert town.row(first, "again-1")[1].handsets == {"delivered": len(NUMBERS)}


@pytest.mark.parametrize("failpoint", ["round made", "round committed"])
def test_killed_while_it_opens_a_round_of_calls(
    failpoint: str, sessions: Sessions, database_url: str, tmp_path: Path
) -> None:
    with lines(sessions, database_url, tmp_path, dict.fromkeys(NUMBERS, "en"), call_answers="no-answer") as town:
        first = rang_in_vain(town)
        swept(failpoint, database_url, "call again")
        committed = len(NUMBERS) if failpoint == "round committed" else 0
        assert call_again(sessions) == len(NUMBERS) - committed
        called_twice_in_all(town, first)


@pytest.mark.parametrize("failpoint", SENDING)
def test_killed_while_a_round_is_called(failpoint: str, sessions: Sessions, database_url: str, tmp_path: Path) -> None:
    with lines(sessions, database_url, tmp_path, dict.fromkeys(NUMBERS, "en"), call_answers="no-answer") as town:
        first = rang_in_vain(town)
        assert call_again(sessions) == len(NUMBERS)
        assert story.sender(database_url, town.carrier, tmp_path, failpoint, lane=town.here).wait(30) == -9
        called_twice_in_all(town, first)


@pytest.mark.parametrize("failpoint", ["chase stepped", "chase committed", *SENDING])
def test_killed_in_a_step_of_a_chase_by_telephone(
    failpoint: str, sessions: Sessions, database_url: str, tmp_path: Path
) -> None:
    with line(sessions, database_url, tmp_path) as desk:
        if failpoint in SENDING:
            assert escalate(sessions) == 1
            assert story.sender(database_url, desk.carrier, tmp_path, failpoint, lane=desk.here).wait(30) == -9
        else:
            swept(failpoint, database_url, "escalate")
        assert escalate(sessions) == (1 if failpoint == "chase stepped" else 0)
        story.until(lambda: answered(desk), 60.0)
        assert [call["status"] for call in desk.carrier.calls()] == ["completed"]
        assert (desk.chase().step, desk.chase().ended_as) == (1, "acknowledged")


def answered(desk: Line) -> bool:
    """Somebody pressed 1, and nothing of the chase's call is open."""
    desk.send()
    with desk.sessions() as session:
        states = {row.state for row in session.query(Fanout).filter_by(channel="voice")}
    return desk.is_over(1) and desk.chase().ended_as == "acknowledged" and states == {"done"}


@pytest.mark.parametrize(
    ("failpoint", "mailed", "asked"),
    [("question claimed", 14, 14), ("question sent", 15, 14), ("question settled", 15, 15)],
)
def test_killed_in_the_monthly_round_only_one_is_in_the_dark(
    failpoint: str, mailed: int, asked: int, sessions: Sessions, database_url: str, tmp_path: Path
) -> None:
    furnish(sessions, directory(15), {})
    with mailbox.start_in_thread() as post:
        argv = [database_url, NOWHERE, str(tmp_path), post.smtp_url]
        assert story.child(failpoint, "tests.flow.sender_process", *argv).wait(30) == -9
        with engine(sessions, NOWHERE, tmp_path, ways=Ways(smtp_url=post.smtp_url)) as works:
            while monthly(works).look():
                continue
        got = Counter(mail.to for mail in post.mails())
    assert len(got) == mailed and set(got.values()) == {1}
    with sessions.begin() as session:
        states = Counter(session.scalars(text("SELECT state FROM upkeep_ask")))
        assert states == Counter({"asked": asked, "asking": 15 - asked}) - Counter()
        month = session.execute(text("SELECT min(month) FROM upkeep_ask")).scalar_one()
        assert upkeep.in_the_dark(session, month) == [], "its sending may still be under way"
        session.execute(text("UPDATE upkeep_ask SET asked_at = asked_at - interval '2 hours'"))
        assert len(upkeep.in_the_dark(session, month)) == 15 - asked
