"""What the API says when it says no: problem documents (RFC 9457), with a sentence for each field."""

from __future__ import annotations

import json
from collections.abc import Sequence
from http import HTTPStatus

from flask import Blueprint, Response, request
from pydantic import ValidationError
from sqlalchemy.exc import OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from werkzeug.exceptions import HTTPException

from broadcaster import logs
from broadcaster.alert.alert import Problem
from broadcaster.alert.lifecycle import LifecycleRefused
from broadcaster.dispatch.actor import AlertRefused

log = logs.get(__name__)
TYPE = "application/problem+json"
DETAILS = {
    401: "Send the bearer token of a person: Authorization: Bearer bc_...",
    404: "There is nothing at this address, or not for this method: see /api/v1/openapi.json.",
    405: "This address takes other methods: see /api/v1/openapi.json.",
    413: "That is too much at once: send less.",
}


class Refused(ValueError):
    """Fields that cannot be used as they are."""

    def __init__(self, *problems: Problem) -> None:
        super().__init__(" ".join(problem.sentence for problem in problems))
        self.problems = problems


def problem(status: int, detail: str, fields: Sequence[Problem] = ()) -> Response:
    """One problem document."""
    body: dict[str, object] = {
        "type": "about:blank",
        "title": HTTPStatus(status).phrase,
        "status": status,
        "detail": detail,
        "instance": request.path,
    }
    if fields:
        body["errors"] = [{"field": each.field, "detail": each.sentence} for each in fields]
    answer = Response(json.dumps(body, ensure_ascii=False), status, content_type=TYPE)
    if status == HTTPStatus.UNAUTHORIZED:
        answer.headers["WWW-Authenticate"] = 'Bearer realm="broadcaster"'
    return answer


def sentences(error: ValidationError) -> list[Problem]:
    """A sentence for each field of a body that its model refuses."""
    return [Problem(".".join(str(part) for part in each["loc"]), _sentence(each["msg"])) for each in error.errors()]


def _sentence(message: str) -> str:
    plain = message.removeprefix("Value error, ").removesuffix(".")
    return f"{plain[:1].upper()}{plain[1:]}."


def install(blueprint: Blueprint) -> None:
    """Every failure of these views becomes a problem document."""

    @blueprint.errorhandler(ValidationError)
    def unfit(error: ValidationError) -> Response:
        return problem(422, "Some fields cannot be used as they are; nothing was saved.", sentences(error))

    @blueprint.errorhandler(Refused)
    @blueprint.errorhandler(AlertRefused)
    def refused(error: Refused | AlertRefused) -> Response:
        return problem(422, "Some fields cannot be used as they are; nothing was saved.", error.problems)

    @blueprint.errorhandler(LifecycleRefused)
    def not_now(error: LifecycleRefused) -> Response:
        return problem(409, str(error))

    @blueprint.errorhandler(OperationalError)
    @blueprint.errorhandler(PoolTimeout)
    def away(error: Exception) -> Response:
        log.error("api_no_database", error=str(error))
        return problem(503, "The database does not answer. Nothing was saved; try again.")

    @blueprint.errorhandler(HTTPException)
    def http(error: HTTPException) -> Response:
        code = error.code or 500
        own = error.description if type(error).description != error.description else None
        answer = problem(code, own or DETAILS.get(code) or f"{error.name}.")
        answer.headers.extend([(name, value) for name, value in error.get_headers() if name == "Allow"])
        return answer

    @blueprint.errorhandler(Exception)
    def broken(error: Exception) -> Response:
        log.exception("api_broken", path=request.path, error=type(error).__name__)
        return problem(500, "Something in Broadcaster is broken; it was logged. Nothing was saved; try again.")
