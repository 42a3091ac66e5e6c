"""Receipts by real sockets: doubled, disordered, lost or forged, with Postgres or Redis away, and through `kill -9`."""

from __future__ import annotations

import os
import signal
import socket
import threading
import time
import urllib.error
import urllib.request
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlencode

import pytest

from broadcaster.local.carrier import Carrier, Faults, Running, start_in_thread
from broadcaster.local.postgres import Postgres
from broadcaster.receipts import intake
from broadcaster.store import database, schema
from broadcaster.store.database import Sessions
from broadcaster.store.fanout.deliveries import Delivery, Receipt
from broadcaster.tasks import RING_WITHIN_S
from broadcaster.web.carriers.callbacks import INBOUND, STATUS
from tests.factories import SECRET, SID, TOKEN, Ways, directory, engine, furnish, phones
from tests.flow import installation, story
from tests.webhooks import FORM, TEXT, signed, status_url


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def receiver(database_url: str, folder: Path, redis_url: str = "redis://127.0.0.1:9/0") -> Iterator[tuple[str, int]]:
    """The real callbacks process: its address, and its process group."""
    port = free_port()
    here = f"http://127.0.0.1:{port}"
    env = installation.environment(database_url, redis_url, "http://127.0.0.1:9", folder)
    with installation.process({**env, "CALLBACKS_PORT": str(port), "CALLBACKS_BASE_URL": here}, "callbacks") as process:
        story.until(lambda: knock(here + "/readyz") == 200)
        yield here, process.pid


def knock(url: str, form: dict[str, str] | None = None, signature: str = "") -> int:
    """The status of one request; 0 where nobody answers."""
    data = urlencode(form).encode() if form else None
    ask = urllib.request.Request(url, data, {"X-Twilio-Signature": signature})
    try:
        with urllib.request.urlopen(ask, timeout=15) as answer:
            return int(answer.status)
    except urllib.error.HTTPError as error:
        with error:
            return error.code
    except OSError:
        return 0


def true_callback(here: str, number: int = 1) -> tuple[str, dict[str, str], str]:
    """One that the carrier signed: its address, form and signature."""
    form = {**FORM, "AccountSid": SID, "MessageSid": f"SM{number:032}"}
    url = here + status_url(f"7.{number}.1", SECRET)
    return url, form, signed(url, form, TOKEN)


def kept(sessions: Sessions) -> list[str]:
    """The statuses of all receipts."""
    with sessions() as session:
        return [row.status for row in session.query(Receipt)]


def test_what_was_acknowledged_survives_kill_9(sessions: Sessions, database_url: str, tmp_path: Path) -> None:
    with receiver(database_url, tmp_path) as (here, group):
        url, form, signature = true_callback(here)
        answered = knock(url, form, signature)
        forged = knock(url, {**form, "MessageStatus": "failed"}, signature)
        os.killpg(group, signal.SIGKILL)
    assert (answered, forged) == (204, 403)
    assert kept(sessions) == ["delivered"]


def raw(here: str, request: bytes) -> bytes:
    """The first line of the answer to whatever bytes somebody sends."""
    host, _, port = here.removeprefix("http://").partition(":")
    with socket.create_connection((host, int(port)), timeout=20) as line:
        line.sendall(request)
        return line.recv(4096).partition(b"\r\n")[0]


ODD = [
    (f"POST {STATUS}?d=%ff&m=%ff", b"X-Twilio-Signature: x\r\nContent-Length: 3\r\n", b"a=b", b"403"),
    (f"POST {STATUS}", b"X-Twilio-Signature: \xff\xfe\r\nContent-Length: 3\r\n", b"a=b", b"403"),
    (f"POST {STATUS}", b"Content-Length: 70000\r\n", b"a" * 70_000, b"413"),
    (f"POST {STATUS}", b"Transfer-Encoding: chunked\r\n", b"3\r\na=b\r\n0\r\n\r\n", b"403"),
    (f"GET {STATUS}", b"", b"", b"405"),
]


def test_odd_requests_are_refused_and_true_ones_go_on(sessions: Sessions, database_url: str, tmp_path: Path) -> None:
    with receiver(database_url, tmp_path) as (here, _):
        for line, headers, body, expected in ODD:
            request = line.encode() + b" HTTP/1.1\r\nHost: x\r\nConnection: close\r\n" + headers + b"\r\n" + body
            assert expected in raw(here, request), line
        assert knock(*true_callback(here)) == 204
    assert kept(sessions) == ["delivered"]


class SilentRedis:
    """Takes every connection and never answers."""

    def __init__(self) -> None:
        self._door = socket.create_server(("127.0.0.1", 0))
        self._door.settimeout(0.1)
        self.taken: list[socket.socket] = []
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._take)

    @property
    def url(self) -> str:
        return f"redis://127.0.0.1:{self._door.getsockname()[1]}/0"

    def _take(self) -> None:
        while not self._over.is_set():
            try:
                self.taken.append(self._door.accept()[0])
            except TimeoutError:
                continue

    def __enter__(self) -> SilentRedis:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()
        for one in (*self.taken, self._door):
            one.close()


def test_a_redis_that_never_answers_delays_no_receipt(sessions: Sessions, database_url: str, tmp_path: Path) -> None:
    """Each ring waits RING_WITHIN_S in a thread of its own; a receipt that waited for its ring would take as long."""
    with SilentRedis() as redis, receiver(database_url, tmp_path, redis.url) as (here, _):
        posts = [true_callback(here, number) for number in range(60)]
        began = time.monotonic()
        assert {knock(*post) for post in posts} == {204}
        lasted = time.monotonic() - began
        story.until(lambda: bool(redis.taken))
    assert len(kept(sessions)) == 60
    assert lasted < len(posts) * RING_WITHIN_S


def test_postgres_goes_and_comes_back(tmp_path: Path) -> None:
    """What comes meanwhile is refused with 503, so that the carrier tries again; nothing acknowledged is missing."""
    server = Postgres(tmp_path / "postgres")
    url = server.start()
    schema.upgrade(url)
    with receiver(url, tmp_path) as (here, _):
        before = knock(*true_callback(here, 1))
        server.stop()
        meanwhile = [knock(*true_callback(here, number)) for number in (2, 3, 1)]
        server.start()
        again = [knock(*true_callback(here, number)) for number in (2, 3, 1)]
    made = database.connect(url)
    assert (before, meanwhile, again) == (204, [503] * 3, [204] * 3)
    assert kept(database.sessions(made)) == ["delivered"] * 3
    made.dispose()
    server.stop()


def family(pid: int) -> list[int]:
    """A process and all that it started."""
    return [pid, *(each for child in installation.children(pid) for each in family(child))]


def test_a_postgres_that_hangs_leaves_nobody_hanging(tmp_path: Path) -> None:
    """Everybody is refused while the carrier still waits (15 s), also who writes STOP; afterwards all is as before."""
    server = Postgres(tmp_path / "postgres")
    url = server.start()
    schema.upgrade(url)
    with receiver(url, tmp_path) as (here, _), ThreadPoolExecutor(20) as crowd:
        posts = [true_callback(here, number) for number in range(19)]
        stop = {**TEXT, "AccountSid": SID}
        posts.append((here + INBOUND, stop, signed(here + INBOUND, stop, TOKEN)))
        frozen = family(server.pid or 0)
        for pid in frozen:
            os.kill(pid, signal.SIGSTOP)
        try:
            meanwhile = set(crowd.map(lambda post: knock(*post), posts))
        finally:
            for pid in frozen:
                os.kill(pid, signal.SIGCONT)
        again = Counter(crowd.map(lambda post: knock(*post), posts))
    made = database.connect(url)
    assert (meanwhile, again) == ({503}, Counter({204: 19, 200: 1}))
    assert Counter(kept(database.sessions(made))) == Counter({"delivered": 19, "received": 1})
    made.dispose()
    server.stop()


QUIET = {"delivery_ms": 100.0, "hang_s": 2.0, "listing_lag_s": 0.5, "seed": 11, "share_callbacks_dropped": 0.0}
NOISE = {"callbacks_duplicated": 1.0, "callbacks_reordered": 0.7}
WAYS = {
    "doubled and disordered, and the answers are lost": {
        **NOISE,
        "share_accept_then_hang": 0.3,
        "share_accept_then_reset": 0.2,
    },
    "half of them lost": {**NOISE, "share_callbacks_dropped": 0.5, "share_accept_then_hang": 0.3},
    "all of them lost": {"share_callbacks_dropped": 1.0, "share_accept_then_hang": 0.3},
}


def in_the_ledger(carrier: Running) -> dict[str, str]:
    """What became of each text by the carrier's own word: its reference -> its last status."""
    return {row["sid"]: row["status"] for row in carrier.ledger()["messages"] if row["direction"] == "outbound-api"}


def in_our_rows(sessions: Sessions) -> dict[str, str]:
    """The same by our word."""
    with sessions() as session:
        rows = session.query(Delivery).filter(Delivery.community_id.is_not(None)).all()
        return {row.carrier_ref or "": row.handset for row in rows}


@pytest.mark.parametrize("way", WAYS)
def test_however_receipts_come_the_end_is_the_same(
    way: str, sessions: Sessions, database_url: str, tmp_path: Path
) -> None:
    everyone = {phone: [f"town-{no % 3 + 1}"] for no, phone in enumerate(phones(100))}
    house = furnish(sessions, directory(3), everyone)
    faults = Faults(**{**QUIET, **WAYS[way]})
    with (
        start_in_thread(Carrier(SID, TOKEN, faults=faults)) as carrier,
        receiver(database_url, tmp_path) as (here, _),
        engine(sessions, carrier.url, tmp_path, ways=Ways(callback=here + STATUS)) as works,
    ):
        revision = house.release()
        forged = threading.Thread(target=forge, args=(here,))
        forged.start()
        story.finish(works)
        forged.join()
        story.until(lambda: set(in_the_ledger(carrier).values()) <= {"delivered", "undelivered", "failed"})
        if "share_callbacks_dropped" not in WAYS[way]:
            posts = 2 * len(everyone) * (2 if "callbacks_duplicated" in WAYS[way] else 1)
            story.until(lambda: carrier.summary()["callbacks"].get("answered") == posts)
        intake.apply_waiting(sessions)
        assert story.texted(carrier) == Counter(dict.fromkeys(everyone, 1))
        ledger, ours = in_the_ledger(carrier), in_our_rows(sessions)
    assert story.sums_close(sessions, revision, len(everyone)).states == {"accepted": len(everyone)}
    assert ours.keys() == ledger.keys()
    if "share_callbacks_dropped" not in WAYS[way]:
        assert ours == ledger
    else:
        assert all(said in ("none", "sent", ledger[ref]) for ref, said in ours.items())


def forge(here: str) -> None:
    """Somebody says of every delivery that it failed."""
    for number in range(1, 101):
        url, form, signature = true_callback(here, number)
        assert knock(url, {**form, "MessageStatus": "failed"}, signature) == 403
