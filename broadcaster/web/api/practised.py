"""`POST /api/v1/practice`: a signed record of the training installation. Its signature is its sign-in."""

from __future__ import annotations

from flask import Blueprint, Response, abort, jsonify, request
from flask.sansio.blueprints import BlueprintSetupState
from werkzeug.exceptions import UnsupportedMediaType

from broadcaster import logs
from broadcaster.dispatch.practice import practice_intake
from broadcaster.dispatch.practice.practice_intake import Contradiction
from broadcaster.store.desk.practice_records import NoPractice
from broadcaster.store.timeline.signed_note import BadNote
from broadcaster.web.api import problem as api_problem
from broadcaster.web.api.problem import problem
from broadcaster.web.house import NAME, house

log = logs.get(__name__)
TYPE = "text/plain"
LONGEST = 2048
blueprint = Blueprint("practised", __name__, url_prefix="/api/v1")
blueprint.record_once(lambda made: made.app.extensions["csrf"].exempt(blueprint))  # a signature, never a cookie
api_problem.install(blueprint)
CLOSED = "No training installation is believed here: set PRACTICE_KEY to what `broadcaster practice key` prints there."


@blueprint.record_once
def refuse_no_key(made: BlueprintSetupState) -> None:
    """A PRACTICE_KEY that is none stops the start: SettingsError."""
    practice_intake.pinned(made.app.extensions[NAME].settings)


@blueprint.post("/practice")
def receive() -> tuple[Response, int]:
    """Keep it: 201, or 200 when it was kept before."""
    request.max_content_length = LONGEST
    key = practice_intake.pinned(house().settings)
    if key is None:
        abort(404, description=CLOSED)
    if request.mimetype != TYPE:
        raise UnsupportedMediaType(description=f"Send the signed note as {TYPE}.")
    note = request.get_data().decode("utf-8", "replace")
    with house().sessions.begin() as store:
        said, new = practice_intake.receive(store, key, note, house().clock())
    log.info("practice_received", key=said.key, did=said.did.value, new=new)
    return jsonify({"key": said.key, "new": new}), 201 if new else 200


@blueprint.errorhandler(BadNote)
def not_theirs(error: BadNote) -> Response:
    """Not of the training installation that is pinned, as far as can be proved."""
    log.warning("practice_unbelieved", why=str(error), peer=request.remote_addr)
    return problem(403, str(error))


@blueprint.errorhandler(NoPractice)
def unusable(error: NoPractice) -> Response:
    """Theirs, and nothing that can be kept."""
    return problem(422, str(error))


@blueprint.errorhandler(Contradiction)
def contradiction(error: Contradiction) -> Response:
    """The same key for two records."""
    return problem(409, str(error))
