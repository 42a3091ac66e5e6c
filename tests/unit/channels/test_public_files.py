"""The writer of public files: whole or not at all, and never twice."""

import gzip
import os
import subprocess
import threading
from pathlib import Path

import pytest

from broadcaster.channels import files
from broadcaster.channels.files import PublishFailed, documents, prune, publish

OLD, NEW = {"status.json": b"old" * 50_000}, {"status.json": b"new" * 90_000}


def test_what_is_written_stands_beside_its_gzip_and_can_be_read_by_a_web_server(tmp_path):
    assert publish(tmp_path, {"index.html": b"911", "town/ware.html": b"Ware"}) == ["index.html", "town/ware.html"]
    assert (tmp_path / "town/ware.html").read_bytes() == b"Ware"
    assert gzip.decompress((tmp_path / "town/ware.html.gz").read_bytes()) == b"Ware"
    assert (tmp_path / "index.html").stat().st_mode & 0o777 == 0o644
    assert (tmp_path / "town").stat().st_mode & 0o777 == 0o755
    assert not [path for path in tmp_path.rglob("*") if path.name.endswith(".tmp")]


def test_only_what_changed_is_written(tmp_path):
    publish(tmp_path, {"a.html": b"1", "b.html": b"2"})
    before = (tmp_path / "a.html").stat()
    assert publish(tmp_path, {"a.html": b"1", "b.html": b"3"}) == ["b.html"]
    assert (tmp_path / "a.html").stat().st_ino == before.st_ino


def test_a_lost_gzip_is_made_again(tmp_path):
    publish(tmp_path, {"a.html": b"1"})
    (tmp_path / "a.html.gz").unlink()
    assert publish(tmp_path, {"a.html": b"1"}) == ["a.html"]


def test_a_document_is_written_once_and_before_the_index_that_names_it(tmp_path):
    order = publish(tmp_path, {"cap/index.atom": b"<feed/>"}, {"cap/MA911-1.xml": b"<alert/>"})
    assert order == ["cap/MA911-1.xml", "cap/index.atom"]
    assert publish(tmp_path, {}, {"cap/MA911-1.xml": b"<alert/>"}) == []
    with pytest.raises(PublishFailed, match="never be changed"):
        publish(tmp_path, {}, {"cap/MA911-1.xml": b"<alert>other</alert>"})
    assert documents(tmp_path) == {"MA911-1": b"<alert/>"}


@pytest.mark.parametrize("name", ["../x", "/etc/x", "a/../b", ".hidden", "a//b", "", "a b", "town/.x", "x\x00y"])
def test_no_name_leaves_the_folder(tmp_path, name):
    with pytest.raises(PublishFailed, match="no name"):
        publish(tmp_path / "public", {name: b"x"})
    assert list(tmp_path.iterdir()) == []


def test_towns_that_are_gone_are_removed_and_documents_never(tmp_path):
    pages = {"town/a.html": b"a", "town/b.html": b"b"}
    publish(tmp_path, pages)
    assert prune(tmp_path, "town", {"town/a.html": b"a"}) == ["town/b.html"]
    assert sorted(path.name for path in (tmp_path / "town").iterdir()) == ["a.html", "a.html.gz"]
    with pytest.raises(PublishFailed, match="never removed"):
        prune(tmp_path, "cap", {})


def test_a_reader_never_sees_half_a_file(tmp_path):
    publish(tmp_path, OLD)
    seen: set[bytes] = set()
    done = threading.Event()

    def read() -> None:
        while not done.is_set():
            seen.add((tmp_path / "status.json").read_bytes())
            seen.add(gzip.decompress((tmp_path / "status.json.gz").read_bytes()))

    reader = threading.Thread(target=read)
    reader.start()
    for turn in range(30):
        publish(tmp_path, NEW if turn % 2 == 0 else OLD)
    done.set()
    reader.join()
    assert seen <= {OLD["status.json"], NEW["status.json"]}


def test_a_write_that_fails_half_way_leaves_the_old_file(tmp_path, monkeypatch):
    publish(tmp_path, OLD)

    def broken(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(files.os, "fsync", broken)
    with pytest.raises(PublishFailed, match="No space left on device"):
        publish(tmp_path, NEW)
    assert (tmp_path / "status.json").read_bytes() == OLD["status.json"]
    assert not list(tmp_path.glob(".*"))


def test_many_pages_wait_for_the_disk_together_and_none_is_visible_before_it_is_there(tmp_path, monkeypatch):
    steps: list[str] = []
    sync, replace = os.fsync, Path.replace
    monkeypatch.setattr(files.os, "fsync", lambda descriptor: steps.append("disk") or sync(descriptor))
    monkeypatch.setattr(Path, "replace", lambda path, to: steps.append("visible") or replace(path, to))
    pages = {f"{n}.html": b"%d" % n for n in range(files.AT_ONCE + 1)}
    assert publish(tmp_path, pages) == list(pages)
    full, rest = 2 * files.AT_ONCE, 2
    assert steps == ["disk"] * full + ["visible"] * full + ["disk"] * rest + ["visible"] * rest + ["disk"]
    assert all((tmp_path / name).read_bytes() == data for name, data in pages.items())


@pytest.fixture
def small_disk(tmp_path):
    """A file system of 256 kB; only root can mount one."""
    if os.geteuid() != 0:
        pytest.skip("NOT RUN: a full disk can only be made by root, who may mount a small tmpfs")
    place = tmp_path / "disk"
    place.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=256k", "tmpfs", place], capture_output=True, text=True, check=False
    )
    if mounted.returncode:
        pytest.skip(f"NOT RUN: this machine lets nobody mount a small tmpfs: {mounted.stderr.strip()}")
    yield place
    subprocess.run(["umount", place], check=True)


def test_a_full_disk_is_one_sentence_and_the_old_file_stands(small_disk: Path):
    publish(small_disk, {"status.json": b"old"})
    with pytest.raises(PublishFailed, match=r"No space left on device.*last version stays up"):
        publish(small_disk, {"status.json": os.urandom(400_000)})
    assert (small_disk / "status.json").read_bytes() == b"old"
    assert not list(small_disk.glob(".*"))
    assert publish(small_disk, {"status.json": b"newer"}) == ["status.json"]


def test_the_pages_before_the_one_that_does_not_fit_are_published(small_disk: Path):
    pages = {"status.json": b"down", "index.html": b"911 is down", "large.html": os.urandom(400_000), "z.html": b"z"}
    with pytest.raises(PublishFailed, match=r"large\.html.*No space left"):
        publish(small_disk, pages)
    assert sorted(path.name for path in small_disk.glob("*")) == [
        "index.html",
        "index.html.gz",
        "status.json",
        "status.json.gz",
    ]
