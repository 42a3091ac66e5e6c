"""Files that only their owner can read."""

from __future__ import annotations

import os
from pathlib import Path


def write_secret(path: Path, text: str) -> None:
    """Write a 0600 file, whole or not at all, over what was there."""
    _draft(path, text).rename(path)


def write_secret_once(path: Path, text: str) -> str:
    """Write a 0600 file unless there is one; returns what it holds in the end, whoever wrote it first."""
    draft = _draft(path, text)
    try:
        os.link(draft, path)
    except FileExistsError:
        return path.read_text()
    finally:
        draft.unlink()
    return text


def _draft(path: Path, text: str) -> Path:
    draft = path.with_name(f"{path.name}.{os.getpid()}")
    draft.unlink(missing_ok=True)
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    return draft
