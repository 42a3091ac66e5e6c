"""One pair of servers for all processes of an installation: who starts them, who finds them, who stops them."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
import pytest
import redis

from broadcaster.local import servers
from broadcaster.local.child import ServerError, answers
from broadcaster.settings import Settings

OWNER = """
import pathlib, sys, time
from broadcaster.local import servers
from broadcaster.settings import Settings
with servers.ensure(Settings(data_dir=pathlib.Path(sys.argv[1]))) as running:
    print(running.database_url, running.redis_url, len(running.ours), flush=True)
    sys.stdin.readline()
"""


@contextmanager
def another_process(data_dir: Path) -> Iterator[tuple[subprocess.Popen[str], list[str]]]:
    """A second ``broadcaster`` with the same DATA_DIR: the process, then its two URLs and how many servers it owns."""
    argv = [sys.executable, "-c", OWNER, str(data_dir)]
    process = subprocess.Popen(argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    with process:
        assert process.stdout
        yield process, process.stdout.readline().split()


def port(url: str) -> int:
    return int(url.rsplit(":", 1)[1].split("/")[0])


def test_the_settings_urls_win_and_nothing_is_started(tmp_path: Path) -> None:
    settings = Settings(data_dir=tmp_path, database_url="postgresql+psycopg://db/x", redis_url="redis://broker/0")
    with servers.ensure(settings) as running:
        assert (running.database_url, running.redis_url) == ("postgresql+psycopg://db/x", "redis://broker/0")
        assert running.ours == ()
    assert servers.urls(settings) == ("postgresql+psycopg://db/x", "redis://broker/0")
    assert list(tmp_path.iterdir()) == []


def test_one_url_is_given_and_the_other_server_is_ours(tmp_path: Path) -> None:
    settings = Settings(data_dir=tmp_path, database_url="postgresql+psycopg://db/x")
    assert servers.urls(settings) is None
    with servers.ensure(settings) as running:
        assert len(running.ours) == 1
        assert servers.urls(settings) == (running.database_url, running.redis_url)
    assert servers.urls(settings) is None
    assert not answers(port(running.redis_url))


def test_a_second_process_finds_the_servers_and_leaves_them_running(tmp_path: Path) -> None:
    with servers.ensure(Settings(data_dir=tmp_path)) as running:
        with another_process(tmp_path) as (second, said):
            assert said == [running.database_url, running.redis_url, "0"]
            second.communicate("\n", timeout=20)
        psycopg.connect(running.database_url.replace("+psycopg", "")).close()
        with redis.Redis.from_url(running.redis_url) as client:
            assert client.ping()


def test_servers_of_a_killed_owner_end_and_the_next_process_starts_its_own(tmp_path: Path) -> None:
    settings = Settings(data_dir=tmp_path)
    with another_process(tmp_path) as (owner, said):
        assert said[2] == "2"
        with psycopg.connect(said[0].replace("+psycopg", "")) as connection:
            connection.execute("CREATE TABLE told (who text)")
        assert servers.urls(settings) == (said[0], said[1])
        owner.kill()
    assert servers.urls(settings) is None
    with servers.ensure(settings) as running:
        assert len(running.ours) == 2
        with psycopg.connect(running.database_url.replace("+psycopg", "")) as connection:
            assert connection.execute("SELECT count(*) FROM told").fetchone() == (0,)


def test_a_server_of_ours_that_was_killed_is_revived_where_it_was(tmp_path: Path) -> None:
    settings = Settings(data_dir=tmp_path, database_url="postgresql+psycopg://db/x")
    with servers.ensure(settings) as running:
        assert running.revive() == 0
        running.ours[0].kill()
        assert not answers(port(running.redis_url))
        assert running.revive() == 1
        with redis.Redis.from_url(running.redis_url) as client:
            assert client.ping()


def test_a_server_that_does_not_come_back_is_tried_again_and_the_rest_goes_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(servers, "REVIVE_EVERY", 0.0)
    settings = Settings(data_dir=tmp_path, database_url="postgresql+psycopg://db/x")
    with servers.ensure(settings) as running:
        running.ours[0].kill()
        with monkeypatch.context() as broken:
            broken.setattr("broadcaster.local.valkey.installed_program", lambda: "false")
            assert running.revive() == 0
        assert running.revive() == 1


def test_an_owner_whose_server_never_comes_up_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(servers, "FOUND_WITHIN", 0.3)
    (tmp_path / "valkey").mkdir()
    hold = (
        "import fcntl, sys, time; file = open(sys.argv[1], 'w'); fcntl.flock(file, fcntl.LOCK_EX)\n"
        "print(flush=True); time.sleep(60)"
    )
    holder = subprocess.Popen(
        [sys.executable, "-c", hold, str(tmp_path / "valkey" / "running.json")],
        stdout=subprocess.PIPE,
    )
    with holder:
        assert holder.stdout
        holder.stdout.readline()
        settings = Settings(data_dir=tmp_path, database_url="postgresql+psycopg://db/x")
        with pytest.raises(ServerError, match="its server does not answer"), servers.ensure(settings):
            pytest.fail("there is no server")
        holder.kill()
