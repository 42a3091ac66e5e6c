"""The addresses of the public window. Every answer comes from a published file; names from outside are checked."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

from flask import Flask, Response, request
from werkzeug.exceptions import HTTPException

from broadcaster.feeds.lookup import LONGEST_QUERY, find
from broadcaster.feeds.public_page import CHECKPOINT, STALE_MARKER, find_page, stale_banner
from broadcaster.feeds.recent import BLOCKED_BY, FOLDER, chosen, wrapped
from broadcaster.window.recent import BadTimestamp, parse_timestamp
from broadcaster.window.shelf import Leaf, NoSuchFile, NothingPublished, Shelf

Clock = Callable[[], datetime]
SOON, FEED, ASSET = "public, max-age=5", "public, max-age=30", "public, max-age=3600"
IMMUTABLE = "public, max-age=31536000, immutable"
HTML, JSON, XML = "text/html; charset=utf-8", "application/json", "application/xml"
TYPES = {
    "card.css": "text/css; charset=utf-8",
    "public.css": "text/css; charset=utf-8",
    "public.js": "text/javascript; charset=utf-8",
    "icon.svg": "image/svg+xml",
}
INDEXES = {"index.atom": "application/atom+xml", "index.rss": "application/rss+xml"}
HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; connect-src 'self'; "
        "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Resource-Policy": "cross-origin",
    "Permissions-Policy": "geolocation=(), camera=(), microphone=()",
}
SERVICE = "/IPAWSOPEN_EAS_SERVICE/rest"
NOT_YET = "Nothing has been published here yet. In an emergency, call 911."


def create_app(publish_dir: Path, clock: Clock = lambda: datetime.now(UTC)) -> Flask:
    """The window over a folder of published files; `clock` returns an aware now."""
    app = Flask("broadcaster.window", static_folder=None, template_folder=None)
    shelf = Shelf(publish_dir)
    _pages(app, shelf, clock)
    _data(app, shelf)
    _recent(app, shelf, clock)
    _manners(app)
    return app


def _pages(app: Flask, shelf: Shelf, clock: Clock) -> None:
    def page(name: str) -> Response:
        pulse = shelf.pulse()
        if not pulse.is_stale(clock()):
            return _answer(shelf.leaf(name, _wants_gzip()), HTML, SOON)
        leaf = shelf.leaf(name)
        loud = leaf.data.replace(STALE_MARKER, stale_banner(pulse.as_of, pulse.timezone))
        return _answer(Leaf(loud, None), HTML, SOON)

    @_get(app, "/")
    @_get(app, "/index.html")
    def front() -> Response:
        return page("index.html")

    def inside(folder: str, name: str) -> Response:
        name = name.removesuffix(".html")
        shelf.named(folder, name, ".html")
        return page(f"{folder}/{name}.html")

    @_get(app, "/town/<code>")
    def town(code: str) -> Response:
        return inside("town", code)

    @_get(app, "/l/<lang>")
    def language(lang: str) -> Response:
        return inside("l", lang)

    @_get(app, "/zip/<code>")
    def zip_code(code: str) -> Response:
        return inside("zip", code)

    @_get(app, "/card/<code>")
    def card(code: str) -> Response:
        return inside("card", code)

    @_get(app, "/zips.html")
    def zips() -> Response:
        return page("zips.html")

    @_get(app, "/find")
    def search() -> Response:
        table, pulse = shelf.table(), shelf.pulse()
        query = request.args.get("q", "").strip()[:LONGEST_QUERY]
        made = find_page(table, query, find(table["towns"], query), request.args.get("lang", "")[:12])
        if pulse.is_stale(clock()):
            made = made.replace(STALE_MARKER, stale_banner(pulse.as_of, pulse.timezone))
        return _answer(Leaf(made, None), HTML, SOON)


def _data(app: Flask, shelf: Shelf) -> None:
    @_get(app, "/status.json", "status.json")
    @_get(app, "/lookup.json", "lookup.json")
    def table(name: str) -> Response:
        shelf.pulse()
        return _answer(shelf.leaf(name, _wants_gzip()), JSON, SOON)

    @_get(app, "/public.css", "public.css")
    @_get(app, "/card.css", "card.css")
    @_get(app, "/public.js", "public.js")
    @_get(app, "/icon.svg", "icon.svg")
    def asset(name: str) -> Response:
        return _answer(shelf.leaf(name, _wants_gzip()), TYPES[name], ASSET)

    @_get(app, "/cap/index.atom", "index.atom")
    @_get(app, "/cap/index.rss", "index.rss")
    def index(name: str) -> Response:
        shelf.pulse()
        return _answer(shelf.leaf(f"cap/{name}", _wants_gzip()), INDEXES[name], FEED)

    @_get(app, "/cap/<identifier>.xml")
    def document(identifier: str) -> Response:
        return _answer(shelf.named("cap", identifier, ".xml", _wants_gzip()), "application/cap+xml", IMMUTABLE)

    @_get(app, "/ledger/checkpoint")
    def checkpoint() -> Response:
        shelf.pulse()
        return _answer(shelf.leaf(CHECKPOINT, _wants_gzip()), "text/plain; charset=utf-8", SOON)

    @_get(app, "/healthz")
    def health() -> Response:
        pulse = shelf.pulse()
        return Response(f"ok, published {pulse.as_of.isoformat()}\n", mimetype="text/plain")


def _recent(app: Flask, shelf: Shelf, clock: Clock) -> None:
    @_get(app, f"{SERVICE}/<feed>/recent/<timestamp>")
    def recent(feed: str, timestamp: str) -> Response:
        if feed not in BLOCKED_BY:
            raise NoSuchFile(feed)
        since, now = parse_timestamp(timestamp), clock()
        shelf.pulse()
        made = wrapped(chosen(shelf.unexpired(now), feed, now, since))
        return _answer(Leaf(made, None), XML, FEED)

    @_get(app, f"{SERVICE}/update", "update.atom")
    @_get(app, f"{SERVICE}/feed", "feed.atom")
    def older(name: str) -> Response:
        shelf.pulse()
        return _answer(shelf.leaf(f"{FOLDER}/{name}", _wants_gzip()), INDEXES["index.atom"], FEED)


def _manners(app: Flask) -> None:
    """Headers on every answer, and a sentence instead of a page for every error."""

    @app.after_request
    def headers(response: Response) -> Response:
        response.headers.extend(HEADERS)
        if response.mimetype in (JSON, XML, "application/cap+xml", *INDEXES.values()):
            response.headers["Access-Control-Allow-Origin"] = "*"
        return response

    @app.errorhandler(NothingPublished)
    def not_yet(_: NothingPublished) -> Response:
        response = _sentence(503, NOT_YET)
        response.headers["Retry-After"] = "5"
        return response

    @app.errorhandler(NoSuchFile)
    def missing(_: NoSuchFile) -> Response:
        return _sentence(404, "There is no such page here. What is on air stands on the front page, /.")

    @app.errorhandler(BadTimestamp)
    def bad(error: BadTimestamp) -> Response:
        return _sentence(400, str(error))

    @app.errorhandler(HTTPException)
    def other(error: HTTPException) -> Response:
        if error.code == 404:
            return missing(NoSuchFile(request.path))
        response = _sentence(error.code or 500, error.description or "Something is wrong here.")
        allowed = [value for name, value in error.get_headers() if name == "Allow"]
        response.headers.extend([("Allow", value) for value in allowed])
        return response


def _get(app: Flask, rule: str, name: str = "") -> Callable[[Callable[..., Response]], Callable[..., Response]]:
    """A route for GET and HEAD only; `name` is handed to the view where one view serves several files."""

    def register(view: Callable[..., Response]) -> Callable[..., Response]:
        defaults = {"name": name} if name else None
        app.add_url_rule(
            rule, rule, view, defaults=defaults, methods=["GET"], provide_automatic_options=False, strict_slashes=True
        )
        return view

    return register


def _wants_gzip() -> bool:
    return bool(request.accept_encodings["gzip"])


def _answer(leaf: Leaf, mimetype: str, cache: str) -> Response:
    """The leaf with its validators; 304 where the reader has it already."""
    response = Response(leaf.data, content_type=mimetype)
    if leaf.packed:
        response.headers["Content-Encoding"] = "gzip"
    response.headers["Cache-Control"] = cache
    response.headers["Vary"] = "Accept-Encoding"
    response.set_etag(leaf.etag)
    if leaf.modified:  # None would be written as now
        response.last_modified = leaf.modified
    response.make_conditional(request.environ)
    return response


def _sentence(code: int, words: str) -> Response:
    response = Response(f"{words}\n", status=code, mimetype="text/plain")
    response.headers["Cache-Control"] = "no-store"
    return response
