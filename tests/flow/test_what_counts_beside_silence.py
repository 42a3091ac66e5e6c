"""What counts beside silence: answering points that report trouble, callers who dial again and again."""

from __future__ import annotations

from sqlalchemy import func, select

from broadcaster.store.alerting.alerts import Alert
from broadcaster.store.database import Sessions
from tests.desk import ISSUER, NOON, Desk
from tests.flow.test_911_trouble import places, tap
from tests.flow.test_the_phones_go_quiet import Night, night

__all__ = ["night"]


def test_a_report_of_trouble_counts_beside_the_silence_of_its_psap(sessions: Sessions) -> None:
    night, quiet = Night(Desk(sessions, places=places())), ["salem-psap"]
    ida = night.desk.browser(ISSUER)
    night.desk.now = NOON
    night.minutes(20)
    alone = night.minutes(15, quiet=quiet).index(1)
    (first,) = night.proposed()
    ida.open(f"/desk/detector/{first.public_id}").send("/dismiss", reason="They moved to their second site")
    night.minutes(20)
    tap(night.desk, "salem-psap")
    assert sum(night.minutes(3)) == 0, "a report without a gap proposes nothing"
    assert night.minutes(15, quiet=quiet).index(1) < alone
    first, second = night.proposed()
    assert (set(first.evidence["beside"]), set(second.evidence["beside"])) == (set(), {"reports"})
    shown = night.desk.browser(ISSUER).open(f"/desk/detector/{second.public_id}").words
    assert "Answering points have reported trouble too." in shown


def test_a_flood_of_redialling_is_proposed_with_its_evidence(night: Night) -> None:
    night.desk.now = NOON
    night.minutes(20)
    made = night.minutes(12, redial=2)
    assert sum(made) == 1
    (found,) = night.proposed()
    assert (found.unit, found.sign) == ("state", "retries")
    page = night.desk.browser(ISSUER).open(f"/desk/detector/{found.public_id}")
    assert "callers dial 911 again and again" in page.words and page.page.xpath("//svg")
    with night.desk.sessions() as store:
        assert store.scalar(select(func.count()).select_from(Alert)) == 0
