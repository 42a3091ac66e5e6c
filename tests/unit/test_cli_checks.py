"""`broadcaster bench` outside a checkout is one sentence and exit code 2."""

from __future__ import annotations

from pathlib import Path

import click.testing
import pytest

from broadcaster.cli import checks


def test_the_benchmarks_need_a_checkout(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(checks, "CHECKOUT", tmp_path)
    done = click.testing.CliRunner().invoke(checks.bench, [])
    assert done.exit_code == 2
    assert done.output == "Error: The benchmarks need a checkout: clone the repository and run `make bench` in it.\n"


def test_options_reach_the_benchmarks(monkeypatch: pytest.MonkeyPatch) -> None:
    ran: list[list[str]] = []
    monkeypatch.setattr(checks.os, "execv", lambda _, argv: ran.append(argv))
    monkeypatch.chdir(Path.cwd())
    assert click.testing.CliRunner().invoke(checks.bench, ["--", "--quick"]).exit_code == 0
    assert ran[0][1:] == ["-m", "tests.bench", "--quick"]
