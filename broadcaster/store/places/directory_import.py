"""From a file to the directory in use, in two steps: what it would change, and the change of exactly that."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import Any

from sqlalchemy.orm import Session

from broadcaster.directory import Directory, geometry, table
from broadcaster.directory import boundaries as areas
from broadcaster.directory import town_shapes as places
from broadcaster.directory.boundaries import Boundary
from broadcaster.directory.rows import Difference, differences, rows
from broadcaster.directory.table import Refusal
from broadcaster.directory.town_shapes import TownShape
from broadcaster.said import Said
from broadcaster.store.places import (
    boundaries,
    directory_files,
    directory_history,
    directory_load,
    stray_shapes,
    town_shapes,
)
from broadcaster.store.places.directory_files import BadFile
from broadcaster.store.places.directory_history import Author
from broadcaster.store.places.directory_write import CommunityDropped, refuse_to_lose
from broadcaster.store.sealed import Sealer
from broadcaster.store.timeline import ledger

ENDINGS = (".csv", ".json", ".geojson")
OF_SHAPES = ".shapes.geojson"
"""What an export of communities' shapes ends in; an import looks into the file."""


class Moved(ValueError):
    """The directory is another one than the one that the difference was shown for."""


@dataclass(frozen=True, slots=True)
class Proposal:
    """What a file would change in the directory at `version`; nothing, when a row of it was refused. `mended` are the
    shapes that were broken and could be repaired."""

    version: int
    directory: Directory
    boundaries: list[Boundary] | None
    changes: list[Difference]
    refused: tuple[Refusal, ...]
    shapes: list[TownShape] | None = None
    mended: tuple[Refusal, ...] = ()

    @property
    def counts(self) -> dict[str, int]:
        """How many rows would be added, changed and retired, by ``kind change``."""
        return dict(sorted(Counter(f"{one.kind} {one.change}" for one in self.changes).items()))


def propose(session: Session, sealer: Sealer, name: str, data: bytes) -> Proposal:
    """What the file of this name would change; BadFile when it is not of one of ENDINGS, or cannot be read at all."""
    version = directory_history.newest(session)
    current = directory_load.load(session, sealer)
    if name.lower().endswith(".geojson"):
        return _of_areas(session, current, version, _text(data))
    wanted, refused = _read(name, data, current)
    if wanted is None:
        return Proposal(version, current, None, [], refused)
    wanted = directory_load.with_known_counties(current, wanted)
    changes = differences(rows(current), rows(wanted))
    return Proposal(version, wanted, None, changes, _loses(session, current, wanted))


def _read(name: str, data: bytes, current: Directory) -> tuple[Directory | None, tuple[Refusal, ...]]:
    if name.lower().endswith(".csv"):
        reading = table.read(_text(data), current)
        return reading.directory, reading.refused
    if name.lower().endswith(".json"):
        return directory_files.read(data), ()
    raise BadFile(
        Said(
            "“%(name)s” is not of a kind that is read here: use one of %(kinds)s.", name=name, kinds=", ".join(ENDINGS)
        )
    )


def _loses(session: Session, current: Directory, wanted: Directory) -> tuple[Refusal, ...]:
    try:
        refuse_to_lose(session, current, wanted)
    except CommunityDropped as error:
        return (Refusal(0, str(error)),)
    return ()


def _of_areas(session: Session, current: Directory, version: int, text: str) -> Proposal:
    """Shapes of communities, or service boundaries, by what the features speak of."""
    try:
        features = geometry.features(text, Said("the layer of communities, or of PSAP boundaries,"))
    except ValueError as error:
        return Proposal(version, current, None, [], (Refusal(0, str(error)),))
    if places.is_layer(features):
        return _of_shapes(session, current, version, features)
    found, refused = areas.read(text, current)
    wanted = areas.served(current, found)
    changes = differences(rows(current), rows(wanted))
    changes += differences(areas.rows(boundaries.load(session)), areas.rows(found))
    return Proposal(version, wanted, found, changes if not refused else [], tuple(refused))


def _of_shapes(session: Session, current: Directory, version: int, features: list[Any]) -> Proposal:
    read = places.read(features, current)
    refused = (*read.refused, *stray_shapes.refusals(session, current, read.shapes))
    changes = [] if refused else differences(places.rows(town_shapes.load(session)), places.rows(read.shapes))
    return Proposal(version, current, None, changes, refused, read.shapes, tuple(read.mended))


def _text(data: bytes) -> str:
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise BadFile(
            Said("This file is not UTF-8 (byte %(place)s): save it as “CSV UTF-8”.", place=error.start)
        ) from error


def apply(session: Session, sealer: Sealer, proposal: Proposal, author: Author) -> list[Difference]:
    """Make the change that was shown, in the caller's transaction, and write it into the ledger.

    Moved when somebody changed the directory since; BadFile when a row was refused: nothing is done by halves.
    """
    directory_history.lock(session)
    if proposal.refused:
        raise BadFile(Said("Nothing was imported: %(why)s", why=proposal.refused[0].sentence))
    if directory_history.newest(session) != proposal.version:
        raise Moved(
            Said("Somebody has changed the directory meanwhile. Nothing was imported: look at the difference again.")
        )
    made = directory_load.save(session, proposal.directory, sealer, author)
    drawn = _draw(session, proposal)
    directory_history.record(session, drawn, {}, author)
    made += drawn
    if made:
        said = dict(Counter(f"{one.kind} {one.change}" for one in made))
        ledger.append(session, author.by, "directory-changed", "directory", {"file": author.source, **said})
    return made


def _draw(session: Session, proposal: Proposal) -> list[Difference]:
    """Keep the boundaries or the shapes that the file holds; what is other than before."""
    made: list[Difference] = []
    if proposal.boundaries is not None:
        made += differences(areas.rows(boundaries.load(session)), areas.rows(proposal.boundaries))
        boundaries.save(session, proposal.boundaries)
    if proposal.shapes is not None:
        made += differences(places.rows(town_shapes.load(session)), places.rows(proposal.shapes))
        town_shapes.save(session, proposal.shapes)
    return made


def export(session: Session, sealer: Sealer, name: str) -> bytes:
    """The directory as a file of this name: ``.csv`` and ``.json`` hold everything, ``.shapes.geojson`` the shapes of
    communities, any other ``.geojson`` the boundaries."""
    if name.lower().endswith(OF_SHAPES):
        return places.write(town_shapes.load(session), directory_load.load(session)).encode()
    if name.lower().endswith(".geojson"):
        return areas.write(boundaries.load(session), directory_load.load(session)).encode()
    whole = directory_load.load(session, sealer)
    if name.lower().endswith(".csv"):
        return table.write(whole).encode("utf-8-sig")
    if name.lower().endswith(".json"):
        return directory_files.write(whole)
    raise BadFile(f"“{name}” is not of a kind that is written here: use one of {', '.join(ENDINGS)}.")
