"""The API: one table of calls, from which the addresses and the OpenAPI document are both made."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any

from flask import Blueprint, Response, abort, jsonify, request
from pydantic import BaseModel
from werkzeug.exceptions import MethodNotAllowed, NotFound

from broadcaster import tasks
from broadcaster.alert.lifecycle import AT_THE_DESK, PEOPLE, Role
from broadcaster.store.alerting.answers import Given
from broadcaster.store.timeline import ledger
from broadcaster.web.api import access, alone, calls, counts, directory, notices, once, report
from broadcaster.web.api import models as m
from broadcaster.web.api import problem as api_problem
from broadcaster.web.api.calls import Call, WrongCode
from broadcaster.web.api.openapi import Operation, document
from broadcaster.web.house import house
from broadcaster.web.release import acting
from broadcaster.web.signin.guard import person, visitor

blueprint = Blueprint("api", __name__, url_prefix="/api/v1")
blueprint.record_once(lambda made: made.app.extensions["csrf"].exempt(blueprint))  # a bearer token, never a cookie
api_problem.install(blueprint)
BELLS = ("urgent", "sms")
ANYBODY = AT_THE_DESK
MACHINE = (Role.CANARY,)
ISSUER, APPROVER, ADMIN = (Role.ISSUER,), (Role.APPROVER,), (Role.ADMIN,)
EITHER = ISSUER + APPROVER


def _route(method: str, path: str, call: Callable[[Call], Any], roles: tuple[Role, ...], **more: Any) -> Operation:
    body, answer = more.pop("body", m.Nothing), more.pop("answer", m.AlertOut)
    return Operation(method, path, body, answer, roles, more.pop("status", 200), call=call, **more)


ONE = "/alerts/<alert>"
NOTICE = notices.NoticeOut
ROUTES = (
    _route("GET", "/alerts", calls.listed, ANYBODY, answer=m.ListOut),
    _route("POST", "/alerts", calls.create, ISSUER, body=m.AlertIn, status=201),
    _route("GET", ONE, calls.show, ANYBODY + MACHINE, answer=m.StateOut),
    _route("PATCH", ONE, calls.change, ISSUER, body=m.ChangeIn),
    _route("GET", f"{ONE}/preview", calls.preview, ANYBODY),
    _route("POST", f"{ONE}/submit", calls.submit, ISSUER + MACHINE),
    _route("POST", f"{ONE}/release-agencies", calls.release_agencies, ISSUER, rings=True),
    _route("POST", f"{ONE}/approve", calls.approve, APPROVER + MACHINE, body=m.ApproveIn, rings=True),
    _route("POST", f"{ONE}/return", calls.send_back, APPROVER, body=m.ReasonIn, rings=True),
    _route("POST", f"{ONE}/reject", calls.reject, APPROVER, body=m.ReasonIn, rings=True),
    _route("POST", f"{ONE}/break-glass", alone.break_glass, EITHER, body=alone.BreakGlassIn, rings=True),
    _route("POST", f"{ONE}/review", alone.review, APPROVER, body=alone.ReviewIn, rings=True),
    _route("POST", f"{ONE}/withdraw", alone.withdraw, EITHER, body=alone.CodeIn, rings=True),
    _route("POST", f"{ONE}/hold", calls.hold, ISSUER, body=m.HoldIn),
    _route("POST", f"{ONE}/resume", calls.resume, EITHER, body=m.ResumeIn, rings=True),
    _route("POST", f"{ONE}/revisions", calls.follow, ISSUER, body=m.RevisionIn, status=201),
    _route("POST", "/notices", notices.notify, EITHER, body=notices.NoticeIn, answer=NOTICE, status=201),
    _route("GET", "/notices/<notice>", notices.notice, EITHER, answer=NOTICE),
    _route("GET", f"{ONE}/report", report.report, ANYBODY, answer=report.ReportOut),
    _route("GET", "/outages/<outage>/report", report.outage_report, ANYBODY, answer=report.OutageReportOut),
    _route(
        "POST",
        "/call-counts",
        counts.count_calls,
        ISSUER + ADMIN,
        body=counts.CallCountsIn,
        answer=counts.CallCountsOut,
    ),
    _route("POST", "/canaries", calls.create_canary, MACHINE, status=201),
    _route("GET", "/directory", directory.directory, ANYBODY, answer=directory.DirectoryOut),
    _route("GET", "/tokens", access.tokens, PEOPLE, answer=access.TokensOut),
    _route("DELETE", "/tokens/<token>", access.end_token, PEOPLE, answer=access.TokensOut),
    _route("GET", "/webhooks", access.webhooks, ADMIN, answer=access.WebhooksOut),
    _route("POST", "/webhooks", access.add_webhook, ADMIN, body=access.WebhookIn, answer=access.WebhookOut, status=201),
    _route("DELETE", "/webhooks/<webhook>", access.end_webhook, ADMIN, answer=access.WebhooksOut),
)
ZERO = "\\u0000"
"""As JSON writes it; PostgreSQL keeps no text with it."""
METHODS = ["GET", "POST", "PUT", "PATCH", "DELETE"]


@blueprint.before_request
def _authenticate() -> None:
    """Who asks: the person of the bearer token (`guard.by_token`). A cookie counts for nothing here."""
    if "\0" in request.full_path or "\0" in "".join(request.args.values()):
        raise NotFound
    if visitor() is None and request.endpoint != "api.openapi":
        abort(401)


@blueprint.get("/openapi.json")
def openapi() -> Response:
    """The description of this API (OpenAPI 3.1)."""
    return jsonify(document(ROUTES, house().settings.public_base_url))


def _serve(route: Operation, about: str) -> Response:
    if not person().may(*route.roles):
        names = " or ".join(route.roles)
        abort(403, description=f"This takes the role {names}, and this token's person does not have it.")
    body = route.body.model_validate(_sent())
    given, replayed = _acted(route, about, body)
    if route.rings:
        tasks.ring(*BELLS)
    return once.response(given, replayed)


def _acted(route: Operation, about: str, body: BaseModel) -> tuple[Given, bool]:
    """The call in its own transaction; a wrong one-time code delays the next try, and never locks anybody out."""
    name, has_code = f"code:{person().id}", "totp" in type(body).model_fields
    known = once.key() if route.method == "POST" else ""
    if has_code:
        house().brake.wait(name)
    try:
        with house().sessions.begin() as store:

            def act() -> Given:
                return _given(route, route.call(Call(store, acting.actor(store), about, body)))

            answer = once.once(store, known, act)
    except WrongCode:
        house().brake.failed(name)
        with house().sessions.begin() as store:
            ledger.append(store, f"user:{person().id}", "code-refused", request.path)
        raise
    if has_code:
        house().brake.passed(name)
    return answer


def _given(route: Operation, answer: BaseModel) -> Given:
    made = f"{request.root_path}{request.path.rpartition('/revisions')[0] or request.path}"
    where = made if "/revisions" in route.path else f"{made}/{getattr(answer, 'id', '')}"
    return Given(route.status, where if route.status == 201 else "", answer.model_dump_json().encode())


def _sent() -> Any:
    """The JSON of the body; an empty one is an empty object."""
    if not request.get_data():
        return {}
    if request.mimetype and not request.is_json:
        abort(415, description="Send JSON, and say so: Content-Type: application/json.")
    try:
        sent = request.get_json(force=True, silent=True)
    except RecursionError:
        abort(400, description="The body is nested too deeply.")
    if sent is None:
        abort(400, description="The body is not JSON.")
    if ZERO in json.dumps(sent):
        abort(400, description="Leave out the character of code zero: no text has one.")
    return sent


def _add(route: Operation) -> None:
    def view(**about: str) -> Response:
        return _serve(route, next(iter(about.values()), ""))

    blueprint.add_url_rule(route.path, endpoint=route.name, view_func=view, methods=[route.method])


for _each in ROUTES:
    _add(_each)


@blueprint.route("/", defaults={"rest": ""}, methods=METHODS)
@blueprint.route("/<path:rest>", methods=METHODS)
def nothing(rest: str) -> Response:
    """Whatever is no call is said so in a problem document too."""
    there = [each.method for each in ROUTES if re.fullmatch(re.sub(r"<\w+>", "[^/]+", each.path), f"/{rest}")]
    raise MethodNotAllowed(valid_methods=there) if there else NotFound
