"""Generated keys: one each, kept, private, accepted by the settings, and never in a live installation."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest

from broadcaster.local.keys import ensure_keys
from broadcaster.settings import Mode, SettingsError, load


def test_keys_are_made_once_and_are_good_settings(tmp_path: Path) -> None:
    keys = ensure_keys(tmp_path, Mode.DEMO)
    assert ensure_keys(tmp_path, Mode.TRAINING) == keys
    assert len(set(keys.values())) == 3
    settings = load(keys)
    assert len(settings.field_key_bytes) == len(settings.index_key_bytes) == 32


def test_only_the_owner_can_read_them(tmp_path: Path) -> None:
    ensure_keys(tmp_path, Mode.DEMO)
    files = sorted((tmp_path / "keys").iterdir())
    assert [file.name for file in files] == ["FIELD_KEY", "INDEX_KEY", "SECRET_KEY"]
    assert {stat.S_IMODE(file.stat().st_mode) for file in files} == {0o600}


def test_a_live_installation_brings_its_own(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="must be set when MODE=live"):
        ensure_keys(tmp_path, Mode.LIVE)
    assert list(tmp_path.iterdir()) == []
