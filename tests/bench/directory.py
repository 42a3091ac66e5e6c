"""A state of 1,000,000 residents and 6,000 agencies: import, counts, selection, and what opening the numbers costs."""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterator
from dataclasses import replace
from itertools import islice
from pathlib import Path
from time import perf_counter

from sqlalchemy import text
from sqlalchemy.orm import Session

from broadcaster import audience
from broadcaster.cli import residents as command
from broadcaster.directory import Agency, AgencyRole, Contact, ContactChannel, Directory
from broadcaster.store import database
from broadcaster.store.database import Sessions
from broadcaster.store.places import directory_load
from broadcaster.store.public import residents
from tests.bench.people import homes
from tests.bench.plan import Plan
from tests.bench.stage import Stage, furnish, places
from tests.bench.table import Row, Table, at_least, at_most
from tests.factories import SEALER, content

AREAS = [area for area in range(201, 990) if area % 100 != 11]
NAIVE_SHARE = 200
"""The naive way writes so much less: a statement for each address and each place."""
LANGS = ("en", "es", "pt", "ht", "zh-Hans", "vi")
OPENED = 200_000


def measure(stage: Stage, table: Table, plan: Plan) -> None:
    """One database, filled by the product's own commands and then asked."""
    state = state_of(plan.state_agencies)
    url = stage.new_database("directory")
    engine = database.connect(url)
    sessions = database.sessions(engine)
    try:
        began = perf_counter()
        furnish(sessions, state)
        seconds = perf_counter() - began
        table.add(Row("directory/save", f"directory of {plan.state_agencies:,} agencies saved", "s", [seconds]))
        table.trying("directory/naive", "residents, naive", lambda: _naive(table, plan, sessions))
        table.trying("directory/import", "residents imported", lambda: _import(stage, table, plan, sessions))
        with sessions() as session:
            session.execute(text("ANALYZE"))
        _counts(table, plan, sessions)
        _agencies(table, plan, sessions)
        table.trying("directory/open", "numbers opened", lambda: _opened(table, plan, sessions))
        table.trying("directory/export", "residents exported", lambda: _export(stage, table, plan, sessions))
    finally:
        engine.dispose()
        stage.admin('DROP DATABASE "directory" WITH (FORCE)')


def state_of(many: int) -> Directory:
    """The communities of Massachusetts with so many agencies: each has a mailbox and one to three communities."""
    own = places()
    codes = [place.code for place in own.communities]
    agencies = tuple(
        Agency(
            f"agency-{no}",
            f"Agency {no}",
            list(AgencyRole)[no % len(AgencyRole)],
            (Contact(ContactChannel.EMAIL, f"desk@agency-{no}.example", 1),),
            tuple({codes[(no * step) % len(codes)] for step in range(1, 2 + no % 3)}),
        )
        for no in range(many)
    )
    return replace(own, agencies=agencies)


def people(many: int, state: Directory) -> Iterator[tuple[str, str, str, str]]:
    """The rows of a residents' file; one in fifty lives in two towns, and one in a hundred said STOP."""
    where = homes(many, state)
    for no, code in enumerate(where):
        number = f"+1{AREAS[no // 10_000 % len(AREAS)]}555{no % 10_000:04d}"
        second = f";{where[no - 1]}" if no % 50 == 0 and no else ""
        yield number, LANGS[no % len(LANGS)], code + second, "yes" if no % 100 == 0 else ""


def _import(stage: Stage, table: Table, plan: Plan, sessions: Sessions) -> None:
    """The whole command but its terminal: read, normalise, merge, seal, write, in the batches of the product."""
    file = _file(stage.folder / "residents.csv", people(plan.residents, places()))
    with sessions() as session:
        ids = directory_load.community_ids(session)
    began = perf_counter()
    with file.open(encoding="utf-8", newline="") as stream:
        reading = command.read(stream, ids)
    command.write(sessions, SEALER, list(reading.good.values()), "0" * 64)
    seconds = perf_counter() - began
    assert (len(reading.good), reading.refused) == (plan.residents, [])
    row = Row("directory/import", f"{plan.residents:,} residents imported", "/s", [plan.residents / seconds])
    row.goal, row.note = at_least(5000.0), f"{seconds:.0f} s in all"
    table.add(row)
    table.compare("directory/import", "directory/naive", "a statement a resident")


def _file(path: Path, rows: Iterator[tuple[str, str, str, str]]) -> Path:
    with path.open("w", encoding="utf-8", newline="") as stream:
        out = csv.writer(stream)
        out.writerow(residents.COLUMNS)
        out.writerows(rows)
    return path


def _naive(table: Table, plan: Plan, sessions: Sessions) -> None:
    many = max(20, plan.residents // NAIVE_SHARE)
    rows = list(islice(people(many, places()), many))
    with sessions() as session:
        ids = directory_load.community_ids(session)
    began = perf_counter()
    for number, lang, codes, _ in rows:
        with sessions.begin() as session:
            address = residents.address(session, SEALER, "sms", number, lang=lang)
            for code in codes.split(";"):
                residents.subscribe(session, address, ids[code])
    table.add(Row("directory/naive", f"{many:,} residents, naive", "/s", [many / (perf_counter() - began)]))
    with sessions.begin() as session:
        session.execute(text("TRUNCATE subscription, address RESTART IDENTITY CASCADE"))
        session.execute(text("UPDATE community SET last_slot = 0"))


def _counts(table: Table, plan: Plan, sessions: Sessions) -> None:
    with sessions() as session:
        every = list(directory_load.community_ids(session).values())
        asked: dict[str, tuple[str, Callable[[], object], float]] = {
            "by-community": ("counted by community", lambda: residents.by_community(session), 1000.0),
            "state": ("people of the whole state counted", lambda: residents.active_in(session, every), 2000.0),
            "town": ("people of one town counted", lambda: residents.active_in(session, every[:1]), 100.0),
            "silent": ("towns of people who cannot call", lambda: residents.cannot_call(session), 100.0),
        }
        for key, (what, ask, most) in asked.items():
            _timed(table, plan, Row(f"directory/{key}", what, "ms", goal=at_most(most)), ask)


def _agencies(table: Table, plan: Plan, sessions: Sessions) -> None:
    with sessions() as session:
        row = Row("directory/load", f"directory of {plan.state_agencies:,} agencies read", "ms", goal=at_most(2000.0))
        _timed(table, plan, row, lambda: directory_load.load(session))
        state = directory_load.load(session)
    row = Row("directory/agencies", "agencies of the whole state selected", "ms", goal=at_most(200.0))
    _timed(table, plan, row, lambda: audience.agencies(content(), state))


def _timed(table: Table, plan: Plan, row: Row, ask: Callable[[], object]) -> None:
    ask()
    for _ in range(plan.rounds):
        began = perf_counter()
        ask()
        row.values.append(1000 * (perf_counter() - began))
    table.add(row)


def _opened(table: Table, plan: Plan, sessions: Sessions) -> None:
    """What a wave does with its numbers, in one thread: AES-256-GCM, each bound to its index."""
    with sessions() as session:
        rows = _sealed(session, min(OPENED, plan.residents))
    row = Row("directory/open", "numbers opened in one thread", "/s", goal=at_least(100_000.0))
    for _ in range(plan.rounds):
        began = perf_counter()
        for value, index in rows:
            SEALER.open(value, index)
        row.values.append(len(rows) / (perf_counter() - began))
    table.add(row)


def _sealed(session: Session, most: int) -> list[tuple[bytes, bytes]]:
    query = text("SELECT value_enc, value_index FROM address WHERE kind = 'sms' LIMIT :most")
    return [(bytes(row.value_enc), bytes(row.value_index)) for row in session.execute(query, {"most": most})]


def _export(stage: Stage, table: Table, plan: Plan, sessions: Sessions) -> None:
    began = perf_counter()
    with sessions() as session:
        _file(stage.folder / "export.csv", residents.everyone(session, SEALER))
    seconds = perf_counter() - began
    row = Row("directory/export", f"{plan.residents:,} residents exported", "/s", [plan.residents / seconds])
    row.note = f"{seconds:.0f} s in all"
    table.add(row)
