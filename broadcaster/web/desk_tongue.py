"""The switch between the languages of the desk. It is kept in this browser, before and after signing in."""

from __future__ import annotations

import re

from flask import Blueprint, current_app, redirect, request, url_for
from werkzeug.wrappers import Response

from broadcaster.web.tongue import COOKIE, LANGUAGES

desk_tongue = Blueprint("desk_tongue", __name__, url_prefix="/desk")
A_YEAR_S = 31_536_000
OURS = re.compile(r"/desk(/[A-Za-z0-9_-]+)*/?(\?[A-Za-z0-9=&%+._-]*)?")
"""A page of the desk with what stands behind its question mark, and nothing else that a link can name."""


@desk_tongue.post("/language")
def choose() -> Response:
    """Speak this language from now on, and go back to the same page."""
    goal, lang = request.form.get("next", ""), request.form.get("lang", "")
    answer = redirect(goal if OURS.fullmatch(goal) else url_for("desk.home"), 303)
    if lang in LANGUAGES:
        secure = bool(current_app.config["SESSION_COOKIE_SECURE"])
        answer.set_cookie(COOKIE, lang, max_age=A_YEAR_S, secure=secure, httponly=True, samesite="Lax")
    return answer
