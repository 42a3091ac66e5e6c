"""`broadcaster cap check` judges any CAP 1.2 file, and its exit code says whether an error was found."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import click.testing
import pytest

from broadcaster.cli import documents
from broadcaster.feeds import cap
from tests.unit.feeds.mutations import GOOD, info_with

ELSEWHERE = """<?xml version="1.0" encoding="UTF-8"?>
<!-- what an agency of another country may send -->
<cap:alert xmlns:cap="urn:oasis:names:tc:emergency:cap:1.2" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"
 xsi:schemaLocation="urn:oasis:names:tc:emergency:cap:1.2 CAP-v1.2.xsd">
 <cap:identifier>2.49.0.0.250.0.FR.20240618</cap:identifier><cap:sender>vigilance@meteo.example</cap:sender>
 <cap:sent>2024-06-18T14:30:00+02:00</cap:sent><cap:status>Actual</cap:status><cap:msgType>Alert</cap:msgType>
 <cap:scope>Public</cap:scope>
 <cap:info><cap:language>fr-FR</cap:language><cap:category>Met</cap:category><cap:event>Vent</cap:event>
  <cap:urgency>Future</cap:urgency><cap:severity>Moderate</cap:severity><cap:certainty>Likely</cap:certainty>
  <cap:onset>2024-06-19T00:00:00+02:00</cap:onset><cap:expires>2024-06-20T00:00:00+02:00</cap:expires>
  <cap:headline>Vent fort</cap:headline>
  <cap:area><cap:areaDesc>Ain</cap:areaDesc><cap:polygon>46,5 46,6 45,6 46,5</cap:polygon>
   <cap:geocode><cap:valueName>NUTS3</cap:valueName><cap:value>FR711</cap:value></cap:geocode></cap:area>
 </cap:info>
</cap:alert>
"""


def run(*words: str, given: bytes = b"") -> click.testing.Result:
    return click.testing.CliRunner().invoke(documents.cap, ["check", *words], input=given)


@pytest.fixture
def files(tmp_path: Path) -> dict[str, str]:
    """Files by what they are."""
    made = {
        "good": cap.serialise(GOOD),
        "broken": cap.serialise(info_with(expires=None)),
        "doubtful": cap.serialise(info_with(instruction="")),
        "elsewhere": ELSEWHERE.encode(),
        "old": cap.serialise(GOOD).replace(b"cap:1.2", b"cap:1.1"),
        "no xml": b"911 is down",
    }
    for name, data in made.items():
        (tmp_path / f"{name}.xml").write_bytes(data)
    return {name: str(tmp_path / f"{name}.xml") for name in made}


CASES = [
    # file, options, exit code, words
    ("good", (), 0, "0 errors, 0 warnings by the rules of ipaws"),
    ("broken", (), 1, "[ipaws] expires-missing /alert/info[1]/expires"),
    ("broken", ("--profile", "cap"), 0, "0 errors, 0 warnings by the rules of cap"),
    ("doubtful", (), 0, "0 errors, 2 warnings"),
    ("elsewhere", (), 0, "0 errors, 0 warnings by the rules of cap"),
    ("elsewhere", ("--profile", "feed"), 0, "0 errors, 0 warnings by the rules of feed"),
    ("elsewhere", ("--profile", "ipaws"), 1, "[ipaws] ipaws-code"),
    ("old", (), 1, "The document is no CAP 1.2 alert."),
    ("no xml", (), 1, "not well-formed XML"),
]


@pytest.mark.parametrize(("file", "options", "code", "words"), CASES)
def test_a_file_is_judged(files: dict[str, str], file: str, options: tuple[str, ...], code: int, words: str) -> None:
    done = run(*options, files[file])
    assert done.exit_code == code, done.output
    assert words in done.output


def test_several_files_are_judged_and_one_error_is_enough(files: dict[str, str]) -> None:
    done = run(files["good"], files["broken"])
    assert done.exit_code == 1
    assert done.output.index("good.xml: 0 errors") < done.output.index("broken.xml: 2 errors")


def test_machines_read_json(files: dict[str, str]) -> None:
    done = run("--json", files["broken"], files["good"])
    broken, good = json.loads(done.output)
    assert done.exit_code == 1
    assert good == {"file": files["good"], "profile": "ipaws", "findings": []}
    assert broken["findings"][0] == {
        "code": "expires-missing",
        "level": "error",
        "xpath": "/alert/info[1]/expires",
        "sentence": "Every info block must say when it ends.",
        "source": "IPAWS USA Profile v1.0, rule 5",
        "concern": "ipaws",
    }


def test_a_document_may_come_by_a_pipe() -> None:
    assert run("-", given=cap.serialise(replace(GOOD, codes=("IPAWSv1.0",)))).exit_code == 0


@pytest.mark.parametrize("words", [(), ("missing.xml",), ("--profile", "nws", "x.xml")])
def test_wrong_use_is_said(words: tuple[str, ...]) -> None:
    done = run(*words)
    assert done.exit_code == 2
    assert "Error" in done.output
