"""Some landlines of a town, and an engine that calls them: what the stories of calls share."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from sqlalchemy import text

from broadcaster.alert.alert import RevisionKind
from broadcaster.dispatch.engine import Engine
from broadcaster.dispatch.sweep import keep
from broadcaster.dispatch.waves.call_again import call_again
from broadcaster.dispatch.waves.drain import drain
from broadcaster.local.carrier import Carrier, Faults, Running, start_in_thread
from broadcaster.receipts import intake
from broadcaster.receipts.tally import check_sums
from broadcaster.store.database import Sessions
from broadcaster.store.fanout import fanouts, senders, tallies
from broadcaster.store.fanout.deliveries import Delivery, Fanout
from broadcaster.store.fanout.senders import NewSender
from broadcaster.store.places import directory_load
from broadcaster.store.public import residents
from tests.factories import SEALER, SENDER, SID, TOKEN, House, Ways, content, directory, engine, furnish
from tests.factories import phones as mobiles
from tests.flow import story
from tests.flow.test_the_line_changes import confirmed, follow
from tests.flow.test_what_comes_back import receiver

QUIET = {"share_callbacks_dropped": 0.0, "listing_lag_s": 0.2, "call_rings_ms": 10.0, "delivery_ms": 0.0}
PERSON, BOX, BUSY, GONE, LEAVER, WRONG = (f"+1413555010{no}" for no in range(6))
ANSWERS = f"{BOX}=machine, {BUSY}=busy, {GONE}=no-answer, {WRONG}=no-such-line, human"
OVER = {"completed", "busy", "no-answer", "failed"}


@dataclass
class Lines:
    """Some landlines and phones of three towns, and an engine that can text and call."""

    sessions: Sessions
    house: House
    works: Engine
    carrier: Running
    here: str

    def go_on(self) -> None:
        """Send whatever is open, and write down what comes back."""
        for queue in ("urgent", "sms"):
            drain(self.works, queue, seconds=2.0)
        self.works.recorder.wait()
        intake.apply_waiting(self.sessions)
        keep(self.works)

    def to_the_end(self, calls: int) -> None:
        """Until so many calls have ended, and every fan-out to the public is done."""

        def is_over() -> bool:
            self.go_on()
            with self.sessions() as session:
                left = session.query(Fanout).filter(Fanout.channel.in_(("sms", "voice")), Fanout.state != "done")
                voices = session.query(Delivery).join(Fanout, Fanout.id == Delivery.fanout_id)
                waits = voices.filter(Fanout.channel == "voice", Delivery.state == "accepted")
                waits = waits.filter(Delivery.handset == "none").count()
                ended = [call for call in self.carrier.calls() if call["status"] in OVER]
                return not left.count() and not waits and len(ended) >= calls

        story.until(is_over, 60.0)
        assert len(self.carrier.calls()) == calls

    def called(self) -> Counter[str]:
        return Counter(call["to"] for call in self.carrier.calls())

    def heard(self, to: str, no: int = -1) -> str:
        return " ".join([call for call in self.carrier.calls() if call["to"] == to][no]["heard"])

    def next(self, first: int, kind: RevisionKind) -> int:
        sure = confirmed({"": ["town-1", "town-2", "town-3"]}) if kind is RevisionKind.ALL_CLEAR else ()
        return follow(self.house, first, kind, confirmations=sure)

    def an_hour_passes(self) -> None:
        """Every pause after a call is over."""
        with self.sessions.begin() as session:
            session.execute(text("UPDATE receipt SET at = at - interval '1 hour'"))

    def later(self) -> int:
        """An hour passes, and whoever is due again is on a list now. Returns how many."""
        self.an_hour_passes()
        return call_again(self.sessions)

    def row(self, revision: int, purpose: str = "alert") -> tuple[Fanout, tallies.Count]:
        """The calls of a revision, whose sums close."""
        with self.sessions() as session:
            calls = session.query(Fanout).filter_by(channel="voice", revision_id=revision, purpose=purpose)
            fanout = calls.one()
            count = tallies.whole(session, fanout.id)
            assert fanout.state == "done" and fanout.planned == count.total
            assert count.of("sending", "unknown", "queued") == 0
            assert tallies.by_community(session, fanout.id) == tallies.truth(session, fanout.id)
            assert check_sums(session, fanout.id).agree
            assert fanouts.missed(session, fanout.id) == 0
            return fanout, count


@contextmanager
def lines(
    sessions: Sessions, database_url: str, folder: Path, numbers: dict[str, str], pace: float = 100.0, **faults: object
) -> Iterator[Lines]:
    """Landlines by number -> language, all of town 1; two phones in town 2."""
    house = furnish(sessions, replace(directory(3), agencies=()), {phone: ["town-2"] for phone in mobiles(2)})
    with sessions.begin() as session:
        senders.register(session, NewSender("voice", "voice", SENDER, pace))
        towns = directory_load.community_ids(session)
        for number, lang in numbers.items():
            there = residents.address(session, SEALER, "voice", number, lang=lang)
            residents.subscribe(session, there, towns["town-1"])
    with (
        start_in_thread(Carrier(SID, TOKEN, faults=Faults(**{**QUIET, "call_presses": "", **faults}))) as carrier,
        receiver(database_url, folder) as (here, _),
        engine(sessions, carrier.url, folder, ways=Ways(voice=here)) as works,
    ):
        yield Lines(sessions, house, works, carrier, here)


ALL = {PERSON: "en", BOX: "es", BUSY: "en", GONE: "ht", LEAVER: "vi", WRONG: "en"}
LANGS = content(languages=("en", "es", "ht", "vi"))
