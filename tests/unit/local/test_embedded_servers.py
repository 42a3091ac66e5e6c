"""The embedded servers keep what they promised through kill -9, and say in a sentence what they cannot do."""

from __future__ import annotations

import os
import stat
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psycopg
import pytest
import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from broadcaster.local import postgres, rootless
from broadcaster.local.child import ServerError
from broadcaster.local.postgres import Postgres
from broadcaster.local.valkey import Valkey

AS_ROOT = pytest.mark.skipif(os.geteuid() != 0, reason="only root can become somebody else")


def sql(url: str, statement: str) -> list[tuple[object, ...]]:
    with psycopg.connect(url.replace("+psycopg", ""), autocommit=True) as connection:
        cursor = connection.execute(statement)
        return cursor.fetchall() if cursor.description else []


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Postgres]:
    server = Postgres(tmp_path / "postgres")
    yield server
    server.stop()


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[Valkey]:
    server = Valkey(tmp_path / "valkey")
    yield server
    server.stop()


def test_postgres_is_killed_and_comes_back_with_every_commit(database: Postgres) -> None:
    url = database.start()
    sql(url, "CREATE TABLE told (who text)")
    for n in range(20):
        sql(url, "INSERT INTO told VALUES ('a resident')")
        if n == 10:
            database.kill()
            assert database.start() == url, "the port and the password stay"
    assert sql(url, "SELECT count(*) FROM told") == [(20,)]


def test_postgres_is_durable_utc_and_on_loopback_only(database: Postgres) -> None:
    url = database.start()
    wanted = {
        "fsync": "on",
        "synchronous_commit": "on",
        "TimeZone": "UTC",
        "listen_addresses": "127.0.0.1",
        "unix_socket_directories": "",
        "server_encoding": "UTF8",
        "password_encryption": "scram-sha-256",
    }
    assert {name: sql(url, f"SHOW {name}")[0][0] for name in wanted} == wanted


def test_postgres_wants_its_password_and_keeps_it_from_others(database: Postgres) -> None:
    url = database.start()
    secret = (database.home / "password").read_text()
    assert stat.S_IMODE((database.home / "password").stat().st_mode) == 0o600
    with pytest.raises(psycopg.OperationalError, match="password"):
        sql(url.replace(secret, "guess"), "SELECT 1")


def test_postgres_says_what_made_its_data_and_refuses_another_major(database: Postgres) -> None:
    database.start()
    database.stop()
    assert '"version": "18.' in (database.home / "made-by.json").read_text()
    stamp = rootless.footing(database.home).data / "PG_VERSION"
    stamp.write_text("14\n")
    with pytest.raises(ServerError, match=r"was made by PostgreSQL 14 and this is 18\.\d+: dump it"):
        database.start()


def test_a_lock_file_with_the_process_id_of_another_program_does_not_stop_postgres(database: Postgres) -> None:
    """After a restart of a container the old process id often belongs to something else."""
    url = database.start()
    database.kill()
    database.stop()
    lock = rootless.footing(database.home).data / "postmaster.pid"
    lock.write_text("\n".join([str(os.getppid()), *lock.read_text().split("\n")[1:]]))
    assert database.start() == url


def test_an_interrupted_creation_is_begun_again(database: Postgres) -> None:
    database.home.mkdir(mode=0o700)
    (database.home / "data.new").mkdir()
    (database.home / "data.new" / "PG_VERSION").write_text("18\n")
    assert sql(database.start(), "SELECT 1") == [(1,)]


def test_a_port_that_is_taken_is_said_and_a_free_choice_is_remembered(database: Postgres, broker: Valkey) -> None:
    broker.start()
    taken = int((broker.home / "port").read_text())
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(postgres, "START_WITHIN", 0.5)
        with pytest.raises(ServerError, match="postgres does not start"):
            Postgres(database.home, port=taken).start()
    (database.home / "port").write_text(str(taken))
    url = database.start()
    assert f":{taken}/" not in url
    database.stop()
    assert database.start() == url


@AS_ROOT
def test_without_namespaces_root_becomes_nobody_on_data_outside(
    tmp_path: Path, open_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rootless, "namespaces_work", lambda: False)
    monkeypatch.setattr(rootless, "OUTSIDE", open_folder / "lib")
    server = Postgres(tmp_path / "postgres")
    try:
        sql(server.start(), "CREATE TABLE told (who text)")
        server.kill()
        assert sql(server.start(), "SELECT count(*) FROM told") == [(0,)]
        assert Path(f"/proc/{server.pid}").stat().st_uid != 0
        assert Path((server.home / "elsewhere").read_text()).is_relative_to(open_folder)
    finally:
        server.stop()


@AS_ROOT
def test_data_of_root_without_namespaces_is_said(database: Postgres, monkeypatch: pytest.MonkeyPatch) -> None:
    (database.home / "data").mkdir(parents=True)
    monkeypatch.setattr(rootless, "namespaces_work", lambda: False)
    with pytest.raises(ServerError, match="refuses user namespaces: give the data to a user"):
        database.start()


@pytest.fixture
def open_folder() -> Iterator[Path]:
    """A folder that every user may enter, outside pytest's 0700 one."""
    with tempfile.TemporaryDirectory(prefix="broadcaster-test-") as name:
        Path(name).chmod(0o755)
        yield Path(name)


def test_valkey_is_killed_and_comes_back_with_its_queue(broker: Valkey) -> None:
    url = broker.start()
    with redis.Redis.from_url(url) as client:
        client.rpush("urgent", *[f"bell {n}" for n in range(50)])
        client.execute_command("WAITAOF", 1, 0, 5000)
        broker.kill()
        assert broker.start() == url, "the port and the password stay"
        assert client.llen("urgent") == 50


def test_valkey_stops_in_order_with_the_last_word_on_disk(broker: Valkey) -> None:
    with redis.Redis.from_url(broker.start()) as client:
        client.set("last", "word")
        broker.stop()
        broker.start()
        assert client.get("last") == b"word"


def test_valkey_never_evicts_and_wants_its_password(broker: Valkey) -> None:
    url = broker.start()
    with redis.Redis.from_url(url) as client:
        wanted = {
            "maxmemory-policy": "noeviction",
            "appendonly": "yes",
            "appendfsync": "everysec",
            "save": "",
            "bind": "127.0.0.1",
        }
        assert {name: client.config_get(name)[name] for name in wanted} == wanted
    port = int((broker.home / "port").read_text())
    with redis.Redis(port=port, retry=Retry(NoBackoff(), 0)) as stranger, pytest.raises(redis.AuthenticationError):
        stranger.ping()
    assert stat.S_IMODE((broker.home / "valkey.conf").stat().st_mode) == 0o600


def test_a_server_whose_wheel_is_missing_names_the_setting(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda _: None)
    with pytest.raises(ServerError, match="set DATABASE_URL"):
        Postgres(tmp_path / "a").start()
    with pytest.raises(ServerError, match="set REDIS_URL"):
        Valkey(tmp_path / "b").start()


@pytest.mark.parametrize("make", [Postgres, Valkey])
def test_the_url_of_a_server_that_never_started_is_refused(make: Callable[[Path], Postgres], tmp_path: Path) -> None:
    with pytest.raises(ServerError, match="has not been started yet"):
        assert make(tmp_path).url


def test_a_child_ends_when_its_parent_is_killed(tmp_path: Path) -> None:
    """The parent is a process of its own here: it starts a child, says its id, and is killed."""
    story = (
        "import sys, time; from pathlib import Path; from broadcaster.local import child\n"
        "print(child.spawn(['sleep', '60'], Path(sys.argv[1])).pid, flush=True); time.sleep(60)"
    )
    parent = subprocess.Popen([sys.executable, "-c", story, str(tmp_path / "log")], stdout=subprocess.PIPE)
    assert parent.stdout
    with parent, parent.stdout as said:
        orphan = int(said.readline())
        parent.kill()
    assert_gone(orphan)


def assert_gone(pid: int) -> None:
    for _ in range(200):
        state = Path(f"/proc/{pid}/stat")
        if not state.exists() or state.read_text().rsplit(")", 1)[1].split()[0] == "Z":
            return
        time.sleep(0.05)
    pytest.fail(f"process {pid} outlived its parent")
