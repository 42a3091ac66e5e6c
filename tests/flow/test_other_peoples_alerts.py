"""Another agency posts its signed CAP message: believed by its signature alone, kept once, decided by a person."""

from __future__ import annotations

import json
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta

import pytest

from broadcaster.feeds import cap, signature
from broadcaster.feeds.capvalues import NameValue
from broadcaster.local.doctor import examine
from broadcaster.store.alerting.alerts import Alert
from broadcaster.store.alerting.incoming import Incoming
from broadcaster.store.database import Sessions
from broadcaster.store.timeline.ledger import verify
from tests.desk import AUDITOR, BOTH, ISSUER, NOON, Desk, settings
from tests.unit.feeds.authority import holder
from tests.unit.feeds.samples import facts

MEMA = "alerts@mema.example.gov"
ROOT = holder("Root", NOON - timedelta(days=1), ca=True)
PARTNER, STRANGER = holder("MEMA", NOON - timedelta(days=1), ROOT), holder("Stranger", NOON - timedelta(days=1))
CAP_XML = "application/cap+xml"


def message(**changes: object) -> cap.Alert:
    """What a partner may say now: two counties, one of which is ours."""
    made = cap.build(facts(sent=NOON, sender=MEMA))
    area = replace(made.infos[0].areas[0], geocodes=(NameValue("SAME", "025017"), NameValue("SAME", "025001")))
    lasting = {"onset": NOON - timedelta(hours=1), "expires": NOON + timedelta(hours=1), "areas": (area,)}
    return replace(made, infos=tuple(replace(info, **lasting) for info in made.infos), **changes)


def signed(alert: cap.Alert, by=PARTNER) -> bytes:
    return signature.sign(cap.serialise(alert), by.key_pem, by.pem)


@pytest.fixture
def desk(sessions: Sessions) -> Desk:
    """A desk that has pinned one partner by certificate and one by authority."""
    partners = {MEMA: PARTNER.pem.decode(), "duty@other.example.gov": ROOT.pem.decode()}
    return Desk(sessions, chosen=settings(cap_partners=json.dumps(partners)))


def post(desk: Desk, data: bytes, kind: str = CAP_XML):
    return desk.app.test_client().post("/api/v1/cap", data=data, content_type=kind)


def kept(desk: Desk) -> list[Incoming]:
    with desk.sessions() as store:
        return store.query(Incoming).order_by(Incoming.id).all()


def test_a_partners_message_waits_for_a_person_and_nothing_goes_out(desk: Desk) -> None:
    document = signed(message())
    answer = post(desk, document)
    assert answer.status_code == 201
    assert (answer.json["state"], answer.json["identifier"]) == ("waiting", "MA911-a1-1")
    [row] = kept(desk)
    assert row.bytes == document
    with desk.sessions() as store:
        assert store.query(Alert).count() == 0
        assert verify(store).broken_at is None
    assert "911 is down in Springfield and Chicopee" in desk.browser(AUDITOR).open("/desk/").words


def test_a_partner_may_be_pinned_by_its_authority(desk: Desk) -> None:
    assert post(desk, signed(message(sender="duty@other.example.gov"))).status_code == 201


def test_the_same_message_is_kept_once_and_another_of_its_name_never(desk: Desk) -> None:
    document = signed(message())
    first, again = post(desk, document), post(desk, document)
    assert (first.status_code, again.status_code) == (201, 200)
    assert first.json["id"] == again.json["id"]
    other = post(desk, signed(message(note="something else")))
    assert (other.status_code, other.content_type) == (409, "application/problem+json")
    assert post(desk, signed(message(identifier="MA911-a1-2"))).status_code == 201
    assert kept(desk)[0].bytes == document


def test_two_at_once_are_one(desk: Desk) -> None:
    document = signed(message())
    with ThreadPoolExecutor(4) as pool:
        codes = sorted(answer.status_code for answer in pool.map(lambda _: post(desk, document), range(4)))
    assert codes == [200, 200, 200, 201]
    assert len(kept(desk)) == 1


BROKEN = replace(message(), infos=(replace(message().infos[0], web="nowhere"),))
REFUSED = {
    # what, status, words
    "unsigned": (cap.serialise(message()), 403, "one signature"),
    "signed by a stranger": (signed(message(), STRANGER), 403, "does not hold"),
    "a stranger's sender": (signed(message(sender="x@y.example")), 403, "no partner of ours"),
    "changed on the way": (signed(message()).replace(b"413-555-0100", b"900-555-0100"), 403, "does not hold"),
    "no CAP": (b"<html/>", 400, "no CAP 1.2 alert"),
    "no XML": (b"911 is down", 400, "not well-formed"),
    "nothing": (b"", 400, "not well-formed"),
    "too old": (signed(message(sent=NOON - timedelta(hours=25))), 422, "more than a day ago"),
    "from the future": (signed(message(sent=NOON + timedelta(minutes=6))), 422, "in the future"),
    "ended": (signed(replace(message(), infos=(replace(message().infos[0], expires=NOON),))), 422, "ended already"),
    "against the rules of CAP": (signed(BROKEN), 422, "breaks rules of CAP 1.2"),
    "too large": (b" " * (2 * 2**20 + 1), 413, "too much at once"),
}


@pytest.mark.parametrize(("data", "status", "words"), REFUSED.values(), ids=REFUSED.keys())
def test_what_cannot_be_believed_or_used_is_refused_in_a_problem_document(
    desk: Desk, data: bytes, status: int, words: str
) -> None:
    answer = post(desk, data)
    assert (answer.status_code, answer.content_type) == (status, "application/problem+json")
    assert words in answer.json["detail"]
    assert kept(desk) == []


def test_each_broken_rule_has_its_place(desk: Desk) -> None:
    errors = post(desk, signed(BROKEN)).json["errors"]
    assert errors == [{"field": "/alert/info[1]/web", "detail": "The web address must be whole, with https://."}]


@pytest.mark.parametrize("kind", ["application/xml", "text/xml", "application/json", "", "multipart/form-data"])
def test_another_content_type_is_refused(desk: Desk, kind: str) -> None:
    answer = post(desk, signed(message()), kind)
    assert (answer.status_code, answer.content_type) == (415, "application/problem+json")
    assert CAP_XML in answer.json["detail"]
    assert post(desk, signed(message()), f"{CAP_XML}; charset=utf-8").status_code == 201


def test_hostile_xml_is_refused_in_milliseconds(desk: Desk) -> None:
    bomb = b"<!DOCTYPE a [" + b"".join(b'<!ENTITY a%d "%s">' % (n, b"&a%d;" % (n - 1) * 10) for n in range(1, 12))
    post(desk, b"warm")
    begun = time.process_time()
    answer = post(desk, bomb + b"]><alert>&a11;</alert>" + b" " * 1_000_000)
    assert (time.process_time() - begun) * 1000 < 250
    assert answer.status_code == 400


def test_a_person_begins_an_alert_from_it_and_two_people_still_release_it(desk: Desk) -> None:
    key = post(desk, signed(message())).json["id"]
    author = desk.browser(ISSUER).open(f"/desk/incoming/{key}")
    assert MEMA in author.words and "Do not call 911 to test it." in author.words
    author.send("/take")
    assert author.path.endswith("/edit"), author.path
    with desk.sessions() as store:
        alert = store.query(Alert).one()
        content = alert.revisions[0].content
        assert (alert.state, content["certainty"]) == ("draft", "reported")
        assert content["area"]["counties"] == ["25017"]
        assert store.query(Incoming).one().alert_id == alert.id
        assert verify(store).broken_at is None
    assert "From other agencies" not in desk.browser(BOTH).open("/desk/").words


def test_it_is_decided_once(desk: Desk) -> None:
    key = post(desk, signed(message())).json["id"]
    first, second = desk.browser(ISSUER).open(f"/desk/incoming/{key}"), desk.browser(BOTH).open(f"/desk/incoming/{key}")
    first.send("/dismiss")
    second.send("/take")
    assert "decided about this message already" in second.words
    with desk.sessions() as store:
        assert store.query(Alert).count() == 0
        assert store.query(Incoming).one().state == "dismissed"


def test_who_may_only_look_decides_nothing(desk: Desk) -> None:
    key = post(desk, signed(message())).json["id"]
    looker = desk.browser(AUDITOR).open(f"/desk/incoming/{key}")
    assert not looker.has("/take") and not looker.has("/dismiss")
    assert desk.browser().open(f"/desk/incoming/{key}").path == "/desk/sign-in"


def test_the_doctor_looks_at_what_is_pinned(tmp_path) -> None:
    def says(pem: str):
        env = {"MODE": "demo", "DATA_DIR": str(tmp_path), "CAP_PARTNERS": json.dumps({MEMA: pem})}
        return next(one for one in examine(env) if one.what == "CAP partners")

    assert says("-----BEGIN CERTIFICATE-----").works is False
    assert "pinned of alerts@mema.example.gov" in says("-----BEGIN CERTIFICATE-----").sentence
