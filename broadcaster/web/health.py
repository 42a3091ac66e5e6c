"""For machines that watch: is it there, and can it work."""

from __future__ import annotations

from flask import Blueprint
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError

from broadcaster import logs
from broadcaster.web.house import house

health = Blueprint("health", __name__)
log = logs.get(__name__)


@health.get("/healthz")
def alive() -> tuple[str, int, dict[str, str]]:
    """200 as long as the process answers."""
    return "ok\n", 200, {"Content-Type": "text/plain"}


@health.get("/readyz")
def ready() -> tuple[str, int, dict[str, str]]:
    """200 when the database answers too, else 503."""
    try:
        with house().sessions.begin() as store:
            store.execute(text("SELECT 1"))
    except SQLAlchemyError as error:
        log.error("web.not_ready", error=str(error))
        return "no database\n", 503, {"Content-Type": "text/plain"}
    return "ready\n", 200, {"Content-Type": "text/plain"}
