"""The feeds over weeks: what is listed and for how long, what is read again, and a writer that is killed."""

from __future__ import annotations

import gzip
import hashlib
import json
import os
import subprocess
import sys
import threading
import time
import urllib.request
from datetime import UTC, datetime, timedelta
from pathlib import Path

import feedparser
import pytest
from lxml import etree

from broadcaster.alert.alert import RevisionKind
from broadcaster.channels import files
from broadcaster.channels.files import PublishFailed
from broadcaster.dispatch.documents import catalogue
from broadcaster.dispatch.documents.catalogue import Catalogue
from broadcaster.dispatch.documents.publish import Publisher, publish
from broadcaster.feeds import cap
from broadcaster.store import database
from broadcaster.store.alerting.alerts import Document
from broadcaster.store.database import Sessions
from tests.factories import House, directory, furnish
from tests.flow import story
from tests.flow.story import ROOT
from tests.flow.test_the_line_changes import confirmed, follow
from tests.flow.test_what_comes_back import free_port

EVERYONE = {"+15085550111": ["town-1", "town-2", "town-3"]}
INDEXES = ("cap/index.atom", "cap/index.rss")


@pytest.fixture
def house(sessions: Sessions) -> House:
    return furnish(sessions, directory(3), EVERYONE)


def listed(root: Path) -> list[str]:
    """The identifiers in the Atom index, newest first; the RSS index has the same."""
    atom, rss = (feedparser.parse((root / path).read_bytes()) for path in INDEXES)
    assert not atom.bozo and not rss.bozo
    names = [entry.id.rpartition("/")[2].removesuffix(".xml") for entry in atom.entries]
    assert names == [entry.id for entry in rss.entries]
    return names


def identifiers(house: House) -> list[str]:
    with house.sessions() as session:
        return [row.identifier for row in session.query(Document).order_by(Document.id)]


def test_an_alert_leaves_the_index_two_weeks_after_it_ended_and_its_documents_stay(
    house: House, tmp_path: Path
) -> None:
    first = house.release()
    follow(house, first, RevisionKind.ALL_CLEAR, confirmations=confirmed(EVERYONE))
    now = datetime.now(UTC)
    made = identifiers(house)
    for age, there in ((0, True), (13.9, True), (14.1, False), (400, False)):
        publish(house.sessions, house.office, tmp_path, now + timedelta(days=age))
        assert sorted(listed(tmp_path)) == (sorted(made) if there else [])
        assert sorted(files.documents(tmp_path)) == sorted(made)
    assert json.loads((tmp_path / "status.json").read_text())["documents"] == []


def test_an_alert_that_nobody_ended_stays_listed(house: House, tmp_path: Path) -> None:
    house.release()
    publish(house.sessions, house.office, tmp_path, datetime.now(UTC) + timedelta(days=60))
    assert listed(tmp_path) == identifiers(house)


def test_an_empty_feed_is_valid_and_its_bytes_stand_still(sessions: Sessions, tmp_path: Path) -> None:
    house, now = furnish(sessions, directory(3), {}), datetime.now(UTC)
    with sessions.begin() as session:
        database.stamp_mode(session, "demo")
    publish(sessions, house.office, tmp_path, now)
    assert listed(tmp_path) == []
    changed = publish(sessions, house.office, tmp_path, now + timedelta(minutes=1))
    assert not [name for name in changed if name.startswith(("cap/", "recent/"))]


def test_hundreds_of_documents_are_read_once(house: House, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    house.release()
    with house.sessions.begin() as session:
        one = session.query(Document).one()
        old = datetime.now(UTC) - timedelta(days=30)
        for no in range(300):
            data = one.bytes.replace(one.identifier.encode(), f"old-{no}".encode())
            row = Document(revision_id=one.revision_id, kind="cap", bytes=data, sha=f"{no:064}", identifier=f"old-{no}")
            row.sender, row.sent, row.sent_text, row.expires = one.sender, old, one.sent_text, old
            session.add(row)
    read: list[int] = []
    monkeypatch.setattr(catalogue, "parse", lambda data: read.append(1) or cap.parse(data))
    known, now = Catalogue(tmp_path), datetime.now(UTC)
    publish(house.sessions, house.office, tmp_path, now, known)
    assert len(files.documents(tmp_path)) == 301 and len(read) == 50
    (tmp_path / "cap" / "old-7.xml").unlink()
    began = time.perf_counter()
    changed = [
        publish(house.sessions, house.office, tmp_path, now + timedelta(seconds=10 * no), known) for no in (1, 2)
    ]
    assert time.perf_counter() - began < 5
    assert "cap/old-7.xml" in changed[0] and not any(name.startswith("cap/") for name in changed[1])
    assert len(read) == 50


def test_one_document_that_was_tampered_with_silences_nobody(house: House, tmp_path: Path) -> None:
    house.release()
    now = datetime.now(UTC)
    publish(house.sessions, house.office, tmp_path, now)
    (name,) = identifiers(house)
    (tmp_path / "cap" / f"{name}.xml").write_bytes(b"<alert/>")
    with pytest.raises(PublishFailed, match=name):
        publish(house.sessions, house.office, tmp_path, now + timedelta(seconds=60))
    status = json.loads((tmp_path / "status.json").read_text())
    assert datetime.fromisoformat(status["as_of"]) == now + timedelta(seconds=60)


def test_what_a_killed_writer_left_is_swept_away(house: House, tmp_path: Path) -> None:
    (tmp_path / "cap").mkdir()
    for name, age in ((".index.atom.x1.tmp", 120), (".index.atom.x2.tmp", 0)):
        left = tmp_path / "cap" / name
        left.write_bytes(b"<feed")
        os.utime(left, (time.time() - age, time.time() - age))
    Publisher(house.sessions, house.office, tmp_path, 10.0)
    assert [path.name for path in (tmp_path / "cap").iterdir()] == [".index.atom.x2.tmp"]


WRITER = """
import sys
from pathlib import Path
from broadcaster.channels.files import publish
root, names = Path(sys.argv[1]), ["status.json", "lookup.json", "index.html", "cap/index.atom", "cap/index.rss"]
turn = 0
while True:
    turn += 1
    pad = "x" * (20_000 + turn % 7 * 9_000)
    pages = {name: b"" for name in names}
    as_of = '"as_of": "2024-06-18T18:30:00+00:00", "timezone": "America/New_York", "stale_after_seconds": 1e12'
    pages["status.json"] = ('{%s, "turn": %d, "pad": "%s"}' % (as_of, turn, pad)).encode()
    pages["lookup.json"] = ('{"towns": [], "turn": %d, "pad": "%s"}' % (turn, pad)).encode()
    pages["index.html"] = f"<html>{turn}{pad}</html>".encode()
    document = f"cap/MA911-t{turn}-1.xml"
    for name in names[3:]:
        pages[name] = f"<feed><id>{document}</id><pad>{pad}</pad></feed>".encode()
    publish(root, pages, {document: f"<alert>{turn}{pad}</alert>".encode()})
"""


def ask(url: str, coding: str = "identity") -> tuple[dict[str, str], bytes]:
    with urllib.request.urlopen(urllib.request.Request(url, headers={"Accept-Encoding": coding}), timeout=10) as answer:
        return {name.lower(): value for name, value in answer.headers.items()}, answer.read()


def whole(url: str, path: str, coding: str) -> bytes:
    """What a reader got, after checking that it is one whole version of the file."""
    headers, data = ask(url + path, coding)
    assert headers["etag"] == f'"{hashlib.sha256(data).hexdigest()[:32]}"'
    assert len(data) == int(headers["content-length"])
    plain = gzip.decompress(data) if headers.get("content-encoding") == "gzip" else data
    if path.endswith(".json"):
        json.loads(plain)
    else:
        etree.fromstring(plain)
    return plain


def test_a_reader_who_hammers_never_sees_half_a_file_while_the_writer_is_killed_again_and_again(tmp_path: Path) -> None:
    """The real window over HTTP; the writer is killed with -9 in the middle of its work, ten times."""
    port = free_port()
    env = {**os.environ, "PYTHONPATH": str(ROOT), "MODE": "demo", "DATA_DIR": str(tmp_path / "data")}
    argv = [sys.executable, "-m", "broadcaster", "window", "--port", str(port), "--dir", str(tmp_path)]
    window = subprocess.Popen(argv, cwd=ROOT, env=env, stderr=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
    url, wrong, reads, over = f"http://127.0.0.1:{port}", [], [0], threading.Event()

    def hammer(coding: str) -> None:
        while not over.is_set():
            try:
                for path in ("/status.json", "/", "/cap/index.rss", "/cap/index.atom"):
                    seen = whole(url, path, coding)
                    reads[0] += 1
                document = etree.fromstring(seen).findtext("id")
                whole(url, f"/{document}", coding)  # what an index names is there
            except Exception as error:
                wrong.append(repr(error)[:300])

    try:
        _write_until_killed(tmp_path, 1.0)
        story.until(lambda: _answers(url), 20)
        readers = [threading.Thread(target=hammer, args=(coding,)) for coding in ("identity", "gzip")]
        for reader in readers:
            reader.start()
        for turn in range(10):
            _write_until_killed(tmp_path, 0.25 + turn * 0.013)
        over.set()
        for reader in readers:
            reader.join()
    finally:
        window.terminate()
        window.wait(10)
    assert wrong == []
    assert reads[0] > 50 and len(files.documents(tmp_path)) > 3


def _answers(url: str) -> bool:
    try:
        return bool(ask(f"{url}/status.json")[1])
    except OSError:
        return False


def _write_until_killed(root: Path, seconds: float) -> None:
    env = {**os.environ, "PYTHONPATH": str(ROOT)}
    writer = subprocess.Popen([sys.executable, "-c", WRITER, str(root)], cwd=ROOT, env=env)
    time.sleep(seconds)
    writer.kill()
    writer.wait()
