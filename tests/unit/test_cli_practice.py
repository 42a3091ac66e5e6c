"""The key of the training desk, printed where it signs and nowhere else."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner

from broadcaster import settings as knobs
from broadcaster.cli import root
from broadcaster.settings import SettingsError
from broadcaster.store.timeline.signed_note import PublicKey, Signer

SECRET = "Zq8mT4vN1xR7cK2wP9sL5dH3jF6gB0yA"


@pytest.mark.parametrize("mode", ["training", "live"])
def test_the_key_is_of_the_training_installation(mode: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    given = {"MODE": mode, "DATA_DIR": str(tmp_path), "SECRET_KEY": SECRET, "PUBLIC_BASE_URL": "https://t.example"}
    for name, value in {**given, "FIELD_KEY": SECRET[::-1], "INDEX_KEY": SECRET.lower()}.items():
        monkeypatch.setenv(name, value)
    found = CliRunner().invoke(root, ["practice", "key"])
    knobs.current.cache_clear()
    if mode == "live":
        assert isinstance(found.exception, SettingsError) and "with MODE=training" in str(found.exception)
    else:
        assert found.output.startswith("t.example/practice+")
        assert PublicKey.read(found.output) == Signer.of(SECRET, "t.example", "practice").public
