"""The doctor's look at the identity provider: it warns, and never says that the desk does not work."""

from __future__ import annotations

from collections.abc import Iterator

import click.testing
import pytest

from broadcaster.cli import checks
from broadcaster.local import doctor, provider_check
from broadcaster.local.doctor import Finding
from tests.desk import NOON, settings
from tests.oidc import Idp


@pytest.fixture
def idp() -> Iterator[Idp]:
    made = Idp(lambda: NOON)
    yield made
    made.close()


def test_it_answers_is_down_or_is_not_wanted(idp: Idp) -> None:
    assert provider_check.look(settings()) == (None, provider_check.OFF)
    there = settings(**idp.settings)
    assert provider_check.look(there) == (True, f"{idp.issuer} answers.")
    idp.said = {"issuer": "https://login.elsewhere.example"}
    works, said = provider_check.look(there)
    assert works is False and "look at OIDC_ISSUER" in said and "People sign in here" in said


@pytest.mark.parametrize(
    ("found", "mark", "code"),
    [
        (Finding("identity provider", False, "is down", spare=True), "warn", 0),
        (Finding("identity provider", True, "answers", spare=True), "ok", 0),
        (Finding("database", False, "is down"), "FAIL", 1),
        (Finding("bounces", None, "off"), "off", 0),
    ],
)
def test_a_warning_is_no_failure(monkeypatch: pytest.MonkeyPatch, found: Finding, mark: str, code: int) -> None:
    monkeypatch.setattr(doctor, "examine", lambda env: [found])
    done = click.testing.CliRunner().invoke(checks.doctor)
    assert (done.output.split()[0], done.exit_code) == (mark, code)
