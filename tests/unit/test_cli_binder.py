"""The commands of the binder as somebody types them at three in the morning: a sentence for all that is wrong."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from broadcaster.cli import root
from broadcaster.outage.binder.file import Packer
from broadcaster.store import sealed_stream
from broadcaster.store.sealed_stream import Recipients
from tests.unit.outage.binder.test_binder_file import NOON, OURS, THEIRS, WORDS
from tests.unit.store.test_sealed_stream import KEY, certificate, pem


@pytest.fixture(autouse=True)
def hasty(monkeypatch: pytest.MonkeyPatch) -> None:
    """Scrypt at the least cost."""
    monkeypatch.setattr(sealed_stream, "COST", 2)


def binder(folder: Path, to: Recipients, residents: str = "") -> Path:
    file = folder / "binder-2026-06-18T120000.zip.sealed"
    with file.open("wb") as out:
        packer = Packer(out, to, OURS)
        packer.add("binder.html", [b"<p>Ayer</p>"])
        packer.close(NOON, "demo", 7, residents)
    return file


def typed(*words: str, answer: str = "") -> Result:
    return CliRunner().invoke(root, ["binder", *words], input=f"{answer}\n")


def test_the_passphrase_is_asked_for_and_not_shown(tmp_path: Path) -> None:
    file = binder(tmp_path, Recipients(passphrase=WORDS))
    found = typed("verify", str(file), answer=WORDS)
    assert found.exit_code == 0 and "Whole: 1 files, made 2026-06-18 16:00 UTC; the residents are in it" in found.output
    assert "Passphrase of the binder" in found.output and WORDS not in found.output
    wrong = typed("open", str(file), "--to", str(tmp_path / "x"), answer="seven other words")
    assert wrong.exit_code == 1 and "type it again" in wrong.output and not (tmp_path / "x").exists()


def test_the_private_key_opens_it_with_its_own_password(tmp_path: Path) -> None:
    file = binder(tmp_path, Recipients(certificate(KEY)))
    key = tmp_path / "key.pem"
    key.write_bytes(pem(KEY, "a password"))
    assert typed("verify", str(file), "--key", str(key), answer="a password").exit_code == 0
    key.write_bytes(pem(KEY))
    found = typed("open", str(file), "--to", str(tmp_path / "tonight"), "--key", str(key))
    assert found.exit_code == 0 and (tmp_path / "tonight" / "binder.html").read_text() == "<p>Ayer</p>"
    assert "give its private key with --key" in typed("verify", str(file)).output


@pytest.mark.parametrize(
    ("key", "code", "says"),
    [
        (OURS.public.written(OURS.name), 0, "Whole: "),
        (THEIRS.public.written(THEIRS.name), 1, "not signed by the key that was given"),
        ("a key", 2, "This is no public key"),
    ],
)
def test_who_signed_it_can_be_asked(key: str, code: int, says: str, tmp_path: Path) -> None:
    file = binder(tmp_path, Recipients(passphrase=WORDS))
    found = typed("verify", str(file), "--signed-by", key, answer=WORDS)
    assert (found.exit_code, says in found.output) == (code, True), found.output


def test_a_small_one_says_where_the_residents_are(tmp_path: Path) -> None:
    file = binder(tmp_path, Recipients(passphrase=WORDS), residents="binder-2026-06-18.zip.sealed")
    assert "the residents are in binder-2026-06-18.zip.sealed" in typed("verify", str(file), answer=WORDS).output
    found = typed("load", str(file), "--to", str(tmp_path / "laptop"), answer=WORDS)
    assert found.exit_code == 1 and "put it into the folder of binder-2026-06-18T120000" in found.output
    assert not (tmp_path / "laptop").exists()


def test_a_folder_that_was_filled_is_not_filled_again(tmp_path: Path) -> None:
    file = binder(tmp_path, Recipients(passphrase=WORDS))
    (tmp_path / "laptop").mkdir()
    (tmp_path / "laptop" / ".env").touch()
    found = typed("load", str(file), "--to", str(tmp_path / "laptop"), answer=WORDS)
    assert found.exit_code == 1 and "was filled before: `cd` into it" in found.output


def test_another_file_is_refused(tmp_path: Path) -> None:
    other = tmp_path / "notes.txt"
    other.write_text("call 413-555-0100")
    found = typed("verify", str(other))
    assert found.exit_code == 1 and "no sealed file of Broadcaster" in found.output
