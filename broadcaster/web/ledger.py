"""The ledger at the desk: auditors and administrators read it, prove an event, and take it with them.

Nothing here changes anything but the ledger itself, in which an export is an event too.
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator
from datetime import date, datetime, time, timedelta

from flask import Blueprint, Response, abort, render_template, request

from broadcaster.alert.lifecycle import Role
from broadcaster.said import Said, joined
from broadcaster.store.timeline import checkpoints, ledger_reading
from broadcaster.store.timeline import ledger as chain
from broadcaster.store.timeline.ledger_reading import Event, Wanted
from broadcaster.web.house import house
from broadcaster.web.signin.guard import only, person, require_person

ledger = Blueprint("ledger", __name__, url_prefix="/desk/ledger")
ledger.before_request(require_person)
PER_PAGE = 50
LONGEST = 100
TYPES = {"csv": "text/csv; charset=utf-8", "jsonl": "application/jsonl"}
COLUMNS = ("seq", "at", "who", "action", "object", "data")
FIELDS = ("since", "until", "who", "kind", "about")
FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "\0")
"""What a spreadsheet takes a cell for a formula by (OWASP ASVS 5.0, 1.2.10)."""


@ledger.get("/")
@only(Role.AUDITOR, Role.ADMIN)
def page() -> str:
    """The newest events that fit the filters, a page at a time."""
    typed = _typed(request.args.get)
    wanted, problems = _wanted(typed)
    before = request.args.get("before", "")
    with house().sessions() as store:
        shown = ledger_reading.page(store, wanted, PER_PAGE + 1, int(before) if _is_number(before) else None)
        kinds, sealed = ledger_reading.kinds(store), checkpoints.newest(store)
    more = shown[PER_PAGE - 1].seq if len(shown) > PER_PAGE else None
    return render_template(
        "desk/ledger/page.html",
        events=shown[:PER_PAGE],
        more=more,
        kinds=kinds,
        sealed=sealed,
        typed=typed,
        problems=problems,
        plain=_plain,
        onward={name: value for name, value in typed.items() if value},
    )


@ledger.get("/<int:seq>")
@only(Role.AUDITOR, Role.ADMIN)
def event(seq: int) -> str:
    """One event as it is kept, and its way to a signed checkpoint."""
    with house().sessions() as store:
        found = ledger_reading.one(store, seq) if seq < 2**63 else None
        if found is None:
            abort(404, description=Said("There is no event of this number: start from the ledger."))
        proof = ledger_reading.proof(store, seq)
    return render_template("desk/ledger/event.html", event=found, proof=proof, plain=_plain)


@ledger.post("/export")
@only(Role.AUDITOR, Role.ADMIN)
def export() -> Response:
    """Everything that fits the filters as a file; who took what with them is an event of its own."""
    ending = request.form.get("as", "csv")
    typed = _typed(request.form.get)
    wanted, problems = _wanted(typed)
    if ending not in TYPES or problems:
        abort(400, description=joined(" ", problems.values()) or Said("Choose CSV or JSON lines."))
    with house().sessions.begin() as store:
        said = {"what": ending, **{name: value for name, value in typed.items() if value}}
        chain.append(store, f"user:{person().id}", "exported", "ledger", said)
    headers = {"Content-Disposition": f'attachment; filename="ledger.{ending}"', "Cache-Control": "no-store"}
    rows = _csv(wanted) if ending == "csv" else _lines(wanted)
    return Response(rows, headers=headers, content_type=TYPES[ending])


def _lines(wanted: Wanted) -> Iterator[str]:
    """The canonical bytes, a line each: their hashes are the leaves of the tree."""
    sessions = house().sessions

    def read() -> Iterator[str]:
        with sessions() as store:
            for each in ledger_reading.every(store, wanted):
                yield f"{each.canonical}\n"

    return read()


def _csv(wanted: Wanted) -> Iterator[str]:
    sessions = house().sessions

    def read() -> Iterator[str]:
        yield csv_row(COLUMNS)
        with sessions() as store:
            for each in ledger_reading.every(store, wanted):
                yield csv_row((str(each.seq), each.at.isoformat(), each.who, each.action, each.object, _plain(each)))

    return read()


def csv_row(cells: tuple[str, ...]) -> str:
    """A line of a CSV file in which no cell is a formula."""
    out = io.StringIO()
    csv.writer(out, quoting=csv.QUOTE_ALL).writerow(f"'{cell}" if cell.startswith(FORMULA) else cell for cell in cells)
    return out.getvalue()


def _plain(one: Event) -> str:
    """What an event says besides who, what and about what, on one line."""
    return ", ".join(f"{name} {_word(value)}" for name, value in one.data.items() if value not in ("", None))


def _word(value: object) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _typed(given: object) -> dict[str, str]:
    return {name: str(given(name, "")).strip()[:LONGEST] for name in FIELDS}  # type: ignore[operator]


def _is_number(typed: str) -> bool:
    return typed.isascii() and typed.isdecimal() and len(typed) < 19


def _wanted(typed: dict[str, str]) -> tuple[Wanted, dict[str, str]]:
    """The filters, and a sentence for each day that is none: it is left out, and the rest is used."""
    problems: dict[str, str] = {}
    since, until = (_day(typed[name], name, problems) for name in ("since", "until"))
    after = until + timedelta(days=1) if until and until.year < date.max.year else until
    return Wanted(since, after, typed["who"], typed["kind"], typed["about"]), problems


def _day(typed: str, name: str, problems: dict[str, str]) -> datetime | None:
    """The beginning of a day, by the clock of the place."""
    if not typed:
        return None
    try:
        day = date.fromisoformat(typed)
    except ValueError:
        problems[name] = Said("Write the day as 2026-06-18.")
        return None
    return datetime.combine(day, time.min, house().zone)
