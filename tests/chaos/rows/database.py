"""Postgres restarts, loses replies, stumbles, runs full and comes back from a backup (rows 11 to 14 and 31)."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import tempfile
import time
from collections import Counter
from contextlib import suppress
from pathlib import Path

from sqlalchemy import text
from sqlalchemy.exc import DBAPIError, OperationalError

from broadcaster.alert.lifecycle import LifecycleRefused
from broadcaster.store.database import Sessions
from tests.chaos.parts import MAIN
from tests.chaos.row import LEASE_S, Setting, row
from tests.chaos.stage import Stage
from tests.faults.proxy import CALM, Fault, Kind
from tests.flow import installation

OWN = Setting(500, own_postgres=True, operator=False)
BACK_WITHIN_S = 10.0
SAID_WITHIN_S = 3.0


def _restarts(stage: Stage, number: signal.Signals) -> None:
    """Twice in mid-send; while it is away the operator is told within seconds that nothing was saved."""
    stage.usual()
    stage.release()
    for _ in range(2):
        stage.in_flight()
        _stop(stage, number)
        began = time.monotonic()
        with suppress(OperationalError):
            stage.house.release()
            stage.must(False, "an alert was released without a database")
        stage.measure("“not saved”", time.monotonic() - began, SAID_WITHIN_S)
        stage.postgres.start()
        before = stage.accepted()
        back = stage.until(lambda before=before: stage.accepted() > before, BACK_WITHIN_S + 5, "texts again")
        stage.measure("texts again", back, BACK_WITHIN_S)


def _stop(stage: Stage, number: signal.Signals) -> None:
    """SIGINT is Postgres's fast shutdown, SIGQUIT the immediate one."""
    os.kill(stage.postgres.pid or 0, number)
    stage.until(lambda: stage.postgres.pid is None, 20, "Postgres down")
    stage.hits["restarts"] += 1


@row("11 Postgres fast", "fast restart of Postgres, twice in mid-send", "nothing acknowledged is lost", OWN)
def fast(stage: Stage) -> None:
    _restarts(stage, signal.SIGINT)


@row("11 Postgres immediate", "immediate shutdown of Postgres, twice in mid-send", "nothing acknowledged is lost", OWN)
def immediate(stage: Stage) -> None:
    _restarts(stage, signal.SIGQUIT)


LOST_REPLY = Fault(Kind.RESET, share=0.1, said=b"COMMIT")


@row(
    "12 COMMIT unheard",
    "one COMMIT in ten reaches Postgres and its reply is lost; first of all that of the approval",
    "one alert, not two",
    Setting(people=200, mps=50, proxied=("postgres",)),
)
def commit_unheard(stage: Stage) -> None:
    stage.usual()
    proxy = stage.proxies["postgres"]
    draft = stage.draft()
    proxy.fault = Fault(Kind.RESET, said=b"COMMIT")
    with suppress(DBAPIError):
        stage.house.approve(draft)
        stage.must(False, "the reply to the approval was not lost")
    at = time.time()
    proxy.fault = CALM
    with suppress(LifecycleRefused):
        stage.house.approve(draft)
        stage.must(False, "an approval that was committed could be given again")
    stage.aired(draft, MAIN, at)
    proxy.fault = LOST_REPLY
    stage.in_flight()
    for _ in range(8):
        stage.ring()
        time.sleep(0.5)
    proxy.fault = CALM
    stage.hits["replies lost"] = proxy.hits
    stage.operate()


STUMBLE = """
CREATE SEQUENCE stumbles;
CREATE FUNCTION stumble() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
  IF random() < 0.05 THEN
    PERFORM nextval('stumbles');
    RAISE EXCEPTION 'injected' USING ERRCODE = CASE WHEN random() < 0.5 THEN '40P01' ELSE '40001' END;
  END IF;
  RETURN NULL;
END $$;
CREATE TRIGGER stumble AFTER INSERT OR UPDATE ON wave FOR EACH STATEMENT EXECUTE FUNCTION stumble();
CREATE TRIGGER stumble AFTER INSERT OR UPDATE ON delivery FOR EACH STATEMENT EXECUTE FUNCTION stumble();
CREATE TRIGGER stumble AFTER INSERT OR UPDATE OR DELETE ON followup FOR EACH STATEMENT EXECUTE FUNCTION stumble();
"""


@row(
    "13 deadlocks",
    "5 % of the writes fail with a deadlock or a serialization error",
    "tried again, nobody lost",
    Setting(500, carrier={"share_429": 0.1, "share_accept_then_reset": 0.05}),
)
def deadlocks(stage: Stage) -> None:
    _run(stage.sessions, STUMBLE)
    stage.usual()
    stage.release()
    stage.in_flight()
    stage.operate()
    stage.until(lambda: stage.done(stage.alerts[0]), 40, "the alert done")
    with stage.sessions() as session:
        stage.hits["injected errors"] = session.execute(text("SELECT last_value FROM stumbles")).scalar_one()


def _run(sessions: Sessions, script: str) -> None:
    with sessions.begin() as session:
        session.connection().exec_driver_sql(script)


MOUNT = ("mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs")


def tmpfs_refused() -> str:
    """Why no small file system can be mounted here, or nothing."""
    with tempfile.TemporaryDirectory() as place:
        done = subprocess.run(
            ["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", place], capture_output=True, check=False
        )
        if done.returncode == 0:
            subprocess.run(["umount", place], check=True)
    return "" if done.returncode == 0 else "root, to mount a small tmpfs"


@row(
    "14 disk full",
    "the disk under Postgres is filled to the last byte for 4 s in mid-send",
    "no partial alert; goes on by itself when there is room",
    Setting(500, own_postgres=True, postgres_mb=400),
    tmpfs_refused,
)
def disk_full(stage: Stage) -> None:
    stage.usual()
    stage.release()
    stage.in_flight()
    ballast = stage.folder / "postgres" / "ballast"
    stage.hits["bytes of ballast"] = _fill(ballast)
    with suppress(DBAPIError):
        stage.operate()
    time.sleep(4.0)
    ballast.unlink()
    stage.until(lambda: stage.postgres.pid is not None or stage.postgres.start(), 20, "Postgres up")
    with stage.sessions() as session:
        partial = session.execute(PARTIAL).scalar_one()
    stage.must(partial == 0, f"{partial} releases without a fan-out")
    stage.operate()


PARTIAL = text(
    "SELECT count(*) FROM release r WHERE r.state IN ('released', 'held') AND r.tier = 'public'"
    " AND NOT EXISTS (SELECT 1 FROM fanout f WHERE f.revision_id = r.revision_id)"
)


def _fill(file: Path) -> int:
    """Write until the disk is full; how many bytes fitted."""
    written = 0
    with suppress(OSError), file.open("wb", buffering=0) as out:
        while True:
            written += out.write(bytes(1 << 16))
    with suppress(OSError), file.open("ab", buffering=0) as out:
        while True:
            written += out.write(bytes(512))
    return written


@row(
    "31 restored",
    "a copy of the database made in mid-send is put back, held, swept, ended (handbook, Backup and restore)",
    "open rows asked after and not sent again; nobody told twice; who was told after the copy is not in it",
    Setting(500, own_postgres=True, operator=False, judged=False),
)
def restored(stage: Stage) -> None:
    worker, sweep = stage.usual_both()
    stage.release()
    copied = stage.in_flight()
    data, copy = stage.folder / "postgres" / "data", stage.folder / "copy"
    stage.postgres.stop()
    shutil.copytree(data, copy)
    stage.postgres.start()
    stage.until(lambda: stage.accepted() > copied + 150, 20, "texts after the copy")
    worker.kill()
    sweep.kill()
    stage.postgres.stop()
    shutil.rmtree(data)
    shutil.copytree(copy, data)
    stage.postgres.start()
    open_rows = stage.watch.open_rows()
    stage.hits["open rows in the copy"] = open_rows
    known = stage.accepted()
    stage.hits["texts at the restore"] = known
    held = installation.run(stage.env, "db", "restored")
    stage.must(held.returncode == 0, "the restored database was not put on hold")
    stage.usual()
    stage.until(lambda: not stage.watch.unsure(stage.alerts[0].fanout), 20, "open rows of the copy settled")
    time.sleep(LEASE_S)
    stage.must(stage.accepted() == known, "something was sent while everything was held")
    stage.all_clear(stage.alerts[0])
    stage.until(stage.all_done, 20, "the all-clear done")
    texts = Counter((each["to"], each["body"]) for each in stage.carrier.ledger()["messages"])
    stage.measure("phones told after the copy, without an all-clear", known - (stage.accepted() - known))
    stage.must(max(texts.values()) == 1, "somebody was told the same twice")
