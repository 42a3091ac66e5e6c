"""What stands beside the database is away, and an alert is written, approved and sent all the same: the file and the
mailbox of the ledger's copy, and Redis, where another program would keep its limits and its sessions."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from broadcaster.dispatch.witness import file_of, keys_of
from broadcaster.local.carrier import Carrier, Faults, Running, start_in_thread
from broadcaster.store.database import Sessions
from broadcaster.store.timeline import checkpoints
from broadcaster.store.timeline.checkpoints import AuditCheckpoint, Kept
from tests.chaos.parts import NO_REDIS
from tests.desk import ISSUER, SECOND, released, settings
from tests.factories import KEYS, SID, TOKEN
from tests.flow import installation, story
from tests.flow.served import Served, furnished, served

RESIDENTS = {f"+1978555{2000 + number}": 1 for number in range(6)}
AWAY = {"WATCH_EMAIL": "watch@state.example", "SMTP_URL": "smtp://127.0.0.1:1", "MAIL_FROM": "desk@state.example"}
"""A relay that does not answer: neither the copy of the ledger nor the agencies' mail goes out."""


@contextmanager
def installed(database_url: str, folder: Path) -> Iterator[tuple[Served, Running]]:
    """A desk and a sweep that find nothing but the database and the carrier of the texts."""
    faults = Faults(share_callbacks_dropped=1.0, delivery_ms=0.0)
    with start_in_thread(Carrier(SID, TOKEN, faults=faults)) as carrier, served(database_url, folder, **AWAY) as desk:
        env = installation.environment(database_url, NO_REDIS, carrier.url, folder)
        with installation.process({**env, **AWAY}, "sweep"):
            yield desk, carrier


def newest(sessions: Sessions) -> AuditCheckpoint | None:
    with sessions() as store:
        return checkpoints.newest(store)


def test_an_alert_goes_out_and_the_copy_catches_up(sessions: Sessions, database_url: str, tmp_path: Path) -> None:
    people = furnished(sessions)
    in_the_way = tmp_path / "ledger"
    in_the_way.write_text("where the folder of the checkpoints belongs")
    with installed(database_url, tmp_path) as (desk, carrier):
        author, second = desk.browser(people, ISSUER), desk.browser(people, SECOND)
        released(people, author, second, SECOND)
        story.until(lambda: story.texted(carrier) == RESIDENTS)
        story.until(lambda: newest(sessions) is not None)
        missed = newest(sessions)
        in_the_way.unlink()
        chosen = settings(data_dir=tmp_path, **{name.lower(): value for name, value in KEYS.items()})
        story.until(lambda: file_of(chosen).exists())
        with sessions() as store:
            assert missed is not None and missed.note in file_of(chosen).read_text(encoding="utf-8")
            assert checkpoints.verify(store, keys_of(chosen), [Kept(file_of(chosen))]).why == ""
