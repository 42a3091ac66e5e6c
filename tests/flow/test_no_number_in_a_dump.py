"""A million phones in and out again; and whoever steals the database, or reads what we print, has no number."""

from __future__ import annotations

import csv
import re
import subprocess
from pathlib import Path

import pytest
from sqlalchemy import text
from sqlalchemy.engine import make_url

from broadcaster.local.rootless import installed_programs
from broadcaster.store.database import Sessions
from broadcaster.store.fanout import courtesies
from broadcaster.store.fanout.courtesies import Budget, Purpose, Wanted
from broadcaster.store.outage.outages import Outage
from broadcaster.store.public import inbound, residents, signups
from broadcaster.store.public.inbound import NewInbound
from broadcaster.store.public.signups import NewSignup
from broadcaster.store.timeline import ledger
from tests.factories import SEALER, directory, furnish
from tests.flow import installation
from tests.onair import NOW

MANY = 1_000
HEAD = ("name", "phone", "lang", "communities", "opted_out")


def spelled(no: int) -> str:
    return f"({301 + no // 100}) 555-{4100 + no % 100}"


def forms(no: int) -> list[bytes]:
    """A number in every way that a careless column could hold it."""
    area, line = f"{301 + no // 100}", f"{4100 + no % 100}"
    written = [f"{area}555{line}", f"{area}-555-{line}", f"({area}) 555-{line}", f"{area}.555.{line}"]
    return [each.encode() for each in written] + [written[0].encode().hex().encode()]


SHAPES = re.compile(
    rb"(?=(\d{3}555\d{4}|\d{3}-555-\d{4}|\(\d{3}\) 555-\d{4}|\d{3}\.555\.\d{4}|(?:3\d){3}353535(?:3\d){4}))"
)
"""Whatever has the shape of one of these forms, wherever it begins: one reading of a dump instead of five thousand."""


def held(text_: bytes) -> list[int]:
    """Whose number stands in a text, in any form."""
    found = set(SHAPES.findall(text_))
    return [no for no in range(MANY) if not found.isdisjoint(forms(no))]


def test_every_form_is_seen_wherever_it_begins() -> None:
    for no in (0, 7, MANY - 1):
        assert [held(b"1(3" + form + b"55") for form in forms(no)] == [[no]] * len(forms(no))


def name(no: int) -> str:
    return f"Zenobia Quux{no:04d}"


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """A thousand people, every tenth of whom said STOP, with their names and two bad rows."""
    rows = [(name(no), spelled(no), "es", "town-1;town-2", "yes" if no % 10 == 0 else "") for no in range(MANY)]
    made = tmp_path / "residents.csv"
    with made.open("w", newline="") as stream:
        csv.writer(stream).writerows(
            [HEAD, *rows, (name(7), "(301) 555-4107 ext 3", "en", "town-1", ""), ("", spelled(8), "en", "atlantis", "")]
        )
    return made


@pytest.fixture
def env(database_url: str, tmp_path: Path, sessions: Sessions) -> dict[str, str]:
    """A demo installation with two towns."""
    furnish(sessions, directory(2), {})
    return installation.environment(database_url, "redis://127.0.0.1:1/0", "http://127.0.0.1:9", tmp_path)


def dump(url: str) -> bytes:
    """All of a database as pg_dump writes it."""
    plain = make_url(url).set(drivername="postgresql").render_as_string(hide_password=False)
    program = installed_programs() / "pg_dump"
    return subprocess.run([program, "--dbname", plain], capture_output=True, check=True).stdout


def test_a_dump_and_what_is_printed_hold_no_number_and_no_name(
    env: dict[str, str], database_url: str, sessions: Sessions, file: Path, tmp_path: Path
) -> None:
    report = tmp_path / "refused.csv"
    done = installation.run(env, "residents", "import", str(file), "--skip-bad", "--report", str(report))
    assert "1,000 imported, 0 merged, 2 left out" in done.stdout
    again = installation.run(env, "residents", "import", str(file), "--dry-run")
    assert "0 phones would be new, 1,000 are there already" in again.stdout
    whole = dump(database_url)
    assert whole.count(b"\\\\x01") > MANY, "the sealed values are in the dump"
    said = "".join((done.stdout, done.stderr, again.stdout, again.stderr, report.read_text())).encode()
    for text_ in (whole, said):
        assert [no for no in range(MANY) if name(no).encode() in text_] == []
        assert held(text_) == []
    out = tmp_path / "out.csv"
    assert "1,000 written" in installation.run(env, "residents", "export", str(out)).stdout
    assert out.stat().st_mode & 0o077 == 0
    rows = list(csv.DictReader(out.read_text().splitlines()))
    assert {row["phone"] for row in rows} == {f"+1{forms(no)[0].decode()}" for no in range(MANY)}
    assert sum(row["opted_out"] == "yes" for row in rows) == MANY // 10
    assert installation.run(env, "residents", "count").stdout == "town-1,1000\ntown-2,1000\n"
    with sessions() as session:
        assert residents.by_community(session) == {"town-1": MANY, "town-2": MANY}
        assert ledger.verify(session).broken_at is None


def test_a_dry_run_changes_nothing_and_a_bad_row_stops_all(env: dict[str, str], sessions: Sessions, file: Path) -> None:
    tried = installation.run(env, "residents", "import", str(file), "--dry-run")
    assert "1,000 phones would be new" in tried.stdout and "2 left out" in tried.stdout
    refused = installation.run(env, "residents", "import", str(file))
    assert refused.returncode == 1 and "line 1002:" in refused.stderr and "2 rows are bad" in refused.stderr
    with sessions() as session:
        assert session.query(residents.Address).filter_by(owner="resident").count() == 0


def test_a_stop_is_not_undone_by_a_file(env: dict[str, str], sessions: Sessions, file: Path) -> None:
    index = SEALER.index(f"sms:+1{forms(5)[0].decode()}")
    with sessions.begin() as session:
        residents.suppress(session, index, "phone")
    assert installation.run(env, "residents", "import", str(file), "--skip-bad").returncode == 0
    with sessions() as session:
        assert session.get_one(residents.Suppression, index).source == "phone"


def test_a_failing_statement_does_not_tell_its_values(sessions: Sessions) -> None:
    with sessions() as session, pytest.raises(Exception, match="division by zero") as failed:
        session.execute(text("SELECT 1/0 WHERE :phone <> ''"), {"phone": spelled(1)})
    assert "555-" not in str(failed.value)


def test_texts_sign_ups_and_courtesies_are_sealed_too(database_url: str, sessions: Sessions) -> None:
    numbers = [f"+1{forms(no)[0].decode()}" for no in range(MANY)]
    with sessions.begin() as session:
        for no, number in enumerate(numbers):
            new = NewInbound("text", "twilio", f"SM{no}", number, f"call me at {spelled(no)}", "other", "en")
            inbound.keep(session, SEALER, new)
            form = NewSignup("sms", number, "en", ("town-1",), False, "x" * 64)
            signups.ask(session, SEALER, form, "")
            wanted = Wanted(Purpose.VERIFY, number, "en", ("town-1",))
            assert courtesies.ask(session, SEALER, wanted, Budget(prefix=MANY, a_day=MANY))
    whole = dump(database_url)
    assert whole.count(b"\\\\x01") >= 4 * MANY, "the sealed values are in the dump"
    assert held(whole) == []


def test_a_log_of_missed_calls_is_sealed_too(
    env: dict[str, str], database_url: str, sessions: Sessions, tmp_path: Path
) -> None:
    with sessions.begin() as session:
        outage = Outage(known_at=NOW, kind="all_calls")
        session.add(outage)
    lines = [f"2026-06-18 13:{no % 60:02}:00,{spelled(no)},{name(no)} Street,ABANDONED" for no in range(MANY)]
    log, report = tmp_path / "cdr.csv", tmp_path / "remarks.csv"
    log.write_text("\n".join(["Start Time,ANI,Address,Disposition", *lines, f"soon,{spelled(1)},,BUSY"]))
    given = ("missed", "import", str(log), "--outage", outage.public_id, "--system", "Router", "--report", str(report))
    refused = installation.run(env, *given)
    assert refused.returncode == 1 and "Nothing was imported: 1 line is bad" in refused.stderr
    tried = installation.run(env, *given, "--skip-bad", "--dry-run", "--map", "phone=ANI", "--zone", "UTC")
    assert "1,000 missed calls" in tried.stdout and "Nothing was changed." in tried.stdout
    done = installation.run(env, *given, "--skip-bad")
    assert "1,000 more callers" in done.stdout and "1,000 callers are without an outcome" in done.stdout
    said = "".join(part for run in (refused, tried, done) for part in (run.stdout, run.stderr)) + report.read_text()
    for text_ in (dump(database_url), said.encode()):
        assert [no for no in range(MANY) if name(no).encode() in text_] == []
        assert held(text_) == []
    wrong = installation.run(env, *given, "--map", "phone=Nothing")
    assert wrong.returncode == 2 and "names no column" in wrong.stderr
