"""The one writer of public files: a reader sees the old file or the new one, never half of either.

One writer at a time (the caller holds an advisory lock); readers need nothing. It imports nothing of the registry.
"""

from __future__ import annotations

import gzip
import os
import re
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path

_PART = re.compile(r"[A-Za-z0-9_-][A-Za-z0-9._-]*")
READABLE = 0o644


class PublishFailed(RuntimeError):
    """A public file could not be written; what was published before still stands. The message is a sentence."""


def publish(root: Path, files: Mapping[str, bytes], immutable: Mapping[str, bytes] | None = None) -> list[str]:
    """Write what changed, and return its paths; a ``.gz`` stands beside each file.

    `immutable` documents go first, so that no index names one that is not there; they are never rewritten and never
    deleted. `files` follow in their own order. Paths are relative, with ``/``. PublishFailed on a full or broken disk,
    on a path that could leave `root`, or when an immutable document exists with other bytes; then the rest was written.
    """
    written: list[str] = []
    wrong: list[str] = []
    folders: set[Path] = set()
    for name, data in [*(immutable or {}).items(), *files.items()]:
        place = _inside(root, name)
        try:
            held = _held(place)
            if held is not None and held != data and immutable and name in immutable:
                wrong.append(name)
                continue
            if held == data and _packed(place).exists():
                continue
            _ensure_folder(place.parent)
            _replace(_packed(place), gzip.compress(data, mtime=0))
            _replace(place, data)
        except OSError as error:
            raise PublishFailed(_why(name, error)) from error
        folders.add(place.parent)
        written.append(name)
    _sync_folders(folders)
    if wrong:
        raise PublishFailed(f"{', '.join(wrong)} is published already with other words, and it can never be changed.")
    return written


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


def _replace(place: Path, data: bytes) -> None:
    """Temporary file beside it, fsync, rename; the temporary file never stays."""
    descriptor, name = tempfile.mkstemp(dir=place.parent, prefix=f".{place.name}.", suffix=".tmp")
    temporary = Path(name)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(data)
            file.flush()
            os.fchmod(file.fileno(), READABLE)
            os.fsync(file.fileno())
        temporary.replace(place)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise


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
