"""The directory as a file: one JSON document, strict in both directions."""

from __future__ import annotations

from pydantic import TypeAdapter, ValidationError

from broadcaster.directory import BrokenDirectory, Directory
from broadcaster.said import Said

_DIRECTORY = TypeAdapter(Directory)


class BadFile(ValueError):
    """A file that is no directory; the message says where it is wrong."""


def write(directory: Directory) -> bytes:
    """A directory as indented JSON."""
    return _DIRECTORY.dump_json(directory, indent=1, exclude={"former"})


def read(data: bytes) -> Directory:
    """The directory that `write` wrote; BadFile names the first place that does not fit."""
    try:
        return _DIRECTORY.validate_json(data)
    except ValidationError as error:
        first = error.errors()[0]
        where = " > ".join(str(part) for part in first["loc"]) or Said("the beginning")
        raise BadFile(
            Said(
                "This file is no directory: at %(where)s: %(why)s. Nothing was imported.", where=where, why=first["msg"]
            )
        ) from error
    except BrokenDirectory as error:
        raise BadFile(Said("%(why)s Nothing was imported.", why=str(error))) from error
