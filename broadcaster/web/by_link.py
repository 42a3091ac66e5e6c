"""Pages that open by a link of ours alone, without signing in: the proof in the address is what stands against forgery.

GET shows and changes nothing, because mail scanners follow links; POST answers.
"""

from __future__ import annotations

from pathlib import Path

from flask import Blueprint, Response, render_template

LONGEST_NOTE = 500
NOT_OURS = "This link is not complete, or it is not ours. Open it again from the mail, in one piece."


def pages(
    name: str, import_name: str, static_folder: Path | None = None, static_url_path: str | None = None
) -> Blueprint:
    """A blueprint of such pages: no token of a form is asked for, and no search engine or next page learns of them."""
    made = Blueprint(name, import_name, static_folder=static_folder, static_url_path=static_url_path)
    made.record_once(lambda state: state.app.extensions["csrf"].exempt(made))
    made.after_request(_unlisted)
    return made


def refused(sentence: str) -> tuple[str, int]:
    """The page that says why a link opens nothing."""
    return render_template("ack/refused.html", sentence=sentence), 404


def _unlisted(response: Response) -> Response:
    response.headers["X-Robots-Tag"] = "noindex, nofollow"
    response.headers["Referrer-Policy"] = "no-referrer"
    return response
