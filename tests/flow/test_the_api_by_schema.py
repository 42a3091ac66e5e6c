"""What the description of the API allows, and what it does not, is sent: no 5xx, no answer that it does not name."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from schemathesis import GenerationMode, openapi
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi import checks
from sqlalchemy.engine import make_url

from broadcaster.store import database
from broadcaster.store.database import Sessions
from broadcaster.store.desk import people
from broadcaster.store.outage.outages import Outage
from broadcaster.web.api import tokens
from broadcaster.web.api.api import ROUTES
from broadcaster.web.house import NAME
from broadcaster.web.signin import accounts
from broadcaster.web.signin.brake import Brake
from tests.conftest import admin
from tests.desk import NOON, PASSWORD, Desk

EXAMPLES = 6
EVERYBODY = "eva@desk.example"
CHECKS = [
    not_a_server_error,
    checks.status_code_conformance,
    checks.content_type_conformance,
    checks.response_schema_conformance,
]
BOTH = {"fitting": GenerationMode.POSITIVE, "unfit": GenerationMode.NEGATIVE}
SIGNED = ["POST /api/v1/cap", "POST /api/v1/practice"]
"""They take any text: none is unfit for their description."""
OPERATIONS = [f"{each.method} /api/v1{each.address}" for each in ROUTES] + SIGNED
PLAYED = [(label, mode) for label in OPERATIONS for mode in BOTH if label not in SIGNED or mode != "unfit"]
LASTING = {"DELETE /api/v1/tokens/{token}"}
"""With the real key this would end the token that asks."""


@dataclass
class Api:
    """The description, the headers of somebody with every role, and keys of things that are there."""

    schema: Any
    headers: dict[str, str]
    real: dict[str, str]


@pytest.fixture(scope="module")
def api(migrated: str) -> Iterator[Api]:
    """One installation for every operation: an alert is on air, another one is a draft."""
    name = f"schema{os.getpid()}"
    admin(migrated, f"CREATE DATABASE {name} TEMPLATE pattern STRATEGY file_copy")
    engine = database.connect(make_url(migrated).set(database=name).render_as_string(hide_password=False))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("broadcaster.web.api.api.tasks.ring", lambda *_: None)
        yield _installed(database.sessions(engine))
    engine.dispose()
    admin(migrated, f"DROP DATABASE {name} WITH (FORCE)")


def _installed(sessions: Sessions) -> Api:
    desk = Desk(sessions)
    made = desk.app.extensions[NAME]
    desk.app.extensions[NAME] = replace(made, brake=Brake(sleep=lambda _: None))
    with sessions.begin() as store:
        accounts.add_user(store, desk.sealer, EVERYBODY, "Eva", PASSWORD, ["issuer", "approver", "admin", "auditor"])
        user = people.by_email(store, EVERYBODY)
        assert user is not None
        headers = {"Authorization": f"Bearer {tokens.make(store, user, 'test')}"}
    client = desk.app.test_client()
    draft = {"failure": "all_calls", "area": {"statewide": True}, "began": (NOON - timedelta(minutes=9)).isoformat()}
    alert = client.post("/api/v1/alerts", json=draft, headers=headers).json["id"]
    hook = client.post("/api/v1/webhooks", json={"url": "https://x.example/"}, headers=headers).json["id"]
    schema = openapi.from_wsgi("/api/v1/openapi.json", desk.app)
    with sessions() as store:
        outage = store.query(Outage.public_id).scalar()
    return Api(schema, headers, {"alert": alert, "webhook": hook, "token": "1", "outage": outage})


@pytest.mark.parametrize(("label", "mode"), PLAYED)
def test_no_answer_is_a_surprise(api: Api, label: str, mode: str) -> None:
    method, _, path = label.partition(" ")
    operation = api.schema[path][method]
    known = {name: key for name, key in api.real.items() if f"{{{name}}}" in path and label not in LASTING}

    @settings(max_examples=EXAMPLES, suppress_health_check=list(HealthCheck))
    @given(operation.as_strategy(generation_mode=BOTH[mode], **({"path_parameters": known} if known else {})))
    def send(case: Any) -> None:
        case.validate_response(case.call(headers=api.headers), checks=CHECKS)

    send()
