"""The history that the detector learns from comes in by the command line, whole or not at all."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path

from broadcaster.store.database import Sessions
from broadcaster.store.outage import call_counts
from tests.desk import NOON, Desk
from tests.flow import installation
from tests.flow.test_the_phones_go_quiet import ALL, MINUTE


def test_history_is_imported_by_the_command_line(database_url: str, tmp_path: Path, sessions: Sessions) -> None:
    Desk(sessions)
    env = installation.environment(database_url, "redis://127.0.0.1:1/0", "http://127.0.0.1:9", tmp_path)
    file = tmp_path / "past.csv"
    monday: datetime = NOON - timedelta(weeks=4)
    rows = [f"{code},{(monday + no * MINUTE).isoformat()},1" for code in ALL for no in range(90)]
    file.write_text("\n".join(["psap,minute,calls", *rows, "atlantis,2026-05-01T00:00:00Z,1"]) + "\n")
    refused = installation.run(env, "calls", "import", str(file))
    assert refused.returncode == 1 and "line 362: There is no PSAP 'atlantis'" in refused.stderr
    assert "Nothing was imported: 1 rows are bad" in refused.stderr
    file.write_text("\n".join(["psap,minute,calls", *rows]) + "\n")
    done = installation.run(env, "calls", "import", str(file))
    assert done.returncode == 0, done.stderr
    assert "360 minutes of 4 PSAPs in 8 hours were imported" in done.stdout
    with sessions() as store:
        assert sorted(row.minutes for row in call_counts.past(store, NOON)) == [30] * 4 + [60] * 4
