"""The directory at the desk: which number here, what has changed, and import with the difference shown before."""

from __future__ import annotations

import base64
import binascii
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace

from flask import Blueprint, Response, abort, flash, redirect, render_template, request, url_for
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response as AnyResponse

from broadcaster.alert.lifecycle import EDITORS
from broadcaster.directory import UnknownCommunity
from broadcaster.directory.boundaries import Areas
from broadcaster.directory.here import Asked, BadPlace, Here, look
from broadcaster.directory.rows import CHANGES, KINDS, Change, Difference, described
from broadcaster.said import Counted, Said, joined, pattern
from broadcaster.store.places import directory_history, directory_import, directory_load, town_shapes
from broadcaster.store.places.directory_files import BadFile
from broadcaster.store.places.directory_history import Author
from broadcaster.store.places.directory_import import Moved, Proposal
from broadcaster.store.places.directory_write import CommunityDropped
from broadcaster.store.timeline import ledger
from broadcaster.web.directory.history import AUTHORS
from broadcaster.web.house import house
from broadcaster.web.signin.guard import only, person, require_person
from broadcaster.web.tongue import said

directory = Blueprint("directory", __name__, url_prefix="/desk/directory")
directory.before_request(require_person)

LONGEST_NAME = 100
TYPES = {"csv": "text/csv; charset=utf-8", "json": "application/json", "geojson": "application/geo+json"}
TYPES |= {"shapes.geojson": TYPES["geojson"]}
MEANWHILE = Said("Somebody has changed the directory meanwhile. Nothing was imported: read this difference.")
COUNTED = {
    Change.ADDED: pattern("%(many)s %(kind)s added"),
    Change.CHANGED: pattern("%(many)s %(kind)s changed"),
    Change.RETIRED: pattern("%(many)s %(kind)s retired"),
}
Answer = str | AnyResponse | tuple[str, int]


@directory.get("/")
def page() -> str:
    """Which number here, the import for whoever may, and the newest changes."""
    asked = Asked(*(request.args.get(name, "").strip()[:80] for name in ("q", "zip", "county", "point")))
    with house().sessions.begin() as store:
        found, problem = _look(store, asked)
        changes = directory_history.latest(store, 50) if person().may(*EDITORS) else []
        shown = {
            "found": found,
            "problem": problem,
            "changes": changes,
            "kinds": KINDS,
            "words": CHANGES,
            "authors": AUTHORS,
        }
    return render_template("desk/directory/page.html", asked=asked, **shown)


def _look(store: Session, asked: Asked) -> tuple[list[Here], str]:
    if asked.is_empty:
        return [], ""
    try:
        areas, here = town_shapes.areas(store) if asked.point else Areas([]), directory_load.load(store, agencies=False)
        names = {psap.code: psap.name for psap in here.psaps}
        found = look(here, areas, asked)
        return [replace(one, psaps=tuple(names.get(code, code) for code in one.psaps)) for one in found], ""
    except (BadPlace, UnknownCommunity) as error:
        return [], str(error)


@directory.post("/import")
@only(*EDITORS)
def propose() -> Answer:
    """What a file would change; nothing is changed yet."""
    file = request.files.get("file")
    if file is None or not file.filename:
        return _refused(Said("Choose a file first."))
    return _shown(file.filename[-LONGEST_NAME:], file.read())


@directory.post("/apply")
@only(*EDITORS)
def apply() -> Answer:
    """Change exactly what was shown; if the directory has changed since, the difference is shown anew."""
    name = request.form.get("name", "")[-LONGEST_NAME:]
    try:
        data = base64.b64decode(request.form.get("data", ""), validate=True)
        seen = int(request.form.get("version", ""))
    except (binascii.Error, ValueError):
        return _refused(Said("The difference was lost on the way: choose the file again."))
    try:
        with house().sessions.begin() as store:
            proposal = directory_import.propose(store, house().sealer, name, data)
            if proposal.version != seen:
                raise Moved(MEANWHILE)
            made = directory_import.apply(store, house().sealer, proposal, Author(f"user:{person().id}", name))
    except Moved as error:
        flash(said(str(error)), "error")
        return _shown(name, data)
    except (BadFile, CommunityDropped) as error:
        return _refused(str(error))
    changed = Counted(
        "The directory was changed: %(num)s difference.", "The directory was changed: %(num)s differences.", len(made)
    )
    flash(said(changed), "success")
    return redirect(url_for("directory.page"), 303)


def _shown(name: str, data: bytes) -> Answer:
    try:
        with house().sessions.begin() as store:
            proposal = directory_import.propose(store, house().sealer, name, data)
    except BadFile as error:
        return _refused(str(error))
    shown = _difference(name, data, proposal)
    return (shown, 422) if proposal.refused else shown


def _difference(name: str, data: bytes, proposal: Proposal) -> str:
    return render_template(
        "desk/directory/difference.html",
        name=name,
        data=base64.b64encode(data).decode(),
        version=proposal.version,
        counts=_counts(proposal.changes),
        lines=[described(one) for one in proposal.changes],
        refused=proposal.refused,
        mended=proposal.mended,
    )


def _refused(sentence: str) -> Answer:
    flash(said(sentence), "error")
    return redirect(url_for("directory.page"), 303)


def _counts(changes: Sequence[Difference]) -> Said:
    """How many rows of each kind would be added, changed and retired."""
    many = Counter((one.kind, one.change) for one in changes)
    return joined(", ", (Said(COUNTED[how], many=many[kind, how], kind=KINDS[kind]) for kind, how in sorted(many)))


@directory.get("/directory.<ending>")
@only(*EDITORS)
def export(ending: str) -> Response:
    """The directory as a file: contacts included, so for whoever keeps it alone."""
    if ending not in TYPES:
        abort(404, description=Said("There is no export of this kind: use one of %(kinds)s.", kinds=", ".join(TYPES)))
    with house().sessions.begin() as store:
        data = directory_import.export(store, house().sealer, f"directory.{ending}")
        ledger.append(store, f"user:{person().id}", "exported", "directory", {"what": ending})
    headers = {"Content-Disposition": f'attachment; filename="directory.{ending}"', "Cache-Control": "no-store"}
    return Response(data, headers=headers, content_type=TYPES[ending])
