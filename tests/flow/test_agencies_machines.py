"""An agency's machine hears every notice, signed; what it did not answer comes again under the same id."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

from broadcaster.alert.alert import Area, Withheld
from broadcaster.alert.lifecycle import AlertKind
from broadcaster.alert.phone import AlternateNumber, Visibility
from broadcaster.channels.webhook import receiver_secret
from broadcaster.directory import Contact, ContactChannel, Directory
from broadcaster.dispatch import actions
from broadcaster.dispatch.engine import Engine
from broadcaster.dispatch.sweep import keep
from broadcaster.dispatch.waves.drain import drain
from broadcaster.receipts.tally import check_sums
from broadcaster.store.alerting.alerts import Revision
from broadcaster.store.database import Sessions
from broadcaster.store.fanout import senders
from broadcaster.store.fanout.deliveries import Acknowledgement, Delivery, Fanout
from broadcaster.store.fanout.senders import NewSender
from broadcaster.web import create_app
from tests import onair
from tests.channels.test_webhook import Machine, machine, verifier
from tests.factories import SECRET, House, Ways, content, directory, engine, furnish, police
from tests.flow import story

HIDDEN = AlternateNumber("+15085550199", "back room", Visibility.RESTRICTED)


def with_machine(url: str) -> Directory:
    places = directory(2)
    first, second = places.communities
    loose = tuple(replace(one, verified_on=None) for one in places.numbers[second.code])
    numbers = {**places.numbers, first.code: (HIDDEN, *places.numbers[first.code]), second.code: loose}
    cad = police(first, Contact(ContactChannel.WEBHOOK, url, 2))
    return replace(places, agencies=(cad, police(second)), numbers=numbers)


@dataclass
class Desk:
    house: House
    works: Engine
    there: Machine

    def release(self, **changes: object) -> None:
        with self.house.sessions.begin() as session:
            revision = actions.new_alert(self.house.actor(session), AlertKind.OUTAGE, content(**changes))
            actions.submit(self.house.actor(session), revision)
            actions.release_agencies(self.house.actor(session), revision)

    def send(self) -> None:
        drain(self.works, "urgent")
        self.works.recorder.wait()
        keep(self.works)

    def delivery(self) -> Delivery:
        with self.house.sessions() as session:
            here = session.query(Delivery).join(Fanout, Fanout.id == Delivery.fanout_id)
            return here.filter(Fanout.channel == "webhook").one()


@contextmanager
def desk(sessions: Sessions, folder: Path, **how: object) -> Iterator[Desk]:
    with machine(**how) as there:
        house = furnish(sessions, with_machine(there.url), {})
        with sessions.begin() as session:
            senders.register(session, NewSender("webhook", "webhook", "signed", 100.0))
        with engine(sessions, "http://127.0.0.1:9", folder, ways=Ways(webhooks=True)) as works:
            yield Desk(house, works, there)


def test_a_machine_reads_the_ten_fields_and_every_number_but_a_hidden_one(sessions: Sessions, tmp_path: Path) -> None:
    with desk(sessions, tmp_path) as made:
        made.release(cause="a cut fibre", provider="Example Telecom")
        made.send()
        ((headers, body),) = made.there.heard
        assert verifier()(receiver_secret(SECRET, made.there.url), headers, body, set())
        told = json.loads(body)
        assert (told["stage"], told["provider"], told["cause"]) == ("initial", "Example Telecom", "a cut fibre")
        assert told["expected_restoration"] is None and told["contact"]["phone"] is None
        numbers = {place["name"]: place["call_instead"] for place in told["communities"]}
        assert numbers == {"Town 1": "+15085550100", "Town 2": "+15085550101"}
        verified = {place["name"]: place["verified_on"] for place in told["communities"]}
        assert verified == {"Town 1": datetime.now(UTC).date().isoformat(), "Town 2": None}, (
            "an unverified one is marked"
        )
        assert HIDDEN.e164 not in body.decode() and "%%" not in body.decode()
        web = create_app(onair.settings(secret_key=SECRET), sessions).test_client()
        path = told["acknowledge"].removeprefix("http://localhost:8911")
        assert web.post(path, data={"answer": "read"}).status_code == 303
        with sessions() as session:
            assert session.query(Acknowledgement).count() == 1
            for fanout in session.query(Fanout).filter_by(channel="webhook"):
                assert fanout.state == "done" and check_sums(session, fanout.id).agree


def test_a_machine_that_hangs_up_is_told_again_under_the_same_id(sessions: Sessions, tmp_path: Path) -> None:
    with desk(sessions, tmp_path, reset=True) as made:
        made.release()
        made.send()
        assert made.delivery().state == "unknown"
        made.there.reset = False

        def taken() -> bool:
            made.send()
            return made.delivery().state == "accepted"

        story.until(taken, 40.0)
        assert len(made.there.heard) >= 2
        assert {headers["webhook-id"] for headers, _ in made.there.heard} == {made.delivery().carrier_ref}
        with sessions() as session:
            fanout = session.query(Fanout).filter_by(channel="webhook").one()
            assert check_sums(session, fanout.id).agree


def test_a_machine_that_refuses_is_told_no_more_and_the_mail_still_goes(sessions: Sessions, tmp_path: Path) -> None:
    with desk(sessions, tmp_path, answer=(404, {}, b"")) as made:
        made.release()
        for _ in range(3):
            made.send()
        assert len(made.there.heard) == 1
        assert (made.delivery().state, made.delivery().reason) == ("rejected", "http_404")
        with sessions() as session:
            assert session.query(Fanout).filter_by(channel="email").count() == 1


def test_a_machine_that_a_newer_notice_leaves_out_reads_where_it_holds_now(sessions: Sessions, tmp_path: Path) -> None:
    with desk(sessions, tmp_path) as made:
        with sessions.begin() as session:
            first = actions.new_alert(made.house.actor(session), AlertKind.OUTAGE, content())
            actions.submit(made.house.actor(session), first)
            actions.release_agencies(made.house.actor(session), first)
        made.send()
        with sessions.begin() as session:
            only = content(area=Area(communities=("town-2",)))
            newer = actions.edit(made.house.actor(session), session.get_one(Revision, first.id), only)
            actions.submit(made.house.actor(session), newer)
            actions.release_agencies(made.house.actor(session), newer)
        made.send()
        named = [[place["name"] for place in json.loads(body)["communities"]] for _, body in made.there.heard]
        assert named == [["Town 1", "Town 2"], ["Town 2"]]


def test_a_machine_of_an_agency_that_an_officer_leaves_out_hears_nothing(sessions: Sessions, tmp_path: Path) -> None:
    with desk(sessions, tmp_path) as made:
        made.release(withheld=Withheld(agencies=("town-1-police",), reason="Their line is public."))
        made.send()
        assert made.there.heard == []
