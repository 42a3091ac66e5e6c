"""The public window serves what was published, with everything else gone; it says as of when, and gets loud."""

import gzip
import json
import os
import subprocess
import sys
import time
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest
from lxml import etree

from broadcaster.alert.alert import FailureKind, RevisionKind
from broadcaster.channels.files import publish
from broadcaster.feeds import atom, cap, public_page, signature
from broadcaster.feeds.recent import Held, recent_files
from broadcaster.window import create_app, shelf
from tests.unit.feeds.samples import NOON, content, facts, on_air, snapshot

RECENT = "/IPAWSOPEN_EAS_SERVICE/rest/{}/recent/{}"
FEEDS = ("public", "public_non_eas", "eas", "nwem", "PublicWEA")


class Clock:
    def __init__(self):
        self.now = NOON + timedelta(seconds=5)

    def __call__(self):
        return self.now


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture(scope="module")
def documents():
    """An outage that phones hear, a lesser one that they do not, and an all-clear; all signed."""
    keys = signature.make_demo_certificate(NOON)
    first = cap.build(facts())
    lesser = cap.build(facts(identifier="MA911-b1-1", content=content(failure=FailureKind.TEXT_TO_911)))
    later = NOON + timedelta(minutes=1)
    clear = cap.build(
        facts(
            RevisionKind.ALL_CLEAR,
            clear_on=frozenset({"EAS"}),
            identifier="MA911-a1-2",
            sent=later,
            references=cap.unexpired([first], later),
        )
    )
    return {alert.identifier: signature.sign(cap.serialise(alert), *keys) for alert in (first, lesser, clear)}


@pytest.fixture
def folder(tmp_path, documents):
    feed = atom.FeedFacts("https://911.example.gov", "911 alerts", "State 911 Department", NOON)
    held = [Held(cap.parse(data), data) for data in documents.values()]
    pages = {
        **recent_files(feed, held, NOON),
        **atom.feed_files(feed, [one.alert for one in held]),
        **public_page.files(snapshot(on_air())),
    }
    publish(tmp_path, pages, {f"cap/{name}.xml": data for name, data in documents.items()})
    return tmp_path


@pytest.fixture
def window(folder, clock):
    return create_app(folder, clock).test_client()


PATHS = [
    ("/", "text/html; charset=utf-8", b"911 is down in 3 communities"),
    ("/index.html", "text/html; charset=utf-8", b"413-555-0100"),
    ("/find?q=01103", "text/html; charset=utf-8", b"413-555-0100"),
    ("/find?q=Worcester", "text/html; charset=utf-8", b"call 911"),
    ("/find?q=Gotham", "text/html; charset=utf-8", b"try 911 first"),
    ("/find", "text/html; charset=utf-8", b"Which number do I call"),
    ("/town/ware", "text/html; charset=utf-8", b"nearest fire or police station"),
    ("/town/ware.html", "text/html; charset=utf-8", b"nearest fire or police station"),
    ("/status.json", "application/json", b'"state": "down"'),
    ("/lookup.json", "application/json", b"springfield"),
    ("/cap/index.atom", "application/atom+xml", b"<entry>"),
    ("/cap/index.rss", "application/rss+xml", b"<item>"),
    ("/cap/MA911-a1-1.xml", "application/cap+xml", b"<identifier>MA911-a1-1<"),
    ("/public.css", "text/css; charset=utf-8", b".panel"),
    ("/public.js", "text/javascript; charset=utf-8", b"use strict"),
    ("/icon.svg", "image/svg+xml", b"<svg"),
    ("/healthz", "text/plain; charset=utf-8", b"ok"),
    (RECENT.format("eas", "2024-06-18T00:00:00Z"), "application/xml", b"<ns1:alerts"),
    ("/IPAWSOPEN_EAS_SERVICE/rest/update", "application/atom+xml", b"<updated>2024-06-18T18:31:00Z<"),
    ("/IPAWSOPEN_EAS_SERVICE/rest/feed", "application/atom+xml", b'label="statefips"'),
]


@pytest.mark.parametrize(("path", "kind", "words"), PATHS)
def test_every_address_answers_with_its_type_and_its_manners(window, path, kind, words):
    answer = window.get(path)
    assert answer.status_code == 200
    assert answer.content_type == kind
    assert words in answer.data
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert "default-src 'none'" in answer.headers["Content-Security-Policy"]
    assert "Set-Cookie" not in answer.headers
    head = window.head(path)
    assert (head.status_code, head.data) == (200, b"")


@pytest.mark.parametrize("path", [path for path, _, _ in PATHS if path != "/healthz"])
def test_a_reader_who_has_it_gets_a_304(window, path):
    first = window.get(path)
    assert first.headers["ETag"].startswith('"')
    again = window.get(path, headers={"If-None-Match": first.headers["ETag"]})
    assert (again.status_code, again.data) == (304, b"")
    assert window.get(path, headers={"If-None-Match": '"other"'}).status_code == 200
    assert "Last-Modified" not in first.headers  # it was written a moment ago, or is made anew
    soon = format_datetime(datetime.now(UTC) + timedelta(hours=1), usegmt=True)
    assert window.get(path, headers={"If-Modified-Since": soon}).status_code == 200


FILES = ["/", "/status.json", "/cap/index.atom", "/cap/index.rss", "/cap/MA911-a1-1.xml", "/public.css"]


@pytest.mark.parametrize("path", FILES)
@pytest.mark.parametrize("coding", ["identity", "gzip"])
def test_the_tag_goes_before_the_date(window, folder, path, coding):
    """RFC 9110 section 13.2.2: If-Modified-Since counts only where there is no If-None-Match."""
    an_hour_ago = time.time() - 3600
    for file in folder.rglob("*.*"):
        os.utime(file, (an_hour_ago, an_hour_ago))
    wants = {"Accept-Encoding": coding}
    first = window.get(path, headers=wants)
    tag, date = first.headers["ETag"], first.headers["Last-Modified"]
    earlier = format_datetime(datetime.now(UTC) - timedelta(hours=2), usegmt=True)
    for validators, status in (
        ({"If-Modified-Since": date}, 304),
        ({"If-Modified-Since": earlier}, 200),
        ({"If-Modified-Since": "yesterday"}, 200),
        ({"If-None-Match": tag, "If-Modified-Since": earlier}, 304),
        ({"If-None-Match": '"other"', "If-Modified-Since": date}, 200),
        ({"If-None-Match": f'"other", {tag}'}, 304),
        ({"If-None-Match": f"W/{tag}"}, 304),
        ({"If-None-Match": "*"}, 304),
    ):
        answer = window.get(path, headers={**wants, **validators})
        assert (answer.status_code, validators) == (status, validators)
        assert answer.headers["ETag"] == tag and answer.headers["Vary"] == "Accept-Encoding"
        assert answer.headers["Cache-Control"] == first.headers["Cache-Control"]


@pytest.mark.parametrize("path", ["/", "/town/ware", "/status.json", "/cap/index.atom", "/cap/MA911-a1-1.xml"])
def test_gzip_is_another_representation_with_its_own_tag(window, path):
    plain, packed = window.get(path), window.get(path, headers={"Accept-Encoding": "gzip"})
    assert packed.headers["Content-Encoding"] == "gzip"
    assert gzip.decompress(packed.data) == plain.data
    assert packed.headers["ETag"] != plain.headers["ETag"]
    assert packed.headers["Vary"] == plain.headers["Vary"] == "Accept-Encoding"
    refused = window.get(path, headers={"Accept-Encoding": "gzip;q=0"})
    assert "Content-Encoding" not in refused.headers


def test_documents_are_for_ever_and_everything_else_is_for_seconds(window):
    assert window.get("/cap/MA911-a1-1.xml").headers["Cache-Control"] == "public, max-age=31536000, immutable"
    assert window.get("/cap/index.atom").headers["Cache-Control"] == "public, max-age=30"
    assert window.get("/").headers["Cache-Control"] == "public, max-age=5"


WRONG = [
    ("/cap/../status.json.xml", 404),
    ("/cap/..%2f..%2fstatus.json.xml", 404),
    ("/cap/%2e%2e%2findex.xml", 404),
    ("/cap/.MA911-a1-1.xml", 404),
    ("/cap/none.xml", 404),
    ("/town/..%2findex", 404),
    ("/town/../../etc/passwd", 404),
    ("/town/%00", 404),
    ("/town/none", 404),
    ("/status.json.gz", 404),
    ("/etc/passwd", 404),
    (RECENT.format("all", "2024-06-18T00:00:00Z"), 404),
    (RECENT.format("eas", "yesterday"), 400),
    (RECENT.format("eas", "2024-06-18T00:00:00"), 400),
    (RECENT.format("eas", "2024-13-18T00:00:00Z"), 400),
    (RECENT.format("eas", "٢٠٢٤-06-18T00:00:00Z"), 400),
]


@pytest.mark.parametrize(("path", "code"), WRONG)
def test_what_is_not_there_is_a_sentence(window, path, code):
    answer = window.get(path)
    assert answer.status_code == code
    assert answer.content_type == "text/plain; charset=utf-8"
    assert answer.text.strip().endswith(".")
    assert "nosniff" in answer.headers["X-Content-Type-Options"]


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "OPTIONS", "PATCH"])
def test_nothing_can_be_done_here(window, method):
    answer = window.open("/", method=method)
    assert answer.status_code == 405
    assert set(answer.headers["Allow"].split(", ")) == {"GET", "HEAD"}


@pytest.mark.parametrize("path", ["/", "/find?q=ware", "/status.json", "/cap/index.atom", "/healthz"])
def test_before_anything_is_published_it_says_so(tmp_path, clock, path):
    answer = create_app(tmp_path / "nothing", clock).test_client().get(path)
    assert answer.status_code == 503
    assert answer.text == "Nothing has been published here yet. In an emergency, call 911.\n"
    assert answer.headers["Retry-After"]


@pytest.mark.parametrize("path", ["/", "/town/ware", "/find?q=ware"])
def test_a_silent_writer_makes_every_page_loud_and_a_new_word_quiet_again(window, folder, clock, path):
    loud = b"This page has not been refreshed since 2:30 p.m. EDT, Tuesday, June 18, 2024."
    fresh = window.get(path, headers={"Accept-Encoding": "gzip"})
    clock.now = NOON + timedelta(seconds=61)
    stale = window.get(path, headers={"Accept-Encoding": "gzip", "If-None-Match": fresh.headers["ETag"]})
    assert stale.status_code == 200
    assert loud in stale.data
    publish(folder, public_page.files(snapshot(on_air(), as_of=clock.now)))
    assert loud not in window.get(path, headers={"If-None-Match": stale.headers["ETag"]}).data


HEARD = {
    "public": ["MA911-a1-1", "MA911-b1-1", "MA911-a1-2"],
    "public_non_eas": ["MA911-a1-1", "MA911-b1-1", "MA911-a1-2"],
    "eas": ["MA911-a1-1", "MA911-b1-1", "MA911-a1-2"],
    "nwem": ["MA911-a1-1", "MA911-b1-1", "MA911-a1-2"],
    "PublicWEA": ["MA911-a1-1"],
}


def heard(window, feed, since):
    root = etree.fromstring(window.get(RECENT.format(feed, since)).data)
    return [alert[0].text for alert in root]


@pytest.mark.parametrize("feed", FEEDS)
def test_recent_holds_what_is_meant_for_that_way_out(window, feed):
    assert sorted(heard(window, feed, "2024-06-18T18:30:00Z")) == sorted(HEARD[feed])


def test_recent_holds_whole_documents_since_the_moment_until_they_expire(window, clock, documents):
    assert heard(window, "public", "2024-06-18T18:30:01Z") == ["MA911-a1-2"]
    assert heard(window, "public", "2024-06-18T18:31:01Z") == []
    body = window.get(RECENT.format("public", "2024-06-18T18:31:00Z")).data
    assert documents["MA911-a1-2"].partition(b"?>\n")[2] in body
    clock.now = NOON + timedelta(hours=2)
    assert heard(window, "public", "2024-06-18T18:00:00Z") == []


def test_an_unreadable_document_does_not_silence_the_others(window, folder):
    (folder / "cap" / "broken.xml").write_bytes(b"<alert")
    assert len(heard(window, "public", "2024-06-18T18:00:00Z")) == 3


def test_a_document_is_read_once_and_forgotten_when_it_has_expired(window, clock, monkeypatch):
    read = []
    monkeypatch.setattr(shelf, "parse", lambda data: read.append(data) or cap.parse(data))
    for _ in range(3):
        assert len(heard(window, "public", "2024-06-18T18:00:00Z")) == 3
    clock.now = NOON + timedelta(hours=3)
    for _ in range(3):
        assert heard(window, "public", "2024-06-18T18:00:00Z") == []
    assert len(read) == 3


def test_the_recent_status_is_the_published_one(window, folder):
    assert window.get("/status.json").json == json.loads((folder / "status.json").read_bytes())


def test_the_window_runs_without_store_web_or_queue(folder):
    """A process of its own, in which those packages cannot even be imported."""
    program = f"""
import sys
others = ("store", "web", "dispatch", "tasks")
for name in ("sqlalchemy", "psycopg", "redis", "celery", *(f"broadcaster.{{other}}" for other in others)):
    sys.modules[name] = None
from pathlib import Path
from broadcaster.window import create_app, shelf
answer = create_app(Path({str(folder)!r})).test_client().get("/find?q=springfield")
assert b"413-555-0100" in answer.data, answer.data
assert b"has not been refreshed since" in answer.data
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
