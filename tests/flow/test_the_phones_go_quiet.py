"""The phones go quiet: counts come by the API and as files, silence is proposed once, and people decide."""

from __future__ import annotations

import os
from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import func, select

from broadcaster.dispatch.paging.proposal_pages import ProposalPages
from broadcaster.local.carrier import Carrier, start_in_thread
from broadcaster.outage.detector.folder import Folder
from broadcaster.outage.detector.listening import Listening
from broadcaster.store.alerting.alerts import Alert
from broadcaster.store.database import Sessions
from broadcaster.store.desk import contacts, people
from broadcaster.store.desk.contacts import What
from broadcaster.store.desk.roster import Shift
from broadcaster.store.outage import call_counts, proposals
from broadcaster.store.outage.call_counts import CallCount
from broadcaster.store.outage.outages import Outage, OutageLog
from broadcaster.store.outage.proposals import PlannedWork, Proposal
from broadcaster.store.timeline import ledger
from broadcaster.web.api import tokens
from tests.desk import AUDITOR, BOTH, ISSUER, NOON, Desk
from tests.factories import SID, TOKEN, engine
from tests.flow import story

ALL = ("ayer-psap", "groton-psap", "harvard-psap", "salem-psap")
ZONE = ZoneInfo("America/New_York")
A_MINUTE = 2
"""Calls of each PSAP, at every hour of the weeks before."""
MINUTE = timedelta(minutes=1)


@dataclass
class Night:
    """A desk whose PSAPs are known for three weeks, with ears and a feed."""

    desk: Desk
    folder: Path | None = None
    headers: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        fips = self.desk.chosen.state_fips
        files = Folder(self.folder, ZONE) if self.folder else None
        self.ears = Listening(self.desk.sessions, ZONE, fips, files)
        with self.desk.sessions.begin() as store:
            ids = call_counts.psap_ids(store)
            last = self.desk.now.replace(minute=0)
            hours = [last - timedelta(hours=no) for no in range(1, 3 * 168 + 1)]
            past = {(ids[code], hour): (60, 60 * A_MINUTE) for code in ALL for hour in hours}
            call_counts.remember(store, past)
            user = people.by_email(store, ISSUER)
            assert user is not None
            self.headers = {"Authorization": f"Bearer {tokens.make(store, user, 'feed')}"}

    def push(self, **body: object) -> object:
        """Send counts; the answer."""
        return self.desk.app.test_client().post("/api/v1/call-counts", json=body, headers=self.headers)

    def minute(self, quiet: Collection[str] = (), missing: Collection[str] = (), redial: int = 0) -> int:
        """One minute passes: everybody tells what they heard, so many of it redialled, and the ears listen; how many
        proposals were made."""
        start = self.desk.now
        rows = [
            {
                "psap": code,
                "minute": start.isoformat(),
                "calls": 0 if code in quiet else A_MINUTE + redial,
                "retries": redial,
                **({} if code in quiet else {"last_call_at": (start + timedelta(seconds=55)).isoformat()}),
            }
            for code in ALL
            if code not in missing
        ]
        self.desk.later(minutes=1)
        answer = self.push(counts=rows)
        assert answer.status_code == 200, answer.get_data(as_text=True)  # type: ignore[attr-defined]
        return self.ears.look(self.desk.now)

    def minutes(
        self, many: int, quiet: Collection[str] = (), missing: Collection[str] = (), redial: int = 0
    ) -> list[int]:
        """Several of them; what was proposed in each."""
        return [self.minute(quiet, missing, redial) for _ in range(many)]

    def proposed(self) -> list[Proposal]:
        """Everything that was ever proposed."""
        with self.desk.sessions() as store:
            return list(store.scalars(select(Proposal).order_by(Proposal.id)))

    def logged(self) -> list[str]:
        """What the ledger says of the detector."""
        with self.desk.sessions() as store:
            query = select(ledger.AuditEvent.action).order_by(ledger.AuditEvent.seq)
            return [one for one in store.scalars(query) if one.startswith(("propos", "work", "calls"))]


@pytest.fixture
def night(sessions: Sessions) -> Night:
    return Night(Desk(sessions))


def test_silence_everywhere_is_proposed_once_and_becomes_a_draft_on_an_outage(night: Night) -> None:
    desk, began = night.desk, NOON + timedelta(minutes=20)
    ida, una = desk.browser(ISSUER), desk.browser(AUDITOR)
    desk.now = NOON
    assert sum(night.minutes(20)) == 0
    assert "Nothing is proposed" in ida.open("/desk/detector").words
    assert "4 of 4 PSAPs are heard and judged" in ida.words

    made = night.minutes(12, quiet=ALL)
    assert sum(made) == 1 and made.index(1) <= 2, "eight calls a minute: the limit is two minutes"
    (found,) = night.proposed()
    assert (found.kind, found.sign, found.evidence["calls"], set(found.psaps)) == ("state", "silence", 0, set(ALL))
    assert abs(found.began - began) < timedelta(seconds=30)
    assert found.nats >= found.threshold
    with desk.sessions() as store:
        assert store.scalar(select(func.count()).select_from(Alert)) == 0, "a machine never makes an alert"

    assert "Is 911 down? The whole state: no 911 call has arrived since 12:19" in ida.open("/desk/").words
    una.open("/desk/").open(f"/desk/detector/{found.public_id}")
    assert una.status == 200 and not una.has("/draft") and not una.has("/dismiss")
    ida.open(f"/desk/detector/{found.public_id}")
    drawn = ida.page.xpath("//svg")[0]
    assert len(drawn.xpath("./rect")) > 10 and drawn.xpath("./polygon") and "Do not dial 911" in ida.words
    assert drawn.xpath("./rect[@class='unheard']") and "No data: nobody told us" in ida.words
    ida.send("/draft")
    assert ida.path.endswith("/edit") and ida.values("/edit")["statewide"], ida.words
    with desk.sessions() as store:
        alert = store.scalars(select(Alert)).one()
        outage = store.get_one(Outage, alert.outage_id)
        lines = store.scalars(select(OutageLog.text).where(OutageLog.what == "signal")).all()
        assert outage.statewide and alert.known_since == found.decided_at
        assert len(lines) == 1 and "no 911 call has arrived in the whole state since 12:19" in lines[0]
    assert sum(night.minutes(5, quiet=ALL)) == 0, "what was decided about is not proposed again"
    assert "Is 911 down?" not in ida.open("/desk/").words and "a draft" in ida.open("/desk/detector").words
    assert sum(night.minutes(30)) == 0
    assert night.logged() == ["calls_learnt", "proposed", "proposal_drafted"]


def test_one_psap_waits_longer_is_dismissed_with_a_reason_and_may_come_again(night: Night) -> None:
    desk, quiet = night.desk, ["salem-psap"]
    bea = desk.browser(BOTH)
    desk.now = NOON
    night.minutes(20)
    made = night.minutes(15, quiet=quiet)
    assert sum(made) == 1 and 5 < made.index(1) < 13
    (found,) = night.proposed()
    assert (found.unit, found.kind) == ("psap:salem-psap", "psap")
    page = f"/desk/detector/{found.public_id}"
    bea.open(page).send("/dismiss", reason=" ")
    assert bea.status == 422 and "Say why" in bea.beside("reason")
    bea.send("/dismiss", reason="They moved to their second site")
    assert "They moved to their second site" in bea.words
    token = bea.open("/desk/detector").values("/planned")["csrf_token"][0]
    assert bea.client.post(f"{page}/draft", data={"csrf_token": token}).status_code == 409
    assert bea.client.post("/desk/detector/nothing/draft", data={"csrf_token": token}).status_code == 404
    assert sum(night.minutes(10, quiet=quiet)) == 0
    night.minutes(5)
    assert sum(night.minutes(15, quiet=quiet)) == 1
    assert night.logged().count("proposal_dismissed") == 1


def test_a_feed_that_stops_is_no_silence_unless_its_equipment_stops_too(night: Night) -> None:
    desk, gone = night.desk, ["salem-psap"]
    desk.now = NOON
    night.minutes(20)
    assert sum(night.minutes(30, missing=gone)) == 0
    shown = desk.browser(ISSUER).open("/desk/detector").words
    assert "No data: its feed has stopped" in shown and "1 has fallen silent" in shown
    desk.now = desk.now.replace(second=0)
    night.minutes(25)
    night.push(heartbeats=[{"psap": gone[0], "every_s": 30}])
    assert sum(night.minutes(12, missing=gone)) == 1
    (found,) = night.proposed()
    assert (found.unit, set(found.evidence["beside"])) == ("psap:salem-psap", {"heartbeats"})
    assert "The heartbeats of the equipment have stopped too" in (
        desk.browser(ISSUER).open(f"/desk/detector/{found.public_id}").words
    )


def test_planned_work_mutes_until_it_ends(night: Night) -> None:
    desk, quiet = night.desk, ["ayer-psap", "groton-psap"]
    bea = desk.browser(BOTH)
    desk.now = NOON
    night.minutes(20)
    bea.open("/desk/detector").send("/planned", words="New switch, by the vendor", where="", begins="2026-06-18T12:20")
    assert bea.status == 422 and "Choose where" in bea.beside("where")
    bea.send("/planned", where="county:25017", ends="2026-06-18T11:00")
    assert "end before it begins" in bea.beside("ends")
    bea.send("/planned", ends="2026-07-18T11:00")
    assert "seven days at most" in bea.beside("ends")
    bea.send("/planned", ends="2026-06-18T15:00")
    assert "New switch, by the vendor" in bea.words and "Middlesex County" in bea.words and "under way" in bea.words
    assert sum(night.minutes(20, quiet=quiet)) == 0
    bea.open("/desk/detector").send("/end")
    desk.now = desk.now.replace(second=0)
    with desk.sessions() as store:
        assert store.scalars(select(PlannedWork.ends)).one() <= desk.now
    assert sum(night.minutes(15, quiet=quiet)) == 1
    assert [one.unit for one in night.proposed()] == ["pool:25017"]
    assert night.logged()[1:] == ["work_planned", "work_ended", "proposed"]


def test_the_api_keeps_all_rows_or_none_and_the_last_word_wins(night: Night) -> None:
    at = night.desk.now.replace(second=0)
    good = {"psap": "ayer-psap", "minute": at.isoformat(), "calls": 3}
    for body, field_, words in (
        ([good, {**good, "psap": "atlantis"}], "counts.1.psap", "no PSAP 'atlantis'"),
        ([good, {**good, "minute": (at + timedelta(hours=1)).isoformat()}], "counts.1.minute", "still to come"),
        ([{**good, "retries": 4}], "counts.0.retries", "some of the calls"),
        ([{**good, "last_call_at": (at - MINUTE).isoformat()}], "counts.0.last_call_at", "outside of the minute"),
    ):
        refused = night.push(counts=body)
        assert refused.status_code == 422, body  # type: ignore[attr-defined]
        (said,) = refused.json["errors"]  # type: ignore[attr-defined]
        assert said["field"] == field_ and words in said["detail"]
    assert night.push(heartbeats=[{"psap": "atlantis"}]).status_code == 422  # type: ignore[attr-defined]
    with night.desk.sessions() as store:
        assert store.scalars(select(CallCount)).all() == []
    for calls in (3, 5):
        running = {**good, "calls": calls, "through": (at + timedelta(seconds=10 * calls)).isoformat()}
        answer = night.push(counts=[good, running])
        assert answer.json == {"counts": 1, "heartbeats": 0}  # type: ignore[attr-defined]
    with night.desk.sessions() as store:
        row = store.scalars(select(CallCount)).one()
        assert (row.calls, row.through_s, row.last_s) == (5, 50.0, None)


def test_whoever_is_on_call_is_texted_once(night: Night, tmp_path: Path) -> None:
    desk = night.desk
    with desk.sessions.begin() as store:
        bea = people.by_email(store, BOTH)
        assert bea is not None
        contacts.put(store, desk.sealer, bea.id, What.PHONE, "+12025550101")
        store.add(Shift(user_id=bea.id, begins=NOON, ends=NOON + timedelta(hours=8), made_by=bea.id))
    desk.now = NOON
    night.minutes(20)
    with start_in_thread(Carrier(SID, TOKEN)) as carrier, engine(desk.sessions, carrier.url, tmp_path) as works:
        works.sealer = desk.sealer
        duty = ProposalPages(works, "State 911", "http://localhost", ZONE)
        night.minutes(13, quiet=["salem-psap"])
        assert duty.look(desk.now) == 0 and len(night.proposed()) == 1, "one PSAP waits at the desk"
        night.minutes(4, quiet=ALL)
        assert [duty.look(desk.now) > 0, duty.look(desk.now)] == [True, 0]
        assert story.texted(carrier) == {"+12025550101": 1}
    assert night.proposed()[-1].paged_at == desk.now and "proposal_paged" in night.logged()


def name_of(moved: Path) -> str:
    return moved.name.partition("-")[2]


def test_files_are_read_whole_or_not_at_all_and_moved_aside(sessions: Sessions, tmp_path: Path) -> None:
    night = Night(Desk(sessions), tmp_path)
    now = night.desk.now = NOON
    lines = [f"ayer-psap,{(now - no * MINUTE).isoformat()},{no}" for no in range(1, 6)]
    (tmp_path / "good.csv").write_text("\n".join(["psap,minute,calls", *lines]) + "\n")
    (tmp_path / "bad.csv").write_text("\n".join(["psap,minute,calls", *lines, "ayer-psap,noon,1", ",,"]) + "\n")
    (tmp_path / "no.csv").write_text("town,many\nayer,1\n")
    for file in tmp_path.glob("*.csv"):
        os.utime(file, (now.timestamp() - 60, now.timestamp() - 60))
    assert night.ears.look(now) == 0
    with sessions() as store:
        assert store.scalar(select(func.sum(CallCount.calls))) == 15
    assert [name_of(one) for one in (tmp_path / "read").iterdir()] == ["good.csv"]
    refused = sorted(name_of(one) for one in (tmp_path / "refused").iterdir())
    assert refused == ["bad.csv", "bad.csv.txt", "no.csv", "no.csv.txt"]
    (report,) = (tmp_path / "refused").glob("*bad.csv.txt")
    assert report.read_text().splitlines() == [
        "line 7: 'noon' is no moment: write 2026-06-18T16:04:00Z.",
        "line 8: Name the minute: 2026-06-18T16:04:00Z.",
    ]
    assert list(tmp_path.glob("*.csv")) == [] and night.ears.look(now) == 0


def test_whoever_starts_anew_has_heard_the_day_and_proposes_nothing_twice(night: Night) -> None:
    night.desk.now = NOON
    night.minutes(20)
    assert sum(night.minutes(5, quiet=ALL)) == 1
    second = Listening(night.desk.sessions, ZONE, night.desk.chosen.state_fips)
    assert second.look(night.desk.now) == 0
    assert sum(night.minutes(3, quiet=ALL)) == 0 and second.look(night.desk.now) == 0
    with night.desk.sessions.begin() as store:
        assert len(proposals.open_ones(store)) == 1
        call_counts.fold(store, night.desk.now + timedelta(days=4))
        assert store.scalars(select(CallCount)).all() == []
        assert sum(row.minutes for row in call_counts.past(store, NOON) if row.hour >= NOON) == 4 * 28
