"""What every view needs and no view makes: settings, sessions, keys, the office, the clock."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import cast
from zoneinfo import ZoneInfo

from flask import current_app, has_request_context, request

from broadcaster.dispatch.office import Office
from broadcaster.settings import Settings
from broadcaster.store.database import Sessions
from broadcaster.store.sealed import Sealer
from broadcaster.tasks import ring
from broadcaster.web.routes import OWN_DATABASE_POOL, class_of
from broadcaster.web.signin.brake import Brake
from broadcaster.web.signin.provider import Provider

NAME = "broadcaster"
OUTER = "broadcaster-outer"
"""The same house, with the database pool of those who may knock."""

ASSETS = Path(__file__).resolve().parent / "assets"
"""Style sheets and scripts that are written as they are served, by the page that they belong to."""


def utc_now() -> datetime:
    """The clock of the desk, in whole seconds: what is shown is what is stored."""
    return datetime.now(UTC).replace(microsecond=0)


@dataclass(frozen=True, slots=True)
class House:
    """One per application."""

    settings: Settings
    sessions: Sessions
    sealer: Sealer
    office: Office
    clock: Callable[[], datetime] = utc_now
    bell: Callable[..., None] = ring
    brake: Brake = field(default_factory=Brake)
    provider: Provider | None = None

    @property
    def zone(self) -> ZoneInfo:
        """The zone in which people type and read times."""
        return ZoneInfo(self.settings.timezone)


def house() -> House:
    """The house of the application that serves this request, with the database pool of its class."""
    outer = has_request_context() and class_of(request.path) in OWN_DATABASE_POOL
    return cast(House, current_app.extensions[OUTER if outer else NAME])
