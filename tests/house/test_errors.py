"""A closed vocabulary of failure: every word a carrier says becomes one of ours."""

from __future__ import annotations

import ast
from collections.abc import Iterator

import pytest

from broadcaster.alert.delivery import Event
from broadcaster.channels import errors
from broadcaster.channels.contract import Unsupported
from broadcaster.channels.errors import (
    Ambiguous,
    Misconfigured,
    NotSent,
    OptedOut,
    PutOff,
    Rejected,
    SendError,
    Throttled,
    TooLate,
    Unheard,
)
from broadcaster.channels.http import raise_for
from broadcaster.channels.sms_twilio import refusal
from broadcaster.channels.wire import Reply
from tests.house.trees import PROGRAM, at, modules, tree


def family(kind: type[SendError] = SendError) -> Iterator[type[SendError]]:
    for child in kind.__subclasses__():
        yield child
        yield from family(child)


def test_the_vocabulary_stands_in_one_file() -> None:
    assert set(family()) == {Ambiguous, Unheard, NotSent, PutOff, TooLate, Throttled, Misconfigured, Rejected, OptedOut}
    assert {kind.__module__ for kind in family()} == {errors.__name__}
    assert not issubclass(Unsupported, SendError)


@pytest.mark.parametrize("kind", list(family()))
def test_every_word_answers_again_ours_and_what_to_read(kind: type[SendError]) -> None:
    assert kind.event in {Event.AMBIGUOUS, Event.NOT_SENT, Event.REJECTED}
    assert kind.operator[0].isupper() and kind.operator.endswith(".") and "Traceback" not in kind.operator
    assert kind.__doc__
    assert kind("30006").reason == "30006"
    assert kind("30006", wait=2.5).wait == 2.5
    assert kind.ours is (kind is Misconfigured)


def test_what_is_not_certain_is_ambiguous() -> None:
    assert SendError.event is Ambiguous.event is Event.AMBIGUOUS


def test_nobody_raises_the_general_word() -> None:
    raised = [
        at(path, node)
        for path in modules()
        for node in ast.walk(tree(path))
        if isinstance(node, ast.Raise) and isinstance(node.exc, ast.Call) and ast.unparse(node.exc.func) == "SendError"
    ]
    assert raised == []


def test_nobody_inspects_the_words_of_an_error() -> None:
    looked = [
        at(path, node)
        for path in (PROGRAM / "dispatch").rglob("*.py")
        for node in ast.walk(tree(path))
        if isinstance(node, ast.Compare) and any(ast.unparse(part) == "str(error)" for part in ast.walk(node))
    ]
    assert looked == []


CODES = {
    **dict.fromkeys([20429, 21611, 63017, 30001, 30022], Throttled),
    20503: NotSent,
    **dict.fromkeys([20500, 30500, 30008, 30003, 30005], Ambiguous),
    21610: OptedOut,
    **dict.fromkeys([21211, 21612, 21614, 21635, 30006, 30036], Rejected),
    **dict.fromkeys([30007, 30034, 30929, 30002, 21408, 20003, 21606], Misconfigured),
}
"""Twilio's codes in an answer to a POST, and what each demands: slow down, ask after it, never again, page a person."""


@pytest.mark.parametrize("code", CODES)
def test_every_code_of_the_carrier_has_its_word(code: int) -> None:
    found = refusal(400, code)
    assert type(found) is CODES[code]
    assert found.reason == str(code)


@pytest.mark.parametrize(
    ("status", "code", "kind"),
    [
        (400, 21999, Rejected),
        (404, 20404, Rejected),
        (400, None, Ambiguous),
        (400, 0, Ambiguous),
        (404, None, Ambiguous),
        (409, None, Ambiguous),
        (418, 12345, Ambiguous),
        (500, None, Ambiguous),
        (503, 20503, NotSent),
    ],
)
def test_a_code_nobody_knows_rejects_only_where_the_carrier_read_the_message(
    status: int, code: int | None, kind: type[SendError]
) -> None:
    assert type(refusal(status, code)) is kind


STATUSES = {
    429: Throttled,
    **dict.fromkeys([401, 403], Misconfigured),
    **dict.fromkeys([100, 199, 300, 302, 307, 399, 500, 502, 503, 504, 599], Ambiguous),
    **dict.fromkeys([200, 201, 204, 299, 400, 404, 409, 422], None),
}


@pytest.mark.parametrize("status", STATUSES)
def test_every_status_of_an_answer_has_its_word(status: int) -> None:
    kind = STATUSES[status]
    if kind is None:
        raise_for(Reply(status, "", {}))
    else:
        with pytest.raises(kind) as caught:
            raise_for(Reply(status, "", {}))
        assert type(caught.value) is kind


@pytest.mark.parametrize(
    ("header", "wait"), [("7", 7.0), ("0.5", 0.5), ("-3", 0.0), ("Wed, 21 Oct 2015 07:28:00 GMT", None), (None, None)]
)
def test_the_carriers_own_wait_is_read(header: str | None, wait: float | None) -> None:
    with pytest.raises(Throttled) as caught:
        raise_for(Reply(429, "", {"retry-after": header} if header else {}))
    assert caught.value.wait == wait
