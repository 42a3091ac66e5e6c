"""No number and no mail address of a person reaches a log whole, whoever logs it."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable

import pytest
import structlog

from broadcaster import logs

PHONE, MAIL = "+16175550123", "ida.green@police.example.gov"


@pytest.mark.parametrize(
    ("text", "safe"),
    [
        (PHONE, "+…23"),
        (f"to={PHONE}, again", "to=+…23, again"),
        (f"{PHONE},{PHONE}", "+…23,+…23"),
        ("GET /Messages.json?To=%2B16175550123&PageSize=50", "GET /Messages.json?To=+…23&PageSize=50"),
        ("+442079460958", "+…58"),
        (MAIL, "<mail>"),
        (f"<{MAIL}> refused", "<<mail>> refused"),
        ("ida+night@a-b.example", "<mail>"),
        ("fan-out 7.12.1 took 1234567890 us", "fan-out 7.12.1 took 1234567890 us"),
        ("+12", "+12"),
        ("2024-06-18T13:16:00+00:00", "2024-06-18T13:16:00+00:00"),
        ("", ""),
    ],
)
def test_what_names_a_person_is_cut(text: str, safe: str) -> None:
    assert logs.redact(text) == safe


def logged(capsys: pytest.CaptureFixture[str], work: Callable[[], None]) -> list[dict[str, object]]:
    """What is logged while something works, line by line."""
    root = logging.getLogger()
    before, level = root.handlers[:], root.level
    logs.configure("DEBUG")
    try:
        work()
    finally:
        root.handlers[:] = before
        root.setLevel(level)
        structlog.reset_defaults()
    return [json.loads(line) for line in capsys.readouterr().err.splitlines()]


def fails() -> None:
    raise ValueError(f"{PHONE} and {MAIL}")


def test_whatever_we_log_is_one_line_of_json_without_a_person(capsys: pytest.CaptureFixture[str]) -> None:
    def work() -> None:
        log = structlog.get_logger("house")
        log.info(f"event {PHONE}", to=PHONE, many=[PHONE, {"mail": MAIL}], pair=(MAIL,), wave=7, ok=True)
        try:
            fails()
        except ValueError:
            log.exception("failed", to=PHONE)

    found = logged(capsys, work)
    assert len(found) == 2
    assert "5550123" not in str(found)
    assert "ida.green" not in str(found)
    assert (found[0]["wave"], found[0]["ok"], found[0]["level"]) == (7, True, "info")
    assert "ValueError" in str(found[1]["exception"])


def test_what_libraries_log_is_cut_too(capsys: pytest.CaptureFixture[str]) -> None:
    def work() -> None:
        logger = logging.getLogger("a.library")
        logger.warning("sent to %s (%s)", PHONE, MAIL)
        try:
            fails()
        except ValueError:
            logger.exception("could not send to %s", PHONE)

    found = logged(capsys, work)
    assert len(found) == 2
    assert "5550123" not in str(found)
    assert "ida.green" not in str(found)
