"""The directory on the command line: the difference first, refusals row by row, and which number here."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from sqlalchemy import text

from broadcaster.cli import directory as commands
from broadcaster.cli import root
from broadcaster.directory.rows import RowKind
from broadcaster.store.database import Sessions
from broadcaster.store.places import directory_history, directory_load
from tests import factories, onair
from tests.factories import furnish

OLD, NEW = "+15085550100", "+15085550199"
SQUARE = [[[-72, 42], [-71, 42], [-71, 43], [-72, 43], [-72, 42]]]


@pytest.fixture
def here(sessions: Sessions, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """An installation of three towns, and a folder to work in."""
    furnish(sessions, factories.directory(3), {})
    keys = {"field_key": factories.KEYS["FIELD_KEY"], "index_key": factories.KEYS["INDEX_KEY"]}
    monkeypatch.setattr(commands, "opened", lambda: (onair.settings(**keys), sessions))
    return tmp_path


def typed(*words: str) -> Result:
    return CliRunner().invoke(root, ["directory", *words])


def number(sessions: Sessions) -> str:
    with sessions() as session:
        return directory_load.load(session).numbers["town-1"][0].e164


def test_the_difference_is_shown_first_and_a_bad_row_changes_nothing(here: Path, sessions: Sessions) -> None:
    file = here / "directory.csv"
    file.write_text("whatever")
    file.chmod(0o644)
    assert typed("export", str(file)).exit_code == 0
    assert file.stat().st_mode & 0o077 == 0, "also where it was there before: the agencies' contacts stand in it"
    good = file.read_text(encoding="utf-8-sig").replace(OLD, NEW)
    file.write_text(good)
    tried = typed("import", str(file), "--dry-run")
    assert f"added number community/town-1/{NEW}" in tried.output
    assert f"retired number community/town-1/{OLD}" in tried.output
    assert "Nothing was changed (dry run): 2 differences." in tried.output
    assert number(sessions) == OLD
    file.write_text(good.replace(NEW, "911"))
    refused = typed("import", str(file))
    at = next(no for no, row in enumerate(file.read_text().splitlines(), start=1) if ",911," in row)
    assert (refused.exit_code, f"line {at}: " in refused.output) == (1, True)
    assert "911 cannot be an alternative to 911" in refused.output
    assert "Nothing was imported: 1 refusal, see above." in refused.output
    assert number(sessions) == OLD
    file.write_text(good)
    assert "Imported: 2 differences." in typed("import", str(file)).output
    assert "Imported: 0 differences." in typed("import", str(file)).output
    assert number(sessions) == NEW
    with sessions() as session:
        newest = directory_history.of_row(session, RowKind.NUMBER, f"community/town-1/{NEW}")[0]
    assert (newest.by, newest.source) == ("console", "directory.csv")


def test_which_number_here(here: Path, sessions: Sessions) -> None:
    with sessions.begin() as session:
        session.execute(text("UPDATE community SET zips = '{01432}' WHERE code = 'town-2'"))
        session.execute(text("UPDATE number SET verified_on = NULL WHERE code = 'town-2'"))
    own = {"NGUID": "1", "DsplayName": "Town 3 dispatch"}
    feature = {"type": "Feature", "geometry": {"type": "Polygon", "coordinates": SQUARE}, "properties": own}
    file = here / "psap.geojson"
    file.write_text(json.dumps({"type": "FeatureCollection", "features": [feature]}))
    assert "Imported: 1 difference." in typed("import", os.fspath(file)).output
    towns = [f"Town {no} (Worcester County): 508-555-010{no - 1}, " for no in (1, 2, 3)]
    for asked, found in (
        (["town 1"], towns[:1]),
        (["--zip", "01432"], towns[1:2]),
        (["--county", "Worcester"], towns),
        (["--point", "42.5,-71.5"], towns[2:]),
    ):
        said = typed("here", *asked)
        assert [row.startswith(town) for row, town in zip(said.output.splitlines(), found, strict=True)] == [
            True
        ] * len(found)
    assert typed("here", "--zip", "01432").output.strip().endswith("never verified")
    for asked, sentence in (
        (["--point", "10,10"], "No PSAP's service boundary holds this point"),
        (["--point", "north"], "A point is latitude,longitude in degrees"),
        ([], "Ask for one of q"),
    ):
        refused = typed("here", *asked)
        assert (refused.exit_code, sentence in refused.output) == (1, True)
