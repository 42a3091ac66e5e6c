"""A binder holds what its signed manifest names, all of it and nothing else; or it is refused with a sentence."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from broadcaster.outage.binder import file as binder_file
from broadcaster.outage.binder.file import MANIFEST, Manifest, Packer, Part
from broadcaster.store import sealed_stream
from broadcaster.store.sealed_stream import CannotOpen, Opener, Recipients, Sealing
from broadcaster.store.timeline.signed_note import PublicKey, Signer

WORDS = "seven words of dice stand in here"
NOON = datetime(2026, 6, 18, 16, 0, tzinfo=UTC)
OURS, THEIRS = (Signer.of(f"a-secret-of-the-tests-{no}-0123456789", "911.example") for no in (1, 2))
FILES = {"binder.html": b"<p>Ayer</p>", "cap/25017.xml": b"<alert/>", "release/residents.csv": b"kind,value\r\n"}


@pytest.fixture(autouse=True)
def hasty(monkeypatch: pytest.MonkeyPatch) -> None:
    """Scrypt at the least cost."""
    monkeypatch.setattr(sealed_stream, "COST", 2)


def packed(folder: Path, files: Mapping[str, bytes] = FILES, signer: Signer = OURS) -> Path:
    file = folder / "binder-2026-06-18.zip.sealed"
    with file.open("wb") as out:
        packer = Packer(out, Recipients(passphrase=WORDS), signer)
        for path, data in files.items():
            packer.add(path, [data[:3], data[3:]])
        packer.close(NOON, "demo", 7, "")
    return file


def by_hand(folder: Path, members: Mapping[str, bytes], manifest: Manifest, signer: Signer = OURS) -> Path:
    """A binder of somebody who has the passphrase and puts it together themselves."""
    plain = io.BytesIO()
    with zipfile.ZipFile(plain, "w") as archive:
        for path, data in members.items():
            archive.writestr(path, data)
        archive.writestr(MANIFEST, signer.note(manifest.text))
    file = folder / "by-hand.zip.sealed"
    with file.open("wb") as out:
        made = Sealing(out, Recipients(passphrase=WORDS))
        made.write(plain.getvalue())
        made.finish()
    return file


def read(file: Path, *keys: PublicKey) -> Manifest:
    with binder_file.reading(file, Opener(WORDS), keys) as found:
        return found.manifest


def good(folder: Path) -> Manifest:
    return read(packed(folder))


def test_it_comes_out_as_it_went_in(tmp_path: Path) -> None:
    with binder_file.reading(packed(tmp_path), Opener(WORDS), [OURS.public]) as found:
        made = found.unpack(tmp_path / "tonight", release=True)
    said = found.manifest
    assert (said.made_at, said.mode, said.directory, said.residents) == (NOON, "demo", 7, "")
    small = replace(said, residents="binder-2026-06-17.zip.sealed")
    assert Manifest.read(said.text) == said and Manifest.read(small.text) == small
    assert {path.relative_to(tmp_path / "tonight").as_posix(): path.read_bytes() for path in made} == FILES
    assert {path.stat().st_mode & 0o777 for path in made} == {0o600}
    assert {path.stat().st_mode & 0o777 for path in (tmp_path / "tonight", tmp_path / "tonight" / "cap")} == {0o700}


def test_what_only_a_laptop_needs_stays_sealed(tmp_path: Path) -> None:
    with binder_file.reading(packed(tmp_path), Opener(WORDS)) as found:
        made = found.unpack(tmp_path / "tonight", release=False)
    assert [path.name for path in made] == ["binder.html", "25017.xml"]


def test_it_must_be_signed_by_the_key_that_was_kept_elsewhere(tmp_path: Path) -> None:
    forged = packed(tmp_path, signer=THEIRS)
    assert read(forged).key == THEIRS.public.written(THEIRS.name)
    with pytest.raises(CannotOpen, match="not signed by the key that was given"):
        read(forged, OURS.public)


def part(path: str, size: int = 3, sha: str = "0" * 64) -> Part:
    return Part(path, size, sha)


@pytest.mark.parametrize(
    ("members", "more", "says"),
    [
        ({**FILES, "cap/25017.xml": b"<alert>"}, (), "cap/25017.xml is not what its manifest says"),
        ({**FILES, "extra.html": b"x"}, (), "other files than its manifest names"),
        ({"binder.html": FILES["binder.html"]}, (), "other files than its manifest names"),
        ({**FILES, "../outside": b"out"}, (part("../outside"),), "other files than its manifest names"),
        ({**FILES, "/outside": b"out"}, (part("/outside"),), "other files than its manifest names"),
        ({**FILES, "cap/../../outside": b"out"}, (part("cap/../../outside"),), "other files than its manifest"),
    ],
)
def test_other_files_than_were_signed_are_refused(
    members: dict[str, bytes], more: tuple[Part, ...], says: str, tmp_path: Path
) -> None:
    manifest = good(tmp_path)
    file = by_hand(tmp_path, members, replace(manifest, parts=(*manifest.parts, *more)))
    with pytest.raises(CannotOpen, match=says):
        read(file)


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ("binder 1", "binder 2", "another program or version"),
        ("made 2026", "made soon", "changed or cut short"),
        ("directory 7", "directory x", "changed or cut short"),
        ("mode demo\n", "", "changed or cut short"),
        (" 11 binder", " eleven binder", "changed or cut short"),
    ],
)
def test_a_manifest_that_nobody_wrote_is_refused(old: str, new: str, says: str, tmp_path: Path) -> None:
    text = good(tmp_path).text.replace(old, new)
    with pytest.raises(CannotOpen, match=says):
        Manifest.read(text)


def test_a_sealed_file_that_is_no_binder_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "other.sealed"
    with file.open("wb") as out:
        made = Sealing(out, Recipients(passphrase=WORDS))
        made.write(b"no zip")
        made.finish()
    with pytest.raises(CannotOpen, match="changed or cut short"):
        read(file)
    with pytest.raises(CannotOpen, match="cannot be read"):
        read(tmp_path / "gone")
