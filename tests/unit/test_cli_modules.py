"""The commands by their modules: each is found, and none imports what it does not need."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Mapping
from importlib import import_module
from pathlib import Path

import pytest

from broadcaster import cli

PAGES, DEMO, CELERY, SENDING = "broadcaster.web.application", "broadcaster.local.demo", "celery", "broadcaster.dispatch"
HEAVY = (PAGES, DEMO, CELERY, SENDING)
NEEDED: Mapping[str, set[str]] = {
    "serving": set(),
    "documents": set(),
    "working": {CELERY},
    "sweeping": {SENDING},
    "listening": {CELERY, SENDING},
}


def test_every_command_is_found_in_its_module() -> None:
    written = {path.stem for path in Path(cli.__file__).parent.glob("*.py") if "\nCOMMANDS = " in path.read_text()}
    assert written == set(cli.MODULES)
    for module, names in cli.MODULES.items():
        assert tuple(each.name for each in import_module(f"broadcaster.cli.{module}").COMMANDS) == names


@pytest.mark.parametrize("module", NEEDED)
def test_a_command_starts_without_what_it_does_not_need(module: str) -> None:
    asks = f"import sys, broadcaster.cli.{module}; print(*sorted({set(HEAVY)!r} & set(sys.modules)), end='')"
    loaded = subprocess.run([sys.executable, "-c", asks], capture_output=True, text=True, check=True).stdout
    assert set(loaded.split()) == NEEDED[module]
