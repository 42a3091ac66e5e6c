"""While every carrier keeps us waiting, the database comes to rest (design law 5)."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from sqlalchemy import text

from broadcaster.alert.alert import ChannelName
from broadcaster.channels.contract import Accepted, Asked, Channel, Outgoing, Seen, Traits
from broadcaster.channels.errors import Ambiguous
from broadcaster.dispatch.engine import Engine, Scales
from broadcaster.dispatch.waves.drain import drain
from broadcaster.dispatch.waves.followup import follow_up
from broadcaster.dispatch.waves.window import Window
from broadcaster.store.database import Sessions
from broadcaster.store.fanout import tallies
from broadcaster.store.fanout.deliveries import Fanout
from broadcaster.values import Keyring
from tests.factories import SEALER, SECRET, content, directory, furnish, phones

PEOPLE = 12
OPEN = text(
    "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND xact_start IS NOT NULL"
    " AND backend_type = 'client backend' AND pid <> pg_backend_pid()"
)

TRAITS = Traits(receipts=True, listing=True, segments=True, cancels=False)


@dataclass
class Slow:
    """A carrier that answers only when no session of our database is inside a transaction."""

    sessions: Sessions
    answers: bool
    name: str = "sms"
    carrier: str = "twilio"
    traits: Traits = TRAITS
    rested: list[str] = field(default_factory=list)

    async def send(self, out: Outgoing) -> Accepted:
        await self._rest("send")
        if not self.answers:
            raise Ambiguous("timeout")
        return Accepted(f"SM-{out.key}")

    async def find(self, asked: Sequence[Asked]) -> list[Seen]:
        await self._rest("find")
        return [Seen(one.key, f"SM-{one.key}", one.since) for one in asked]

    async def close(self) -> None:
        """Nothing is open."""

    async def _rest(self, call: str) -> None:
        deadline = time.monotonic() + 20.0
        while await asyncio.to_thread(self._open):
            assert time.monotonic() < deadline, f"a transaction stays open while the carrier's {call} hangs"
        self.rested.append(call)

    def _open(self) -> int:
        with self.sessions() as session:
            return int(session.execute(OPEN).scalar_one())


def test_the_database_rests_while_carriers_are_called(sessions: Sessions, tmp_path: Path) -> None:
    house = furnish(sessions, directory(2), {phone: [f"town-{no % 2 + 1}"] for no, phone in enumerate(phones(PEOPLE))})
    slow = Slow(sessions, answers=True)
    mute = Slow(sessions, answers=False)
    for carrier in (slow, mute):
        revision = house.release(content(channels=(ChannelName.SMS,)))
        carriers: dict[str, Channel] = {"twilio": carrier}
        works = Engine(sessions, SEALER, Window(carriers, 50), Keyring(SECRET), Scales(30.0, 60.0, 120.0))
        try:
            drain(works, "sms")
            works.recorder.wait()
            if carrier is mute:
                with sessions.begin() as session:
                    session.execute(text("UPDATE followup SET due = clock_timestamp()"))
                assert follow_up(works) == PEOPLE
        finally:
            works.close()
        with sessions() as session:
            fanout = session.query(Fanout).filter_by(channel="sms", revision_id=revision).one()
            assert tallies.whole(session, fanout.id).states == {"accepted": PEOPLE}
    assert slow.rested == ["send"] * PEOPLE
    assert mute.rested == ["send"] * PEOPLE + ["find"]
