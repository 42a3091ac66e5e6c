"""The secrets of a demo or a training desk, generated once and kept; a live installation brings its own."""

from __future__ import annotations

import base64
import secrets
from pathlib import Path

from broadcaster.local.secret import write_secret_once
from broadcaster.settings import Mode, SettingsError

NAMES = ("SECRET_KEY", "FIELD_KEY", "INDEX_KEY")


def ensure_keys(data_dir: Path, mode: Mode) -> dict[str, str]:
    """Each key by its name in the environment: 32 random bytes in base64, from ``data_dir/keys/NAME`` (0600).

    Raises SettingsError in a live installation, where keys that nobody has put away would be lost with the folder.
    """
    if mode is Mode.LIVE:
        raise SettingsError(f"{', '.join(NAMES)} must be set when MODE=live: make each with `openssl rand -base64 32`.")
    folder = data_dir / "keys"
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    return {name: _kept(folder / name) for name in NAMES}


def _kept(path: Path) -> str:
    if path.exists():
        return path.read_text()
    return write_secret_once(path, base64.b64encode(secrets.token_bytes(32)).decode())
