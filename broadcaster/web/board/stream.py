"""The board as a stream of what has changed: one look a second, whatever the number of those who watch."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Collection

from flask import Blueprint, Flask, current_app, request, session
from lxml import html
from werkzeug.wrappers import Response

from broadcaster.store.desk import desk_sessions
from broadcaster.web.board import board
from broadcaster.web.house import house
from broadcaster.web.release import acting
from broadcaster.web.signin.guard import KEY, require_person
from broadcaster.web.streams import KEEP, MOST, Opening, Shown, Streams, Watcher
from broadcaster.web.tongue import speak, speaking

blueprint = Blueprint("board_stream", __name__, url_prefix="/desk")
blueprint.before_request(require_person)
HEADERS = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
NAME = "broadcaster-streams"


@blueprint.get("/alerts/<alert>/stream")
def stream(alert: str) -> Response:
    """Server-sent events: `moved` with the parts of the board that changed, `whole` when it must be loaded again,
    `still` while the database does not answer. 204 where the server cannot keep a stream: then the board polls."""
    app: Flask = current_app._get_current_object()  # type: ignore[attr-defined] # the stream outlives the request
    streams = streams_of(app)
    keep, by = request.environ.get(KEEP), board.sorting(request.args.get("sort", ""))
    if keep is None or request.environ.get("SERVER_PROTOCOL") == "HTTP/1.0" or len(streams) >= MOST:
        return Response(status=204)
    with house().sessions.begin() as store:
        acting.alert_of(store, alert)
    opened_by, heard, lang = session[KEY], request.headers.get("Last-Event-ID", ""), speaking()
    opening = Opening(
        keep,
        lambda connection: streams.join(
            (alert, by, lang), _look(app, alert, by, lang), Watcher(connection, opened_by), heard
        ),
    )
    return Response(opening, headers=HEADERS, mimetype="text/event-stream")


def streams_of(app: Flask) -> Streams:
    """The streams of this process."""
    made: Streams = app.extensions.setdefault(NAME, Streams(lambda sessions: _ended(app, sessions)))
    return made


def _ended(app: Flask, sessions: Collection[str]) -> Collection[str]:
    """Which of these sessions belong to nobody any more."""
    with app.app_context(), house().sessions.begin() as store:
        return desk_sessions.ended(store, sessions, house().clock())


def _look(app: Flask, alert: str, by: str, lang: str) -> Callable[[], Shown]:
    def look() -> Shown:
        with app.test_request_context(f"/desk/alerts/{alert}"), house().sessions.begin() as store:
            speak(lang)
            return parts(board.drawn(store, acting.alert_of(store, alert), by, live=True, may_issue=True))

    return look


def parts(page: str) -> Shown:
    """A board by its parts, as `board.js` puts them in place."""
    tree = html.fragment_fromstring(page, create_parent="div")
    for secret in tree.xpath("//input[@name='csrf_token']"):
        secret.getparent().remove(secret)
    order = tuple(row.get("data-k", "") for rows in tree.xpath("//*[@data-rows]") for row in rows)
    found = {}
    for node in tree.xpath("//*[@data-k]"):
        key, leaf = node.get("data-k"), not len(node)
        found[key] = (
            {name: value for name, value in node.items() if name != "data-k"},
            node.text or "" if leaf else None,
        )
        node.attrib.clear()
        node.set("data-k", key)
        if leaf:
            node.text = None
    for rows in tree.xpath("//*[@data-rows]"):
        rows[:] = sorted(rows, key=lambda row: row.get("data-k", ""))
    shape = hashlib.sha256(" ".join(html.tostring(tree, encoding="unicode").split()).encode()).hexdigest()
    return Shown(found, order, shape)
