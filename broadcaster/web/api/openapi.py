"""The OpenAPI 3.1 document, made from the table of calls and the models that check them."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

from broadcaster.alert.lifecycle import Role
from broadcaster.store.alerting.webhook_events import EVENTS, Event
from broadcaster.web.api import models as m
from broadcaster.web.api.directory import DirectoryOut

PROBLEM = {
    "type": "object",
    "required": ["type", "title", "status", "detail"],
    "properties": {
        "type": {"type": "string"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string"},
        "instance": {"type": "string"},
        "errors": {
            "type": "array",
            "items": {
                "type": "object",
                "properties": {"field": {"type": "string"}, "detail": {"type": "string"}},
            },
        },
    },
}
REFUSALS = {
    400: "The request cannot be read",
    401: "No bearer token, or nobody's",
    403: "The person does not have the role",
    404: "There is no such alert",
    409: "Not now: the sentence says why",
    413: "Too large",
    415: "Another content type than JSON",
    422: "Fields that cannot be used, each with a sentence",
    503: "The database does not answer; nothing was saved",
}


def _refusals(said: dict[str, str]) -> dict[str, Any]:
    return {
        code: {"description": words, "content": {"application/problem+json": {"schema": PROBLEM}}}
        for code, words in said.items()
    }


PARTNERS = {
    "post": {
        "operationId": "receive",
        "summary": "Keep another agency's signed CAP message for a person to decide about.",
        "description": "Its signature is its sign-in. Nothing of it goes out by itself.",
        "security": [],
        "requestBody": {"required": True, "content": {"application/cap+xml": {"schema": {"type": "string"}}}},
        "responses": {
            "200": {"description": "It was kept before", "content": {"application/json": {}}},
            "201": {"description": "Kept, with what was found", "content": {"application/json": {}}},
            **_refusals(
                {
                    "400": "No CAP 1.2 message",
                    "403": "Not signed by a partner that is pinned",
                    "409": "Another message with this sender, identifier and time was kept before",
                    "413": "Too large",
                    "415": "Another content type",
                    "422": "Too old, ended, or against rules of CAP",
                }
            ),
        },
    }
}
"""The calls that are not made by a person: another agency's, and the training installation's."""
PRACTICE = {
    "post": {
        "operationId": "practised",
        "summary": "Keep a signed practice record of the training installation.",
        "description": "Its signature is its sign-in. It says when somebody last practised, and nothing else.",
        "security": [],
        "requestBody": {"required": True, "content": {"text/plain": {"schema": {"type": "string"}}}},
        "responses": {
            "200": {"description": "It was kept before", "content": {"application/json": {}}},
            "201": {"description": "Kept", "content": {"application/json": {}}},
            **_refusals(
                {
                    "403": "Not signed by the training installation that is pinned, or changed",
                    "404": "No training installation is pinned",
                    "409": "Another record with this key was kept before",
                    "413": "Too large",
                    "415": "Another content type",
                    "422": "No practice record, too old, of the future, or of nobody here",
                }
            ),
        },
    }
}


PLACES = ("q", "zip", "county", "point")
"""The ways to ask which number a place has; `broadcaster.directory.here.Asked`."""


IN_PATH = "^[^/]+$"
ONCE = "A random string of the caller: a request that is sent again with it acts once, and is answered alike for a day."
KEY = {"type": "string", "pattern": "^[!#-~]{1,100}$"}


@dataclass(frozen=True, slots=True)
class Operation:
    """One method of one address: what it takes, what it gives, who may, what it does.

    `rings` says that there may be something to send afterwards.
    """

    method: str
    path: str
    body: type[BaseModel]
    answer: type[BaseModel]
    roles: tuple[Role, ...]
    status: int
    call: Callable[..., BaseModel]
    rings: bool = False

    @property
    def name(self) -> str:
        """The name of the operation."""
        return self.call.__name__

    @property
    def address(self) -> str:
        """The path as OpenAPI writes it."""
        return re.sub(r"<(\w+)>", r"{\1}", self.path)


def document(operations: Sequence[Operation], base_url: str) -> dict[str, Any]:
    """The whole document."""
    models = {model for each in operations for model in (each.body, each.answer)} - {m.Nothing}
    listed = [(model, "validation" if issubclass(model, m.In) else "serialization") for model in models]
    named = sorted(listed, key=lambda pair: pair[0].__name__)
    _, schemas = models_json_schema(named, ref_template="#/components/schemas/{model}")  # type: ignore[arg-type]
    paths: dict[str, dict[str, Any]] = {}
    for each in operations:
        paths.setdefault(f"/api/v1{each.address}", {})[each.method.lower()] = _operation(each)
    paths |= {"/api/v1/cap": PARTNERS, "/api/v1/practice": PRACTICE}
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Broadcaster",
            "version": "1",
            "summary": "Tell everyone which number to call when 911 fails",
        },
        "servers": [{"url": base_url}],
        "security": [{"bearer": []}],
        "paths": paths,
        "webhooks": {each.type: {"post": _notice(each)} for each in EVENTS},
        "components": {
            "securitySchemes": {"bearer": {"type": "http", "scheme": "bearer"}},
            "schemas": {**schemas.get("$defs", {}), "Problem": PROBLEM},
        },
    }


def _notice(each: Event) -> dict[str, Any]:
    """One notice to an address that was added with `add_webhook`; of an alert's data the fields vary with the step."""
    data: dict[str, Any] = {
        "type": "object",
        "required": [each.about, "event"],
        "properties": {
            each.about: {"type": "string", "description": "Its public id"},
            "event": {"type": "integer", "description": "The event's number in the ledger: a second one is the same"},
            **{name: {} for name in each.fields or ()},
        },
    }
    notice = {
        "type": "object",
        "required": ["type", "timestamp", "data"],
        "properties": {
            "type": {"const": each.type},
            "timestamp": {"type": "string", "format": "date-time"},
            "data": data,
        },
    }
    return {
        "operationId": each.type.replace(".", "_"),
        "summary": each.says,
        "description": "Signed as Standard Webhooks says; sent again until it is answered with a 2xx.",
        "security": [],
        "requestBody": {"required": True, "content": {"application/json": {"schema": notice}}},
        "responses": {"2XX": {"description": "Taken"}},
    }


def _operation(each: Operation) -> dict[str, Any]:
    told = " ".join((each.call.__doc__ or "").split())
    made: dict[str, Any] = {
        "operationId": each.name,
        "summary": told,
        "description": f"Roles: {', '.join(each.roles)}.",
        "parameters": _parameters(each),
        "responses": {
            str(each.status): {"description": "Done", "content": {"application/json": {"schema": _ref(each.answer)}}},
            **{
                str(code): {
                    "description": words,
                    "content": {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}},
                }
                for code, words in REFUSALS.items()
            },
        },
    }
    if each.body is not m.Nothing:
        made["requestBody"] = {"required": True, "content": {"application/json": {"schema": _ref(each.body)}}}
    return made


def _ref(model: type[BaseModel]) -> dict[str, str]:
    return {"$ref": f"#/components/schemas/{model.__name__}"}


def _parameters(each: Operation) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    for name in re.findall(r"{(\w+)}", each.address):
        found.append({"name": name, "in": "path", "required": True, "schema": {"type": "string", "pattern": IN_PATH}})
    if each.method == "POST":
        found.append({"name": "Idempotency-Key", "in": "header", "description": ONCE, "schema": KEY})
    if each.answer is m.AlertOut:
        choice = {"type": "string", "enum": ["none", "brief", "full"], "default": "brief"}
        found.append({"name": "previews", "in": "query", "schema": choice})
    if each.answer is m.ListOut:
        found.append({"name": "state", "in": "query", "schema": {"type": "string"}})
    if each.answer is DirectoryOut:
        found += [{"name": name, "in": "query", "schema": {"type": "string"}} for name in PLACES]
    return found
