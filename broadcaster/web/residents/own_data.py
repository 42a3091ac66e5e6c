"""A resident takes their own data along: a file behind the link that was texted to their phone."""

from __future__ import annotations

import json

from flask import Blueprint, Response, redirect, url_for
from werkzeug.wrappers import Response as AnyResponse

from broadcaster.store.public import own_data
from broadcaster.web.house import house
from broadcaster.web.residents import subscribe

blueprint = Blueprint("own_data", __name__, url_prefix="/subscribe/me")


@blueprint.get("/<token>/data.json")
def download(token: str) -> AnyResponse:
    """Everything in one file, the number in full; a link that opens nobody's page leads to the page that says so."""
    found = subscribe.whose(token)
    if found is None:
        return redirect(url_for("subscribe.mine", token=token), 303)
    with house().sessions() as store:
        kept = own_data.of(store, house().sealer, found)
    file = {"Content-Disposition": 'attachment; filename="data.json"', "Cache-Control": "no-store"}
    return Response(json.dumps(kept, ensure_ascii=False, indent=1) + "\n", headers=file, mimetype="application/json")
