"""`POST /api/v1/cap`: a partner's signed CAP message, kept for a person. Its signature is its sign-in."""

from __future__ import annotations

from flask import Blueprint, Response, jsonify, request
from werkzeug.exceptions import UnsupportedMediaType

from broadcaster import logs
from broadcaster.alert.alert import Problem
from broadcaster.dispatch.documents import incoming
from broadcaster.dispatch.documents.incoming import CapRefused, Contradiction, Unbelieved, Unusable
from broadcaster.settings import Settings
from broadcaster.web.api import problem as api_problem
from broadcaster.web.api.problem import problem
from broadcaster.web.house import house

log = logs.get(__name__)
TYPE = "application/cap+xml"
blueprint = Blueprint("partners", __name__, url_prefix="/api/v1")
blueprint.record_once(lambda made: made.app.extensions["csrf"].exempt(blueprint))  # a signature, never a cookie
api_problem.install(blueprint)


def pinned(settings: Settings) -> dict[str, bytes]:
    """The partners by their CAP sender, with the certificate or authority that is pinned of each, in PEM."""
    return {sender: pem.encode() for sender, pem in settings.partners.items()}


@blueprint.post("/cap")
def receive() -> tuple[Response, int]:
    """Keep it: 201, or 200 when the same bytes were kept before."""
    if request.mimetype != TYPE:
        raise UnsupportedMediaType(description=f"Send the CAP message as {TYPE}.")
    with house().sessions.begin() as store:
        got = incoming.receive(store, pinned(house().settings), request.get_data(), house().clock())
        body = {
            "id": got.row.public_id,
            "state": got.row.state,
            "sender": got.row.sender,
            "identifier": got.row.identifier,
            "findings": [dict(each) for each in got.row.findings],
        }
    log.info("cap_received", sender=body["sender"], identifier=body["identifier"], new=got.new)
    return jsonify(body), 201 if got.new else 200


@blueprint.errorhandler(CapRefused)
def no_cap(error: CapRefused) -> Response:
    """Not a message at all."""
    return problem(400, str(error))


@blueprint.errorhandler(Unbelieved)
def not_theirs(error: Unbelieved) -> Response:
    """Not from a partner, as far as can be proved."""
    log.warning("cap_unbelieved", why=str(error), peer=request.remote_addr)
    return problem(403, str(error))


@blueprint.errorhandler(Unusable)
def unusable(error: Unusable) -> Response:
    """From a partner, and wrong."""
    return problem(422, str(error), [Problem(each.xpath, each.sentence) for each in error.findings])


@blueprint.errorhandler(Contradiction)
def contradiction(error: Contradiction) -> Response:
    """The same name for two messages."""
    return problem(409, str(error))
