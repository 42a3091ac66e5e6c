"""Callers whom 911 did not connect, at the desk: logs are imported, and what became of everybody is counted."""

from __future__ import annotations

import base64
import binascii
from dataclasses import dataclass, field
from hashlib import sha256

from flask import Blueprint, flash, redirect, render_template, request, url_for
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from broadcaster.alert.lifecycle import Role
from broadcaster.alert.missed_caller import OUTCOMES
from broadcaster.outage.missed_calls import call_back, call_log
from broadcaster.outage.missed_calls import intake as missed_import
from broadcaster.outage.missed_calls.call_columns import LABELS, Columns
from broadcaster.outage.missed_calls.call_log import BadLog, Reading, Table
from broadcaster.outage.missed_calls.call_times import EXAMPLES
from broadcaster.outage.missed_calls.intake import Source
from broadcaster.said import Counted, Said
from broadcaster.store.outage import missed_callers, missed_figures, missed_logs
from broadcaster.store.outage.outages import Outage
from broadcaster.store.places import directory_load
from broadcaster.store.timeline import ledger
from broadcaster.web.agencies.of_an_agency import own_list
from broadcaster.web.house import house
from broadcaster.web.missed import columns as missed_columns
from broadcaster.web.missed import export as missed_export
from broadcaster.web.outages import hanging
from broadcaster.web.outages.outages import remaining as outage_of
from broadcaster.web.signin.guard import only, person, require_person
from broadcaster.web.tongue import _, said

missed = Blueprint("missed", __name__, url_prefix="/desk/outages/<outage>/missed")
missed.before_request(require_person)
missed.before_request(own_list)
WORKERS = (Role.ISSUER, Role.APPROVER, Role.AGENCY)
"""An agency's people work the lists of its own answering points, and see no other (`agency.own_list`)."""
IMPORTERS = (Role.ISSUER, Role.APPROVER, Role.ADMIN)
NOBODYS = "-"
"""Stands in an address for the answering point that nobody knows."""
LONGEST_NAME = 100
MOST_BYTES = 1_400_000
"""Of a file at the desk: it comes back with the page that shows how it is read."""
MOST_FOUND, ROWS_SHOWN = 100, 8
Answer = Response | str | tuple[str, int]


@dataclass
class Looked:
    """A log as it would be imported: its file, how it is read, what that gives."""

    system: str
    name: str
    data: bytes
    table: Table
    columns: Columns
    reading: Reading = field(default_factory=Reading)
    problems: dict[str, str] = field(default_factory=dict)


@missed.get("")
def page(outage: str) -> str:
    """What became of everybody, by answering point; the logs; the form for another one."""
    with house().sessions.begin() as store:
        row = outage_of(store, outage)
        names = psap_names(store)
        by_psap = missed_figures.by_psap(store, row.id)
        return render_template(
            "desk/missed/page.html",
            outage=row,
            figures=missed_figures.whole(store, row.id),
            by_psap=by_psap,
            names=names,
            nobodys=NOBODYS,
            logs=missed_logs.of(store, row.id),
            systems=missed_logs.systems(store),
            texting=missed_callers.texting(store),
            outcomes=OUTCOMES,
            may_import=person().may(*IMPORTERS),
            may_export=person().may(Role.ISSUER, Role.ADMIN),
            may_set=person().may(Role.ADMIN),
        )


@missed.errorhandler(BadLog)
def _no_log(refused: BadLog) -> Response:
    """What was sent is no log: back to the page, with what to do."""
    flash(said(str(refused)), "error")
    return redirect(url_for("missed.page", **(request.view_args or {})), 303)


@missed.post("/read")
@only(*IMPORTERS)
def read(outage: str) -> Answer:
    """How a log would be read; nothing is changed yet."""
    with house().sessions.begin() as store:
        row = outage_of(store, outage)
        looked = _looked(store)
        return _preview(row, looked), 422 if looked.problems else 200


@missed.post("/import")
@only(*IMPORTERS)
def take(outage: str) -> Answer:
    """Import a log as it was shown: all of it, or all but its bad lines if that is what was pressed."""
    with house().sessions.begin() as store:
        row = outage_of(store, outage)
        looked = _looked(store)
        left_out = looked.reading.left_out
        if left_out and not request.form.get("skip"):
            looked.problems["lines"] = Counted(
                "Nothing was imported: %(num)s line cannot be read. Mend them, or leave them out.",
                "Nothing was imported: %(num)s lines cannot be read. Mend them, or leave them out.",
                len(left_out),
            )
        if looked.problems:
            return _preview(row, looked), 422
        digest, columns = sha256(looked.data).hexdigest(), missed_columns.to_json(looked.columns)
        source = Source(looked.system, looked.name, digest, columns)
        taken = missed_import.take(hanging.writer(store), house().sealer, row, source, looked.reading)
    flash(said(taken.sentence), "success")
    return redirect(url_for("missed.page", outage=outage), 303)


@missed.get("/logs/<log>")
def log(outage: str, log: str) -> Answer:
    """The lines of a log that were not taken as they stand, and why."""
    with house().sessions.begin() as store:
        row = outage_of(store, outage)
        logs = [one for one in missed_logs.of(store, row.id) if one.public_id == log]
        if not logs:
            return redirect(url_for("missed.page", outage=outage), 303)
        return render_template("desk/missed/log.html", outage=row, log=logs[0])


@missed.get("/callers.csv")
@only(Role.ISSUER, Role.ADMIN)
def export(outage: str) -> Response:
    """Everybody with what became of them, numbers and notes included."""
    with house().sessions.begin() as store:
        row = outage_of(store, outage)
        data = missed_export.table(store, house().sealer, row, psap_names(store), house().zone)
        ledger.append(store, f"user:{person().id}", "exported", f"outage:{row.public_id}", {"what": "missed callers"})
    headers = {"Content-Disposition": 'attachment; filename="missed-callers.csv"', "Cache-Control": "no-store"}
    return Response(data, headers=headers, content_type="text/csv; charset=utf-8")


@missed.post("/psaps/<psap>/texts")
@only(Role.ADMIN)
def texts(outage: str, psap: str) -> Response:
    """Whether the missed callers of an answering point may be texted; none are before somebody says so."""
    allowed = request.form.get("allowed") == "yes"
    with house().sessions.begin() as store:
        if psap in psap_names(store):
            call_back.let_text(hanging.writer(store), psap, allowed=allowed)
    kept = _("Kept. Its callers may be texted, one by one.") if allowed else _("Kept. Its callers are not texted.")
    flash(kept, "success")
    return redirect(url_for("missed.page", outage=outage), 303)


def psap_names(store: Session) -> dict[str, str]:
    """The names of the answering points by their codes."""
    return {psap.code: psap.name for psap in directory_load.load(store, agencies=False).psaps}


def _looked(store: Session) -> Looked:
    """The file of this request, new or come back with its form, and how it is read; BadLog when it is no table."""
    system = " ".join(request.form.get("system", "").split())[:LONGEST_NAME]
    if not system:
        raise BadLog(Said("Say which system the log is of, like “Router North” or “CPE Ayer”: logs are joined by it."))
    name, data, fresh = _file()
    system = missed_logs.known_as(store, system)
    table = call_log.table(data)
    zone, problems = house().zone, dict[str, str]()
    if fresh:
        columns = missed_columns.guessed(table, missed_logs.last_columns(store, system), zone.key)
    else:
        columns = missed_columns.typed(request.form, table, zone, problems)
    looked = Looked(system, name, data, table, columns, problems=problems)
    known = call_log.desks(directory_load.load(store, agencies=False))
    if not columns.missing():
        looked.reading = call_log.read(table.rows, columns, system, known, house().clock())
    return looked


def _file() -> tuple[str, bytes, bool]:
    sent = request.files.get("file")
    if sent is not None and sent.filename:
        data = sent.read(MOST_BYTES + 1)
        if len(data) > MOST_BYTES:
            raise BadLog(
                Said("The file is too large for the desk: export the hours of the outage alone, or ask the operator.")
            )
        return sent.filename[-LONGEST_NAME:], data, True
    try:
        data = base64.b64decode(request.form.get("data", ""), validate=True)
    except (binascii.Error, ValueError) as error:
        raise BadLog(Said("The file was lost on the way: choose it again.")) from error
    if not data:
        raise BadLog(Said("Choose a file first."))
    return request.form.get("name", "")[-LONGEST_NAME:], data, False


def _preview(row: Outage, looked: Looked) -> str:
    return render_template(
        "desk/missed/preview.html",
        outage=row,
        looked=looked,
        data=base64.b64encode(looked.data).decode(),
        labels=LABELS,
        styles=EXAMPLES,
        zones=dict.fromkeys((house().zone.key, *missed_columns.ZONES, looked.columns.zone)),
        first=looked.table.first[0] if looked.table.rows else {},
        shown=looked.reading.calls[:ROWS_SHOWN],
        found=looked.reading.found[:MOST_FOUND],
        zone=house().zone,
        typed=request.form,
        problems=looked.problems,
    )
