"""The command line as an operator types it: help with examples, sentences for mistakes, nothing half done."""

from __future__ import annotations

import csv
from datetime import UTC, datetime
from pathlib import Path

import click
import pytest
from sqlalchemy import text

from broadcaster import settings as knobs
from broadcaster.cli import root
from broadcaster.dispatch.witness import signer_of
from broadcaster.store.database import Sessions
from broadcaster.store.desk.people import User
from broadcaster.store.public.residents import Subscription
from broadcaster.store.timeline import checkpoints
from broadcaster.store.timeline.ledger import AuditEvent
from broadcaster.store.timeline.signed_note import PublicKey
from tests.factories import directory, furnish
from tests.flow import installation


def commands(group: click.Group, *before: str) -> list[tuple[str, click.Command]]:
    """Every command with its whole name."""
    found: list[tuple[str, click.Command]] = []
    context = click.Context(group)
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        assert command is not None
        if isinstance(command, click.Group):
            found += commands(command, *before, name)
        else:
            found.append((" ".join((*before, name)), command))
    return found


@pytest.mark.parametrize(("name", "command"), commands(root))
def test_every_command_has_an_example(name: str, command: click.Command) -> None:
    assert "Example:" in (command.help or "")
    assert name.split()[0] in (command.help or "").split("Example:")[1]


@pytest.fixture
def env(database_url: str, tmp_path: Path) -> dict[str, str]:
    """A demo installation without a broker and without a carrier."""
    return installation.environment(database_url, "redis://127.0.0.1:1/0", "http://127.0.0.1:9", tmp_path)


def test_wrong_use_exits_with_two(env: dict[str, str]) -> None:
    assert installation.run(env, "users", "add").returncode == 2
    assert installation.run(env, "no-such-thing").returncode == 2


def test_a_weak_key_is_refused_with_a_sentence(env: dict[str, str]) -> None:
    refused = installation.run({**env, "SECRET_KEY": "secret"}, "doctor")
    assert refused.returncode == 2
    assert (
        refused.stderr.strip()
        == "Error: SECRET_KEY is too short or too simple: make one with `openssl rand -base64 32`."
    )


def test_a_person_and_a_token(env: dict[str, str], sessions: Sessions) -> None:
    short = installation.run(env, "users", "add", "ana@ma.example", "--role", "issuer", typed="short\n")
    assert short.returncode == 2 and "12 characters" in short.stderr
    added = installation.run(env, "users", "add", "ana@ma.example", "--role", "issuer", typed="a-long-enough-one\n")
    assert "shown this once" in added.stdout
    token = installation.run(env, "tokens", "add", "ana@ma.example")
    assert token.stdout.startswith("bc_")
    assert installation.run(env, "tokens", "add", "nobody@ma.example").returncode == 2
    listed = installation.run(env, "tokens", "list", "ana@ma.example").stdout
    assert listed.startswith("1  (no label)  made ") and listed.rstrip().endswith("never used")
    assert installation.run(env, "tokens", "end", "ana@ma.example", "1").returncode == 0
    again = installation.run(env, "tokens", "end", "ana@ma.example", "1")
    assert again.returncode == 2 and "has no token 1 that works" in again.stderr
    with sessions() as session:
        assert [user.email for user in session.query(User)] == ["ana@ma.example"]


def test_the_directory_goes_out_and_comes_back(env: dict[str, str], sessions: Sessions, tmp_path: Path) -> None:
    furnish(sessions, directory(3), {})
    out = tmp_path / "directory.json"
    assert installation.run(env, "directory", "export", str(out)).returncode == 0
    assert out.stat().st_mode & 0o077 == 0
    assert "3 communities" in installation.run(env, "directory", "import", str(out)).stdout
    out.write_text(out.read_text().replace('"county_fips"', '"county"', 1))
    refused = installation.run(env, "directory", "import", str(out))
    assert refused.returncode == 1 and "Nothing was imported" in refused.stderr


def test_bad_residents_are_not_imported_silently_in_part(
    env: dict[str, str], sessions: Sessions, tmp_path: Path
) -> None:
    furnish(sessions, directory(2), {})
    file = tmp_path / "residents.csv"
    rows = [("phone", "lang", "communities"), ("+12015550101", "en", "town-1"), ("911", "en", "town-1")]
    with file.open("w", newline="") as stream:
        csv.writer(stream).writerows([*rows, ("201-555-0103", "es", "town-1;town-2"), ("2015550104", "en", "nowhere")])
    refused = installation.run(env, "residents", "import", str(file))
    assert refused.returncode == 1
    assert "line 3:" in refused.stderr and "line 5:" in refused.stderr
    with sessions() as session:
        assert session.query(Subscription).count() == 0
    done = installation.run(env, "residents", "import", str(file), "--skip-bad")
    assert "2 imported, 0 merged, 2 left out" in done.stdout
    with sessions() as session:
        assert session.query(Subscription).count() == 3


def test_the_ledger_is_verified_and_a_changed_event_is_named(env: dict[str, str], sessions: Sessions) -> None:
    furnish(sessions, directory(1), {}).release()
    assert "unbroken" in installation.run(env, "audit", "verify").stdout
    with sessions.begin() as session:
        session.execute(text("SET LOCAL session_replication_role = 'replica'"))
        session.get_one(AuditEvent, 2).actor = "somebody else"
    broken = installation.run(env, "audit", "verify")
    assert broken.returncode == 1 and "event 2 was changed" in broken.stdout


def test_the_ledger_is_held_against_what_somebody_kept(
    env: dict[str, str], sessions: Sessions, tmp_path: Path
) -> None:  # fmt: skip
    furnish(sessions, directory(1), {}).release()
    key = installation.run(env, "audit", "key").stdout.strip()
    assert key.startswith("localhost/ledger+") and PublicKey.read(key).raw
    kept = tmp_path / "checkpoint.txt"
    with sessions.begin() as session:
        signer = signer_of(knobs.load(env))
        made = checkpoints.make(session, signer, datetime.now(UTC))
        assert made is not None
        kept.write_text(signer.note(made.text).replace("localhost", "another"), encoding="utf-8")
    bent = installation.run(env, "audit", "verify", "--checkpoint", str(kept))
    assert bent.returncode == 1 and "checkpoint.txt was changed" in bent.stdout
    kept.write_text(signer.note(made.text), encoding="utf-8")
    whole = installation.run(env, "audit", "verify", "--checkpoint", str(kept), "--key", key)
    assert "as 2 checkpoints have them" in whole.stdout and "no file of checkpoints on this host" in whole.stdout
    assert installation.run(env, "audit", "verify", "--key", "x").returncode == 2


def test_the_doctor_names_what_does_not_work(env: dict[str, str]) -> None:
    seen = installation.run(env, "doctor")
    assert seen.returncode == 1
    lines = {line.split(":")[0].split(maxsplit=1)[1]: line for line in seen.stdout.splitlines()}
    assert lines["database"].startswith("ok")
    assert lines["broker"].startswith("FAIL") and "check its URL" in lines["broker"]
    assert lines["carrier smtp"].startswith("off") and "SMTP_URL" in lines["carrier smtp"]
    assert lines["carrier twilio"].startswith("ok") and lines["carrier secondary"].startswith("off")


def test_a_live_installation_refuses_sample_numbers_and_another_mode(env: dict[str, str], sessions: Sessions) -> None:
    furnish(sessions, directory(1), {})
    live = {**env, "MODE": "live", "TWILIO_API_URL": "https://carrier.invalid"}
    refused = installation.run(live, "sweep")
    assert refused.returncode == 2 and "sample numbers" in refused.stderr
    assert "sample numbers" in installation.run(live, "db", "upgrade").stderr
    installation.run(env, "db", "upgrade")
    assert "MODE=demo" in installation.run({**live, "MODE": "training"}, "web").stderr
