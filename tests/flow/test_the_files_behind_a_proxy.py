"""The published files served by nginx with our own configuration, while the window behind it is down."""

from __future__ import annotations

import gzip
import os
import re
import shutil
import socket
import subprocess
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from urllib.error import HTTPError

import pytest
from lxml import etree

from broadcaster.channels.files import publish
from broadcaster.feeds import atom, cap, public_page, signature
from broadcaster.feeds.atom import FeedFacts
from broadcaster.feeds.recent import Held, recent_files
from tests.flow.story import ROOT, until
from tests.unit.feeds.samples import NOON, facts, on_air, snapshot

NGINX = shutil.which("nginx")
pytestmark = pytest.mark.skipif(NGINX is None, reason="NOT RUN: nginx is not installed on this machine")
MIME = Path("/etc/nginx/mime.types")
RECENT = "/IPAWSOPEN_EAS_SERVICE/rest"
FACTS = FeedFacts("https://911.example.gov", "911 alerts", "State 911 Department", NOON)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("public")
    place.chmod(0o755)
    document = signature.sign(cap.serialise(cap.build(facts())), *signature.make_demo_certificate(NOON))
    held = [Held(cap.parse(document), document)]
    pages = {
        **public_page.files(snapshot(on_air())),
        **recent_files(FACTS, held, NOON),
        **atom.feed_files(FACTS, [held[0].alert]),
    }
    publish(place, pages, {"cap/MA911-a1-1.xml": document})
    (place / "cap" / ".MA911-a2-1.xml.x1.tmp").write_bytes(b"<alert")
    return place


@pytest.fixture(scope="module")
def address(folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """nginx with the routes of deploy/nginx, whose other processes are nowhere."""
    own = tmp_path_factory.mktemp("nginx")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    conf = ROOT / "deploy" / "nginx"
    http = (conf / "http.conf").read_text().replace("access_log /dev/stdout plain", "access_log off")
    http = re.sub(r"(_temp_path )/tmp/", rf"\g<1>{own}/", http).replace("127.0.0.1:8081", f"unix:{own}/alive")
    routes = (conf / "routes.conf").read_text().replace("/srv/public", str(folder))
    routes = routes.replace("window:8913", "127.0.0.1:1")
    (own / "http.conf").write_text(http)
    (own / "routes.conf").write_text(routes)
    user = "user root;" if os.geteuid() == 0 else ""
    (own / "nginx.conf").write_text(
        f"pid {own}/nginx.pid; error_log {own}/error.log warn; daemon off; {user} events {{}}\n"
        f"http {{ include {own}/http.conf; server {{ listen 127.0.0.1:{port}; include {own}/routes.conf; }} }}\n"
    )
    running = subprocess.Popen([str(NGINX), "-c", str(own / "nginx.conf"), "-p", str(own)], stderr=subprocess.DEVNULL)
    until(lambda: (own / "nginx.pid").exists() and bool((own / "nginx.pid").read_text()), 10)
    yield f"http://127.0.0.1:{port}"
    running.terminate()
    running.wait(10)


def get(address: str, path: str, **headers: str) -> tuple[int, dict[str, str], bytes]:
    request = urllib.request.Request(address + path, headers=headers)
    try:
        with urllib.request.urlopen(request, timeout=5) as answer:
            return answer.status, {name.lower(): value for name, value in answer.headers.items()}, answer.read()
    except HTTPError as error:
        return error.code, {name.lower(): value for name, value in error.headers.items()}, error.read()


FOREVER, FEED, SOON = "public, max-age=31536000, immutable", "public, max-age=30", "public, max-age=5"
SERVED = [
    ("/", "text/html; charset=utf-8", SOON, "index.html"),
    ("/town/ware", "text/html; charset=utf-8", SOON, "town/ware.html"),
    ("/status.json", "application/json; charset=utf-8", SOON, "status.json"),
    ("/cap/index.atom", "application/atom+xml", FEED, "cap/index.atom"),
    ("/cap/index.rss", "application/rss+xml; charset=utf-8", FEED, "cap/index.rss"),
    ("/cap/MA911-a1-1.xml", "application/cap+xml", FOREVER, "cap/MA911-a1-1.xml"),
    (f"{RECENT}/eas/recent/2024-06-18T00:00:00Z", "application/xml", FEED, "recent/eas.xml"),
    (f"{RECENT}/public_non_eas/recent/x", "application/xml", FEED, "recent/public_non_eas.xml"),
    (f"{RECENT}/PublicWEA/recent/x", "application/xml", FEED, "recent/PublicWEA.xml"),
    (f"{RECENT}/update", "application/atom+xml", FEED, "recent/update.atom"),
    (f"{RECENT}/feed", "application/atom+xml", FEED, "recent/feed.atom"),
]


@pytest.mark.parametrize(("path", "kind", "kept", "file"), SERVED, ids=[row[3] for row in SERVED])
def test_every_file_is_served_with_its_manners(
    address: str, folder: Path, path: str, kind: str, kept: str, file: str
) -> None:
    status, headers, data = get(address, path)
    assert (status, data) == (200, (folder / file).read_bytes())
    assert headers["cache-control"] == kept
    assert headers["content-type"].split(";")[0] == kind.split(";")[0]
    assert headers["vary"] == "Accept-Encoding" and headers["last-modified"]
    assert get(address, path, **{"If-None-Match": headers["etag"]})[0] == 304
    assert get(address, path, **{"If-Modified-Since": headers["last-modified"]})[0] == 304
    assert get(address, path, **{"If-None-Match": '"other"'})[0] == 200
    _, packed, zipped = get(address, path, **{"Accept-Encoding": "gzip"})
    assert packed["content-encoding"] == "gzip" and gzip.decompress(zipped) == data


@pytest.mark.parametrize("path", ["/cap/.MA911-a2-1.xml.x1.tmp", f"{RECENT}/other/recent/x", f"{RECENT}/eas/other"])
def test_what_is_not_published_is_not_served(address: str, path: str) -> None:
    assert get(address, path)[0] == 404


def test_a_box_gets_whole_signed_alerts_from_a_web_server_alone(address: str) -> None:
    root = etree.fromstring(get(address, f"{RECENT}/eas/recent/{time.strftime('%Y-%m-%dT%H:%M:%SZ')}")[2])
    assert [alert[0].text for alert in root] == ["MA911-a1-1"]
