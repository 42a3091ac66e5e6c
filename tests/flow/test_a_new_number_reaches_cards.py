"""An import changes a town's number: an hour later its people, and nobody else, are texted the new one, once."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

from sqlalchemy import text

from broadcaster.channels.http import Door
from broadcaster.channels.sms_twilio import TwilioAccount, TwilioSms
from broadcaster.dispatch.residents.reminders import Reminders
from broadcaster.dispatch.waves.courtesies import Courtesies
from broadcaster.local.carrier import Carrier, Faults, start_in_thread
from broadcaster.store.database import Sessions
from broadcaster.store.places import directory_import
from broadcaster.store.places.directory_history import Author
from tests.factories import SEALER, SECRET, SENDER, SID, TOKEN, House, directory, furnish, phones

OLD, NEW = "+15085550100", "+15085550999"


def import_csv(house: House, old: str, new: str) -> None:
    """As the directory's own file, with one number changed, through the difference that an editor is shown."""
    with house.sessions.begin() as session:
        file = directory_import.export(session, SEALER, "directory.csv").decode()
        proposal = directory_import.propose(session, SEALER, "directory.csv", file.replace(old, new).encode())
        assert [one.kind.value for one in proposal.changes] == ["number", "number"], "one goes, one comes"
        directory_import.apply(session, SEALER, proposal, Author("user:1", "directory.csv"))


def at_once(duties: list[Callable[[], object]]) -> list[object]:
    barrier = Barrier(len(duties))

    def go(duty: Callable[[], object]) -> object:
        barrier.wait(10)
        return duty()

    with ThreadPoolExecutor(len(duties)) as pool:
        return list(pool.map(go, duties))


def an_hour_later(house: House) -> None:
    with house.sessions.begin() as session:
        session.execute(text("UPDATE directory_version SET at = at - interval '61 minutes'"))


def test_each_of_that_town_gets_one_text_under_two_sweeps(sessions: Sessions) -> None:
    people = {number: [f"town-{no % 3 + 1}"] for no, number in enumerate(phones(30))}
    house = furnish(sessions, directory(3), people)
    sweeps = [Reminders(sessions, 100) for _ in range(2)]
    sweeps[0].look()
    an_hour_later(house)
    import_csv(house, OLD, NEW)
    assert at_once([sweep.look for sweep in sweeps]) == [(0, 0), (0, 0)], "it has not stood for an hour"
    an_hour_later(house)
    found = at_once([sweep.look for sweep in sweeps])
    assert sorted(found) == [(0, 0), (10, 0)]
    assert at_once([sweep.look for sweep in sweeps]) == [(0, 0), (0, 0)]
    with start_in_thread(Carrier(SID, TOKEN, faults=Faults(delivery_ms=0.0))) as carrier:
        account = TwilioAccount(SID, TOKEN, SENDER, "http://localhost:1/callbacks", carrier.url)
        senders = [
            Courtesies(sessions, SEALER, SECRET, house.office, TwilioSms(account, Door(live=False)), 50)
            for _ in range(2)
        ]
        at_once([sender.look for sender in senders])
        for sender in senders:
            sender.look()
            sender.close()
        sent = carrier.ledger()["messages"]
    town = [number for number, codes in people.items() if codes == ["town-1"]]
    assert Counter(row["to"] for row in sent) == Counter(town)
    assert {"508-555-0999" in row["body"] and "508-555-0100" not in row["body"] for row in sent} == {True}
    assert {"/card/town-1.html" in row["body"] for row in sent} == {True}
