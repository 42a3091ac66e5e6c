"""What the doctor says of the county outlines."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest

from broadcaster.local import assets, borders
from broadcaster.local.doctor import examine
from broadcaster.store.database import Sessions
from broadcaster.store.places import outlines
from tests.factories import KEYS

CASES: Mapping[str, tuple[str, bool, str]] = {
    "none": ("", False, "none: run `make assets`"),
    "broken": ("no map", False, "cannot be read"),
    "all": ("built", True, "14 counties of Massachusetts."),
}


@pytest.mark.parametrize("name", CASES)
def test_what_the_doctor_says_of_outlines(name: str, sessions: Sessions, database_url: str, tmp_path: Path) -> None:
    kept, works, sentence = CASES[name]
    if kept:
        with sessions.begin() as session:
            outlines.save(session, "25", borders.by_state(assets.atlas())["25"] if kept == "built" else kept)
    own = {"DATA_DIR": str(tmp_path), "DATABASE_URL": database_url, "REDIS_URL": "redis://127.0.0.1:1/0"}
    found = next(each for each in examine({**KEYS, "MODE": "demo", **own}) if each.what == "county outlines")
    assert found.works is works and sentence in found.sentence
