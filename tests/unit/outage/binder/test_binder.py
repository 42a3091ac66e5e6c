"""The duty: a binder a night and one after each change, whole or not there; and a place that fails is said, loudly."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from broadcaster.alert.phone import AlternateNumber
from broadcaster.cli import binding
from broadcaster.local import binder_check
from broadcaster.outage.binder import duty as binder
from broadcaster.outage.binder import file as binder_file
from broadcaster.outage.binder.duty import Binders
from broadcaster.settings import Settings
from broadcaster.store import sealed_stream
from broadcaster.store.binder import binders
from broadcaster.store.database import Sessions
from broadcaster.store.places import directory_load
from broadcaster.store.sealed_stream import Opener
from broadcaster.store.timeline import ledger
from tests.factories import KEYS, SEALER, House, directory, furnish, phones

WORDS = "seven words of dice stand in here"
NIGHT = datetime(2026, 6, 18, 8, 0, tzinfo=UTC)
"""Four in the morning in Massachusetts."""
TONIGHT, NEXT = "binder-2026-06-18.zip.sealed", "binder-2026-06-19.zip.sealed"


class At:
    """The moment at which the database says that it is."""

    now = NIGHT


@pytest.fixture(autouse=True)
def clock(monkeypatch: pytest.MonkeyPatch) -> type[At]:
    monkeypatch.setattr(sealed_stream, "COST", 2)
    monkeypatch.setattr(binder, "now", lambda _: At.now)
    monkeypatch.setattr(binder_check, "now", lambda _: At.now)
    monkeypatch.setattr(At, "now", NIGHT)
    return At


@pytest.fixture
def house(sessions: Sessions) -> House:
    return furnish(sessions, directory(3), {phone: ["town-1"] for phone in phones(5)})


@pytest.fixture
def chosen(tmp_path: Path) -> Settings:
    given = {name.lower(): value for name, value in KEYS.items()}
    given |= {"mode": "demo", "data_dir": str(tmp_path / "var"), "binder_dir": str(tmp_path / "stick")}
    return Settings.model_validate({**given, "binder_passphrase": WORDS})


@pytest.fixture
def duty(house: House, chosen: Settings) -> Binders:
    """The duty, and a stick that is there."""
    made = binding.binders_of(chosen, house.sessions)
    assert made is not None
    made.folder.mkdir()
    return made


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir()) if folder.exists() else []


def change(house: House, digits: str) -> None:
    """Somebody gives the first town another number."""
    with house.sessions.begin() as session:
        before = directory_load.load(session, SEALER)
        numbers = {**before.numbers, "town-1": (AlternateNumber(f"+1508555{digits}", "Police"),)}
        directory_load.save(session, replace(before, numbers=numbers), SEALER)


def member(file: Path, name: str) -> bytes:
    """A file of a binder; nothing where it has none of this name."""
    with binder_file.reading(file, Opener(WORDS)) as found:
        return found.plain.read(name) if name in found.plain.namelist() else b""


def events(house: House) -> list[str]:
    with house.sessions() as session:
        return [event.action for event in ledger.timeline(session, binders.OBJECT)]


def test_a_night_then_only_what_changed(house: House, duty: Binders, clock: type[At]) -> None:
    file = duty.look()
    assert file is not None and (file.name, file.stat().st_mode & 0o777) == (TONIGHT, 0o600)
    with binder_file.reading(file, Opener(WORDS), [duty.signer.public]) as whole:
        assert whole.manifest.mode == "demo" and whole.manifest.residents == ""
    assert len(member(file, "release/residents.csv").splitlines()) == 6
    assert duty.look() is None, "nothing has changed"
    change(house, "0150")
    clock.now += timedelta(minutes=5)
    small = duty.look()
    assert small is not None and small.name == "binder-2026-06-18T040500.zip.sealed" and duty.look() is None
    with binder_file.reading(small, Opener(WORDS)) as found:
        assert found.manifest.residents == TONIGHT
    assert member(small, "release/residents.csv") == b"" and b"508-555-0150" in member(small, "binder.html")
    clock.now += timedelta(hours=20)
    assert duty.look() is None, "not before three in the morning"
    clock.now += timedelta(hours=3)
    assert duty.look() is not None and names(duty.folder)[-1] == NEXT
    with house.sessions() as session:
        stands = binders.standing(session)
    assert stands.newest == stands.whole and stands.newest.file == NEXT and stands.newest.size.endswith(" kB")
    assert binders.Bound("", NIGHT, 3_140_000, "", True, 1, "").size == "3.1 MB"


def test_during_an_alert_the_residents_are_left_alone(house: House, duty: Binders, clock: type[At]) -> None:
    duty.look()
    house.release()
    clock.now += timedelta(days=1)
    assert duty.look() is None
    change(house, "0151")
    small = duty.look()
    assert small is not None and "T" in small.name
    assert b"On air when this was made" in member(small, "binder.html")


def test_fourteen_nights_are_kept(house: House, duty: Binders, clock: type[At]) -> None:
    for night in range(1, 20):
        (duty.folder / f"binder-2026-05-{night:02}.zip.sealed").touch()
        (duty.folder / f"binder-2026-05-{night:02}T120000.zip.sealed").touch()
    (duty.folder / "somebody-elses.txt").touch()
    duty.look()
    kept = names(duty.folder)
    nights = [name for name in kept if name.startswith("binder") and "T" not in name]
    between = [name for name in kept if "T" in name]
    assert len(nights) == 14 and nights[-1] == TONIGHT and "somebody-elses.txt" in kept
    assert len(between) == 13 and min(between) > min(nights), "a small one needs the night that it speaks of"


def full(path: Path, *_: object) -> int:
    raise OSError(28, "No space left on device", str(path))


def test_a_missing_stick_is_said_and_the_binder_is_brought_when_it_is_there(
    house: House, duty: Binders, chosen: Settings, clock: type[At]
) -> None:
    duty.folder.rmdir()
    file = duty.look()
    assert file is not None and file.parent == chosen.data_dir / "binder"
    with house.sessions() as session:
        trouble = binders.standing(session).trouble
    assert "cannot be written to" in trouble and "No such file or directory" in trouble and "mount it" in trouble
    assert binder_check.look(chosen, house.sessions) == (False, trouble)
    assert duty.look() is None and events(house) == ["bound", "not-bound"], "said once"
    duty.folder.mkdir()
    duty.look()
    assert names(duty.folder) == [TONIGHT] and events(house)[-1] == "bound"
    assert binder_check.look(chosen, house.sessions)[0] is True


def test_a_full_disk_stops_nothing_and_leaves_nothing(
    house: House, duty: Binders, monkeypatch: pytest.MonkeyPatch, clock: type[At]
) -> None:
    monkeypatch.setattr(binder.os, "fsync", full)
    assert duty.look() is None and names(duty.folder) == names(duty.at_hand) == []
    assert events(house) == ["not-bound"] and duty.look() is None
    monkeypatch.undo()
    monkeypatch.setattr(sealed_stream, "COST", 2)
    monkeypatch.setattr(binder, "now", lambda _: clock.now)
    assert duty.look() is None, "it is not tried every few seconds"
    clock.now += timedelta(minutes=11)
    assert duty.look() is not None and events(house)[-1] == "bound"


def spoil(file: Path) -> None:
    data = bytearray(file.read_bytes())
    data[-30] ^= 1
    file.write_bytes(bytes(data))


@pytest.mark.parametrize(
    ("done", "works", "says"),
    [
        (lambda file: None, True, "sealed, "),
        (spoil, False, "was changed or cut short"),
        (os.unlink, False, "is not where it was written"),
        (lambda file: setattr(At, "now", NIGHT + timedelta(days=3)), False, "the last one with residents is of"),
    ],
)
def test_the_doctor_opens_the_newest(
    house: House, duty: Binders, chosen: Settings, done: Callable[[Path], object], works: bool, says: str
) -> None:
    file = duty.look()
    assert file is not None
    done(file)
    assert (lambda found: (found[0], says in found[1]))(binder_check.look(chosen, house.sessions)) == (works, True)


def test_without_the_passphrase_it_is_held_against_the_ledger(house: House, duty: Binders, chosen: Settings) -> None:
    file = duty.look()
    assert file is not None
    blind = chosen.model_copy(update={"binder_passphrase": "", "export_cert": file})
    assert binder_check.look(blind, house.sessions)[0] is True
    spoil(file)
    assert "was changed since it was made" in binder_check.look(blind, house.sessions)[1]


def test_without_a_passphrase_and_a_certificate_there_is_none(house: House, chosen: Settings, tmp_path: Path) -> None:
    nobody = chosen.model_copy(update={"binder_passphrase": ""})
    assert binding.binders_of(nobody, house.sessions) is None
    assert binder_check.look(nobody, house.sessions)[0] is None
    assert binder_check.look(chosen, house.sessions) == (
        False,
        "none was made yet: let `broadcaster sweep` run, or `broadcaster binder make`.",
    )
    cert = tmp_path / "cert.pem"
    cert.write_text("no certificate")
    both = binding.binders_of(chosen.model_copy(update={"export_cert": cert}), house.sessions)
    assert both is not None
    both.folder.mkdir()
    assert (
        both.make(whole=False) is not None
        and "EXPORT_CERT is no certificate" in binder_check.look(chosen, house.sessions)[1]
    ), "it is sealed to the passphrase alone, and that is said"
    shutil.rmtree(both.folder)
