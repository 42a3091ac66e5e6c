"""What a WSGI server runs on PORT: the public window at its addresses, the desk and the API at theirs."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from broadcaster import logs, settings
from broadcaster.web.application import create_app
from broadcaster.web.routes import RouteClass, class_of
from broadcaster.window import create_app as create_window

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication


def application() -> WSGIApplication:
    """The application of this process's environment."""
    chosen = settings.current()
    logs.configure(chosen.log_level)
    desk, window = create_app(chosen), create_window(chosen.published)

    def both(environ: dict[str, Any], start_response: StartResponse) -> Iterable[bytes]:
        is_public = class_of(environ.get("PATH_INFO", "")) is RouteClass.PUBLIC
        return (window if is_public else desk)(environ, start_response)

    return both
