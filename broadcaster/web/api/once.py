"""Idempotency keys: a request that is sent again, because its answer was lost, acts once and is answered alike.

draft-ietf-httpapi-idempotency-key-header: another request with the same key is 422, one that is still at work 409.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from hashlib import sha256

from flask import Response, abort, request
from psycopg.errors import LockNotAvailable
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

from broadcaster.alert.alert import Problem
from broadcaster.store.alerting import answers
from broadcaster.store.alerting.answers import AnotherRequest, Given
from broadcaster.web.api.problem import Refused
from broadcaster.web.signin.guard import person

HEADER = "Idempotency-Key"
REPLAYED = "Idempotency-Replayed"
KEY = re.compile(r'"?([!#-~]{1,100})"?')
"""A string of printable ASCII, in quotation marks as the draft has it, or without."""


def key() -> str:
    """The key of this request, or ``""``; 400 when it is none."""
    given = request.headers.get(HEADER, "").strip()
    found = KEY.fullmatch(given)
    if given and found is None:
        abort(400, description=f"{HEADER} must be 1 to 100 printable characters: a random UUID will do.")
    return found[1] if found else ""


def once(store: Session, known: str, act: Callable[[], Given]) -> tuple[Given, bool]:
    """The answer to this request in this transaction, and whether it is that of an earlier one."""
    if not known:
        return act(), False
    try:
        before = answers.find(store, person().id, known, _digest())
    except AnotherRequest as error:
        raise Refused(Problem(HEADER, str(error))) from error
    except OperationalError as error:
        if isinstance(error.orig, LockNotAvailable):
            abort(409, description="The first request with this key is still at work: ask again in a moment.")
        raise
    if before is not None:
        return before, True
    given = act()
    answers.keep(store, person().id, known, given)
    return given, False


def _digest() -> bytes:
    whole = f"{request.method} {request.full_path}\n".encode() + request.get_data()
    return sha256(whole).digest()


def response(given: Given, replayed: bool) -> Response:
    """The answer as it goes out; one that was given before says so."""
    made = Response(given.body, given.status, content_type="application/json")
    if given.location:
        made.headers["Location"] = given.location
    if replayed:
        made.headers[REPLAYED] = "true"
    return made
