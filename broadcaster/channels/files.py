"""The one writer of public files: a reader sees the old file or the new one, never half of either.

One writer at a time (the caller holds an advisory lock); readers need nothing. It imports nothing of the registry.
"""

from __future__ import annotations

import gzip
import os
import re
import tempfile
import time
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

_PART = re.compile(r"[A-Za-z0-9_-][A-Za-z0-9._-]*")
READABLE = 0o644
AT_ONCE = 32
"""Pages that are written before one waits for the disk: few enough that a nearly full disk still takes them."""
PACKED = 6
"""gzip's level: 9 makes the same pages no smaller."""


class PublishFailed(RuntimeError):
    """A public file could not be written; what was published before still stands. The message is a sentence."""


def publish(root: Path, files: Mapping[str, bytes], immutable: Mapping[str, bytes] | None = None) -> list[str]:
    """Write what changed, and return its paths; a ``.gz`` stands beside each file.

    `immutable` documents go first, so that no index names one that is not there; they are never rewritten and never
    deleted. `files` follow in their own order. Paths are relative, with ``/``. PublishFailed on a full or broken disk,
    on a path that could leave `root`, or when an immutable document exists with other bytes; then the rest was written.
    """
    wrong: list[str] = []
    fresh: list[_Fresh] = []
    for name, data in (immutable or {}).items():
        held = _held(_inside(root, name))
        if held is None or held == data:
            fresh.append(_Fresh(name, _inside(root, name), data))
        else:
            wrong.append(name)
    written = _write_what_changed(fresh)
    written += _write_what_changed([_Fresh(name, _inside(root, name), data) for name, data in files.items()])
    if wrong:
        raise PublishFailed(f"{', '.join(wrong)} is published already with other words, and it can never be changed.")
    return written


class _Fresh(NamedTuple):
    name: str
    place: Path
    data: bytes


def _write_what_changed(wanted: Iterable[_Fresh]) -> list[str]:
    fresh = [each for each in wanted if _held(each.place) != each.data or not _packed(each.place).exists()]
    for start in range(0, len(fresh), AT_ONCE):
        _write(fresh[start : start + AT_ONCE])
    _sync_folders({each.place.parent for each in fresh})
    return [each.name for each in fresh]


def _write(batch: Sequence[_Fresh]) -> None:
    """All beside their old ones, then all to the disk, then all in their places: one wait for the disk, not one each.

    When the disk refuses one of them, those before it are put in their places all the same.
    """
    staged: list[_Staged] = []
    refused: PublishFailed | None = None
    for name, place, data in batch:
        try:
            _ensure_folder(place.parent)
            staged += _stage(place, data)
        except OSError as error:
            refused = PublishFailed(_why(name, error))
            break
    try:
        _settle(staged)
    except OSError as error:
        raise PublishFailed(_why(batch[0].name, error)) from error
    if refused:
        raise refused


def documents(root: Path, folder: str = "cap", suffix: str = ".xml") -> dict[str, bytes]:
    """What stands published in a folder: bytes by name without suffix; nothing when there is no such folder."""
    found = sorted((root / folder).glob(f"*{suffix}"))
    return {path.name.removesuffix(suffix): path.read_bytes() for path in found if not path.name.startswith(".")}


def prune(root: Path, folder: str, keep: Mapping[str, bytes]) -> list[str]:
    """Remove the pages of a folder that `keep` no longer names; CAP documents are never removed (PublishFailed)."""
    if folder.strip("/") == "cap":
        raise PublishFailed("CAP documents are never removed: publish an Update or a Cancel.")
    gone = [path for path in sorted((root / folder).glob("*.html")) if f"{folder}/{path.name}" not in keep]
    try:
        for path in gone:
            _packed(path).unlink(missing_ok=True)
            path.unlink()
    except OSError as error:
        raise PublishFailed(_why(folder, error)) from error
    return [f"{folder}/{path.name}" for path in gone]


def stands(root: Path, name: str) -> bool:
    """Whether a file and its ``.gz`` are there, whatever they hold."""
    place = _inside(root, name)
    return place.is_file() and _packed(place).is_file()


def tidy(root: Path, older_than_s: float = 60.0) -> int:
    """Remove what a writer that was killed has left half-written; returns how many files that were."""
    left = [path for path in root.rglob(".*.tmp") if time.time() - path.stat().st_mtime > older_than_s]
    for path in left:
        path.unlink(missing_ok=True)
    return len(left)


def _inside(root: Path, name: str) -> Path:
    parts = name.split("/")
    if not all(_PART.fullmatch(part) for part in parts):
        raise PublishFailed(f"“{name}” is no name for a public file: use letters, digits, dots, - and _.")
    return root.joinpath(*parts)


def _held(place: Path) -> bytes | None:
    return place.read_bytes() if place.is_file() else None


def _packed(place: Path) -> Path:
    return place.with_name(f"{place.name}.gz")


def _ensure_folder(folder: Path) -> None:
    """The folder, readable by a web server, with its own entry on disk."""
    missing = [each for each in (folder, *folder.parents) if not each.exists()]
    folder.mkdir(parents=True, exist_ok=True)
    for each in reversed(missing):
        each.chmod(0o755)
        _sync_folder(each.parent)


class _Staged(NamedTuple):
    descriptor: int
    temporary: Path
    place: Path


def _stage(place: Path, data: bytes) -> list[_Staged]:
    """A page and its gzip in temporary files beside it, on their way to the disk; none stays when one is refused."""
    packed = gzip.compress(data, PACKED, mtime=0)
    staged: list[_Staged] = []
    try:
        for target, held in ((_packed(place), packed), (place, data)):
            descriptor, name = tempfile.mkstemp(dir=place.parent, prefix=f".{target.name}.", suffix=".tmp")
            staged.append(_Staged(descriptor, Path(name), target))
            os.fchmod(descriptor, READABLE)
            _write_all(descriptor, held)
            os.posix_fadvise(descriptor, 0, 0, os.POSIX_FADV_DONTNEED)
    except BaseException:
        _forget(staged)
        raise
    return staged


def _write_all(descriptor: int, data: bytes) -> None:
    left = memoryview(data)
    while left:
        left = left[os.write(descriptor, left) :]


def _settle(staged: Sequence[_Staged]) -> None:
    """Durable first, visible second: the bytes of a name that a reader can open are on the disk."""
    try:
        for each in staged:
            os.fsync(each.descriptor)
        for each in staged:
            each.temporary.replace(each.place)
    finally:
        _forget(staged)


def _forget(staged: Sequence[_Staged]) -> None:
    for each in staged:
        os.close(each.descriptor)
        each.temporary.unlink(missing_ok=True)


def _sync_folders(folders: set[Path]) -> None:
    try:
        for folder in folders:
            _sync_folder(folder)
    except OSError as error:
        raise PublishFailed(_why("the folder", error)) from error


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _why(name: str, error: OSError) -> str:
    reason = error.strerror or type(error).__name__
    return f"{name} could not be published ({reason}): the last version stays up. Check the disk of PUBLISH_DIR."
