"""No number and no mail address of a person reaches a log whole, whoever logs it."""

from __future__ import annotations

import json
import logging
import re
import sys
import threading
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
        ("4135550123", "…23"),
        ("call (413) 555-0123 now", "call …23 now"),
        ("413-555-0123", "…23"),
        ("413.555.0123,1-413-555-0123", "…23,…23"),
        ("'14135550123'", "'…23'"),
        ("request 7c4135550123f, SM4135550123", "request 7c4135550123f, SM4135550123"),
        ("took 0.4135550123 s", "took 0.4135550123 s"),
        ("1750248000.413555", "1750248000.413555"),
        ("请拨打4135550123。", "请拨打…23。"),
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
    before, level, ours = root.handlers[:], root.level, structlog.get_config()
    logs.configure("DEBUG")
    try:
        work()
    finally:
        root.handlers[:] = before
        root.setLevel(level)
        structlog.configure(**ours)
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


EVERY_WAY = (PHONE, "6175550123", "617-555-0123", "(617) 555-0123", "617.555.0123", "1 617 555 0123", "%2B16175550123")


class Hostile(Exception):
    """An error that carries a number in its message, its arguments, its notes and its cause."""

    def __init__(self, way: str) -> None:
        super().__init__(f"no text to {way}", {"to": way}, [way])
        self.add_note(f"the number was {way}")


def raise_hostile(way: str) -> None:
    try:
        raise ValueError(f"{way} is no number")
    except ValueError as cause:
        raise Hostile(way) from cause


@pytest.mark.parametrize("way", EVERY_WAY)
def test_a_hostile_exception_shows_no_number_wherever_it_dies(
    way: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "excepthook", sys.excepthook)
    monkeypatch.setattr(threading, "excepthook", threading.excepthook)

    def work() -> None:
        try:
            raise_hostile(way)
        except Hostile as error:
            logs.get("house").exception("failed", error=repr(error))
            sys.excepthook(type(error), error, error.__traceback__)
        thread = threading.Thread(target=raise_hostile, args=(way,))
        thread.start()
        thread.join()

    found = logged(capsys, work)
    assert [line["event"] for line in found] == ["failed", "died", "died"]
    assert all("Hostile" in str(line["exception"]) for line in found)
    assert not re.search(r"617\D{0,3}555|555\D{0,2}0123", str(found))


def test_somebody_who_presses_control_c_is_no_error(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "excepthook", sys.excepthook)
    monkeypatch.setattr(threading, "excepthook", threading.excepthook)
    root = logging.getLogger()
    before, level, ours = root.handlers[:], root.level, structlog.get_config()
    logs.configure("DEBUG")
    try:
        sys.excepthook(KeyboardInterrupt, KeyboardInterrupt(), None)
    finally:
        root.handlers[:] = before
        root.setLevel(level)
        structlog.configure(**ours)
    assert "died" not in capsys.readouterr().err
