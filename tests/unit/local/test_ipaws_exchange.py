"""The simulated IPAWS-OPEN refuses what FEMA's would: it is the judge, so it is judged here."""

from __future__ import annotations

import asyncio
import urllib.error
import urllib.request
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from broadcaster.channels import ipaws_words as words
from broadcaster.channels.soap import Identity, signed
from broadcaster.feeds import cap, signature
from broadcaster.feeds.cap import Alert, Reference
from broadcaster.feeds.capvalues import MsgType
from broadcaster.local.ipaws.envelope import RequestRefused, read
from broadcaster.local.ipaws.exchange import Exchange
from broadcaster.local.ipaws.faults import FaultError, Faults
from broadcaster.local.ipaws.server import Service, listen
from tests import ipaws
from tests.unit.feeds import samples

NOW = datetime.now(UTC).replace(microsecond=0)
HEADER = words.header(ipaws.USER, ipaws.COG)


def alert(**changes: object) -> Alert:
    content = samples.content(began=NOW - timedelta(minutes=10), expires=NOW + timedelta(hours=2))
    made = cap.build(samples.facts(sent=NOW, content=content, status=cap.Status.ACTUAL))
    return replace(made, **changes)  # type: ignore[arg-type]


def raw(made: Alert) -> bytes:
    return signature.sign(cap.serialise(made), *ipaws.pair("alert"))


def exchange(**changes: object) -> Exchange:
    return Exchange(ipaws.group(**{"clock": lambda: NOW.timestamp(), **changes}), Faults())


def codes(there: Exchange, made: Alert | bytes) -> list[str]:
    return [
        each.code
        for each in there.take(made if isinstance(made, bytes) else raw(made), "").statuses
        if not each.gateway
    ]


def test_a_good_alert_is_taken_by_every_channel() -> None:
    assert codes(exchange(), alert()) == ["200", "202", "300", "400", "500", "600", "800"]


def test_the_same_identifier_twice_is_refused() -> None:
    there = exchange()
    assert codes(there, alert())[0] == "200"
    assert codes(there, alert()) == ["201"]
    assert len(there.taken) == 1


OLD = NOW - timedelta(minutes=5, seconds=1)
EARLIER = alert(identifier="earlier")
TO_EARLIER = Reference(EARLIER.sender, "earlier", cap.format_time(EARLIER.sent))
OTHER, OTHER_TIME = replace(TO_EARLIER, identifier="other"), replace(TO_EARLIER, sent="2024-01-01T00:00:00-00:00")
UPDATE: dict[str, Any] = {"identifier": "later", "msg_type": MsgType.UPDATE}
REFUSED: dict[str, tuple[dict[str, object], dict[str, object], str]] = {
    "sent too long ago": ({}, {"sent": OLD}, "303"),
    "sent in the future": ({}, {"sent": NOW + timedelta(minutes=6)}, "303"),
    "beyond the group's area": ({"places": ("025027",)}, {}, "214"),
    "not an event of the group": ({"events": ("RWT",)}, {}, "221"),
    "an update of nothing": ({}, {**UPDATE, "references": ()}, "307"),
    "an update of what is not there": ({}, {**UPDATE, "references": (OTHER,)}, "207"),
    "a reference with another time": (
        {},
        {**UPDATE, "references": (OTHER_TIME,)},
        "207",
    ),
}
"""The group, the change of a good alert, and the code that refuses it."""


@pytest.mark.parametrize("name", REFUSED)
def test_what_breaks_a_rule_is_refused_whole(name: str) -> None:
    group, change, code = REFUSED[name]
    there = exchange(**group)
    there.take(raw(EARLIER), "")
    assert codes(there, alert(**change)) == [code]
    assert change.get("identifier", alert().identifier) not in there.taken


def test_a_reference_to_what_expired_is_refused() -> None:
    clock = [NOW.timestamp()]
    there = exchange(clock=lambda: clock[0])
    there.take(raw(EARLIER), "")
    clock[0] += 3 * 3600
    later = datetime.fromtimestamp(clock[0], UTC)
    assert codes(there, alert(**UPDATE, sent=later, references=(TO_EARLIER,))) == ["209"]


@pytest.mark.parametrize(
    ("damage", "what"),
    [
        (lambda it: it.replace(b"Springfield", b"Summerfield"), "changed"),
        (lambda it: it.replace(b"</alert>", b"<note>x</note></alert>"), "something after the signature"),
        (lambda it: signature.sign(cap.serialise(alert()), *ipaws.pair("stranger")), "a stranger's"),
        (lambda it: cap.serialise(alert()), "none"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_signature_that_does_not_hold_is_refused(damage: Any, what: str) -> None:
    assert codes(exchange(), damage(raw(alert()))) == ["208"]


def test_an_exercise_is_taken_and_aired_by_nobody_but_a_laboratory() -> None:
    drill = alert(status=cap.Status.EXERCISE, note="drill")
    assert codes(exchange(airs=("Actual",)), drill) == ["200", "202", "300", "401", "501", "615", "801"]
    assert codes(exchange(), drill)[-1] == "800"


def test_the_ledger_is_read_back(tmp_path: Path) -> None:
    file = tmp_path / "ledger.ndjson"
    before = exchange(ledger=file)
    before.take(raw(alert()), "")
    after = exchange(ledger=file)
    assert [post.json() for post in after.posts] == [post.json() for post in before.posts]
    assert codes(after, alert()) == ["201"]


def envelope(name: str = "transport") -> bytes:
    return signed(HEADER, words.post_cap(raw(alert()).decode()), Identity(*ipaws.pair(name)))


def test_a_request_is_read_with_its_alert_byte_for_byte() -> None:
    request = read(envelope(), ipaws.group().transport, NOW.timestamp())
    assert (request.user, request.cog) == (ipaws.USER, ipaws.COG)
    assert request.alert == raw(alert()).partition(b"\n")[2]


BODY = b'<soapenv:Body wsu:Id="body">'
ATTACKS = {
    "a stranger's certificate": lambda it: envelope("stranger"),
    "a changed body": lambda it: it.replace(b"Springfield", b"Summerfield"),
    "no signature": lambda it: it[: it.index(b"<ds:Signature")] + it[it.index(b"</ds:Signature>") + 15 :],
    "no security header": lambda it: it[: it.index(b"<wsse:Security")] + it[it.index(b"</wsse:Security>") + 16 :],
    "a second body": lambda it: it.replace(BODY, b"<soapenv:Body><x/></soapenv:Body>" + BODY),
    "the signed body wrapped away": lambda it: it.replace(BODY, b'<soapenv:Body wsu:Id="other">').replace(
        b"</soapenv:Header>", it[it.index(BODY) : it.index(b"</soapenv:Body>") + 15] + b"</soapenv:Header>"
    ),
    "the same id twice": lambda it: it.replace(b"<svc:logonUser>", b'<svc:logonUser wsu:Id="body">'),
    "another reference": lambda it: it.replace(b'URI="#body"', b'URI="#token"'),
    "a document type": lambda it: b"<!DOCTYPE a>" + it,
    "no XML": lambda it: b"hello",
}


@pytest.mark.parametrize("name", ATTACKS)
def test_a_request_that_is_not_ours_is_a_fault(name: str) -> None:
    with pytest.raises(RequestRefused):
        read(ATTACKS[name](envelope()), ipaws.group().transport, NOW.timestamp())


def test_an_ended_certificate_is_refused_in_femas_words() -> None:
    later = (NOW + timedelta(days=400)).timestamp()
    with pytest.raises(RequestRefused, match="signed with invalid certificate"):
        read(envelope(), ipaws.group().transport, later)


@pytest.mark.parametrize("updates", [{"hung": 1}, {"down": 1}, {"accepted_hang": "one"}, {"codes": []}])
def test_a_fault_that_is_none_is_refused(updates: dict[str, Any]) -> None:
    with pytest.raises(FaultError):
        Faults().change(updates)


async def test_feeds_hold_whole_signed_alerts_of_their_channel(tmp_path: Path) -> None:
    runner, url = await listen(Service(ipaws.group(eas=False, clock=lambda: NOW.timestamp())), 0)
    try:
        made = runner.app
        assert made is not None
        way = ipaws.channel(f"{url}/IPAWS_CAPService/IPAWS", tmp_path)
        await way._asked("postCAP", words.post_cap(raw(alert()).decode()))
        await way.close()
        found = {feed: await asyncio.to_thread(fetch, url, feed) for feed in ("public", "eas", "PublicWEA", "none")}
    finally:
        await runner.cleanup()
    assert raw(alert()).partition(b"\n")[2] in found["public"] and found["public"] == found["PublicWEA"]
    assert b"<alert" not in found["eas"] and found["none"] == b"404"


def fetch(url: str, feed: str) -> bytes:
    try:
        with urllib.request.urlopen(f"{url}/IPAWSOPEN_EAS_SERVICE/rest/{feed}/recent/2024-01-01T00:00:00Z") as reply:
            return bytes(reply.read())
    except urllib.error.HTTPError as error:
        error.close()
        return str(error.code).encode()
