"""A laptop from a binder: an empty database is filled, and an environment written in which `broadcaster up` works."""

from __future__ import annotations

import csv
import io
import json
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy.orm import Session

from broadcaster.directory import boundaries as areas
from broadcaster.directory import geometry
from broadcaster.directory import town_shapes as places
from broadcaster.dispatch.engine import sealer_of
from broadcaster.local import installation
from broadcaster.local.secret import write_secret
from broadcaster.outage.binder import settings as binder_settings
from broadcaster.outage.binder.file import RELEASE, SHAPES, Binder
from broadcaster.settings import Settings
from broadcaster.store import database
from broadcaster.store.binder import carried_in
from broadcaster.store.binder.carried_in import NotEmpty, Rows
from broadcaster.store.places import boundaries, directory_files, directory_load, town_shapes
from broadcaster.store.places.directory_history import Author
from broadcaster.store.sealed import Sealer
from broadcaster.store.timeline import ledger

ITS_OWN = ("DATABASE_URL", "REDIS_URL")
"""Where the environment names servers, those are taken; else they are started from the wheels, in the folder."""


@dataclass(frozen=True, slots=True)
class Loaded:
    """How many came out of the binder, and whether texts can go out without anything being typed in."""

    residents: int
    stops: int
    people: int
    has_a_carrier: bool


def load(found: Binder, residents: Binder, home: Path) -> Loaded:
    """Fill the database and write ``.env`` (0600) into the folder; NotEmpty when either is there already.

    Everything in one transaction: a database that was filled by halves would leave people out in silence.
    """
    file = home / ".env"
    if file.exists():
        raise NotEmpty(f"{home} was filled before: `cd` into it and `broadcaster up`, or take another folder.")
    env = binder_settings.environment(json.loads(found.plain.read(f"{RELEASE}settings.json")), home)
    env |= {name: os.environ[name] for name in ITS_OWN if os.environ.get(name)}
    home.mkdir(mode=0o700, parents=True, exist_ok=True)
    with installation.standing({**_without_ours(), **env}) as (settings, servers, _):
        sessions = database.sessions(database.connect(servers.database_url))
        try:
            with sessions.begin() as session:
                made = _fill(session, settings, found, residents)
        finally:
            database.engine_of(sessions).dispose()
    write_secret(file, binder_settings.env_file(env))
    return Loaded(*made, binder_settings.has_a_carrier(env))


def _without_ours() -> dict[str, str]:
    """The environment without any setting of this machine: a laptop of the office may have those of its own desk."""
    ours = {name.upper() for name in Settings.model_fields}
    names = ours | {f"{name}_FILE" for name in ours}
    for name in names & os.environ.keys():
        del os.environ[name]
    return dict(os.environ)


def _fill(session: Session, settings: Settings, found: Binder, residents: Binder) -> tuple[int, int, int]:
    carried_in.refuse_to_overwrite(session)
    carried_in.no_hurry(session)
    sealer, people = sealer_of(settings), json.loads(found.plain.read(f"{RELEASE}people.json"))
    _directory(session, sealer, found)
    carried_in.people(session, sealer, people)
    carried_in.wordings(session, json.loads(found.plain.read(f"{RELEASE}wordings.json")))
    stops = carried_in.stops(session, _rows(found, "stops.csv"))
    many = carried_in.residents(session, sealer, _rows(residents, "residents.csv"))
    made = f"{found.manifest.made_at:%Y-%m-%dT%H:%M:%SZ}"
    said = {"made": made, "residents": many, "stops": stops, "people": len(people), "signed_by": found.manifest.key}
    ledger.append(session, "operator", "loaded", "binder", said)
    return many, stops, len(people)


def _directory(session: Session, sealer: Sealer, found: Binder) -> None:
    directory = directory_files.read(found.plain.read("directory.json"))
    directory_load.save(session, directory, sealer, Author("console", "binder"))
    if "boundaries.geojson" in found.plain.namelist():
        drawn, _ = areas.read(found.plain.read("boundaries.geojson").decode(), directory)
        boundaries.save(session, drawn)
    if SHAPES in found.plain.namelist():
        shaped = geometry.features(found.plain.read(SHAPES).decode(), "the communities")
        town_shapes.save(session, places.read(shaped, directory).shapes)


def _rows(binder: Binder, name: str) -> Rows:
    """Reads a table of the binder from its beginning each time, and holds no more than a line."""

    def read() -> Iterator[Mapping[str, str]]:
        with binder.plain.open(f"{RELEASE}{name}") as member:
            yield from csv.DictReader(io.TextIOWrapper(member, encoding="utf-8", newline=""))

    return read
