"""What a WSGI server runs for the window alone."""

from __future__ import annotations

from flask import Flask

from broadcaster import logs, settings
from broadcaster.window.app import create_app


def application() -> Flask:
    """The window over PUBLISH_DIR."""
    chosen = settings.current()
    logs.configure(chosen.log_level)
    return create_app(chosen.published)
