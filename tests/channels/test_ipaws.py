"""IPAWS-OPEN from our side: what is signed and sent, and what each of its words means for us."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable, Coroutine
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from broadcaster.channels.contract import Accepted, Asked, Key, Outgoing, Unsupported
from broadcaster.channels.errors import Ambiguous, Misconfigured, NotSent, Rejected, SendError
from broadcaster.channels.ipaws import Ipaws
from broadcaster.channels.wire import Reply
from broadcaster.feeds import cap, signature
from broadcaster.feeds.cog import CogProfile
from broadcaster.local.ipaws import Running
from broadcaster.messages.message import Message
from tests import ipaws
from tests.unit.feeds import samples


def document(**changes: object) -> tuple[str, bytes]:
    """A signed alert of this minute; its identifier and its bytes."""
    now = datetime.now(UTC).replace(microsecond=0)
    content = samples.content(began=now - timedelta(minutes=10), expires=now + timedelta(hours=2))
    facts = samples.facts(**{"sent": now, "content": content, "status": cap.Status.ACTUAL, **changes})
    made = cap.build(facts)
    return made.identifier, signature.sign(cap.serialise(made), *ipaws.pair("alert"))


def outgoing(made: tuple[str, bytes], n: int = 1) -> Outgoing:
    return Outgoing(Key(1, 1, n), "IPAWS-OPEN", Message(made[0], made[1].decode(), ""), "", 7200)


def run(running: Running, folder: Path, ask: Callable[[Ipaws], Coroutine[Any, Any, Any]], **seat: str) -> Any:
    async def asked() -> Any:
        way = ipaws.channel(running.url, folder, **seat)
        try:
            return await ask(way)
        finally:
            await way.close()

    return asyncio.run(asked())


def post(running: Running, folder: Path, made: tuple[str, bytes], **seat: str) -> Accepted:
    accepted: Accepted = run(running, folder, lambda way: way.send(outgoing(made)), **seat)
    return accepted


def test_the_bytes_that_are_stored_are_the_bytes_that_arrive(tmp_path: Path) -> None:
    made = document()
    with ipaws.exchange() as running:
        accepted = post(running, tmp_path, made)
        (got,) = running.posts()
    assert got.xml.encode() == made[1].partition(b"\n")[2]
    assert got.taken and accepted.ref == got.identifier == made[0]
    assert ipaws_items(accepted) == ipaws.POSTED
    assert [item.gateway for item in accepted.items if item.gateway] == ["Carrier A", "Carrier B", "Carrier C"]


def ipaws_items(told: Accepted | SendError) -> tuple[str, ...]:
    return tuple(f"{item.channel} {item.code}" for item in told.items if not item.gateway)


def test_both_shapes_of_the_answer_say_the_same(tmp_path: Path) -> None:
    with ipaws.exchange() as running:
        items = post(running, tmp_path, document(identifier="shape-1"))
        running.set_faults(shape="string")
        string = post(running, tmp_path, document(identifier="shape-2"))
    assert ipaws_items(items) == ipaws.POSTED
    assert set(ipaws_items(string)) == {*ipaws.POSTED, "CMAS 10"}  # a string does not name its gateways


CODES = {
    **dict.fromkeys([("CAPEXCH", code) for code in ("207", "208", "209", "213", "214", "221")], Rejected),
    **dict.fromkeys([("IPAWS", code) for code in ("303", "307")], Rejected),
    **dict.fromkeys([("NWEM", "401"), ("EAS", "501"), ("CMAS", "615"), ("PUBLIC", "801")], Accepted),
    **dict.fromkeys([("gateway:Carrier A", str(code)) for code in (*range(100, 109), 198, 199)], Accepted),
    ("CAPEXCH", "201"): Accepted,
}
"""Every documented code that is not good news, and what it means: refused whole, or one channel of several."""


@pytest.mark.parametrize("shape", ["items", "string"])
@pytest.mark.parametrize("code", CODES, ids=lambda code: f"{code[0]}-{code[1]}")
def test_every_code_has_its_meaning(code: tuple[str, str], shape: str, tmp_path: Path) -> None:
    with ipaws.exchange() as running:
        running.set_faults(shape=shape, codes={code[0]: code[1]})
        try:
            told: Accepted | SendError = post(running, tmp_path, document())
        except SendError as error:
            told = error
    assert type(told) is CODES[code]
    item = next(item for item in told.items if item.code == code[1])
    assert item.error
    if isinstance(told, Rejected):
        assert told.reason == code[1]


def test_when_no_outlet_takes_it_nobody_is_told(tmp_path: Path) -> None:
    with ipaws.exchange() as running:
        running.set_faults(codes={"NWEM": "401", "EAS": "501", "CMAS": "615", "PUBLIC": "801"})
        with pytest.raises(Rejected) as caught:
            post(running, tmp_path, document())
    assert caught.value.reason == "no_outlet" and len(caught.value.items) == 7


ANSWERS: dict[str, tuple[type[SendError], str]] = {
    "fault_certificate": (Misconfigured, "certificate"),
    "fault_client": (Rejected, "soap_client"),
    "fault_receiver": (Ambiguous, "soap_fault"),
    "refused_500": (Ambiguous, "http_500"),
    "accepted_500": (Ambiguous, "http_500"),
    "accepted_reset": (Ambiguous, "connection_lost"),
    "accepted_garbage": (Ambiguous, "unreadable_answer"),
}
"""How an answer can fail, and how sure we are of what happened."""


@pytest.mark.parametrize("fault", ANSWERS)
def test_what_is_not_certain_is_ambiguous(fault: str, tmp_path: Path) -> None:
    with ipaws.exchange() as running:
        running.set_faults(**{fault: 1})
        with pytest.raises(SendError) as caught:
            post(running, tmp_path, document())
        taken = running.summary()["taken"]
    assert (type(caught.value), caught.value.reason) == ANSWERS[fault]
    assert taken == int(fault.startswith("accepted"))


def test_nobody_there_is_certainly_not_sent(tmp_path: Path) -> None:
    with ipaws.exchange() as running:
        gone = running
    with pytest.raises(NotSent, match="no_connection"):
        post(gone, tmp_path, document())


@pytest.mark.parametrize(
    ("seat", "reason"), [({"name": "stranger"}, "certificate"), ({"user": "somebody"}, "certificate")]
)
def test_strangers_are_refused_and_a_person_must_repair_it(seat: dict[str, str], reason: str, tmp_path: Path) -> None:
    with ipaws.exchange() as running:
        with pytest.raises(Misconfigured, match=reason):
            post(running, tmp_path, document(), **seat)
        assert running.posts() == []


def test_a_certificate_that_cannot_be_read_stops_this_channel_only(tmp_path: Path) -> None:
    seat = ipaws.Credentials(tmp_path).seat("http://127.0.0.1:1/")
    seat.key.unlink()
    with pytest.raises(Misconfigured, match="certificate_unreadable"):
        seat.identity()
    seat.key.write_bytes(b"no key")
    way = Ipaws(seat, ipaws.Door(live=False))
    with pytest.raises(Misconfigured, match="cannot_sign"):
        asyncio.run(way.send(outgoing(document())))


def test_an_unsigned_or_changed_alert_is_refused(tmp_path: Path) -> None:
    identifier, whole = document()
    wrong = {
        "unsigned": re.sub(rb"<ds:Signature.*</ds:Signature>", b"", whole, flags=re.S),
        "changed": whole.replace(b"Springfield", b"Summerfield"),
        "indented": whole.replace(b"><", b">\n<"),
    }
    with ipaws.exchange() as running:
        for name, raw in wrong.items():
            with pytest.raises(Rejected, match="208"):
                post(running, tmp_path, (f"{identifier}-{name}", raw))
        assert running.summary()["taken"] == 0


def test_asked_it_says_which_documents_it_has(tmp_path: Path) -> None:
    here, gone = document(identifier="outage-1"), document(identifier="outage-12")
    now = datetime.now(UTC)
    asked = [Asked(Key(1, no, 1), "IPAWS-OPEN", made[1].decode(), now) for no, made in enumerate((here, gone))]
    with ipaws.exchange() as running:
        post(running, tmp_path, gone)
        seen = run(running, tmp_path, lambda way: way.find(asked))
    assert [(one.key.address, one.ref) for one in seen] == [(1, "outage-12")]


def test_ping_is_answered_with_pong(tmp_path: Path) -> None:
    with ipaws.exchange() as running:
        assert run(running, tmp_path, lambda way: way.ping()) is None
        running.set_faults(ack_down=True)
        with pytest.raises(Ambiguous):
            run(running, tmp_path, lambda way: way.ping())


def test_the_profile_is_read_whole(tmp_path: Path) -> None:
    limits = {"events": ("TOE", "ADR"), "places": ("025000", "033011"), "eas": False}
    with ipaws.exchange(**limits) as running:
        profile = run(running, tmp_path, lambda way: way.profile())
    assert profile == CogProfile(
        ipaws.COG,
        "State 911 Department",
        True,
        False,
        True,
        True,
        True,
        False,
        False,
        *[limits["events"], limits["places"]],
    )


def test_nothing_is_taken_back(tmp_path: Path) -> None:
    way = ipaws.channel("http://127.0.0.1:1/", tmp_path)
    with pytest.raises(Unsupported):
        asyncio.run(way.cancel("x"))


@pytest.mark.parametrize(
    "answer",
    [
        "",
        "<html>Sign in</html>",
        "<!DOCTYPE a [<!ENTITY b 'c'>]><a/>",
        '<S:Envelope xmlns:S="http://schemas.xmlsoap.org/soap/envelope/"/>',
        '<S:Envelope xmlns:S="http://schemas.xmlsoap.org/soap/envelope/"><S:Body/></S:Envelope>',
        '<S:Envelope xmlns:S="http://schemas.xmlsoap.org/soap/envelope/"><S:Body><a/></S:Body></S:Envelope>',
        "<a>" * 100_000,
    ],
)
def test_an_answer_that_says_nothing_is_asked_after(answer: str, tmp_path: Path, monkeypatch: Any) -> None:
    way = ipaws.channel("http://127.0.0.1:1/", tmp_path)

    async def given(*_: object) -> Any:
        return Reply(200, answer, {})

    monkeypatch.setattr(way._door, "request", given)
    with pytest.raises(Ambiguous, match="unreadable_answer"):
        asyncio.run(way.send(outgoing(document())))
