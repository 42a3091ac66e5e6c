"""CAP documents a second, made, signed and checked; and how long it takes from an approval to the file on the disk."""

from __future__ import annotations

import signal
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from sqlalchemy import update

from broadcaster import tasks
from broadcaster.alert.alert import ChannelName, RevisionKind
from broadcaster.alert.lifecycle import AlertKind
from broadcaster.dispatch import actions
from broadcaster.dispatch.documents import cap_document
from broadcaster.dispatch.documents.cap_document import Stamp
from broadcaster.dispatch.revision import render
from broadcaster.dispatch.revision.render import Work
from broadcaster.feeds import cap, profile, shapes, signature
from broadcaster.local import assets, borders, child
from broadcaster.local.child import Process
from broadcaster.local.installation import command
from broadcaster.messages.edition import Edition
from broadcaster.store import database
from broadcaster.store.alerting.alerts import Alert, Document
from broadcaster.store.places import outlines
from tests.bench import gauge
from tests.bench.gauge import Void
from tests.bench.naive import documents as naive
from tests.bench.ours import STALLED_S
from tests.bench.plan import Plan
from tests.bench.stage import Stage, furnish, places
from tests.bench.table import Row, Table, at_most
from tests.factories import House, content, office

PUBLISHED_MS = 1000.0
"""performance.md: the CAP feed stands within a second of the approval."""


def measure(stage: Stage, table: Table, plan: Plan) -> None:
    """The parts of a document one by one, then the way of a whole one."""
    table.trying("documents/built", "documents", lambda: _rates(table, plan))
    for ours, beside, name in (
        ("built", "built/naive", "the naive way"),
        ("signed", "signed/ceiling", "a bare RSA signature"),
        ("checked", "checked/naive", "a schema read for each"),
    ):
        table.compare(f"documents/{ours}", f"documents/{beside}", name)
    table.trying("documents/disk", "approval to file", lambda: _to_disk(stage, table, plan))


@cache
def _work() -> tuple[Work, list[cap.InfoTexts]]:
    """A statewide outage of Massachusetts in two languages, its polygons drawn and its words made."""
    known = shapes.read(borders.by_state(assets.atlas())["25"])
    edition = Edition(RevisionKind.INITIAL, content(), office().voice, datetime.now(UTC), reference="bench")
    work = Work(office(), places(), edition, outlines=known)
    work = replace(work, frozen=work.drawn)
    return work, render.infos(work)


def _alert() -> cap.Alert:
    work, words = _work()
    return cap_document.cap_alert(work, words, Stamp("bench-1", datetime.now(UTC).replace(microsecond=0)))


def _rates(table: Table, plan: Plan) -> None:
    keys = signature.make_demo_certificate(datetime.now(UTC))
    plain = cap.serialise(_alert())
    signed = signature.sign(plain, *keys)
    size = f"{len(signed) / 1000:.1f} kB each: statewide, two languages, {len(_work()[0].drawn.polygons)} polygons"
    tasks_by_key: list[tuple[str, str, Callable[[], object]]] = [
        ("built/naive", "  built and written, the naive way", lambda: naive.written(_alert())),
        ("built", "documents built and written", lambda: cap.serialise(_alert())),
        ("signed/ceiling", "  a bare RSA signature (2,048 bits)", _bare_signature(keys[0], plain)),
        ("signed", "documents signed", lambda: signature.sign(plain, *keys)),
        ("checked/naive", "  checked by the schema, read for each", lambda: _must(naive.is_valid(signed))),
        ("checked", "documents parsed and checked", lambda: _checked(cap.parse(signed))),
        ("verified", "signatures verified", lambda: signature.verify(signed, keys[1], datetime.now(UTC))),
        ("whole", "documents built, checked and signed", lambda: _whole(keys)),
    ]
    for key, what, step in tasks_by_key:
        rates = [_rate(step, plan.documents) for _ in range(plan.rounds)]
        table.add(Row(f"documents/{key}", what, "/s", rates, note=size if key == "built" else ""))


def _rate(step: Callable[[], object], many: int) -> float:
    step()
    began = time.perf_counter()
    for _ in range(many):
        step()
    return many / (time.perf_counter() - began)


def _must(held: bool) -> None:
    if not held:
        raise Void("a document of ours is not valid")


def _checked(alert: cap.Alert) -> None:
    _must(not profile.blocking(profile.check(alert)))


def _whole(keys: tuple[bytes, bytes]) -> bytes:
    alert = _alert()
    _checked(alert)
    return signature.sign(cap.serialise(alert), *keys)


def _bare_signature(key_pem: bytes, data: bytes) -> Callable[[], bytes]:
    key = serialization.load_pem_private_key(key_pem, None)
    if not isinstance(key, rsa.RSAPrivateKey):
        raise Void("the key is no RSA key")
    return lambda: key.sign(data, padding.PKCS1v15(), hashes.SHA256())


def _to_disk(stage: Stage, table: Table, plan: Plan) -> None:
    """Approvals one after the other, with the sweep and the urgent worker at work, signed, published on a real disk."""
    url, public = stage.new_database("documents"), stage.folder / "published"
    house = furnish(database.sessions(database.connect(url)))
    with house.sessions.begin() as session:
        outlines.save(session, "25", borders.by_state(assets.atlas())["25"])
    house.office = replace(house.office, signing=signature.make_demo_certificate(datetime.now(UTC)))
    env = stage.environment(url, PUBLISH_DIR=str(public))
    stage.enter(env)
    running: list[Process] = []
    try:
        running += [child.spawn(command("sweep"), stage.log_of("sweep"), env)]
        running += [child.spawn(command("worker", "urgent"), stage.log_of("urgent"), env)]
        _approved(house, public)
        times = [_approved(house, public) for _ in range(plan.releases)]
    finally:
        for process in running:
            child.end(process, (signal.SIGTERM, 20.0))
    kinds = (
        ("disk", "signed file on the disk"),
        ("listed", "its name in the index"),
        ("page", "the whole public page"),
    )
    for no, (key, what) in enumerate(kinds):
        found = [one[no] * 1e3 for one in times]
        goal = at_most(PUBLISHED_MS) if key != "page" else None
        row = Row(f"documents/{key}", f"approval to {what}, p50", "ms", found, goal)
        row.note = f"p99 {gauge.quantile(found, 0.99):,.0f} ms of {len(found)}, from the click"
        table.add(row)


def _approved(house: House, public: Path) -> tuple[float, float, float]:
    """Seconds from the click to the document's file, to the index that names it, and to the last page of all.

    Void when the file has other bytes than the document that was approved. Alerts from before are over: one is on air.
    """
    with house.sessions.begin() as session:
        session.execute(update(Alert).values(state="closed", closed_at=datetime.now(UTC) - timedelta(days=1)))
        words = content(channels=(ChannelName.FEED,))
        revision = actions.new_alert(house.actor(session), AlertKind.OUTAGE, words)
        actions.submit(house.actor(session), revision)
        key = revision.id
    clicked = time.perf_counter()
    house.approve(key)
    tasks.ring("urgent")
    with house.sessions() as session:
        document = session.query(Document).filter_by(revision_id=key).one()
    place = public / "cap" / f"{document.identifier}.xml"
    _appear(lambda: place.exists(), "the document was not written")
    written = time.perf_counter()
    if place.read_bytes() != document.bytes:
        raise Void("the file is not the document that was approved")
    name = document.identifier.encode()
    _appear(lambda: _names(public / "cap" / "index.atom", name), "the index never named it")
    listed = time.perf_counter()
    _appear(lambda: _names(public / "status.json", name), "the page never named it")
    return written - clicked, listed - clicked, time.perf_counter() - clicked


def _names(place: Path, name: bytes) -> bool:
    return place.exists() and name in place.read_bytes()


def _appear(there: Callable[[], bool], otherwise: str) -> None:
    end = time.monotonic() + STALLED_S
    while not there():
        if time.monotonic() > end:
            raise Void(otherwise)
        time.sleep(0.001)
