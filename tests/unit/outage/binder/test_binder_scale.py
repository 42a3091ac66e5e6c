"""A million residents are never held together: what a binder takes to be made and read does not grow with them."""

from __future__ import annotations

import csv
import io
import tracemalloc
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from broadcaster.outage.binder import duty, file
from broadcaster.outage.binder.file import Packer
from broadcaster.store import sealed_stream
from broadcaster.store.binder.carried import RESIDENT_COLUMNS
from broadcaster.store.sealed_stream import Opener, Recipients
from broadcaster.store.timeline.signed_note import Signer
from tests.factories import SECRET

WORDS = "seven words of dice stand in here"
NIGHT = datetime(2026, 6, 18, 8, 0, tzinfo=UTC)
FEW, MANY = 5_000, 60_000
NAME = "release/residents.csv"


def rows(many: int) -> Iterator[tuple[str, ...]]:
    """Residents as the database hands them on."""
    for no in range(many):
        yield "sms", f"+1978{no:07d}", "es" if no % 7 else "en", "", f"town-{no % 351}"


def made(path: Path, many: int) -> int:
    """Make and read a binder of so many; the most bytes that Python held meanwhile."""
    tracemalloc.start()
    with path.open("wb") as out:
        packer = Packer(out, Recipients(passphrase=WORDS), Signer.of(SECRET, "tests.example"))
        packer.add(NAME, duty._table(RESIDENT_COLUMNS, rows(many)))
        packer.close(NIGHT, "demo", 1, "")
    with file.reading(path, Opener(WORDS)) as found, found.plain.open(NAME) as member:
        assert sum(1 for _ in csv.DictReader(io.TextIOWrapper(member, encoding="utf-8", newline=""))) == many
    most = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return most


def test_what_is_held_does_not_grow_with_the_residents(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sealed_stream, "COST", 2)
    few, many = made(tmp_path / "few", FEW), made(tmp_path / "many", MANY)
    assert many - few < 4 * file.CHUNK, "a few pieces are held; so many rows would take twenty megabytes"
